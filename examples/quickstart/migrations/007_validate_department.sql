-- UP: fourth step. Reads the old rows, while others read and write.
ALTER TABLE users VALIDATE CONSTRAINT users_department_present;

-- DOWN
ALTER TABLE users
    DROP CONSTRAINT users_department_present,
    ADD CONSTRAINT users_department_present CHECK (department IS NOT NULL) NOT VALID;
