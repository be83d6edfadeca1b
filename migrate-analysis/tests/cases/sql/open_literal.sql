SELECT 1;
SELECT 'it is open; SELECT 2;
