SELECT 1;
SELECT 1 /* open /* nested */ ; SELECT 2;
