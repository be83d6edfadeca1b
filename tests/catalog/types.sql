Enums, domains, composite types, ranges, and columns of them.

-- == enums
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE TYPE empty AS ENUM ();
CREATE TABLE person (id int PRIMARY KEY, mood mood NOT NULL DEFAULT 'ok', moods mood[]);
-- DOWN
DROP TABLE person;
DROP TYPE empty;
DROP TYPE mood;

-- == enum_again fails
CREATE TYPE mood AS ENUM ('x');

-- == enum_with_a_value_twice fails
CREATE TYPE twice AS ENUM ('x', 'x');

-- == add_value
ALTER TYPE mood ADD VALUE 'angry';
ALTER TYPE mood ADD VALUE IF NOT EXISTS 'angry';
ALTER TYPE mood ADD VALUE 'meh' BEFORE 'ok';
ALTER TYPE mood ADD VALUE 'glad' AFTER 'ok';
-- DOWN

-- == add_value_again fails
ALTER TYPE mood ADD VALUE 'sad';

-- == add_value_beside_unknown fails
ALTER TYPE mood ADD VALUE 'new' BEFORE 'nothing';

-- == rename_value
ALTER TYPE mood RENAME VALUE 'angry' TO 'furious';
-- DOWN
ALTER TYPE mood RENAME VALUE 'furious' TO 'angry';

-- == rename_unknown_value fails
ALTER TYPE mood RENAME VALUE 'angry' TO 'calm';

-- == drop_used_type fails
DROP TYPE mood;

-- == type_made_anew
ALTER TYPE mood RENAME TO mood_old;
CREATE TYPE mood AS ENUM ('sad', 'happy');
ALTER TABLE person ALTER COLUMN mood DROP DEFAULT;
ALTER TABLE person ALTER COLUMN mood TYPE mood USING mood::text::mood, ALTER COLUMN moods TYPE mood[] USING NULL;
ALTER TABLE person ALTER COLUMN mood SET DEFAULT 'sad';
DROP TYPE mood_old;
-- DOWN
ALTER TYPE mood RENAME TO mood_new;
CREATE TYPE mood AS ENUM ('sad', 'meh', 'ok', 'glad', 'happy', 'furious');
ALTER TABLE person ALTER COLUMN mood DROP DEFAULT;
ALTER TABLE person ALTER COLUMN mood TYPE mood USING mood::text::mood, ALTER COLUMN moods TYPE mood[] USING NULL;
ALTER TABLE person ALTER COLUMN mood SET DEFAULT 'ok';
DROP TYPE mood_new;

-- == drop_with_cascade
DROP TYPE mood CASCADE;
-- DOWN
CREATE TYPE mood AS ENUM ('sad', 'happy');
ALTER TABLE person ADD COLUMN mood mood NOT NULL DEFAULT 'sad', ADD COLUMN moods mood[];

-- == type_of_column_to_text
CREATE TYPE size AS ENUM ('s', 'm');
CREATE TABLE shirt (size size NOT NULL DEFAULT 's');
ALTER TABLE shirt ALTER COLUMN size DROP DEFAULT;
ALTER TABLE shirt ALTER COLUMN size TYPE text;
DROP TYPE size;
-- DOWN
DROP TABLE shirt;

-- == domains
CREATE DOMAIN email AS text CHECK (VALUE ~ '@');
CREATE DOMAIN positive AS int NOT NULL DEFAULT 1 CONSTRAINT above_zero CHECK (VALUE > 0) CHECK (VALUE < 1000);
CREATE DOMAIN code varchar(10) COLLATE "C";
CREATE TABLE account (id int, email email, amount positive, codes code[]);
-- DOWN
DROP TABLE account;
DROP DOMAIN email, positive;
DROP DOMAIN IF EXISTS code, nothing CASCADE;

-- == alter_domain
ALTER DOMAIN positive DROP NOT NULL;
ALTER DOMAIN positive SET DEFAULT 2;
ALTER DOMAIN positive ADD CONSTRAINT even CHECK (VALUE % 2 = 0) NOT VALID;
ALTER DOMAIN positive DROP CONSTRAINT above_zero;
ALTER DOMAIN email SET NOT NULL;
-- DOWN
ALTER DOMAIN email DROP NOT NULL;
ALTER DOMAIN positive ADD CONSTRAINT above_zero CHECK (VALUE > 0);
ALTER DOMAIN positive DROP CONSTRAINT IF EXISTS even;
ALTER DOMAIN positive SET DEFAULT 1;
ALTER DOMAIN positive SET NOT NULL;

