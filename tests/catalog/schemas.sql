Schemas, the search path, SET SCHEMA, settings.

-- == create
CREATE SCHEMA app;
CREATE SCHEMA IF NOT EXISTS app;
CREATE SCHEMA audit CREATE TABLE entries (id int) CREATE VIEW latest AS SELECT id FROM entries;
CREATE SCHEMA owned AUTHORIZATION CURRENT_USER;
-- DOWN
DROP SCHEMA audit CASCADE;
DROP SCHEMA app, owned;

-- == again fails
CREATE SCHEMA app;

-- == drop_full fails
DROP SCHEMA audit;

-- == drop_unknown fails
DROP SCHEMA nothing;

-- == qualified
CREATE TABLE app.users (id serial PRIMARY KEY, name text UNIQUE);
CREATE TYPE app.mood AS ENUM ('a', 'b');
CREATE TABLE orders (id int PRIMARY KEY, user_id int REFERENCES app.users, mood app.mood DEFAULT 'a');
CREATE INDEX users_lower ON app.users (lower(name));
CREATE SEQUENCE app.numbers;
CREATE FUNCTION app.one() RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE VIEW app.both_of AS SELECT u.name, o.id FROM app.users u, public.orders o;
-- DOWN
DROP VIEW app.both_of;
DROP FUNCTION app.one();
DROP SEQUENCE app.numbers;
DROP INDEX app.users_lower;
DROP TABLE public.orders;
DROP TYPE app.mood;
DROP TABLE app.users;

-- == into_unknown fails
CREATE TABLE nowhere.t (id int);

-- == not_on_the_path fails
ALTER TABLE users ADD COLUMN a int;

-- == search_path
SET search_path TO app, public;
CREATE TABLE things (id int PRIMARY KEY, user_id int REFERENCES users (id));
ALTER TABLE orders ADD COLUMN note text;
CREATE TYPE shade AS ENUM ('x');
RESET search_path;
-- DOWN
SET LOCAL search_path = app;
DROP TYPE shade;
DROP TABLE things;
SET search_path TO DEFAULT;
ALTER TABLE orders DROP COLUMN note;

-- == search_path_by_call
SELECT set_config('search_path', 'app', false);
SELECT pg_catalog.set_config('search_path', 'app', true);
CREATE TABLE called (id int);
-- DOWN
DROP TABLE app.called;

-- == search_path_that_is_empty
SET search_path = '';
CREATE TABLE public.written (id int);
-- DOWN
DROP TABLE public.written;

-- == search_path_forgotten
SET search_path TO app;
CREATE TABLE lost (id int);
-- DOWN
DROP TABLE lost;

-- == set_schema
ALTER TABLE app.things SET SCHEMA public;
ALTER SEQUENCE app.numbers SET SCHEMA public;
ALTER TYPE app.shade SET SCHEMA audit;
ALTER FUNCTION app.one() SET SCHEMA public;
ALTER VIEW app.both_of SET SCHEMA audit;
ALTER TABLE IF EXISTS app.nothing SET SCHEMA public;
-- DOWN
ALTER VIEW audit.both_of SET SCHEMA app;
ALTER FUNCTION one() SET SCHEMA app;
ALTER TYPE audit.shade SET SCHEMA app;
ALTER SEQUENCE numbers SET SCHEMA app;
ALTER TABLE things SET SCHEMA app;

-- == set_schema_with_all
ALTER TABLE app.users SET SCHEMA audit;
-- DOWN
ALTER TABLE audit.users SET SCHEMA app;

-- == set_schema_taken fails
CREATE TABLE audit.things (id int);
ALTER TABLE things SET SCHEMA audit;

-- == set_unknown_schema fails
ALTER TABLE things SET SCHEMA nowhere;

-- == rename
ALTER SCHEMA audit RENAME TO history;
-- DOWN
ALTER SCHEMA history RENAME TO audit;

-- == rename_taken fails
ALTER SCHEMA history RENAME TO app;

-- == comment_and_owner
COMMENT ON SCHEMA history IS 'what was';
ALTER SCHEMA history OWNER TO CURRENT_USER;
-- DOWN
COMMENT ON SCHEMA history IS NULL;

-- == comment_on_public computed
COMMENT ON SCHEMA public IS 'ours';
-- DOWN
COMMENT ON SCHEMA public IS 'standard public schema';

-- == comment_on_public_lost
COMMENT ON SCHEMA public IS 'mine';
COMMENT ON SCHEMA public IS 'standard public schema';
-- DOWN
COMMENT ON SCHEMA public IS NULL;

-- == drop_with_all
DROP SCHEMA history CASCADE;
-- DOWN
CREATE SCHEMA history CREATE TABLE entries (id int) CREATE VIEW latest AS SELECT id FROM entries;
COMMENT ON SCHEMA history IS 'what was';

-- == settings
SET statement_timeout = '10s';
SET LOCAL lock_timeout TO 1000;
SET SESSION work_mem = '8MB';
SET TIME ZONE 'UTC';
SET client_encoding TO 'UTF8';
SET standard_conforming_strings = on;
SHOW search_path;
RESET statement_timeout;
RESET ALL;
SELECT 1;
SELECT pg_sleep(0), version();
VALUES (1);
EXPLAIN SELECT 1;
EXPLAIN ANALYZE SELECT 1;
EXPLAIN (ANALYZE, COSTS OFF) SELECT 1;
EXPLAIN (COSTS OFF) INSERT INTO orders (id) VALUES (1);
NOTIFY something, 'x';
DISCARD PLANS;
-- DOWN
SET check_function_bodies = false;
SET row_security = off;

-- == vacuum
VACUUM orders;
-- DOWN

-- == transaction unproven
-- migrate: no-transaction
BEGIN;
CREATE TABLE in_transaction (id int);
COMMIT;
START TRANSACTION;
SAVEPOINT here;
CREATE TABLE not_kept (id int);
ROLLBACK TO SAVEPOINT here;
RELEASE SAVEPOINT here;
END;
-- DOWN
DROP TABLE in_transaction;

-- == public_made_again
DROP SCHEMA public CASCADE;
CREATE SCHEMA public;
-- DOWN

-- == comment_on_public_of_ours computed
COMMENT ON SCHEMA public IS 'ours';
-- DOWN
COMMENT ON SCHEMA public IS NULL;

-- == public_of_ours computed
GRANT USAGE, CREATE ON SCHEMA public TO PUBLIC;
-- DOWN
REVOKE ALL ON SCHEMA public FROM PUBLIC;
