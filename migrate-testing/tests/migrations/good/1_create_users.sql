-- UP
CREATE TYPE role AS ENUM ('admin', 'guest');
CREATE TABLE users (id int PRIMARY KEY, email text NOT NULL, role role);

-- DOWN
DROP TABLE users;
DROP TYPE role;
