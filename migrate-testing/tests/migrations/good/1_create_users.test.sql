SET search_path = public;
INSERT INTO users VALUES (1, 'ada@example.org', 'admin'), (2, '', NULL), (3, 'bob@example.org', 'guest');
