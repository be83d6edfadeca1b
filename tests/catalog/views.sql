Views and materialized views.

-- == base
CREATE TABLE users (id int PRIMARY KEY, name text NOT NULL, email varchar(50), created date DEFAULT now());
CREATE TABLE orders (id int PRIMARY KEY, user_id int REFERENCES users, total numeric(10, 2), note text);
-- DOWN
DROP TABLE orders, users;

-- == create
CREATE VIEW names AS SELECT id, name FROM users;
CREATE VIEW renamed (key, label) AS SELECT id, name FROM users;
CREATE VIEW all_of AS SELECT * FROM users;
CREATE VIEW joined AS SELECT u.id, u.name, o.total AS amount FROM users u JOIN orders o ON o.user_id = u.id WHERE o.total > 0;
CREATE VIEW grouped AS SELECT user_id, count(*) AS number, sum(total) AS sum, max(note) FROM orders GROUP BY user_id HAVING count(*) > 1;
-- DOWN
DROP VIEW grouped, joined;
DROP VIEW IF EXISTS all_of, nothing;
DROP VIEW renamed CASCADE;
DROP VIEW names RESTRICT;

-- == more_queries
CREATE VIEW united AS SELECT id FROM users UNION ALL SELECT id FROM orders;
CREATE VIEW with_one AS WITH big AS (SELECT * FROM orders WHERE total > 100) SELECT b.id, b.total * 2 AS double FROM big b;
CREATE VIEW nested AS SELECT n.label FROM (SELECT name AS label FROM users ORDER BY name LIMIT 5) n;
CREATE VIEW counted AS SELECT id, row_number() OVER (PARTITION BY user_id ORDER BY total DESC) AS place FROM orders;
CREATE VIEW outer_joined AS SELECT users.*, orders.total FROM users LEFT JOIN orders ON orders.user_id = users.id;
CREATE VIEW scalar AS SELECT (SELECT count(*) FROM orders) AS orders, EXISTS (SELECT 1 FROM users) AS any_user, 1 AS one, 'x' AS word;
CREATE VIEW lateral_one AS SELECT u.id, l.total FROM users u CROSS JOIN LATERAL (SELECT o.total FROM orders o WHERE o.user_id = u.id LIMIT 1) l;
CREATE VIEW listed AS VALUES (1, 'a'), (2, 'b');
CREATE VIEW series AS SELECT n FROM generate_series(1, 10) AS n;
CREATE RECURSIVE VIEW numbers (n) AS SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 5;
CREATE VIEW using_one AS SELECT * FROM users JOIN (SELECT user_id AS id, total FROM orders) o USING (id);
CREATE VIEW kinds AS SELECT id::bigint AS big, coalesce(email, name) AS contact, CASE WHEN id > 1 THEN 'many' ELSE 'one' END AS word, created + 1 AS next, lower(name) AS lower, name || '!' AS loud, id = 1 AS first FROM users;
-- DOWN
DROP VIEW united, with_one, nested, counted, outer_joined, scalar, lateral_one, listed, series, numbers, using_one, kinds;

-- == create_again fails
CREATE VIEW names AS SELECT 1;

-- == create_of_unknown fails
CREATE VIEW wrong AS SELECT * FROM nowhere;

-- == create_of_unknown_column fails
CREATE VIEW wrong AS SELECT nothing FROM users;

-- == create_with_a_column_twice fails
CREATE VIEW wrong AS SELECT id, id FROM users;

-- == replace
CREATE OR REPLACE VIEW names AS SELECT id, name, email FROM users;
CREATE OR REPLACE VIEW fresh AS SELECT 1 AS one;
-- DOWN
DROP VIEW fresh;
DROP VIEW names;
CREATE VIEW names AS SELECT id, name FROM users;

-- == replace_with_fewer fails
CREATE OR REPLACE VIEW names AS SELECT id FROM users;

-- == replace_with_other_names fails
CREATE OR REPLACE VIEW names AS SELECT id AS key, name, email FROM users;

-- == replace_with_other_types fails
CREATE OR REPLACE VIEW names AS SELECT id::text AS id, name, email FROM users;

-- == replaced_and_not_back
CREATE OR REPLACE VIEW joined AS SELECT u.id, u.name, o.total AS amount, o.note FROM users u JOIN orders o ON o.user_id = u.id;
-- DOWN
CREATE OR REPLACE VIEW joined AS SELECT u.id, u.name, o.total AS amount FROM users u JOIN orders o ON o.user_id = u.id WHERE o.total > 0;

-- == invoker if 15
CREATE VIEW invoked WITH (security_invoker = true) AS SELECT id FROM users;
-- DOWN
DROP VIEW invoked;

-- == options
CREATE VIEW checked WITH (security_barrier) AS SELECT * FROM users WHERE id > 0 WITH LOCAL CHECK OPTION;
CREATE TEMP VIEW short_lived AS SELECT 1;
-- DOWN
DROP VIEW checked;
DROP VIEW IF EXISTS short_lived;

