COPY t FROM STDIN WITH (FORMAT csv);
1,it's
SELECT nothing more
