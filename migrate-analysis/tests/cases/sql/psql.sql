\restrict abc
SET client_encoding = 'UTF8';
\connect shop
CREATE TABLE t (a int);
COPY public.t (a) FROM stdin;
1
it's "not" SQL; $$ at /* all
\.
SELECT 1 \gset
SELECT 2;
\unrestrict abc
COPY t FROM '/srv/rows.csv';
COPY (SELECT 1) TO STDOUT;
