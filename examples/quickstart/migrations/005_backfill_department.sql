-- UP: second step. The rows from before get one too.
UPDATE users SET department = 'general' WHERE department IS NULL;

-- DOWN
-- migrate: no-op the column may hold a value, and goes away with migration 4
