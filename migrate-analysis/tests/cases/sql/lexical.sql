-- Every literal, name and comment of scan.l, each with a semicolon inside.
SELECT 'a;''b' AS "x;""y", E'it\'s;\\', U&'d\0061t;a', B'01', X'1F', N'n;';
SELECT U&"d\0061t;a" FROM t; /* a ; /* nested ; */ ; */ SELECT 2;
SELECT $$a;'b$$, $tag$ ; $$ ; $tag$, $_x1$;$_x1$, $1, a$b, a$b$c;
SELECT E'a\'' -- a comment
  'b\';c', 'd'
  'e;f';
SELECT a--b; not the end
+ 1, 1-/* ; */-1, 1*/*;*/2;
SELECT 1.5e-3, .5, 5., 1e5, 0x1F, 1_000, a[1:2], b::int, f(x => 1), 1 <> 2, a @> b, a ?| c;
SELECT "--", '/*', '$$', "$$" ;;; ;
SELECT é, ñ$1, "日本;語" FROM größe; SELECT '日;本'
-- the last one has no semicolon
