-- UP
CREATE INDEX CONCURRENTLY users_email ON users (email);

-- DOWN
DROP INDEX CONCURRENTLY users_email;
