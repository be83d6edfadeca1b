-- UP
CREATE TABLE roles (id bigint PRIMARY KEY);
-- DOWN
DROP TABLE roles;
