-- UP: last step. The valid constraint proves that no row has to be read.
ALTER TABLE users ALTER COLUMN department SET NOT NULL;
ALTER TABLE users DROP CONSTRAINT users_department_present;

-- DOWN
-- migrate: no-transaction
ALTER TABLE users
    ADD CONSTRAINT users_department_present CHECK (department IS NOT NULL) NOT VALID;
ALTER TABLE users VALIDATE CONSTRAINT users_department_present;
ALTER TABLE users ALTER COLUMN department DROP NOT NULL;
