-- What PostgreSQL 13 to 18 accept and some parser stumbles over.
SELECT 'a' -- a comment
  'b';
(SELECT FROM a) UNION (SELECT FROM b);
SELECT EXISTS (SELECT FROM t), * FROM (SELECT FROM t) x;
CREATE TRIGGER tr AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION f(default, 1, 'a', b);
CREATE TABLE int (int int, real real);
CREATE INDEX ON int (int);
INSERT INTO int (int) VALUES (1);
SELECT s.int(5), interval(5) '1 day', float(5) '1', bit(3) '101', t.integer FROM int AS integer, t;
CREATE TABLE t (a int[3], b int[], c int ARRAY[4], d datetime, e numeric(10, 2), f timestamp(3));
ALTER TABLE t RENAME a TO rename;
ALTER TABLE t ADD COLUMN rename int, DROP COLUMN limit_, ALTER COLUMN b SET (n_distinct = 5);
CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END;
MERGE INTO t USING s ON t.a = s.a WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT VALUES (1);
UPDATE t SET (a, b) = (SELECT 1, 2) WHERE ctid IN (SELECT ctid FROM t ORDER BY a LIMIT 10);
SELECT a ?| b, a @> b, a #>> '{}', a <-> b, !!a, @ -1, 5 ^ 2, |/ 4 FROM t;
VACUUM (FULL, ANALYZE) t;
SELECT * FROM t WHERE a = ANY ($1) FOR UPDATE SKIP LOCKED;
CREATE TABLE p PARTITION OF t FOR VALUES WITH (MODULUS 4, REMAINDER 0);
ALTER TABLE t ADD CONSTRAINT c FOREIGN KEY (a) REFERENCES u (id) ON DELETE SET NULL (a) NOT VALID;
SELECT json_agg(x ORDER BY y) FILTER (WHERE z) OVER (PARTITION BY w ROWS UNBOUNDED PRECEDING) FROM t;
SHOW tables.columns;
COPY t FROM PROGRAM 'cat' WITH (FORMAT csv);
SELECT E'a\'' -- a comment
  'b\';c', 'd'
  'e;f';
