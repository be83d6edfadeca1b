-- UP
CREATE SCHEMA IF NOT EXISTS more;

-- DOWN
-- migrate: no-op others may need it
