Comments, statistics, extensions, and kinds that are followed by name alone.

-- == base
CREATE TABLE t (id int PRIMARY KEY, a int, b int, c text);
-- DOWN
DROP TABLE t;

-- == comments
COMMENT ON TABLE t IS 'a table';
COMMENT ON COLUMN t.a IS E'line\none';
COMMENT ON COLUMN public.t.b IS 'it''s b';
COMMENT ON TABLE public.t IS $$dollars$$;
-- DOWN
COMMENT ON TABLE t IS NULL;
COMMENT ON COLUMN t.a IS NULL;
COMMENT ON COLUMN t.b IS '';

-- == comment_changed
COMMENT ON TABLE t IS 'another';
-- DOWN
COMMENT ON TABLE t IS NULL;

-- == comment_on_unknown fails
COMMENT ON TABLE nowhere IS 'x';

-- == comment_on_unknown_column fails
COMMENT ON COLUMN t.nothing IS 'x';

-- == statistics
CREATE STATISTICS t_stats (dependencies, ndistinct) ON a, b FROM t;
CREATE STATISTICS IF NOT EXISTS t_stats ON b, c FROM t;
CREATE STATISTICS all_stats ON a, c FROM t;
COMMENT ON STATISTICS t_stats IS 'of a and b';
-- DOWN
DROP STATISTICS t_stats, all_stats;

-- == alter_statistics
ALTER STATISTICS t_stats RENAME TO t_statistics;
ALTER STATISTICS t_statistics SET STATISTICS 200;
-- DOWN
ALTER STATISTICS t_statistics SET STATISTICS -1;
ALTER STATISTICS t_statistics RENAME TO t_stats;

-- == statistics_again fails
CREATE STATISTICS all_stats ON a, b FROM t;

-- == drop_unknown_statistics fails
DROP STATISTICS nothing;

-- == statistics_go_with_a_column
ALTER TABLE t DROP COLUMN c;
-- DOWN
ALTER TABLE t ADD COLUMN c text;

-- == plpgsql
CREATE EXTENSION IF NOT EXISTS plpgsql;
COMMENT ON EXTENSION plpgsql IS 'PL/pgSQL procedural language';
-- DOWN

-- == citext if citext
CREATE EXTENSION IF NOT EXISTS citext;
CREATE TABLE words (id int, word citext UNIQUE);
-- DOWN
DROP TABLE words;
DROP EXTENSION citext;

-- == citext_again if citext
ALTER EXTENSION citext UPDATE;
-- DOWN

-- == pgcrypto if pgcrypto
CREATE EXTENSION pgcrypto WITH SCHEMA public;
CREATE TABLE keys (id uuid DEFAULT gen_random_uuid(), hash text DEFAULT crypt('x', 'y'));
DROP TABLE keys;
-- DOWN
DROP EXTENSION IF EXISTS pgcrypto;

-- == trigrams if pg_trgm
CREATE EXTENSION pg_trgm;
CREATE TABLE texts (a text);
CREATE INDEX texts_trgm ON texts USING gin (a gin_trgm_ops);
-- DOWN
DROP TABLE texts;
DROP EXTENSION pg_trgm;

-- == drop_unknown_extension fails
DROP EXTENSION nothing_at_all;

-- == drop_unknown_extension_if_exists
DROP EXTENSION IF EXISTS nothing_at_all;
-- DOWN

-- == collations
CREATE COLLATION german (provider = libc, locale = 'C');
CREATE COLLATION IF NOT EXISTS german FROM "C";
-- DOWN
DROP COLLATION german;

-- == operators
CREATE FUNCTION same(int, text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT $1::text = $2 $$;
CREATE OPERATOR === (LEFTARG = int, RIGHTARG = text, FUNCTION = same);
-- DOWN
DROP OPERATOR === (int, text);
DROP FUNCTION same(int, text);

-- == casts
CREATE TYPE pair AS (a int, b int);
CREATE FUNCTION pair_of(int) RETURNS pair LANGUAGE sql IMMUTABLE AS $$ SELECT $1, $1 $$;
CREATE CAST (int AS pair) WITH FUNCTION pair_of(int) AS ASSIGNMENT;
-- DOWN
DROP CAST (int AS pair);
DROP FUNCTION pair_of(int);
DROP TYPE pair;

-- == publications
CREATE PUBLICATION changes FOR TABLE t;
ALTER PUBLICATION changes SET (publish = 'insert');
-- DOWN
DROP PUBLICATION changes;

-- == text_search
CREATE TEXT SEARCH CONFIGURATION mine (COPY = simple);
ALTER TEXT SEARCH CONFIGURATION mine RENAME TO ours;
-- DOWN
DROP TEXT SEARCH CONFIGURATION ours;

-- == operator_classes
CREATE OPERATOR CLASS int_again FOR TYPE int USING btree AS OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 btint4cmp(int, int);
-- DOWN
DROP OPERATOR CLASS int_again USING btree;
DROP OPERATOR FAMILY IF EXISTS int_again USING btree;

-- == event_triggers
CREATE FUNCTION seen() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN NULL; END $$;
CREATE EVENT TRIGGER see ON ddl_command_end EXECUTE FUNCTION seen();
-- DOWN
DROP EVENT TRIGGER see;
DROP FUNCTION seen();

-- == see_no_more
DROP EVENT TRIGGER see;
DROP FUNCTION seen();
-- DOWN
CREATE FUNCTION seen() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN NULL; END $$;
CREATE EVENT TRIGGER see ON ddl_command_end EXECUTE FUNCTION seen();

-- == foreign_tables
CREATE FOREIGN DATA WRAPPER nothing;
CREATE SERVER elsewhere FOREIGN DATA WRAPPER nothing;
CREATE FOREIGN TABLE far (id int NOT NULL, name text) SERVER elsewhere;
ALTER FOREIGN TABLE far ADD COLUMN age int;
-- DOWN
DROP FOREIGN TABLE far;
DROP SERVER elsewhere;
DROP FOREIGN DATA WRAPPER nothing CASCADE;
