SELECT 1;
# it isn't a comment
SELECT 2;
