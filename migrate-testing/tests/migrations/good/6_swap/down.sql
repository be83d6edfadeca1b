ALTER TABLE users ADD email text;
UPDATE users SET email = mail;
ALTER TABLE users ALTER email SET NOT NULL;
CREATE INDEX users_email ON users (email);
ALTER TABLE users DROP mail;
