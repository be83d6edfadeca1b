Roles, privileges, owners, default privileges. What a role may is the server's, so only the verdicts count.

-- == base
CREATE TABLE t (id int PRIMARY KEY, a int);
CREATE SEQUENCE s;
CREATE SCHEMA app;
CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';
-- DOWN
DROP FUNCTION f();
DROP SCHEMA app;
DROP SEQUENCE s;
DROP TABLE t;

-- == create
CREATE ROLE catalog_reader;
CREATE ROLE catalog_writer WITH LOGIN PASSWORD 'secret' NOINHERIT CONNECTION LIMIT 5;
CREATE USER catalog_user;
-- DOWN
DROP USER catalog_user;
DROP ROLE IF EXISTS catalog_writer, catalog_reader;

-- == grant
GRANT SELECT, INSERT ON t TO catalog_reader;
GRANT ALL PRIVILEGES ON TABLE t TO catalog_writer WITH GRANT OPTION;
GRANT UPDATE (a), SELECT (id, a) ON t TO catalog_user;
GRANT USAGE ON SEQUENCE s TO catalog_reader;
GRANT USAGE, CREATE ON SCHEMA app TO catalog_reader;
GRANT EXECUTE ON FUNCTION f() TO catalog_reader;
GRANT catalog_reader TO catalog_writer;
-- DOWN
REVOKE catalog_reader FROM catalog_writer;
REVOKE EXECUTE ON FUNCTION f() FROM catalog_reader;
REVOKE USAGE, CREATE ON SCHEMA app FROM catalog_reader;
REVOKE USAGE ON SEQUENCE s FROM catalog_reader;
REVOKE UPDATE (a), SELECT (id, a) ON t FROM catalog_user;
REVOKE ALL ON t FROM catalog_writer;
REVOKE SELECT, INSERT ON t FROM catalog_reader;

-- == grant_more
GRANT DELETE ON t TO catalog_reader;
GRANT SELECT ON t TO PUBLIC;
-- DOWN
REVOKE DELETE ON t FROM catalog_reader;

-- == grant_on_unknown fails
GRANT SELECT ON nowhere TO catalog_reader;

-- == revoke
REVOKE SELECT ON t FROM PUBLIC;
REVOKE GRANT OPTION FOR ALL ON t FROM catalog_writer CASCADE;
REVOKE EXECUTE ON FUNCTION f() FROM PUBLIC;
-- DOWN
GRANT EXECUTE ON FUNCTION f() TO PUBLIC;
GRANT ALL ON t TO catalog_writer WITH GRANT OPTION;
GRANT SELECT ON t TO PUBLIC;

-- == grant_all_of_schema
GRANT SELECT ON ALL TABLES IN SCHEMA public TO catalog_user;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO catalog_user;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO catalog_user;
-- DOWN
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA public FROM catalog_user;
REVOKE USAGE ON ALL SEQUENCES IN SCHEMA public FROM catalog_user;
REVOKE SELECT ON ALL TABLES IN SCHEMA public FROM catalog_user;

-- == of_everyone
CREATE FUNCTION g(a int, OUT b int) LANGUAGE sql AS 'SELECT 1';
CREATE PROCEDURE p(a int) LANGUAGE sql AS 'SELECT 1';
CREATE AGGREGATE total(int) (SFUNC = int4pl, STYPE = int);
CREATE TYPE mood AS ENUM ('a');
CREATE DOMAIN amount AS int;
CREATE FOREIGN DATA WRAPPER wrapper;
CREATE SERVER far FOREIGN DATA WRAPPER wrapper;
CREATE VIEW "odd ` name" AS SELECT 1 AS a;
-- DOWN
DROP VIEW "odd ` name";
DROP SERVER far;
DROP FOREIGN DATA WRAPPER wrapper;
DROP DOMAIN amount;
DROP TYPE mood;
DROP AGGREGATE total(int);
DROP PROCEDURE p(int);
DROP FUNCTION g(int);

-- == revoke_from_everyone computed
REVOKE EXECUTE ON FUNCTION g(int) FROM PUBLIC;
REVOKE EXECUTE ON PROCEDURE p(int) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION total(int) FROM PUBLIC;
REVOKE USAGE ON TYPE mood FROM PUBLIC;
REVOKE ALL ON DOMAIN amount FROM PUBLIC;
-- DOWN
GRANT ALL ON FUNCTION g(int) TO PUBLIC;
GRANT ALL ON PROCEDURE p(int) TO PUBLIC;
GRANT ALL ON FUNCTION total(int) TO PUBLIC;
GRANT ALL ON TYPE mood, amount TO PUBLIC;

