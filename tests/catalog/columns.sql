Columns: added, dropped, altered.

-- == base
CREATE TABLE t (id int PRIMARY KEY, a int, b text, c numeric(8, 2) DEFAULT 0, d date NOT NULL);
CREATE TABLE u (id int PRIMARY KEY, t_id int REFERENCES t (id));
-- DOWN
DROP TABLE u;
DROP TABLE t;

-- == with_defaults
CREATE TABLE defaults_of (a timestamptz DEFAULT now());
-- DOWN
DROP TABLE defaults_of;

-- == add
ALTER TABLE t ADD COLUMN e boolean;
ALTER TABLE t ADD f text NOT NULL DEFAULT 'x';
ALTER TABLE t ADD COLUMN IF NOT EXISTS g uuid DEFAULT gen_random_uuid();
ALTER TABLE t ADD COLUMN IF NOT EXISTS f int;
ALTER TABLE IF EXISTS t ADD COLUMN h int[];
ALTER TABLE ONLY t ADD COLUMN i varchar(10) COLLATE "C";
-- DOWN
ALTER TABLE ONLY t DROP COLUMN i;
ALTER TABLE t DROP COLUMN h, DROP COLUMN IF EXISTS g;
ALTER TABLE t DROP f;
ALTER TABLE IF EXISTS t DROP COLUMN IF EXISTS e RESTRICT;

-- == add_again fails
ALTER TABLE t ADD COLUMN a int;

-- == add_to_unknown fails
ALTER TABLE nowhere ADD COLUMN a int;

-- == add_to_unknown_if_exists
ALTER TABLE IF EXISTS nowhere ADD COLUMN a int;
-- DOWN
ALTER TABLE IF EXISTS nowhere DROP COLUMN a;

-- == add_with_constraints
ALTER TABLE u
    ADD COLUMN code text UNIQUE,
    ADD COLUMN parent_id int REFERENCES u ON DELETE CASCADE,
    ADD COLUMN price int CONSTRAINT price_positive CHECK (price > 0),
    ADD COLUMN number serial,
    ADD COLUMN twice int GENERATED ALWAYS AS (id * 2) STORED;
-- DOWN
ALTER TABLE u
    DROP COLUMN code,
    DROP COLUMN parent_id,
    DROP COLUMN price,
    DROP COLUMN number,
    DROP COLUMN twice;

-- == drop
ALTER TABLE u DROP COLUMN twice, DROP COLUMN IF EXISTS thrice, DROP COLUMN price CASCADE;
-- DOWN
ALTER TABLE u ADD COLUMN twice int GENERATED ALWAYS AS (id * 2) STORED;
ALTER TABLE u ADD COLUMN price int CONSTRAINT price_positive CHECK (price > 0);

-- == drop_from_the_middle
ALTER TABLE t DROP COLUMN b;
-- DOWN
ALTER TABLE t ADD COLUMN b text;

-- == drop_from_the_middle_and_forget_the_type
ALTER TABLE t DROP COLUMN c;
-- DOWN
ALTER TABLE t ADD COLUMN c numeric DEFAULT 0;

-- == drop_the_last
ALTER TABLE t ADD COLUMN z int;
ALTER TABLE t DROP COLUMN z;
-- DOWN

-- == drop_unknown fails
ALTER TABLE t DROP COLUMN nothing;

-- == drop_referenced fails
ALTER TABLE t DROP COLUMN id;

-- == drop_referenced_with_cascade
ALTER TABLE t DROP COLUMN id CASCADE;
-- DOWN
ALTER TABLE t ADD COLUMN id int PRIMARY KEY;

-- == drop_referenced_and_restore
ALTER TABLE t ADD COLUMN id int PRIMARY KEY;
ALTER TABLE u ADD CONSTRAINT u_t_id_fkey FOREIGN KEY (t_id) REFERENCES t;
-- DOWN
ALTER TABLE t DROP COLUMN id CASCADE;

-- == rename
ALTER TABLE t RENAME COLUMN a TO alpha;
ALTER TABLE t RENAME d TO day;
-- DOWN
ALTER TABLE t RENAME COLUMN alpha TO a;
ALTER TABLE t RENAME COLUMN day TO d;

-- == rename_unknown fails
ALTER TABLE t RENAME COLUMN a TO b;

-- == rename_taken fails
ALTER TABLE t RENAME COLUMN alpha TO day;

-- == rename_only_one_back
ALTER TABLE t RENAME COLUMN alpha TO a;
ALTER TABLE t RENAME COLUMN day TO d;
-- DOWN
ALTER TABLE t RENAME COLUMN a TO alpha;

-- == types
ALTER TABLE t ALTER COLUMN a TYPE bigint;
ALTER TABLE t ALTER a SET DATA TYPE numeric(10, 3);
ALTER TABLE t ALTER COLUMN d TYPE text USING to_char(d, 'YYYY');
-- DOWN
ALTER TABLE t ALTER COLUMN a TYPE int;
ALTER TABLE t ALTER COLUMN d TYPE date USING d::date;

-- == type_with_collation
ALTER TABLE u ALTER COLUMN code TYPE varchar(20) COLLATE "C";
-- DOWN
ALTER TABLE u ALTER COLUMN code TYPE text;

