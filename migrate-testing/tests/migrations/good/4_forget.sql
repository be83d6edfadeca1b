-- UP
DELETE FROM users WHERE email = '';

-- migrate: irreversible what was deleted is gone
