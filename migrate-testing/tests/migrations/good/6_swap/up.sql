ALTER TABLE users ADD mail text;
UPDATE users SET mail = email;
DROP INDEX users_email;
ALTER TABLE users DROP email;