-- == domain_constraints
ALTER DOMAIN positive VALIDATE CONSTRAINT even;
ALTER DOMAIN positive RENAME CONSTRAINT even TO by_two;
ALTER DOMAIN positive DROP DEFAULT;
ALTER DOMAIN email RENAME TO address;
-- DOWN
ALTER DOMAIN address RENAME TO email;
ALTER DOMAIN positive SET DEFAULT 2;
ALTER DOMAIN positive DROP CONSTRAINT by_two;
ALTER DOMAIN positive ADD CONSTRAINT even CHECK (VALUE % 2 = 0) NOT VALID;

-- == drop_used_domain fails
DROP DOMAIN address;

-- == drop_unknown_constraint_of_domain fails
ALTER DOMAIN positive DROP CONSTRAINT nothing;

-- == composite
CREATE TYPE point3 AS (x float, y float, z float);
CREATE TYPE line3 AS (start_at point3, end_at point3, label varchar(20) COLLATE "C");
CREATE TYPE nothing AS ();
CREATE TABLE shape (id int, at point3, edges line3[]);
-- DOWN
DROP TABLE shape;
DROP TYPE line3, nothing;
DROP TYPE IF EXISTS point3;

-- == alter_composite
ALTER TYPE nothing ADD ATTRIBUTE a int, ADD ATTRIBUTE b text;
ALTER TYPE line3 DROP ATTRIBUTE label;
ALTER TYPE point3 RENAME ATTRIBUTE z TO height;
-- DOWN
ALTER TYPE point3 RENAME ATTRIBUTE height TO z;
ALTER TYPE line3 ADD ATTRIBUTE label varchar(20) COLLATE "C";
ALTER TYPE nothing DROP ATTRIBUTE a, DROP ATTRIBUTE IF EXISTS b;

-- == alter_attribute
ALTER TYPE nothing ALTER ATTRIBUTE a TYPE bigint;
ALTER TYPE nothing ALTER ATTRIBUTE b SET DATA TYPE varchar(5) CASCADE;
-- DOWN
ALTER TYPE nothing ALTER ATTRIBUTE a TYPE int, ALTER ATTRIBUTE b TYPE text;

-- == drop_unknown_attribute fails
ALTER TYPE nothing DROP ATTRIBUTE c;

-- == drop_used_composite fails
DROP TYPE point3;

-- == ranges
CREATE TYPE price_range AS RANGE (subtype = numeric);
CREATE TYPE time_range AS RANGE (subtype = time, multirange_type_name = time_ranges);
CREATE TABLE offer (during price_range, at time_range, all_of time_ranges);
-- DOWN
DROP TABLE offer;
DROP TYPE price_range;
DROP TYPE time_range;

-- == rename_type
ALTER TYPE price_range RENAME TO prices;
ALTER TYPE line3 RENAME TO segment;
-- DOWN
ALTER TYPE prices RENAME TO price_range;
ALTER TYPE segment RENAME TO line3;

-- == rename_unknown_type fails
ALTER TYPE nowhere RENAME TO somewhere;

-- == comments
COMMENT ON TYPE prices IS 'from and to';
COMMENT ON DOMAIN positive IS 'above zero';
COMMENT ON COLUMN segment.start_at IS 'here';
COMMENT ON CONSTRAINT by_two ON DOMAIN positive IS 'even';
-- DOWN
COMMENT ON TYPE prices IS NULL;
COMMENT ON DOMAIN positive IS NULL;
COMMENT ON COLUMN segment.start_at IS NULL;
COMMENT ON CONSTRAINT by_two ON DOMAIN positive IS NULL;

-- == type_of_a_table
CREATE TABLE holder (id int, whole shape);
CREATE TABLE of_type OF point3;
CREATE TABLE of_type_too OF point3 (x WITH OPTIONS NOT NULL, PRIMARY KEY (x));
-- DOWN
DROP TABLE of_type_too, of_type, holder;

-- == drop_table_whose_type_is_used fails
DROP TABLE shape;

