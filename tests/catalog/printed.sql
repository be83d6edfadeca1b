What was written in one way, and comes back as pg_dump prints it.

-- == base
CREATE TABLE member (id int, name text NOT NULL);
CREATE TABLE payment (id int, member_id int, sum numeric(10, 2), paid timestamptz);
-- DOWN
DROP TABLE payment, member;

-- == views
CREATE VIEW everybody AS SELECT * FROM member;
CREATE VIEW sums (who, number) AS SELECT m.name, count(*), max(sum) FROM member m LEFT JOIN payment p ON p.member_id = m.id GROUP BY 1 ORDER BY 2 DESC, name;
CREATE VIEW monthly AS SELECT date_trunc('month', paid) AS month, sum(sum) FROM payment GROUP BY month;
CREATE VIEW numbers_of AS SELECT id AS n FROM member UNION ALL SELECT member_id FROM payment ORDER BY n;
CREATE VIEW payers AS SELECT m.* FROM member m WHERE EXISTS (SELECT * FROM payment WHERE member_id = m.id) AND id IN (SELECT id FROM member m WHERE name <> '');
CREATE VIEW both_of AS WITH p (id, sum) AS (SELECT member_id, sum FROM payment) SELECT * FROM member NATURAL JOIN p;
CREATE MATERIALIZED VIEW kept_sums AS SELECT * FROM sums WITH NO DATA;
-- DOWN
DROP MATERIALIZED VIEW kept_sums;
DROP VIEW both_of, payers, numbers_of, monthly, sums, everybody;

-- == views_printed
DROP MATERIALIZED VIEW kept_sums;
DROP VIEW both_of, payers, numbers_of, monthly, sums, everybody;
CREATE VIEW public.both_of AS
 WITH p(id, sum) AS (
         SELECT payment.member_id,
            payment.sum
           FROM public.payment
        )
 SELECT member.id,
    member.name,
    p.sum
   FROM (public.member
     JOIN p USING (id));
CREATE VIEW public.everybody AS
 SELECT member.id,
    member.name
   FROM public.member;
CREATE VIEW public.sums AS
 SELECT m.name AS who,
    count(*) AS number,
    max(p.sum) AS max
   FROM (public.member m
     LEFT JOIN public.payment p ON ((p.member_id = m.id)))
  GROUP BY m.name
  ORDER BY (count(*)) DESC, m.name;
CREATE MATERIALIZED VIEW public.kept_sums AS
 SELECT sums.who,
    sums.number,
    sums.max
   FROM public.sums
  WITH NO DATA;
CREATE VIEW public.monthly AS
 SELECT date_trunc('month'::text, payment.paid) AS month,
    sum(payment.sum) AS sum
   FROM public.payment
  GROUP BY (date_trunc('month'::text, payment.paid));
CREATE VIEW public.numbers_of AS
 SELECT member.id AS n
   FROM public.member
UNION ALL
 SELECT payment.member_id AS n
   FROM public.payment
  ORDER BY 1;
CREATE VIEW public.payers AS
 SELECT m.id,
    m.name
   FROM public.member m
  WHERE ((EXISTS ( SELECT payment.id,
            payment.member_id,
            payment.sum,
            payment.paid
           FROM public.payment
          WHERE (payment.member_id = m.id))) AND (m.id IN ( SELECT m_1.id
           FROM public.member m_1
          WHERE (m_1.name <> ''::text))));
-- DOWN
DROP MATERIALIZED VIEW kept_sums;
DROP VIEW both_of, payers, numbers_of, monthly, sums, everybody;
CREATE VIEW public.both_of AS
 WITH p(id, sum) AS (
         SELECT payment.member_id,
            payment.sum
           FROM public.payment
        )
 SELECT member.id,
    member.name,
    p.sum
   FROM (public.member
     JOIN p USING (id));
CREATE VIEW public.everybody AS
 SELECT member.id,
    member.name
   FROM public.member;
CREATE VIEW public.sums AS
 SELECT m.name AS who,
    count(*) AS number,
    max(p.sum) AS max
   FROM (public.member m
     LEFT JOIN public.payment p ON ((p.member_id = m.id)))
  GROUP BY m.name
  ORDER BY (count(*)) DESC, m.name;
CREATE MATERIALIZED VIEW public.kept_sums AS
 SELECT sums.who,
    sums.number,
    sums.max
   FROM public.sums
  WITH NO DATA;
