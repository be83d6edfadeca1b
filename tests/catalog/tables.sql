Tables: created, dropped, renamed.

-- == create
CREATE TABLE users (
    id bigserial PRIMARY KEY,
    email text NOT NULL UNIQUE,
    name varchar(80) DEFAULT 'anonymous',
    age int CHECK (age > 0),
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE IF NOT EXISTS users (id int);
-- DOWN
DROP TABLE users;

-- == create_if_not_exists
CREATE TABLE IF NOT EXISTS orders (
    id int GENERATED ALWAYS AS IDENTITY,
    user_id bigint REFERENCES users,
    total numeric(12, 2) NOT NULL,
    CONSTRAINT orders_total_positive CHECK (total >= 0),
    PRIMARY KEY (id),
    UNIQUE (user_id, total)
);
-- DOWN
DROP TABLE IF EXISTS orders;

-- == create_again fails
CREATE TABLE users (id int);
-- DOWN
DROP TABLE users;

-- == drop_referenced fails
DROP TABLE users;

-- == drop_referenced_with_cascade
DROP TABLE users CASCADE;
-- DOWN
CREATE TABLE users (
    id bigserial PRIMARY KEY,
    email text NOT NULL UNIQUE,
    name varchar(80) DEFAULT 'anonymous',
    age int CHECK (age > 0),
    created_at timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE orders ADD FOREIGN KEY (user_id) REFERENCES users;

-- == create_once_more
CREATE TABLE users (
    id bigserial PRIMARY KEY,
    email text NOT NULL UNIQUE,
    name varchar(80) DEFAULT 'anonymous',
    age int CHECK (age > 0)
);
-- DOWN
DROP TABLE users;

-- == drop_several
CREATE TABLE one (id int);
CREATE TABLE two (id int);
DROP TABLE one, two;

-- == down_forgets_one
CREATE TABLE one (id int);
CREATE TABLE two (id int);
-- DOWN
DROP TABLE one;

-- == down_drops_what_is_not_there
CREATE TABLE three (id int);
-- DOWN
DROP TABLE tree;

-- == down_drops_twice
CREATE TABLE four (id int);
-- DOWN
DROP TABLE IF EXISTS four, five CASCADE;
DROP TABLE IF EXISTS four;

-- == rename
ALTER TABLE one RENAME TO first;
-- DOWN
ALTER TABLE first RENAME TO one;

-- == rename_if_exists
ALTER TABLE IF EXISTS first RENAME TO uno;
ALTER TABLE IF EXISTS nowhere RENAME TO somewhere;
-- DOWN
ALTER TABLE uno RENAME TO first;

-- == rename_to_taken fails
ALTER TABLE uno RENAME TO two;

-- == rename_unknown fails
ALTER TABLE nowhere RENAME TO somewhere;

-- == swap
ALTER TABLE uno RENAME TO temporary;
ALTER TABLE two RENAME TO uno;
ALTER TABLE temporary RENAME TO two;
-- DOWN
ALTER TABLE uno RENAME TO temporary;
ALTER TABLE two RENAME TO uno;
ALTER TABLE temporary RENAME TO two;

-- == no_columns
CREATE TABLE nothing ();
-- DOWN
DROP TABLE nothing RESTRICT;

-- == quoted_names
CREATE TABLE "Order" ("Id" int PRIMARY KEY, "select" text, "über" text, "a b" int);
COMMENT ON COLUMN "Order"."select" IS 'a keyword';
CREATE INDEX ON "Order" ("a b");
-- DOWN
DROP TABLE "Order";

-- == long_names
CREATE TABLE a_table_whose_name_is_almost_as_long_as_postgres_allows_names (
    a_column_whose_name_is_rather_long_too serial PRIMARY KEY,
    another_column_whose_name_is_rather_long int UNIQUE,
    CHECK (another_column_whose_name_is_rather_long > 0)
);
CREATE INDEX ON a_table_whose_name_is_almost_as_long_as_postgres_allows_names (another_column_whose_name_is_rather_long);
-- DOWN
DROP TABLE a_table_whose_name_is_almost_as_long_as_postgres_allows_names;

-- == unlogged if 15
CREATE UNLOGGED TABLE cache (id serial PRIMARY KEY, value jsonb);
-- DOWN
DROP TABLE cache;

-- == set_logged if 15
ALTER TABLE cache SET LOGGED;
-- DOWN
ALTER TABLE cache SET UNLOGGED;

-- == temporary
CREATE TEMP TABLE staging (id int, value text) ON COMMIT DROP;
CREATE TEMPORARY TABLE staging_two (id int);
INSERT INTO staging SELECT n, 'x' FROM generate_series(1, 10) AS n;
DROP TABLE staging_two;

-- == storage_options
CREATE TABLE logs (id int, line text) WITH (fillfactor = 70, autovacuum_enabled = false);
ALTER TABLE uno SET (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);
-- DOWN
ALTER TABLE uno RESET (fillfactor, autovacuum_vacuum_scale_factor);
DROP TABLE logs;

-- == reset_options
ALTER TABLE logs RESET (fillfactor);
ALTER TABLE logs SET (toast.autovacuum_enabled = false);
-- DOWN
ALTER TABLE logs SET (fillfactor = 70);
ALTER TABLE logs RESET (toast.autovacuum_enabled);

-- == replica_identity
ALTER TABLE logs REPLICA IDENTITY FULL;
ALTER TABLE uno REPLICA IDENTITY NOTHING;
-- DOWN
ALTER TABLE logs REPLICA IDENTITY DEFAULT;
ALTER TABLE uno REPLICA IDENTITY DEFAULT;

-- == as_query
CREATE TABLE totals AS SELECT user_id, sum(total) AS total, count(*) AS orders FROM orders GROUP BY user_id;
CREATE TABLE empty_copy AS TABLE orders WITH NO DATA;
CREATE TABLE IF NOT EXISTS totals AS SELECT 1;
-- DOWN
DROP TABLE empty_copy, totals;

-- == as_with_names
CREATE TABLE named (key, value) AS SELECT id, name FROM users;
CREATE TABLE literals AS SELECT 1 AS one, 'text'::text AS word, true AS yes, now() AS at, 1.5 AS number, NULL::int AS nothing;
-- DOWN
DROP TABLE literals;
DROP TABLE named;

-- == select_into
SELECT id, email INTO mailing FROM users;
-- DOWN
DROP TABLE mailing;

-- == lock_and_truncate
LOCK TABLE users IN ACCESS EXCLUSIVE MODE;
LOCK orders;
ALTER TABLE orders ADD FOREIGN KEY (user_id) REFERENCES users;
TRUNCATE orders;
TRUNCATE TABLE users, orders RESTART IDENTITY CASCADE;
-- DOWN
LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE NOWAIT;
ALTER TABLE orders DROP CONSTRAINT orders_user_id_fkey;

-- == truncate_referenced fails
TRUNCATE users;

-- == analyze
ANALYZE users;
ANALYZE;
-- DOWN

-- == owner
ALTER TABLE logs OWNER TO CURRENT_USER;
-- DOWN

-- == cluster
ALTER TABLE orders CLUSTER ON orders_pkey;
-- DOWN
ALTER TABLE orders SET WITHOUT CLUSTER;

-- == several_actions
ALTER TABLE logs
    ADD COLUMN level int NOT NULL DEFAULT 0,
    ADD COLUMN at timestamptz,
    ALTER COLUMN line SET NOT NULL,
    ADD CONSTRAINT logs_level_known CHECK (level BETWEEN 0 AND 5),
    DROP COLUMN id;
-- DOWN
ALTER TABLE logs
    DROP CONSTRAINT logs_level_known,
    DROP COLUMN level,
    DROP COLUMN at,
    ALTER COLUMN line DROP NOT NULL,
    ADD COLUMN id int;

-- == dml
INSERT INTO users (email, name) VALUES ('a@b.c', 'a'), ('d@e.f', DEFAULT) ON CONFLICT (email) DO NOTHING;
INSERT INTO users (email) SELECT 'x' || n FROM generate_series(1, 3) n RETURNING id;
UPDATE users SET name = upper(name), age = age + 1 WHERE age IS NOT NULL;
UPDATE orders SET total = total * 2 FROM users WHERE users.id = orders.user_id;
WITH gone AS (DELETE FROM orders WHERE total < 0 RETURNING user_id)
UPDATE users SET age = 1 FROM gone WHERE gone.user_id = users.id;
-- DOWN
DELETE FROM orders USING users WHERE users.id = orders.user_id AND users.name IS NULL;
DELETE FROM users;

-- == insert_into_unknown fails
INSERT INTO nowhere VALUES (1);

-- == update_unknown_column fails
UPDATE users SET nickname = 'x';

-- == select_unknown_column fails
SELECT nickname FROM users;

-- == columns_of_children
CREATE TABLE parent (a int, b int DEFAULT 1, c text);
CREATE TABLE child (d int) INHERITS (parent);
CREATE TABLE grandchild () INHERITS (child);
ALTER TABLE child ALTER COLUMN a SET NOT NULL;
-- DOWN
DROP TABLE grandchild;
DROP TABLE child;
DROP TABLE parent;

-- == not_null_of_a_child below 18
ALTER TABLE grandchild ALTER COLUMN a DROP NOT NULL;
ALTER TABLE parent ALTER COLUMN a SET NOT NULL;
-- DOWN
ALTER TABLE parent ALTER COLUMN a DROP NOT NULL;

-- == default_of_a_child
ALTER TABLE child ALTER COLUMN b SET DEFAULT 2;
-- DOWN

-- == comment_on_the_column_of_a_child
COMMENT ON COLUMN child.c IS 'not of the parent';
-- DOWN

-- == default_of_all
ALTER TABLE parent ALTER COLUMN b SET DEFAULT 3;
-- DOWN
ALTER TABLE parent ALTER COLUMN b SET DEFAULT 1;
