-- before
CREATE TABLE t ( -- inside
  a int -- '
  /* -- not a line comment */
) -- behind the last word, before the semicolon
; -- behind the semicolon
SELECT '-- in a literal', $$ -- in a body $$;
-- between
SELECT 1 -- behind the last word of the last statement
-- and behind it all
