INSERT INTO users (id, email, name) VALUES (4, 'eve@example.org', 'Eve');
