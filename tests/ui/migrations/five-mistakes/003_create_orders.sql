-- UP
CREAT TABLE orders (id bigint PRIMARY KEY);
-- DOWN
DROP TABLE orders;
