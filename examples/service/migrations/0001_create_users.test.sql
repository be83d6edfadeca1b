-- Put in by the test of the migrations: what comes later must not lose them.
INSERT INTO users (email) VALUES ('ada@example.org'), ('bob@example.org');