CREATE VIEW public.monthly AS
 SELECT date_trunc('month'::text, payment.paid) AS month,
    sum(payment.sum) AS sum
   FROM public.payment
  GROUP BY (date_trunc('month'::text, payment.paid));
CREATE VIEW public.numbers_of AS
 SELECT member.id AS n
   FROM public.member
UNION ALL
 SELECT payment.member_id AS n
   FROM public.payment
  ORDER BY 1;
CREATE VIEW public.payers AS
 SELECT m.id,
    m.name
   FROM public.member m
  WHERE ((EXISTS ( SELECT payment.id,
            payment.member_id,
            payment.sum,
            payment.paid
           FROM public.payment
          WHERE (payment.member_id = m.id))) AND (m.id IN ( SELECT m_1.id
           FROM public.member m_1
          WHERE (m_1.name <> ''::text))));

-- == star_before_a_new_column
ALTER TABLE member ADD COLUMN age int;
DROP VIEW everybody;
CREATE VIEW everybody AS SELECT member.id, member.name FROM member;
-- DOWN
DROP VIEW everybody;
CREATE VIEW everybody AS SELECT * FROM (SELECT id, name FROM member) member;
ALTER TABLE member DROP COLUMN age;

-- == star_of_less
DROP VIEW everybody;
CREATE VIEW everybody AS SELECT * FROM member;
-- DOWN
DROP VIEW everybody;
CREATE VIEW everybody AS SELECT member.id FROM member;

-- == grouped_otherwise
DROP VIEW monthly;
CREATE VIEW monthly AS SELECT date_trunc('month', paid) AS month, sum(sum) FROM payment GROUP BY 1;
-- DOWN
DROP VIEW monthly;
CREATE VIEW monthly AS SELECT date_trunc('month', paid) AS month, sum(sum) FROM payment GROUP BY paid;

-- == routines
CREATE FUNCTION greet(a text DEFAULT 'x', b int = 1, c jsonb DEFAULT '{}') RETURNS text LANGUAGE sql STABLE SET search_path = public, pg_temp SET work_mem = '1MB' AS $$ SELECT a $$;
CREATE FUNCTION add_up(int4, int4) RETURNS int8 LANGUAGE sql IMMUTABLE AS $$ SELECT ($1 + $2)::int8 $$;
CREATE AGGREGATE product (int) (SFUNC = int4mul, STYPE = int4, INITCOND = 1, PARALLEL = SAFE);
CREATE FUNCTION to_uuid(int8) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$ SELECT NULL::uuid $$;
CREATE CAST (int8 AS uuid) WITH FUNCTION to_uuid(bigint);
-- DOWN
DROP CAST (bigint AS uuid);
DROP FUNCTION to_uuid(bigint);
DROP AGGREGATE product (integer);
DROP FUNCTION add_up(integer, integer);
DROP FUNCTION greet(text, integer, jsonb);

-- == routines_printed
DROP AGGREGATE product (int);
DROP FUNCTION add_up(int, int);
DROP FUNCTION greet(text, int, jsonb);
CREATE FUNCTION public.greet(a text DEFAULT 'x'::text, b integer DEFAULT 1, c jsonb DEFAULT '{}'::jsonb) RETURNS text
    LANGUAGE sql STABLE
    SET search_path TO 'public', 'pg_temp'
    SET work_mem TO '1MB'
    AS $$ SELECT a $$;
CREATE FUNCTION public.add_up(integer, integer) RETURNS bigint
    LANGUAGE sql IMMUTABLE
    AS $_$ SELECT ($1 + $2)::int8 $_$;
CREATE AGGREGATE public.product(integer) (
    SFUNC = int4mul,
    STYPE = integer,
    INITCOND = '1',
    PARALLEL = safe
);
-- DOWN
DROP AGGREGATE product (int);
DROP FUNCTION add_up(int, int);
DROP FUNCTION greet(text, int, jsonb);
CREATE FUNCTION public.greet(a text DEFAULT 'x'::text, b integer DEFAULT 1, c jsonb DEFAULT '{}'::jsonb) RETURNS text
    LANGUAGE sql STABLE
    SET search_path TO 'public', 'pg_temp'
    SET work_mem TO '1MB'
    AS $$ SELECT a $$;
