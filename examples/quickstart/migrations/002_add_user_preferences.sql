-- UP
-- A constant default is stored once in the catalog, so no row is rewritten (PostgreSQL 11 and later).
ALTER TABLE users ADD COLUMN preferences jsonb NOT NULL DEFAULT '{}';
ALTER TABLE users ADD COLUMN last_login_at timestamptz;

-- DOWN
ALTER TABLE users DROP COLUMN last_login_at;
ALTER TABLE users DROP COLUMN preferences;
