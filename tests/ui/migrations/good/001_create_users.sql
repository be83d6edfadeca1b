-- UP
CREATE TABLE users (id bigint PRIMARY KEY);
-- DOWN
DROP TABLE users;
