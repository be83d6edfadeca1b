-- UP
ALTER TABLE users ADD name text;
UPDATE users SET name = email;
CREATE SCHEMA IF NOT EXISTS kept;

-- DOWN
ALTER TABLE users DROP name;
DROP SCHEMA kept;