CREATE FUNCTION public.add_up(integer, integer) RETURNS bigint
    LANGUAGE sql IMMUTABLE
    AS $_$ SELECT ($1 + $2)::int8 $_$;
CREATE AGGREGATE public.product(integer) (
    SFUNC = int4mul,
    STYPE = integer,
    INITCOND = '1',
    PARALLEL = safe
);

-- == bodies_in_sql if 14
CREATE FUNCTION total_of(a int, b int) RETURNS int RETURN a + b;
CREATE FUNCTION first_of(a int) RETURNS text LANGUAGE sql BEGIN ATOMIC SELECT name FROM member WHERE id = a; END;
-- DOWN
DROP FUNCTION first_of(int);
DROP FUNCTION total_of(int, int);

-- == bodies_in_sql_printed if 14
DROP FUNCTION first_of(int);
DROP FUNCTION total_of(int, int);
CREATE FUNCTION public.first_of(a integer) RETURNS text
    LANGUAGE sql
    BEGIN ATOMIC
 SELECT member.name
    FROM public.member
   WHERE (member.id = first_of.a);
END;
CREATE FUNCTION public.total_of(a integer, b integer) RETURNS integer
    LANGUAGE sql
    RETURN (a + b);
-- DOWN
DROP FUNCTION first_of(int);
DROP FUNCTION total_of(int, int);
CREATE FUNCTION public.first_of(a integer) RETURNS text
    LANGUAGE sql
    BEGIN ATOMIC
 SELECT member.name
    FROM public.member
   WHERE (member.id = first_of.a);
END;
CREATE FUNCTION public.total_of(a integer, b integer) RETURNS integer
    LANGUAGE sql
    RETURN (a + b);

-- == another_default
DROP FUNCTION greet(text, int, jsonb);
CREATE FUNCTION greet(a text DEFAULT 'x', b int = 1, c jsonb DEFAULT '{}') RETURNS text LANGUAGE sql STABLE SET search_path = public, pg_temp SET work_mem = '1MB' AS $$ SELECT a $$;
-- DOWN
DROP FUNCTION greet(text, int, jsonb);
CREATE FUNCTION greet(a text DEFAULT 'y', b int = 1, c jsonb DEFAULT '{}') RETURNS text LANGUAGE sql STABLE SET search_path = public, pg_temp SET work_mem = '1MB' AS $$ SELECT a $$;

-- == another_search_path
DROP FUNCTION greet(text, int, jsonb);
CREATE FUNCTION greet(a text DEFAULT 'x', b int = 1, c jsonb DEFAULT '{}') RETURNS text LANGUAGE sql STABLE SET search_path = public, pg_temp SET work_mem = '1MB' AS $$ SELECT a $$;
-- DOWN
DROP FUNCTION greet(text, int, jsonb);
CREATE FUNCTION greet(a text DEFAULT 'x', b int = 1, c jsonb DEFAULT '{}') RETURNS text LANGUAGE sql STABLE SET search_path = 'public, pg_temp' SET work_mem = '1MB' AS $$ SELECT a $$;

-- == another_state
DROP AGGREGATE product (int);
CREATE AGGREGATE product (int) (SFUNC = int4mul, STYPE = int4, INITCOND = 1, PARALLEL = SAFE);
-- DOWN
DROP AGGREGATE product (int);
CREATE AGGREGATE product (int) (SFUNC = int4mul, STYPE = int4, INITCOND = 2, PARALLEL = SAFE);

-- == parts
CREATE TABLE measured (day timestamp, n bigint) PARTITION BY RANGE (day);
CREATE TABLE measured_1 PARTITION OF measured FOR VALUES FROM ('2020-01-01') TO ('2021-01-01 00:00');
CREATE TABLE counted (n bigint) PARTITION BY RANGE (n);
CREATE TABLE counted_1 PARTITION OF counted FOR VALUES FROM (MINVALUE) TO (10);
CREATE TABLE zoned (at timestamptz) PARTITION BY RANGE (at);
CREATE TABLE zoned_1 PARTITION OF zoned FOR VALUES FROM ('2020-01-01') TO (DATE '2021-01-01');
-- DOWN
DROP TABLE zoned, counted, measured;

