SELECT 1;
SELECT $body$ open; SELECT 2;
