-- UP
-- migrate: ireversible the numbers are gone
ALTER TABLE users DROP COLUMN phone;
-- DOWN
ALTER TABLE users ADD COLUMN phone varchar(20);