-- == alter
ALTER VIEW names RENAME TO name_list;
ALTER VIEW name_list RENAME COLUMN name TO label;
ALTER VIEW IF EXISTS nothing RENAME TO something;
ALTER VIEW name_list ALTER COLUMN label SET DEFAULT 'x';
ALTER VIEW name_list SET (security_barrier = true);
-- DOWN
ALTER VIEW name_list RESET (security_barrier);
ALTER VIEW name_list ALTER COLUMN label DROP DEFAULT;
ALTER VIEW name_list RENAME COLUMN label TO name;
ALTER VIEW name_list RENAME TO names;

-- == rename_as_table
ALTER TABLE name_list RENAME TO names;
-- DOWN
ALTER TABLE names RENAME TO name_list;

-- == rename_unknown fails
ALTER VIEW nothing RENAME TO something;

-- == drop_unknown fails
DROP VIEW nothing;

-- == drop_table_as_view fails
DROP VIEW users;

-- == drop_view_as_table fails
DROP TABLE names;

-- == on_top
CREATE VIEW top AS SELECT label FROM names;
-- DOWN
DROP VIEW top;

-- == drop_below fails
DROP VIEW names;

-- == drop_below_with_cascade
DROP VIEW names CASCADE;
-- DOWN
CREATE VIEW names WITH (security_barrier = true) AS SELECT id, name AS label, email FROM users;
CREATE VIEW top AS SELECT label FROM names;

-- == drop_table_below fails
DROP TABLE orders;

-- == materialized
CREATE MATERIALIZED VIEW stats AS SELECT user_id, count(*) AS number FROM orders GROUP BY user_id;
CREATE MATERIALIZED VIEW IF NOT EXISTS lazy (a, b) WITH (fillfactor = 90) AS SELECT id, name FROM users WITH NO DATA;
CREATE UNIQUE INDEX stats_user ON stats (user_id);
CREATE INDEX ON lazy (lower(b));
-- DOWN
DROP MATERIALIZED VIEW lazy, stats;

-- == refresh
REFRESH MATERIALIZED VIEW lazy;
REFRESH MATERIALIZED VIEW CONCURRENTLY stats;
-- DOWN
REFRESH MATERIALIZED VIEW lazy WITH NO DATA;

-- == refresh_unknown fails
REFRESH MATERIALIZED VIEW nothing;

-- == alter_materialized
ALTER MATERIALIZED VIEW lazy RENAME TO eager;
ALTER MATERIALIZED VIEW eager RENAME COLUMN a TO key;
ALTER MATERIALIZED VIEW IF EXISTS nothing RENAME TO something;
-- DOWN
ALTER MATERIALIZED VIEW eager RENAME COLUMN key TO a;
ALTER MATERIALIZED VIEW eager RENAME TO lazy;

-- == drop_materialized_as_view fails
DROP VIEW stats;

-- == drop_materialized
DROP MATERIALIZED VIEW IF EXISTS stats CASCADE;
-- DOWN
CREATE MATERIALIZED VIEW stats AS SELECT user_id, count(*) AS number FROM orders GROUP BY user_id;

-- == drop_materialized_and_restore
CREATE MATERIALIZED VIEW stats AS SELECT user_id, count(*) AS number FROM orders GROUP BY user_id;
CREATE UNIQUE INDEX stats_user ON stats (user_id);
DROP MATERIALIZED VIEW stats;
-- DOWN

-- == comments
COMMENT ON VIEW joined IS 'both';
COMMENT ON COLUMN joined.amount IS 'in euro';
COMMENT ON MATERIALIZED VIEW eager IS 'kept';
-- DOWN
COMMENT ON VIEW joined IS NULL;
COMMENT ON COLUMN joined.amount IS NULL;
COMMENT ON MATERIALIZED VIEW eager IS '';

-- == column_below_renamed
ALTER TABLE orders RENAME COLUMN total TO sum_total;
ALTER TABLE users RENAME TO people;
-- DOWN
ALTER TABLE people RENAME TO users;
ALTER TABLE orders RENAME COLUMN sum_total TO total;

-- == column_added_below
ALTER TABLE people ADD COLUMN phone text;
-- DOWN
ALTER TABLE people DROP COLUMN phone;

-- == column_below_dropped_with_cascade
ALTER TABLE orders DROP COLUMN note CASCADE;
-- DOWN
ALTER TABLE orders ADD COLUMN note text;

-- == forms_base
CREATE TYPE view_mood AS ENUM ('ok', 'bad');
CREATE TYPE view_pair AS (x int, y text);
CREATE TABLE forms (id int PRIMARY KEY, doc json, label text, tags text[], pair view_pair);
-- DOWN
DROP TABLE forms;
DROP TYPE view_pair, view_mood;

