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

-- == default_privileges
ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT SELECT ON TABLES TO catalog_reader;
-- DOWN
ALTER DEFAULT PRIVILEGES IN SCHEMA app REVOKE SELECT ON TABLES FROM catalog_reader;

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