-- == parts_printed
ALTER TABLE measured DETACH PARTITION measured_1;
ALTER TABLE counted DETACH PARTITION counted_1;
ALTER TABLE ONLY public.counted ATTACH PARTITION public.counted_1 FOR VALUES FROM (MINVALUE) TO ('10');
ALTER TABLE ONLY public.measured ATTACH PARTITION public.measured_1 FOR VALUES FROM ('2020-01-01 00:00:00') TO ('2021-01-01 00:00:00');
-- DOWN
ALTER TABLE measured DETACH PARTITION measured_1;
ALTER TABLE counted DETACH PARTITION counted_1;
ALTER TABLE ONLY public.counted ATTACH PARTITION public.counted_1 FOR VALUES FROM (MINVALUE) TO ('10');
ALTER TABLE ONLY public.measured ATTACH PARTITION public.measured_1 FOR VALUES FROM ('2020-01-01 00:00:00') TO ('2021-01-01 00:00:00');

-- == parts_with_a_time_zone_printed unproven
ALTER TABLE zoned DETACH PARTITION zoned_1;
ALTER TABLE ONLY public.zoned ATTACH PARTITION public.zoned_1 FOR VALUES FROM ('2020-01-01 00:00:00+00') TO ('2021-01-01 00:00:00+00');
-- DOWN
ALTER TABLE zoned DETACH PARTITION zoned_1;
ALTER TABLE ONLY public.zoned ATTACH PARTITION public.zoned_1 FOR VALUES FROM ('2020-01-01 00:00:00+00') TO ('2021-01-01 00:00:00+00');

-- == another_bound
ALTER TABLE counted DETACH PARTITION counted_1;
ALTER TABLE counted ATTACH PARTITION counted_1 FOR VALUES FROM (MINVALUE) TO (10);
-- DOWN
ALTER TABLE counted DETACH PARTITION counted_1;
ALTER TABLE counted ATTACH PARTITION counted_1 FOR VALUES FROM (MINVALUE) TO (11);

-- == policies
CREATE POLICY own ON member USING (id IN (SELECT id FROM member));
CREATE POLICY paid ON member USING (EXISTS (SELECT 1 FROM payment member WHERE member.member_id > 0));
-- DOWN
DROP POLICY paid ON member;
DROP POLICY own ON member;

-- == policies_printed
DROP POLICY paid ON member;
DROP POLICY own ON member;
CREATE POLICY own ON public.member USING ((id IN ( SELECT member_1.id
   FROM public.member member_1)));
CREATE POLICY paid ON public.member USING ((EXISTS ( SELECT 1
   FROM public.payment member_1
  WHERE (member_1.member_id > 0))));
-- DOWN
DROP POLICY paid ON member;
DROP POLICY own ON member;
CREATE POLICY own ON public.member USING ((id IN ( SELECT member_1.id
   FROM public.member member_1)));
CREATE POLICY paid ON public.member USING ((EXISTS ( SELECT 1
   FROM public.payment member_1
  WHERE (member_1.member_id > 0))));

-- == star
CREATE VIEW early AS SELECT *, upper(name) AS loud FROM member;
-- DOWN
DROP VIEW early;

-- == star_before_a_column
ALTER TABLE member ADD COLUMN phone int;
-- DOWN
ALTER TABLE member DROP COLUMN phone;

-- == star_before_a_column_printed
DROP VIEW early;
CREATE VIEW early AS SELECT member.id, member.name, member.age, upper(member.name) AS loud FROM public.member;
-- DOWN
DROP VIEW early;
CREATE VIEW early AS SELECT member.id, member.name, member.age, upper(member.name) AS loud FROM public.member;

-- == operators
CREATE FUNCTION near(int4, int4) RETURNS bool LANGUAGE sql IMMUTABLE AS $$ SELECT $1 = $2 $$;
CREATE FUNCTION near(int4[], int4[]) RETURNS bool LANGUAGE sql IMMUTABLE AS $$ SELECT $1 = $2 $$;
CREATE FUNCTION near(int4[]) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT 1 $$;
CREATE OPERATOR === (LEFTARG = int, RIGHTARG = int4, FUNCTION = near);
CREATE OPERATOR === (LEFTARG = int[], RIGHTARG = int[], FUNCTION = near);
CREATE OPERATOR === (RIGHTARG = int[], FUNCTION = near);
-- DOWN
DROP OPERATOR === (NONE, int4[]);
DROP OPERATOR public.=== (integer[], integer[]);
DROP OPERATOR public.=== (integer, integer);
DROP FUNCTION near(int[]), near(int[], int[]), near(int, int);