-- == typed_columns computed
CREATE VIEW records AS SELECT f.id, x.* FROM forms f, json_to_recordset(f.doc) AS x(a int, "B" text, m view_mood);
CREATE VIEW record AS SELECT json_to_record.n FROM json_to_record('{"n": 1}') AS (n numeric(10, 2), t timestamp(3) with time zone, v varchar(5)[]);
CREATE VIEW joined_records AS SELECT f.label, x.a FROM forms f LEFT JOIN LATERAL json_to_recordset(f.doc) x (a int, doc text) ON x.a = f.id WHERE x.doc IS NOT NULL;
CREATE MATERIALIZED VIEW kept_records AS SELECT * FROM json_to_recordset('[{"a": 1}]') AS x(a int, b public.view_mood) WITH NO DATA;
CREATE TABLE copied_records AS SELECT * FROM json_to_recordset('[{"a": 1}]') AS x(a numeric(8, 2), b view_mood[], c double precision, d bit varying(3));
-- DOWN
DROP TABLE copied_records;
DROP MATERIALIZED VIEW kept_records;
DROP VIEW joined_records, record, records;

-- == typed_columns_of_unknown_type fails
CREATE VIEW wrong AS SELECT * FROM json_to_recordset('[]') AS x(a nothing);

-- == typed_columns_have_no_others fails
CREATE VIEW wrong AS SELECT x.b FROM json_to_recordset('[]') AS x(a int);

-- == typed_columns_have_no_others_unqualified fails
CREATE VIEW wrong AS SELECT b FROM json_to_recordset('[]') AS x(a int);

-- == typed_columns_of_unknown_argument fails
CREATE VIEW wrong AS SELECT x.a FROM forms f, json_to_recordset(f.nothing) AS x(a int);

-- == typed_columns_below
CREATE VIEW moods AS SELECT x.m FROM json_to_recordset('[]') AS x(m view_mood);

-- == type_of_typed_columns_dropped fails
DROP TYPE view_mood;

-- == column_below_typed_columns
CREATE VIEW of_doc AS SELECT x.doc FROM forms, json_to_recordset(doc) AS x(id int, doc text);

-- == column_below_typed_columns_dropped fails
ALTER TABLE forms DROP COLUMN doc;

-- == rows_of_a_name computed
CREATE VIEW all_fields AS SELECT (f).*, 1 AS one FROM forms f, people;
CREATE VIEW all_of_query AS SELECT (q).* FROM (SELECT id, label AS text FROM forms) AS q;
CREATE VIEW numbered AS SELECT f.id, e.tag, e.number FROM forms f, LATERAL unnest(f.tags) WITH ORDINALITY AS e(tag, number);
CREATE VIEW numbered_too AS SELECT f.id FROM forms f CROSS JOIN LATERAL json_array_elements(f.doc) WITH ORDINALITY WHERE ordinality > 1;
CREATE VIEW sampled AS SELECT x.id, label FROM forms AS x TABLESAMPLE bernoulli (10) REPEATABLE (1) WHERE label <> '';
CREATE VIEW sampled_too AS SELECT f.id FROM forms f JOIN people TABLESAMPLE system (1) ON people.id = f.id;
-- DOWN
DROP VIEW sampled_too, sampled, numbered_too, numbered, all_of_query, all_fields;

-- == sample_of_unknown_column fails
CREATE VIEW wrong AS SELECT nothing FROM forms TABLESAMPLE system (1);

-- == column_of_all_fields
CREATE VIEW only_fields AS SELECT (f).* FROM forms f;

-- == column_of_all_fields_dropped fails
ALTER TABLE forms DROP COLUMN tags;

-- == tests_for_json if 16
CREATE VIEW tested AS SELECT id, label IS JSON AS any, label IS NOT JSON OBJECT WITH UNIQUE KEYS AS object FROM forms WHERE label IS JSON ARRAY OR tags IS NULL;
ALTER TABLE forms ADD CONSTRAINT label_is_json CHECK (label IS JSON);
-- DOWN
ALTER TABLE forms DROP CONSTRAINT label_is_json;
DROP VIEW tested;

-- == moved_rows
CREATE TABLE forms_moved (id int, label text);
WITH moved AS (DELETE FROM forms AS f USING people p RETURNING f.id, label AS text, p.name)
INSERT INTO forms_moved SELECT id, text FROM moved RETURNING id;
INSERT INTO forms (id, label) (SELECT id, label FROM forms_moved) ON CONFLICT (id) DO UPDATE SET label = excluded.label || forms.label RETURNING label;
INSERT INTO forms_moved SELECT id, label FROM forms "returning" RETURNING forms_moved.label AS returning;
UPDATE forms_moved SET label = f.label FROM forms f RETURNING f.doc, forms_moved.*;
DELETE FROM forms_moved RETURNING (id), label;
-- DOWN
DROP TABLE forms_moved;

-- == returned_column_unknown fails
INSERT INTO forms (id) SELECT id FROM people RETURNING name;

-- == returned_column_of_delete_unknown fails
DELETE FROM forms USING people RETURNING people.nothing;

-- == moved_column_unknown fails
WITH moved AS (DELETE FROM forms USING people RETURNING forms.id) INSERT INTO forms (id, label) SELECT id, label FROM moved;

-- == taken_column_unknown fails
INSERT INTO forms (id) (SELECT nothing FROM people) ON CONFLICT (id) DO NOTHING;
