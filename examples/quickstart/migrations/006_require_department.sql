-- UP: third step. Every new or changed row is checked; `NOT VALID` spares us reading the old ones
-- while the table is locked.
ALTER TABLE users
    ADD CONSTRAINT users_department_present CHECK (department IS NOT NULL) NOT VALID;

-- DOWN
ALTER TABLE users DROP CONSTRAINT users_department_present;