-- == owner
ALTER TYPE prices OWNER TO CURRENT_USER;
ALTER DOMAIN positive OWNER TO CURRENT_USER;
-- DOWN

-- == unknown_type fails
CREATE TABLE wrong (a nothing_at_all);

-- == default_of_an_enum
CREATE TYPE state AS ENUM ('new', 'old');
CREATE TABLE thing (id int PRIMARY KEY, state state DEFAULT 'new', code varchar(10) DEFAULT 'x');
-- DOWN
DROP TABLE thing;
DROP TYPE state;

-- == default_that_is_no_value fails
ALTER TABLE thing ALTER COLUMN state SET DEFAULT 'none';

-- == value_of_a_default_renamed
ALTER TYPE state RENAME VALUE 'new' TO 'fresh';
-- DOWN
ALTER TYPE state RENAME VALUE 'fresh' TO 'new';

-- == default_keeps_its_first_type
ALTER TABLE thing ALTER COLUMN state TYPE text, ALTER COLUMN code TYPE text;
-- DOWN
ALTER TABLE thing ALTER COLUMN code TYPE varchar(10), ALTER COLUMN state DROP DEFAULT;
ALTER TABLE thing ALTER COLUMN state TYPE state USING state::state;
ALTER TABLE thing ALTER COLUMN state SET DEFAULT 'fresh';

-- == type_of_a_default fails
DROP TYPE state;

-- == retyped_twice
ALTER TABLE thing ALTER COLUMN state TYPE state USING 'old';
-- DOWN
ALTER TABLE thing ALTER COLUMN state TYPE text;

-- == identity_of_an_enum fails
CREATE TABLE counted (id int GENERATED ALWAYS AS IDENTITY);
ALTER TABLE counted ALTER COLUMN id TYPE state USING NULL;

-- == default_that_cannot_become_a_domain fails
CREATE DOMAIN count AS int CHECK (VALUE > 0);
ALTER TABLE thing ALTER COLUMN code TYPE count USING NULL;

-- == one_byte_type_everywhere
CREATE TYPE byte_pair AS (a "char", b pg_catalog."char"[]);
CREATE DOMAIN byte AS "char" CHECK (VALUE <> 'x'::"char");
CREATE TABLE bytes (
    a "char" DEFAULT 'a'::"char",
    b pg_catalog."char",
    c "char"[],
    d text GENERATED ALWAYS AS (a::pg_catalog.text) STORED,
    CHECK (a <> ALL (ARRAY['r'::"char", CAST('v' AS pg_catalog."char")]))
);
CREATE INDEX bytes_idx ON bytes (a) WHERE b > 'a'::pg_catalog."char";
CREATE FUNCTION byte_of(a "char", b pg_catalog."char" DEFAULT 'x'::"char") RETURNS "char"
    LANGUAGE sql AS $$ SELECT 'x'::"char" $$;
CREATE VIEW byte_view AS
SELECT 'x'::"char" AS a, 'y'::pg_catalog."char" AS b, CAST('z' AS "char") AS c, "char" 'q' AS d,
    '{}'::"char"[] AS e, '1'::pg_catalog.int4 AS f, '1'::pg_catalog."bit" AS g,
    'pg_class'::pg_catalog.regclass AS h, array_agg(t.a::"char") AS i
FROM (SELECT 'b'::"char" AS a) AS t, json_to_recordset('[]') AS r (z "char", y pg_catalog.int8),
    (SELECT '1'::"bpchar" AS k) AS k
GROUP BY 1;
CREATE TABLE byte_copy AS SELECT 'x'::"char" AS a, 'x'::pg_catalog."char" AS b;
INSERT INTO bytes (a) SELECT 'x'::"char";
UPDATE bytes SET a = 'y'::pg_catalog."char" WHERE b = 'z'::"char" RETURNING a::"char";
ALTER TABLE bytes ALTER COLUMN b TYPE "char" USING b::pg_catalog."char";
-- DOWN
DROP TABLE byte_copy;
DROP VIEW byte_view;
DROP FUNCTION byte_of("char", pg_catalog."char");
DROP TABLE bytes;
DROP DOMAIN byte;
DROP TYPE byte_pair;

-- == one_byte_array_of_nothing fails
CREATE VIEW bytes_of AS SELECT 'x'::"chars" AS a;
