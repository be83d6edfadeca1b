Indexes.

-- == base
CREATE TABLE t (id int PRIMARY KEY, a int, b text, c jsonb, d tsvector, e timestamptz, f int[], g text COLLATE "C");
-- DOWN
DROP TABLE t;

-- == create
CREATE INDEX t_by_a ON t (a);
CREATE UNIQUE INDEX t_once ON t (a, b);
CREATE INDEX IF NOT EXISTS t_by_a ON t (b);
CREATE INDEX ON t (a, b);
CREATE INDEX ON t (lower(b));
CREATE INDEX ON t (a, lower(b), (a + 1));
CREATE INDEX ON t ((c ->> 'key'), upper(b));
-- DOWN
DROP INDEX t_by_a, t_once;
DROP INDEX t_a_b_idx;
DROP INDEX IF EXISTS t_lower_idx, t_nothing_idx;
DROP INDEX t_a_lower_expr_idx CASCADE;
DROP INDEX t_expr_upper_idx RESTRICT;

-- == create_again fails
CREATE INDEX t_by_a ON t (b);

-- == create_on_unknown fails
CREATE INDEX ON nowhere (a);

-- == create_on_unknown_column fails
CREATE INDEX ON t (nothing);

-- == create_with_the_name_of_a_table fails
CREATE INDEX t ON t (a);

-- == methods
CREATE INDEX t_hash ON t USING hash (a);
CREATE INDEX t_gin ON t USING gin (c);
CREATE INDEX t_gin_path ON t USING gin (c jsonb_path_ops);
CREATE INDEX t_gist ON t USING gist (d);
CREATE INDEX t_brin ON t USING brin (e) WITH (pages_per_range = 64);
CREATE INDEX t_array ON t USING GIN (f);
CREATE INDEX t_btree ON t USING btree (a);
-- DOWN
DROP INDEX t_hash, t_gin, t_gin_path, t_gist, t_brin, t_array, t_btree;

-- == orders_and_classes
CREATE INDEX t_desc ON t (a DESC, b ASC NULLS FIRST, e DESC NULLS LAST);
CREATE INDEX t_pattern ON t (b text_pattern_ops, g varchar_pattern_ops);
CREATE INDEX t_collation ON t (b COLLATE "C", g COLLATE "POSIX" DESC);
CREATE INDEX t_included ON t (a) INCLUDE (b, e);
CREATE INDEX t_filled ON t (a) WITH (fillfactor = 50, deduplicate_items = off);
-- DOWN
DROP INDEX t_desc;
DROP INDEX t_pattern;
DROP INDEX t_collation;
DROP INDEX t_included;
DROP INDEX t_filled;

-- == partial
CREATE INDEX t_some ON t (a) WHERE b IS NOT NULL;
CREATE UNIQUE INDEX t_one_of ON t (a) WHERE a > 5 AND b IN ('x', 'y') AND NOT (e < '2020-01-01');
CREATE INDEX t_like ON t (b) WHERE b LIKE 'x%';
-- DOWN
DROP INDEX t_some;
DROP INDEX t_one_of;
DROP INDEX public.t_like;

-- == concurrently
CREATE INDEX CONCURRENTLY t_slow ON t (e);
-- DOWN
DROP INDEX CONCURRENTLY t_slow;

-- == concurrently_if_not_exists
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS t_slow_once ON t (e, a);
-- DOWN
DROP INDEX CONCURRENTLY IF EXISTS t_slow_once;

-- == rename
ALTER INDEX t_by_a RENAME TO t_of_a;
ALTER INDEX IF EXISTS t_nothing RENAME TO t_something;
-- DOWN
ALTER INDEX t_of_a RENAME TO t_by_a;

-- == rename_as_table
ALTER TABLE t_of_a RENAME TO t_a_again;
-- DOWN
ALTER INDEX t_a_again RENAME TO t_of_a;

-- == rename_unknown fails
ALTER INDEX t_nothing RENAME TO t_something;

-- == rename_taken fails
ALTER INDEX t_a_again RENAME TO t_once;

-- == rename_of_key
ALTER INDEX t_pkey RENAME TO t_key;
-- DOWN
ALTER INDEX t_key RENAME TO t_pkey;

-- == options
ALTER INDEX t_once SET (fillfactor = 60);
-- DOWN
ALTER INDEX t_once RESET (fillfactor);

-- == statistics_of_expression
ALTER INDEX t_lower_idx ALTER COLUMN 1 SET STATISTICS 300;
-- DOWN
ALTER INDEX t_lower_idx ALTER COLUMN 1 SET STATISTICS -1;

-- == comment
COMMENT ON INDEX t_once IS 'one of each';
-- DOWN
COMMENT ON INDEX t_once IS NULL;

-- == reindex
REINDEX INDEX t_once;
REINDEX TABLE t;
-- DOWN

-- == drop_unknown fails
DROP INDEX t_nothing;

-- == drop_a_table fails
DROP INDEX t;

-- == goes_with_its_column
ALTER TABLE t DROP COLUMN e;
-- DOWN
ALTER TABLE t ADD COLUMN e timestamptz;

-- == goes_with_its_column_and_comes_back
ALTER TABLE t DROP COLUMN g;
-- DOWN
ALTER TABLE t ADD COLUMN g text COLLATE "C";
CREATE INDEX t_pattern ON t (b text_pattern_ops, g varchar_pattern_ops);
CREATE INDEX t_collation ON t (b COLLATE "C", g COLLATE "POSIX" DESC);

-- == follows_a_rename
ALTER TABLE t RENAME COLUMN a TO alpha;
ALTER TABLE t RENAME TO tt;
-- DOWN
ALTER TABLE tt RENAME TO t;
ALTER TABLE t RENAME COLUMN alpha TO a;

-- == follows_a_type
ALTER TABLE tt ALTER COLUMN alpha TYPE bigint;
-- DOWN
ALTER TABLE tt ALTER COLUMN alpha TYPE int;

-- == dropped_and_another_made
DROP INDEX t_some;
CREATE INDEX t_some ON tt (alpha) WHERE b IS NULL;
-- DOWN
DROP INDEX t_some;
CREATE INDEX t_some ON tt (alpha);

-- == dropped_and_made_again
DROP INDEX t_some;
-- DOWN
CREATE INDEX t_some ON tt (alpha) WHERE b IS NULL;

-- == down_drops_another
CREATE INDEX t_new ON tt (b);
-- DOWN
DROP INDEX t_newer;

-- == names_counted
CREATE INDEX ON tt (b);
CREATE INDEX ON tt (b);
CREATE INDEX ON tt (b);
CREATE TABLE tt_b_idx3 (id int);
CREATE INDEX ON tt (b);
-- DOWN
DROP INDEX tt_b_idx, tt_b_idx1, tt_b_idx2, tt_b_idx4;
DROP TABLE tt_b_idx3;
