-- UP: first step of a NOT NULL column. New rows get a department from now on.
ALTER TABLE users ADD COLUMN department varchar(100);
ALTER TABLE users ALTER COLUMN department SET DEFAULT 'general';

-- DOWN
ALTER TABLE users DROP COLUMN department;
