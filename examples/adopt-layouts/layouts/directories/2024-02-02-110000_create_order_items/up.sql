CREATE TABLE order_items (
    order_id bigint NOT NULL REFERENCES orders (id),
    line     integer NOT NULL,
    product  text NOT NULL,
    quantity integer NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (order_id, line)
);
