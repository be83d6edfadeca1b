-- UP
CREATE TABLE users (email text UNIQUE);

-- DOWN
DROP TABLE users;
