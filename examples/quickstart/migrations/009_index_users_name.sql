-- UP: built while others read and write. It cannot run in a transaction, which needs no directive:
-- the script has no other statement.
CREATE INDEX CONCURRENTLY idx_users_name ON users (name);

-- DOWN
DROP INDEX CONCURRENTLY idx_users_name;
