-- UP
CREATE TABLE orders (
    id        bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id   uuid        NOT NULL REFERENCES users (id),
    total     numeric(12, 2) NOT NULL CHECK (total >= 0),
    placed_at timestamptz NOT NULL DEFAULT now()
);

-- Without it, deleting a user would read all orders.
CREATE INDEX idx_orders_user_id ON orders (user_id);

-- DOWN
DROP TABLE orders;
