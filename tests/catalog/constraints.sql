Constraints of all kinds, with their attributes.

-- == base
CREATE TABLE t (
    id int,
    a int,
    b int,
    c text,
    during tsrange,
    CONSTRAINT t_key PRIMARY KEY (id)
);
-- DOWN
DROP TABLE t;

-- == check
ALTER TABLE t ADD CONSTRAINT a_positive CHECK (a > 0);
ALTER TABLE t ADD CHECK (b > 0);
ALTER TABLE t ADD CHECK (a < b);
ALTER TABLE t ADD CHECK (b < 100);
ALTER TABLE t ADD CHECK (a < b AND b IS NOT NULL OR c = 'x');
-- DOWN
ALTER TABLE t DROP CONSTRAINT a_positive, DROP CONSTRAINT t_b_check, DROP CONSTRAINT t_b_check1;
ALTER TABLE t DROP CONSTRAINT t_check;
ALTER TABLE t DROP CONSTRAINT t_check1;

-- == check_again fails
ALTER TABLE t ADD CONSTRAINT a_positive CHECK (a > 1);

-- == check_of_unknown fails
ALTER TABLE t ADD CHECK (nothing > 1);

-- == check_not_valid
ALTER TABLE t ADD CONSTRAINT c_short CHECK (length(c) < 10) NOT VALID;
-- DOWN
ALTER TABLE t DROP CONSTRAINT c_short;

-- == validate
ALTER TABLE t VALIDATE CONSTRAINT c_short;
-- DOWN
ALTER TABLE t DROP CONSTRAINT c_short;
ALTER TABLE t ADD CONSTRAINT c_short CHECK (length(c) < 10) NOT VALID;

-- == validate_with_no_way_back
ALTER TABLE t DROP CONSTRAINT c_short;
ALTER TABLE t ADD CONSTRAINT c_short CHECK (length(c) < 11) NOT VALID;
ALTER TABLE t VALIDATE CONSTRAINT c_short;
-- DOWN
ALTER TABLE t VALIDATE CONSTRAINT c_short;

-- == validate_a_key fails
ALTER TABLE t VALIDATE CONSTRAINT t_key;

-- == validate_unknown fails
ALTER TABLE t VALIDATE CONSTRAINT nothing;

-- == checks_in_many_words
CREATE TABLE checks (
    a int CHECK (a IN (1, 2, 3)),
    b text CHECK (b = ANY (ARRAY['x', 'y'])),
    c text CHECK (c ~ '^[a-z]+$'),
    d int CHECK (d BETWEEN 1 AND 10),
    e text CHECK (e LIKE 'a%' OR e ILIKE 'b%'),
    f int CHECK (f IS NOT NULL AND f <> 0),
    g text CHECK (char_length(g) <= 20) CHECK (g <> ''),
    h jsonb CHECK (jsonb_typeof(h) = 'object' AND h ? 'key'),
    i date CHECK (i > '2000-01-01'),
    j varchar(5) CHECK (j IN ('a', 'b')),
    k int CHECK (CASE WHEN k > 0 THEN true ELSE false END),
    l int CHECK ((l + 1) * 2 > 4),
    m boolean CHECK (m IS TRUE),
    n text CHECK (coalesce(n, '') <> 'x' OR NOT (n IS DISTINCT FROM 'y')),
    o int CHECK (num_nonnulls(o, a) = 1),
    CHECK (a + d > f),
    CONSTRAINT a_and_b CHECK ((a IS NULL) = (b IS NULL)) NO INHERIT
);
-- DOWN
DROP TABLE checks;

-- == unique
ALTER TABLE t ADD CONSTRAINT a_once UNIQUE (a);
ALTER TABLE t ADD UNIQUE (a, b);
ALTER TABLE t ADD UNIQUE (b) INCLUDE (c);
ALTER TABLE t ADD UNIQUE (c) WITH (fillfactor = 70);
-- DOWN
ALTER TABLE t DROP CONSTRAINT a_once;
ALTER TABLE t DROP CONSTRAINT t_a_b_key;
ALTER TABLE t DROP CONSTRAINT IF EXISTS t_b_c_key;
ALTER TABLE t DROP CONSTRAINT t_c_key RESTRICT;

-- == deferrable
ALTER TABLE t ADD CONSTRAINT late UNIQUE (b, c) DEFERRABLE;
ALTER TABLE t ADD CONSTRAINT later UNIQUE (c, b) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE t ADD CONSTRAINT now UNIQUE (a, c) NOT DEFERRABLE INITIALLY IMMEDIATE;
SET CONSTRAINTS ALL DEFERRED;
SET CONSTRAINTS late IMMEDIATE;
-- DOWN
ALTER TABLE t DROP CONSTRAINT late, DROP CONSTRAINT later, DROP CONSTRAINT now;

