INSERT INTO users (id, mail) VALUES (5, 'joe@example.org');
