Tables: created, dropped, renamed.

-- == create
CREATE TABLE users (
    id bigserial PRIMARY KEY,
    email text NOT NULL UNIQUE,
    name varchar(80) DEFAULT 'anonymous',
    age int CHECK (age > 0),
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE IF NOT EXISTS users (id int);
-- DOWN
DROP TABLE users;

-- == create_if_not_exists
CREATE TABLE IF NOT EXISTS orders (
    id int GENERATED ALWAYS AS IDENTITY,
    user_id bigint REFERENCES users,
    total numeric(12, 2) NOT NULL,
    CONSTRAINT orders_total_positive CHECK (total >= 0),
    PRIMARY KEY (id),
    UNIQUE (user_id, total)
);
-- DOWN
DROP TABLE IF EXISTS orders;

-- == create_again fails
CREATE TABLE users (id int);
-- DOWN
DROP TABLE users;

-- == drop_referenced fails
DROP TABLE users;

-- == drop_referenced_with_cascade
DROP TABLE users CASCADE;
-- DOWN
CREATE TABLE users (
    id bigserial PRIMARY KEY,
    email text NOT NULL UNIQUE,
    name varchar(80) DEFAULT 'anonymous',
    age int CHECK (age > 0),
    created_at timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE orders ADD FOREIGN KEY (user_id) REFERENCES users;
