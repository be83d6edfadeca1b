-- The replicas of the last deploy go on reading and writing meanwhile.
CREATE INDEX CONCURRENTLY users_name_idx ON users (name);