-- == primary_key
ALTER TABLE t DROP CONSTRAINT t_key;
ALTER TABLE t ADD PRIMARY KEY (id, a);
-- DOWN
ALTER TABLE t DROP CONSTRAINT t_pkey;
ALTER TABLE t ADD CONSTRAINT t_key PRIMARY KEY (id);
ALTER TABLE t ALTER COLUMN a DROP NOT NULL;

-- == primary_key_leaves_not_null
ALTER TABLE t DROP CONSTRAINT t_pkey;
ALTER TABLE t ALTER COLUMN a DROP NOT NULL;
ALTER TABLE t ADD CONSTRAINT t_key PRIMARY KEY (id);
-- DOWN
ALTER TABLE t DROP CONSTRAINT t_key;
ALTER TABLE t ADD PRIMARY KEY (id, a);

-- == primary_key_twice fails
ALTER TABLE t ADD PRIMARY KEY (a);

-- == using_index
CREATE UNIQUE INDEX t_c_b ON t (c, b);
ALTER TABLE t ADD CONSTRAINT c_b_once UNIQUE USING INDEX t_c_b;
-- DOWN
ALTER TABLE t DROP CONSTRAINT c_b_once;

-- == primary_key_using_index
ALTER TABLE t DROP CONSTRAINT t_key;
CREATE UNIQUE INDEX t_new_key ON t (id);
ALTER TABLE t ADD PRIMARY KEY USING INDEX t_new_key;
-- DOWN
ALTER TABLE t DROP CONSTRAINT t_new_key;
ALTER TABLE t ADD CONSTRAINT t_key PRIMARY KEY (id);

-- == exclude
ALTER TABLE t ADD CONSTRAINT no_overlap EXCLUDE USING gist (during WITH &&);
ALTER TABLE t ADD EXCLUDE USING gist (during WITH &&) WHERE (a > 0) DEFERRABLE;
ALTER TABLE t ADD EXCLUDE (a WITH =);
-- DOWN
ALTER TABLE t DROP CONSTRAINT no_overlap;
ALTER TABLE t DROP CONSTRAINT t_during_excl;
ALTER TABLE t DROP CONSTRAINT t_a_excl;

-- == rename
ALTER TABLE t RENAME CONSTRAINT no_overlap TO apart;
ALTER TABLE t RENAME CONSTRAINT t_new_key TO t_pkey;
-- DOWN
ALTER TABLE t RENAME CONSTRAINT apart TO no_overlap;
ALTER TABLE t RENAME CONSTRAINT t_pkey TO t_new_key;

-- == rename_unknown fails
ALTER TABLE t RENAME CONSTRAINT no_overlap TO apart;

-- == rename_taken fails
ALTER TABLE t RENAME CONSTRAINT apart TO t_pkey;

-- == drop_unknown fails
ALTER TABLE t DROP CONSTRAINT nothing;

-- == drop_if_exists
ALTER TABLE t DROP CONSTRAINT IF EXISTS nothing;
ALTER TABLE IF EXISTS t DROP CONSTRAINT IF EXISTS apart CASCADE;
-- DOWN
ALTER TABLE t ADD CONSTRAINT apart EXCLUDE USING gist (during WITH &&);

-- == comment
COMMENT ON CONSTRAINT t_pkey ON t IS 'the key';
-- DOWN
COMMENT ON CONSTRAINT t_pkey ON t IS NULL;

-- == comment_that_stays
COMMENT ON CONSTRAINT t_pkey ON t IS 'another';
-- DOWN
COMMENT ON TABLE t IS NULL;

-- == constraint_takes_its_index
ALTER TABLE t ADD CONSTRAINT gone_soon UNIQUE (id, c);
ALTER TABLE t DROP COLUMN c;
-- DOWN
ALTER TABLE t ADD COLUMN c text;

-- == drop_index_of_constraint fails
DROP INDEX t_pkey;

-- == names_that_are_taken
CREATE TABLE t_a_key (id int);
CREATE TABLE clash (a int UNIQUE, b int UNIQUE, a_b int UNIQUE, CHECK (a > 0), CONSTRAINT clash_a_check1 CHECK (a > 1), CHECK (a > 2));
ALTER TABLE t ADD UNIQUE (a);
ALTER TABLE clash ADD UNIQUE (a);
-- DOWN
DROP TABLE clash;
DROP TABLE t_a_key;
ALTER TABLE t DROP CONSTRAINT t_a_key1;

-- == named_twice
CREATE TABLE twice (a int CONSTRAINT same CHECK (a > 0), b int);
ALTER TABLE t ADD CONSTRAINT same CHECK (b > 0);
-- DOWN
ALTER TABLE t DROP CONSTRAINT same;
DROP TABLE twice;