-- == type_that_needs_using fails
ALTER TABLE u ALTER COLUMN code TYPE int;

-- == type_that_the_default_has_not fails
ALTER TABLE defaults_of ALTER COLUMN a TYPE boolean USING true;

-- == type_of_arrays
CREATE TABLE lists (a int[] DEFAULT '{}', b int, c int GENERATED ALWAYS AS IDENTITY);
ALTER TABLE lists ALTER COLUMN a TYPE text[];
-- DOWN
DROP TABLE lists;

-- == type_of_an_array fails
ALTER TABLE lists ALTER COLUMN a TYPE int USING 1;

-- == type_to_an_array fails
ALTER TABLE lists ALTER COLUMN b TYPE int[];

-- == type_of_an_identity fails
ALTER TABLE lists ALTER COLUMN c TYPE numeric;

-- == type_twice fails
ALTER TABLE lists ALTER COLUMN b TYPE bigint, ALTER COLUMN b TYPE text;

-- == type_with_default
ALTER TABLE u ADD COLUMN level text DEFAULT '1';
ALTER TABLE u ALTER COLUMN level DROP DEFAULT, ALTER COLUMN level TYPE int USING level::int, ALTER COLUMN level SET DEFAULT 1;
-- DOWN
ALTER TABLE u DROP COLUMN level;

-- == not_null
ALTER TABLE t ALTER COLUMN a SET NOT NULL, ALTER COLUMN d DROP NOT NULL;
ALTER TABLE t ALTER a SET NOT NULL;
-- DOWN
ALTER TABLE t ALTER COLUMN a DROP NOT NULL;
ALTER TABLE t ALTER COLUMN d SET NOT NULL;

-- == not_null_of_primary_key fails
ALTER TABLE t ALTER COLUMN id DROP NOT NULL;

-- == defaults
ALTER TABLE t ALTER COLUMN a SET DEFAULT 5;
ALTER TABLE t ALTER COLUMN d SET DEFAULT 'none';
ALTER TABLE t ALTER a SET DEFAULT 6;
-- DOWN
ALTER TABLE t ALTER COLUMN a DROP DEFAULT;
ALTER TABLE t ALTER d DROP DEFAULT;

-- == default_of_unknown fails
ALTER TABLE t ALTER COLUMN nothing SET DEFAULT 5;

-- == expressions_as_defaults
CREATE TABLE defaults (
    a text DEFAULT current_user,
    b timestamp DEFAULT CURRENT_TIMESTAMP,
    c date DEFAULT CURRENT_DATE + 1,
    d int DEFAULT 1 + 2 * 3,
    e text DEFAULT lower('ABC') || 'd',
    f interval DEFAULT '1 day',
    g jsonb DEFAULT '{}',
    h text[] DEFAULT ARRAY[]::text[],
    i int[] DEFAULT '{1,2}',
    j numeric DEFAULT -1.5,
    k boolean DEFAULT (NOT false),
    l text DEFAULT NULL,
    m int DEFAULT nullif(1, 2),
    n text DEFAULT CASE WHEN true THEN 'x' ELSE 'y' END,
    o timestamptz DEFAULT (now() AT TIME ZONE 'utc'),
    p double precision DEFAULT random(),
    q text DEFAULT 'it''s',
    r text DEFAULT E'a\nb',
    s bigint DEFAULT extract(epoch FROM now()),
    t char(2) DEFAULT 'xy',
    u money DEFAULT 5,
    v bytea DEFAULT '\x00',
    w bit(3) DEFAULT B'101',
    x uuid DEFAULT '00000000-0000-0000-0000-000000000000',
    y time DEFAULT LOCALTIME,
    z timestamptz DEFAULT '2020-01-01 00:00:00+00'
);
-- DOWN
DROP TABLE defaults;

-- == storage_and_statistics
ALTER TABLE u ALTER COLUMN code SET STATISTICS 500;
ALTER TABLE u ALTER COLUMN code SET STORAGE EXTERNAL;
ALTER TABLE u ALTER COLUMN code SET (n_distinct = 5);
-- DOWN
ALTER TABLE u ALTER COLUMN code SET STATISTICS -1;
ALTER TABLE u ALTER COLUMN code SET STORAGE EXTENDED;
ALTER TABLE u ALTER COLUMN code RESET (n_distinct);

-- == drop_all_with_dependents
CREATE VIEW v AS SELECT id, code FROM u;
CREATE INDEX u_code ON u (code, number);
-- DOWN
DROP INDEX u_code;
DROP VIEW v;

-- == drop_used_by_view fails
ALTER TABLE u DROP COLUMN code;

-- == type_used_by_view fails
ALTER TABLE u ALTER COLUMN code TYPE varchar(5);

-- == drop_used_by_view_with_cascade
ALTER TABLE u DROP COLUMN code CASCADE;
-- DOWN
ALTER TABLE u ADD COLUMN code text UNIQUE;
CREATE VIEW v AS SELECT id, code FROM u;

-- == down_fails_since_the_column_is_not_there
ALTER TABLE u ADD COLUMN temporary_note text;
-- DOWN
ALTER TABLE u DROP COLUMN temporary_notes;
