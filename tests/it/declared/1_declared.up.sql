CREATE TABLE declared (id bigint PRIMARY KEY);
