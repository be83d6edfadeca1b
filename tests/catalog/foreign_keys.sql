Foreign keys.

-- == base
CREATE TABLE parent (id int PRIMARY KEY, a int, b int, UNIQUE (a, b), code text UNIQUE);
CREATE TABLE child (id int PRIMARY KEY, parent_id int, a int, b int, code text);
-- DOWN
DROP TABLE child, parent;

-- == add
ALTER TABLE child ADD CONSTRAINT child_of FOREIGN KEY (parent_id) REFERENCES parent (id);
ALTER TABLE child ADD FOREIGN KEY (parent_id) REFERENCES parent ON DELETE CASCADE ON UPDATE SET NULL;
ALTER TABLE child ADD FOREIGN KEY (a, b) REFERENCES parent (a, b) MATCH FULL ON DELETE RESTRICT;
ALTER TABLE child ADD FOREIGN KEY (b, a) REFERENCES parent (b, a) ON UPDATE CASCADE ON DELETE SET DEFAULT;
ALTER TABLE child ADD FOREIGN KEY (code) REFERENCES parent (code) ON DELETE NO ACTION NOT VALID;
-- DOWN
ALTER TABLE child
    DROP CONSTRAINT child_of,
    DROP CONSTRAINT child_parent_id_fkey,
    DROP CONSTRAINT child_a_b_fkey,
    DROP CONSTRAINT child_b_a_fkey,
    DROP CONSTRAINT child_code_fkey;

-- == validate
ALTER TABLE child VALIDATE CONSTRAINT child_code_fkey;
-- DOWN

-- == deferrable
ALTER TABLE child ADD CONSTRAINT late FOREIGN KEY (parent_id) REFERENCES parent DEFERRABLE INITIALLY DEFERRED;
-- DOWN
ALTER TABLE child DROP CONSTRAINT late;

-- == alter
ALTER TABLE child ALTER CONSTRAINT late NOT DEFERRABLE;
ALTER TABLE child ALTER CONSTRAINT child_of DEFERRABLE INITIALLY DEFERRED;
-- DOWN
ALTER TABLE child ALTER CONSTRAINT late DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE child ALTER CONSTRAINT child_of NOT DEFERRABLE INITIALLY IMMEDIATE;

-- == alter_unknown fails
ALTER TABLE child ALTER CONSTRAINT nothing DEFERRABLE;

-- == in_columns
CREATE TABLE toy (
    id int PRIMARY KEY,
    parent_id int REFERENCES parent,
    owner_id int NOT NULL CONSTRAINT toy_owner REFERENCES child (id) ON DELETE CASCADE DEFERRABLE,
    code text REFERENCES parent (code) MATCH FULL ON UPDATE CASCADE INITIALLY DEFERRED,
    FOREIGN KEY (owner_id) REFERENCES child
);
-- DOWN
DROP TABLE toy;

-- == to_itself
CREATE TABLE tree (id int PRIMARY KEY, parent_id int REFERENCES tree, root_id int, FOREIGN KEY (root_id) REFERENCES tree (id));
-- DOWN
DROP TABLE tree;

-- == circle
CREATE TABLE left_one (id int PRIMARY KEY, right_id int);
CREATE TABLE right_one (id int PRIMARY KEY, left_id int REFERENCES left_one);
ALTER TABLE left_one ADD FOREIGN KEY (right_id) REFERENCES right_one;
-- DOWN
DROP TABLE left_one, right_one;

-- == circle_needs_cascade
ALTER TABLE right_one DROP CONSTRAINT right_one_left_id_fkey;
-- DOWN
ALTER TABLE right_one ADD FOREIGN KEY (left_id) REFERENCES left_one;

-- == circle_down_in_the_wrong_order
CREATE TABLE first (id int PRIMARY KEY);
CREATE TABLE second (first_id int REFERENCES first);
-- DOWN
DROP TABLE first;
DROP TABLE second;

-- == to_unknown_table fails
ALTER TABLE child ADD FOREIGN KEY (parent_id) REFERENCES nowhere;

-- == to_unknown_column fails
ALTER TABLE child ADD FOREIGN KEY (parent_id) REFERENCES parent (nothing);

-- == of_unknown_column fails
ALTER TABLE child ADD FOREIGN KEY (nothing) REFERENCES parent (id);

-- == to_what_is_not_unique fails
ALTER TABLE child ADD FOREIGN KEY (a) REFERENCES parent (a);

-- == of_another_type fails
ALTER TABLE child ADD FOREIGN KEY (code) REFERENCES parent (id);

-- == of_another_kind_of_number fails
CREATE TABLE exact (id numeric REFERENCES parent (id));

-- == of_an_enum fails
CREATE TYPE kind AS ENUM ('a');
CREATE TABLE kinds (id kind REFERENCES parent (code));

-- == of_types_that_compare
CREATE TABLE alike (a bigint REFERENCES parent (id), b varchar(5) REFERENCES parent (code), c smallint REFERENCES parent);
-- DOWN
DROP TABLE alike;

-- == of_another_number_of_columns fails
ALTER TABLE child ADD FOREIGN KEY (a, b) REFERENCES parent (id);

-- == to_no_primary_key fails
CREATE TABLE keyless (id int);
ALTER TABLE child ADD FOREIGN KEY (a) REFERENCES keyless;

-- == drop_key_that_is_referenced fails
ALTER TABLE parent DROP CONSTRAINT parent_pkey;

-- == drop_key_with_cascade
ALTER TABLE parent DROP CONSTRAINT parent_pkey CASCADE;
-- DOWN
ALTER TABLE parent ADD PRIMARY KEY (id);

-- == drop_the_referencing_column
ALTER TABLE child DROP COLUMN code;
-- DOWN
ALTER TABLE child ADD COLUMN code text;
ALTER TABLE child ADD FOREIGN KEY (code) REFERENCES parent (code);

-- == rename_what_is_referenced
ALTER TABLE parent RENAME TO elder;
ALTER TABLE elder RENAME COLUMN a TO alpha;
-- DOWN
ALTER TABLE elder RENAME COLUMN alpha TO a;
ALTER TABLE elder RENAME TO parent;

-- == type_of_referenced
ALTER TABLE tree ALTER COLUMN id TYPE bigint;
ALTER TABLE tree ALTER COLUMN parent_id TYPE bigint;
-- DOWN
ALTER TABLE tree ALTER COLUMN id TYPE int, ALTER COLUMN parent_id TYPE int;

-- == types_of_both_at_once
ALTER TABLE tree
    ALTER COLUMN id TYPE text, ALTER COLUMN parent_id TYPE text, ALTER COLUMN root_id TYPE text;
-- DOWN
ALTER TABLE tree
    ALTER COLUMN id TYPE bigint USING id::bigint,
    ALTER COLUMN parent_id TYPE bigint USING parent_id::bigint,
    ALTER COLUMN root_id TYPE int USING root_id::int;

-- == type_that_does_not_compare fails
ALTER TABLE tree ALTER COLUMN parent_id TYPE int USING 1;

-- == type_of_referenced_that_does_not_compare fails
ALTER TABLE tree ALTER COLUMN id TYPE int USING 1;

-- == long_name
CREATE TABLE a_child_with_a_name_that_is_long_enough_to_be_cut (
    the_identifier_of_the_parent_which_is_long_as_well text REFERENCES tree,
    short text REFERENCES tree
);
-- DOWN
DROP TABLE a_child_with_a_name_that_is_long_enough_to_be_cut;
