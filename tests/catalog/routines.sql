Functions, procedures, aggregates, DO blocks.

-- == base
CREATE TABLE log (id bigserial PRIMARY KEY, message text, at timestamptz DEFAULT now());
CREATE TYPE level AS ENUM ('low', 'high');
-- DOWN
DROP TYPE level;
DROP TABLE log;

-- == functions
CREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION add(a int, b int DEFAULT 1) RETURNS int AS $$ SELECT a + b $$ LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION add(a text, b text) RETURNS text AS $$ SELECT a || b $$ LANGUAGE sql STABLE;
CREATE FUNCTION write_log(text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $body$
BEGIN
    INSERT INTO log (message) VALUES ($1);
END
$body$;
CREATE FUNCTION pairs(OUT a int, OUT b text) RETURNS SETOF record LANGUAGE sql AS $$ SELECT 1, 'x' $$;
CREATE FUNCTION rows_of(n int) RETURNS TABLE (id bigint, message text) LANGUAGE sql ROWS 10 COST 5 AS $$ SELECT id, message FROM log LIMIT n $$;
CREATE FUNCTION logs() RETURNS SETOF log LANGUAGE sql LEAKPROOF AS $$ SELECT * FROM log $$;
CREATE FUNCTION many(VARIADIC numbers int[]) RETURNS int LANGUAGE sql CALLED ON NULL INPUT AS $$ SELECT numbers[1] $$;
CREATE FUNCTION in_and_out(INOUT n int, IN step numeric(10, 2)) LANGUAGE plpgsql AS $$ BEGIN n := n + step; END $$;
CREATE FUNCTION of_level(it level) RETURNS level[] LANGUAGE sql AS $$ SELECT ARRAY[it] $$;
CREATE FUNCTION atomic(a int) RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT a + 1; END;
CREATE FUNCTION short_form(a int) RETURNS int LANGUAGE sql RETURN a * 2;
-- DOWN
DROP FUNCTION one();
DROP FUNCTION add(int, int), add(text, text);
DROP FUNCTION IF EXISTS write_log(text);
DROP FUNCTION pairs;
DROP FUNCTION rows_of(int) CASCADE;
DROP FUNCTION logs() RESTRICT;
DROP FUNCTION many(VARIADIC int[]);
DROP FUNCTION in_and_out(INOUT int, IN numeric);
DROP FUNCTION of_level(level);
DROP FUNCTION atomic, short_form;

-- == again fails
CREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 2';

-- == replace
CREATE OR REPLACE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 2';
-- DOWN
CREATE OR REPLACE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1';

-- == replace_and_forget
CREATE OR REPLACE FUNCTION one() RETURNS int LANGUAGE sql STABLE AS 'SELECT 3';
-- DOWN
CREATE OR REPLACE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 3';

-- == replace_with_another_result fails
CREATE OR REPLACE FUNCTION one() RETURNS text LANGUAGE sql AS $$ SELECT 'x' $$;

-- == replace_with_another_parameter_name fails
CREATE OR REPLACE FUNCTION add(x int, y int DEFAULT 1) RETURNS int AS $$ SELECT x + y $$ LANGUAGE sql;

-- == overload
CREATE OR REPLACE FUNCTION one(n int) RETURNS int LANGUAGE sql AS 'SELECT n';
-- DOWN
DROP FUNCTION one(int);

-- == drop_which fails
DROP FUNCTION one;

-- == drop_unknown fails
DROP FUNCTION nothing(int);

-- == drop_with_other_types fails
DROP FUNCTION one(text);

-- == drop_if_exists
DROP FUNCTION IF EXISTS nothing, one(text);
DROP FUNCTION IF EXISTS one(int) CASCADE;
-- DOWN
CREATE FUNCTION one(n int) RETURNS int LANGUAGE sql AS 'SELECT n';

-- == alter
ALTER FUNCTION add(int, int) RENAME TO plus;
ALTER FUNCTION one() STABLE;
ALTER FUNCTION one() STRICT SECURITY DEFINER PARALLEL SAFE COST 50;
ALTER FUNCTION one() SET work_mem = '8MB';
ALTER FUNCTION plus OWNER TO CURRENT_USER;
-- DOWN
ALTER FUNCTION plus(int, int) RENAME TO add;
ALTER FUNCTION one() VOLATILE CALLED ON NULL INPUT SECURITY INVOKER PARALLEL UNSAFE COST 100 RESET ALL;
ALTER FUNCTION one() STABLE;

-- == alter_unknown fails
ALTER FUNCTION nothing() STABLE;

-- == rename_taken fails
ALTER FUNCTION plus(int, int) RENAME TO plus;

-- == comment
COMMENT ON FUNCTION plus(int, int) IS 'adds';
COMMENT ON FUNCTION write_log IS 'writes';
-- DOWN
COMMENT ON FUNCTION plus(int, int) IS NULL;
COMMENT ON FUNCTION write_log IS NULL;

-- == used_by_a_table
CREATE TABLE user_of (a int DEFAULT plus(1, 2), b int CHECK (plus(b, 1) > 0), c int GENERATED ALWAYS AS (plus(a, 3)) STORED);
CREATE INDEX ON user_of (plus(a, b));
-- DOWN
DROP TABLE user_of;

-- == drop_used fails
DROP FUNCTION plus(int, int);

-- == drop_used_with_cascade
DROP FUNCTION plus(int, int) CASCADE;
-- DOWN
CREATE FUNCTION plus(a int, b int DEFAULT 1) RETURNS int AS $$ SELECT a + b $$ LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION plus(int, int) IS 'adds';

-- == drop_type_of_argument fails
DROP TYPE level;

-- == procedures
CREATE PROCEDURE clean(days int DEFAULT 30) LANGUAGE plpgsql AS $$ BEGIN DELETE FROM log WHERE at < now() - make_interval(days => days); END $$;
CREATE OR REPLACE PROCEDURE clean_all() LANGUAGE sql AS $$ DELETE FROM log $$;
CALL clean(5);
CALL clean_all();
-- DOWN
DROP PROCEDURE clean(int), clean_all();

-- == alter_procedure
ALTER PROCEDURE clean(int) RENAME TO tidy;
ALTER PROCEDURE tidy(int) SECURITY DEFINER;
ALTER ROUTINE clean_all() RENAME TO tidy_all;
COMMENT ON PROCEDURE tidy(int) IS 'cleans';
-- DOWN
ALTER PROCEDURE tidy(int) SECURITY INVOKER;
COMMENT ON PROCEDURE tidy(int) IS NULL;
ALTER PROCEDURE tidy(int) RENAME TO clean;
DROP ROUTINE IF EXISTS nothing();
ALTER ROUTINE tidy_all RENAME TO clean_all;

-- == drop_procedure_as_function fails
DROP FUNCTION tidy(int);

-- == aggregates
CREATE FUNCTION product_step(a numeric, b numeric) RETURNS numeric LANGUAGE sql IMMUTABLE AS $$ SELECT a * b $$;
CREATE AGGREGATE product(numeric) (SFUNC = product_step, STYPE = numeric, INITCOND = '1');
COMMENT ON AGGREGATE product(numeric) IS 'multiplies';
-- DOWN
DROP AGGREGATE product(numeric);
DROP FUNCTION product_step(numeric, numeric);

-- == alter_aggregate
ALTER AGGREGATE product(numeric) RENAME TO times;
-- DOWN
ALTER AGGREGATE times(numeric) RENAME TO product;

-- == drop_aggregate
DROP AGGREGATE IF EXISTS nothing(int);
DROP AGGREGATE IF EXISTS times(numeric);
-- DOWN
CREATE AGGREGATE times(numeric) (SFUNC = product_step, STYPE = numeric, INITCOND = '1');
COMMENT ON AGGREGATE times(numeric) IS 'multiplies';

-- == block_that_changes_rows
DO $$
DECLARE n int;
BEGIN
    SELECT count(*) INTO n FROM log;
    UPDATE log SET message = 'x' WHERE id = n;
    RAISE NOTICE 'there are %', n;
END
$$;
-- DOWN

-- == block_with_a_guard
DO $$ BEGIN
    CREATE TYPE guarded AS ENUM ('a', 'b');
EXCEPTION
    WHEN duplicate_object THEN NULL;
END $$;
-- DOWN
DROP TYPE guarded;

-- == block_with_a_table
DO LANGUAGE plpgsql $$ BEGIN
    CREATE TABLE made_in_block (id int);
    ALTER TABLE made_in_block ADD COLUMN name text;
END $$;
-- DOWN
DROP TABLE made_in_block;

-- == block_with_dynamic_sql unproven
DO $$
DECLARE name text;
BEGIN
    FOR name IN SELECT 'dynamic_' || n FROM generate_series(1, 2) AS n LOOP
        EXECUTE format('CREATE TABLE %I (id int)', name);
    END LOOP;
END
$$;
-- DOWN
DROP TABLE IF EXISTS dynamic_1, dynamic_2;

-- == aggregates_with_an_order
CREATE AGGREGATE my_rank (VARIADIC "any" ORDER BY VARIADIC "any")
    (SFUNC = ordered_set_transition_multi, STYPE = internal, FINALFUNC = rank_final, FINALFUNC_EXTRA, HYPOTHETICAL);
ALTER AGGREGATE my_rank(VARIADIC "any" ORDER BY VARIADIC "any") OWNER TO CURRENT_USER;
CREATE AGGREGATE my_disc (double precision ORDER BY anyelement)
    (SFUNC = ordered_set_transition, STYPE = internal, FINALFUNC = percentile_disc_final, FINALFUNC_EXTRA);
ALTER AGGREGATE my_disc(double precision ORDER BY anyelement) OWNER TO CURRENT_USER;
CREATE AGGREGATE my_mode (ORDER BY anyelement)
    (SFUNC = ordered_set_transition, STYPE = internal, FINALFUNC = mode_final, FINALFUNC_EXTRA);
ALTER AGGREGATE my_mode(ORDER BY anyelement) OWNER TO CURRENT_USER;
COMMENT ON AGGREGATE my_mode(ORDER BY anyelement) IS 'the most';
-- DOWN
DROP AGGREGATE my_mode(ORDER BY anyelement);
DROP AGGREGATE my_disc(double precision ORDER BY anyelement);
DROP AGGREGATE my_rank(VARIADIC "any" ORDER BY VARIADIC "any");

-- == aggregate_with_another_order fails
CREATE AGGREGATE my_mode (ORDER BY anyelement)
    (SFUNC = ordered_set_transition, STYPE = internal, FINALFUNC = mode_final, FINALFUNC_EXTRA);
DROP AGGREGATE my_mode(ORDER BY integer);
