-- UP: the people who use the shop
CREATE TABLE users (
    id         uuid         PRIMARY KEY DEFAULT gen_random_uuid(),
    email      varchar(255) NOT NULL UNIQUE,
    name       varchar(255) NOT NULL,
    role       varchar(50)  NOT NULL DEFAULT 'viewer',
    created_at timestamptz  NOT NULL DEFAULT now(),
    updated_at timestamptz  NOT NULL DEFAULT now()
);

-- `UNIQUE` has already made an index on email: a second one would only cost writes.
CREATE INDEX idx_users_role ON users (role);

-- DOWN
DROP TABLE users;
