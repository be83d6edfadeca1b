Partitioned tables, inheritance, LIKE.

-- == range
CREATE TABLE events (id bigint NOT NULL, at date NOT NULL, kind text, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE events_2020 PARTITION OF events FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
CREATE TABLE events_rest PARTITION OF events DEFAULT;
CREATE INDEX events_kind ON events (kind);
-- DOWN
DROP TABLE events;

-- == list_and_hash
CREATE TABLE by_list (a int, b text) PARTITION BY LIST (b);
CREATE TABLE by_list_x PARTITION OF by_list (a NOT NULL DEFAULT 5, CHECK (a > 0)) FOR VALUES IN ('x', NULL);
CREATE TABLE by_hash (a int) PARTITION BY HASH (a);
CREATE TABLE by_hash_0 PARTITION OF by_hash FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE by_expression (a timestamp) PARTITION BY RANGE (date_trunc('day', a));
CREATE TABLE nested PARTITION OF by_list FOR VALUES IN ('y') PARTITION BY RANGE (a);
CREATE TABLE nested_1 PARTITION OF nested FOR VALUES FROM (MINVALUE) TO (MAXVALUE);
-- DOWN
DROP TABLE by_list, by_hash, by_expression;

-- == attach
CREATE TABLE events_2021 (id bigint NOT NULL, at date NOT NULL, kind text);
ALTER TABLE events ATTACH PARTITION events_2021 FOR VALUES FROM ('2021-01-01') TO ('2022-01-01');
-- DOWN
ALTER TABLE events DETACH PARTITION events_2021;
DROP TABLE events_2021;

-- == attach_again fails
ALTER TABLE events ATTACH PARTITION events_2021 DEFAULT;

-- == attach_without_a_column fails
CREATE TABLE other (id bigint NOT NULL, at date NOT NULL);
ALTER TABLE events ATTACH PARTITION other FOR VALUES FROM ('2022-01-01') TO ('2023-01-01');

-- == attach_to_what_has_no_partitions fails
ALTER TABLE events_rest ATTACH PARTITION by_hash DEFAULT;

-- == detach
ALTER TABLE events DETACH PARTITION events_rest;
-- DOWN
ALTER TABLE events ATTACH PARTITION events_rest DEFAULT;

-- == index_of_parts
CREATE INDEX events_of_at ON ONLY events (at, kind);
CREATE INDEX events_2020_at ON events_2020 (at, kind);
ALTER INDEX events_of_at ATTACH PARTITION events_2020_at;
-- DOWN
DROP INDEX events_of_at;

-- == drop_index_of_part fails
DROP INDEX events_2020_kind_idx;

-- == column_of_parts
ALTER TABLE events ADD COLUMN extra jsonb DEFAULT '{}';
ALTER TABLE events ALTER COLUMN kind SET NOT NULL;
-- DOWN
ALTER TABLE events ALTER COLUMN kind DROP NOT NULL;
ALTER TABLE events DROP COLUMN extra;

-- == drop_column_of_part fails
ALTER TABLE events_2020 DROP COLUMN extra;

-- == constraint_of_parts
ALTER TABLE events ADD CONSTRAINT kind_known CHECK (kind <> '');
ALTER TABLE events ADD UNIQUE (at, kind);
CREATE TABLE details (event_id bigint, event_at date, FOREIGN KEY (event_id, event_at) REFERENCES events);
-- DOWN
DROP TABLE details;
ALTER TABLE events DROP CONSTRAINT events_at_kind_key, DROP CONSTRAINT kind_known;

-- == unique_without_the_key fails
ALTER TABLE events ADD UNIQUE (kind);

-- == drop_part_that_is_referenced fails
DROP TABLE events_2020;

-- == drop_part
DROP TABLE details;
DROP TABLE events_2020;
-- DOWN
CREATE TABLE events_2020 PARTITION OF events FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
CREATE TABLE details (event_id bigint, event_at date, FOREIGN KEY (event_id, event_at) REFERENCES events);

-- == inherit
CREATE TABLE animal (id serial PRIMARY KEY, name text NOT NULL DEFAULT 'x' CHECK (name <> ''), legs int);
CREATE TABLE dog (barks boolean) INHERITS (animal);
CREATE TABLE bird (name text, wings int) INHERITS (animal);
-- DOWN
DROP TABLE bird, dog, animal;

-- == inherited_column
ALTER TABLE animal ADD COLUMN age int;
ALTER TABLE animal ADD CONSTRAINT old CHECK (age < 100);
ALTER TABLE animal RENAME COLUMN legs TO feet;
ALTER TABLE animal ALTER COLUMN feet SET DEFAULT 4;
ALTER TABLE ONLY animal ALTER COLUMN age SET DEFAULT 1;
-- DOWN
ALTER TABLE animal ALTER COLUMN feet DROP DEFAULT;
ALTER TABLE animal RENAME COLUMN feet TO legs;
ALTER TABLE animal DROP CONSTRAINT old;
ALTER TABLE animal DROP COLUMN age;

-- == own_check_that_a_parent_has
CREATE TABLE fox (age int, CONSTRAINT old CHECK (age < 100)) INHERITS (animal);
-- DOWN
DROP TABLE fox;

-- == check_that_a_child_has_a_key_named_after fails
CREATE TABLE owl (id int, CONSTRAINT taken PRIMARY KEY (id)) INHERITS (animal);
ALTER TABLE animal ADD CONSTRAINT taken CHECK (age > 0);

-- == drop_parent fails
DROP TABLE animal;

-- == drop_inherited fails
ALTER TABLE dog DROP COLUMN feet;

-- == inherit_later
CREATE TABLE cat (id int NOT NULL, name text NOT NULL, feet int, age int, CONSTRAINT animal_name_check CHECK (name <> ''), CONSTRAINT old CHECK (age < 100));
ALTER TABLE cat INHERIT animal;
-- DOWN
ALTER TABLE cat NO INHERIT animal;
DROP TABLE cat;

-- == no_longer
ALTER TABLE cat NO INHERIT animal;
-- DOWN
ALTER TABLE cat INHERIT animal;

-- == drop_parent_with_cascade
DROP TABLE animal CASCADE;
-- DOWN
CREATE TABLE animal (id serial PRIMARY KEY, name text NOT NULL DEFAULT 'x' CHECK (name <> ''), feet int DEFAULT 4, age int DEFAULT 1, CONSTRAINT old CHECK (age < 100));

-- == like
CREATE TABLE source (
    id int PRIMARY KEY,
    code text NOT NULL UNIQUE DEFAULT 'c',
    n int CHECK (n > 0),
    twice int GENERATED ALWAYS AS (n * 2) STORED,
    number int GENERATED ALWAYS AS IDENTITY
);
CREATE INDEX source_by_code ON source (lower(code));
COMMENT ON COLUMN source.code IS 'a code';
CREATE TABLE plain_copy (LIKE source);
CREATE TABLE full_copy (LIKE source INCLUDING ALL);
CREATE TABLE some_copy (first int, LIKE source INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING INDEXES, last int);
CREATE TABLE less_copy (LIKE source INCLUDING ALL EXCLUDING INDEXES EXCLUDING IDENTITY EXCLUDING COMMENTS);
-- DOWN
DROP TABLE less_copy, some_copy, full_copy, plain_copy, source;

-- == like_renamed
ALTER TABLE source RENAME COLUMN code TO label;
CREATE TABLE renamed_copy (LIKE source INCLUDING ALL);
-- DOWN
DROP TABLE renamed_copy;
ALTER TABLE source RENAME COLUMN label TO code;

-- == like_unknown fails
CREATE TABLE wrong (LIKE nowhere);

-- == like_with_two_keys fails
CREATE TABLE wrong (first int PRIMARY KEY, LIKE source INCLUDING ALL);

-- == like_with_a_column_twice fails
CREATE TABLE wrong (id int, LIKE source);
