SET check_function_bodies = false;
CREATE FUNCTION f() RETURNS int AS $$ selec 2 $$ LANGUAGE sql;
CREATE FUNCTION f() RETURNS int AS $$ selec 2 $$ LANGUAGE sql STRIC;