-- == revoke_from_everyone_by_halves
REVOKE EXECUTE ON FUNCTION g(int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION g(int) TO PUBLIC;
-- DOWN
REVOKE EXECUTE ON FUNCTION g(int) FROM PUBLIC;

-- == grant_on_all_kinds computed
GRANT EXECUTE ON FUNCTION g(int) TO catalog_reader;
GRANT EXECUTE ON PROCEDURE p(int) TO catalog_reader;
GRANT EXECUTE ON FUNCTION total(int) TO catalog_reader;
GRANT USAGE ON TYPE mood TO catalog_reader;
GRANT USAGE ON DOMAIN amount TO catalog_reader WITH GRANT OPTION;
GRANT USAGE ON FOREIGN DATA WRAPPER wrapper TO catalog_reader;
GRANT USAGE ON FOREIGN SERVER far TO catalog_reader;
GRANT SELECT ON "odd ` name" TO catalog_reader;
-- DOWN
REVOKE ALL ON "odd ` name" FROM catalog_reader;
REVOKE ALL ON FOREIGN SERVER far FROM catalog_reader;
REVOKE ALL ON FOREIGN DATA WRAPPER wrapper FROM catalog_reader;
REVOKE ALL ON DOMAIN amount FROM catalog_reader;
REVOKE ALL ON TYPE mood FROM catalog_reader;
REVOKE ALL ON FUNCTION total(int) FROM catalog_reader;
REVOKE ALL ON PROCEDURE p(int) FROM catalog_reader;
REVOKE ALL ON FUNCTION g(int) FROM catalog_reader;

-- == grant_option computed
GRANT SELECT ON t TO catalog_user WITH GRANT OPTION;
GRANT INSERT (a), SELECT (id) ON t TO catalog_reader;
GRANT UPDATE (a) ON t TO catalog_user WITH GRANT OPTION;
REVOKE TRUNCATE ON t FROM CURRENT_USER;
-- DOWN
GRANT TRUNCATE ON t TO CURRENT_USER;
REVOKE GRANT OPTION FOR UPDATE (a) ON t FROM catalog_user;
REVOKE INSERT (a), SELECT (id) ON t FROM catalog_reader;
REVOKE GRANT OPTION FOR SELECT ON t FROM catalog_user;

-- == drop_what_not_all_may_use computed
DROP FUNCTION g(int);
DROP TYPE mood;
-- DOWN

-- == grant_on_public computed
GRANT USAGE ON SCHEMA public TO catalog_reader;
-- DOWN
REVOKE USAGE ON SCHEMA public FROM catalog_reader;

-- == grant_on_public_undone_too_far
GRANT USAGE ON SCHEMA public TO catalog_user;
-- DOWN
REVOKE USAGE ON SCHEMA public FROM catalog_user, PUBLIC;

-- == create_on_public unproven
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
-- DOWN
GRANT CREATE ON SCHEMA public TO PUBLIC;

-- == create_on_public_again computed
GRANT CREATE ON SCHEMA public TO PUBLIC;
-- DOWN

-- == all_on_public computed
REVOKE ALL ON SCHEMA public FROM PUBLIC;
-- DOWN
GRANT ALL ON SCHEMA public TO PUBLIC;

-- == usage_on_public computed
GRANT USAGE ON SCHEMA public TO PUBLIC;
-- DOWN
REVOKE USAGE ON SCHEMA public FROM PUBLIC;

-- == owner_of_what_is_granted computed
ALTER TABLE t OWNER TO catalog_user;
-- DOWN
ALTER TABLE t OWNER TO CURRENT_USER;

-- == owners
ALTER TABLE t OWNER TO catalog_writer;
ALTER SEQUENCE s OWNER TO catalog_writer;
ALTER FUNCTION f() OWNER TO catalog_writer;
ALTER SCHEMA app OWNER TO catalog_writer;
-- DOWN
ALTER SCHEMA app OWNER TO CURRENT_USER;
ALTER FUNCTION f() OWNER TO CURRENT_USER;
ALTER SEQUENCE s OWNER TO CURRENT_USER;
ALTER TABLE t OWNER TO CURRENT_USER;

-- == owner_forgotten
ALTER TABLE t OWNER TO catalog_user;
-- DOWN

-- == default_privileges_of_what_is_made computed
CREATE SCHEMA shop;
ALTER DEFAULT PRIVILEGES IN SCHEMA shop GRANT SELECT, UPDATE ON TABLES TO catalog_reader, "catalog_user";
CREATE TABLE shop.orders (id int);
-- DOWN
DROP TABLE shop.orders;
ALTER DEFAULT PRIVILEGES IN SCHEMA shop REVOKE SELECT, UPDATE ON TABLES FROM catalog_reader, "catalog_user";
DROP SCHEMA shop;

-- == default_privileges_taken_back computed
ALTER DEFAULT PRIVILEGES IN SCHEMA shop REVOKE SELECT, UPDATE ON TABLES FROM catalog_reader, "catalog_user";
-- DOWN

-- == default_privileges_everywhere computed
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
-- DOWN
ALTER DEFAULT PRIVILEGES GRANT EXECUTE ON FUNCTIONS TO PUBLIC;

-- == default_privileges_everywhere_taken_back computed
ALTER DEFAULT PRIVILEGES GRANT EXECUTE ON FUNCTIONS TO PUBLIC;
-- DOWN
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;

-- == default_privileges computed
ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT SELECT ON TABLES TO catalog_reader;
-- DOWN
ALTER DEFAULT PRIVILEGES IN SCHEMA app REVOKE SELECT ON TABLES FROM catalog_reader;

-- == default_privileges_of_several unproven
ALTER DEFAULT PRIVILEGES IN SCHEMA app REVOKE SELECT ON SEQUENCES FROM catalog_reader;
-- DOWN

-- == role
SET ROLE catalog_user;
SET ROLE NONE;
SET SESSION AUTHORIZATION DEFAULT;
ALTER ROLE catalog_user SET search_path TO app, public;
ALTER ROLE catalog_user RESET search_path;
ALTER ROLE catalog_user WITH NOLOGIN;
-- DOWN
RESET ROLE;

-- == the_end unproven
ALTER DEFAULT PRIVILEGES IN SCHEMA app REVOKE SELECT ON TABLES FROM catalog_reader;
REASSIGN OWNED BY catalog_user, catalog_writer TO CURRENT_USER;
DROP OWNED BY catalog_user, catalog_writer, catalog_reader;
DROP ROLE catalog_user, catalog_writer, catalog_reader;
-- DOWN
