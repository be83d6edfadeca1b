-- UP
UPDATE users SET department = 'general' WHERE department IS NULL LIMIT 1000;
-- DOWN
-- migrate: no-op the column may hold a value