-- == columns_say_it_too
CREATE TABLE columns (
    a int PRIMARY KEY DEFERRABLE INITIALLY DEFERRED,
    b int NULL UNIQUE,
    c int CONSTRAINT c_there NOT NULL,
    d int CONSTRAINT d_once UNIQUE CONSTRAINT d_small CHECK (d < 5) DEFAULT 1
);
-- DOWN
DROP TABLE columns;

-- == not_null_by_name if 18
ALTER TABLE t ADD CONSTRAINT b_there NOT NULL b;
-- DOWN
ALTER TABLE t DROP CONSTRAINT b_there;

-- == columns_called_like_syntax
CREATE TABLE wordy (
    type int CHECK (type > 0), key text, value text, day int, path text, range int4range, doc text, first xml,
    CHECK (key || value <> '' AND day BETWEEN 1 AND 31),
    CHECK (normalize(doc, NFC) = doc AND doc IS NFC NORMALIZED AND extract(year FROM now() - now()) >= day),
    CHECK (CASE WHEN type > 1 THEN day ELSE type END > 0 AND (now() AT TIME ZONE value) IS NOT NULL),
    CONSTRAINT wordy_0 CHECK (xmlelement(NAME doc, xmlattributes(key AS value), value) IS DOCUMENT),
    CONSTRAINT wordy_1 CHECK (xmlparse(CONTENT doc) IS NOT NULL AND xmlparse(DOCUMENT doc STRIP WHITESPACE) IS NOT NULL),
    CONSTRAINT wordy_2 CHECK (xmlroot(first, VERSION NO VALUE, STANDALONE YES) IS NOT NULL AND xmlpi(NAME php, doc) IS NOT NULL),
    CONSTRAINT wordy_3 CHECK (xmlserialize(CONTENT first AS text) <> '' AND xmlexists('a' PASSING BY REF first)),
    CHECK (interval '1' DAY TO SECOND > interval '1' YEAR AND (day = 1) IS UNKNOWN)
);
CREATE INDEX wordy_idx ON wordy ((key || value)) WHERE path = 'x' AND isempty(range);
ALTER TABLE wordy ALTER COLUMN path TYPE varchar USING path::varchar;
-- DOWN
DROP TABLE wordy;

-- == json_syntax if 16
CREATE TABLE wordy_json (
    js text CHECK (js IS JSON OBJECT WITH UNIQUE KEYS), path text, b jsonb,
    CONSTRAINT wordy_json_0 CHECK (json_object(KEY js VALUE path ABSENT ON NULL WITH UNIQUE KEYS) IS NOT NULL),
    CONSTRAINT wordy_json_1 CHECK (json_array(js, path NULL ON NULL RETURNING jsonb FORMAT JSON ENCODING UTF8) IS NOT NULL)
);
-- DOWN
DROP TABLE wordy_json;

-- == json_syntax_of_17 if 17
CREATE TABLE wordy_json (
    b jsonb, path text,
    CONSTRAINT wordy_json_2 CHECK (json_value(b, 'strict $.a' PASSING path AS value RETURNING text DEFAULT 'x' ON EMPTY ERROR ON ERROR) <> ''),
    CONSTRAINT wordy_json_3 CHECK (json_query(b, '$.a' WITH CONDITIONAL ARRAY WRAPPER KEEP QUOTES EMPTY ARRAY ON EMPTY) IS NOT NULL),
    CONSTRAINT wordy_json_4 CHECK (json_exists(b, '$.a' UNKNOWN ON ERROR) AND json_scalar(path) IS NOT NULL AND JSON(path) IS NOT NULL),
    CONSTRAINT wordy_json_5 CHECK (now() AT LOCAL IS NOT NULL)
);
-- DOWN
DROP TABLE wordy_json;

-- == no_column_called_type fails
CREATE TABLE plain (id int CHECK (type > 0));

-- == no_column_called_value fails
CREATE TABLE plain (id int); CREATE INDEX ON plain ((id || value));

-- == no_column_called_key fails
CREATE TABLE plain (id int); CREATE INDEX ON plain (id) WHERE key IS NULL;

-- == no_column_called_path fails
CREATE TABLE plain (id int); CREATE POLICY p ON plain USING (path = 'x');

-- == no_column_called_day fails
CREATE TABLE plain (id int, CHECK (CASE WHEN day > 1 THEN true END));

-- == no_column_called_range fails
CREATE TABLE plain (id int, CHECK (id = 1 AND lower(range) > 0));

-- == no_column_called_year fails
CREATE TABLE plain (id int, a int GENERATED ALWAYS AS (id + year) STORED);

-- == no_column_called_first fails
CREATE TABLE plain (id int); ALTER TABLE plain ALTER id TYPE text USING first::text;

-- == no_column_called_oid fails
CREATE TABLE plain (id int CHECK (oid > 0));

-- == no_column_called_oid_in_a_view fails
CREATE TABLE plain (id int); CREATE VIEW plain_view AS SELECT id FROM plain WHERE oid = 3;
