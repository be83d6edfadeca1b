//! Names that PostgreSQL gives by itself.

use super::after;

#[test]
fn indexes_are_named_after_their_columns() {
    let after = after(
        "CREATE TABLE t (a int, b text, c text, d jsonb, at timestamptz, PRIMARY KEY (a) INCLUDE (b));
         CREATE INDEX ON t (a) INCLUDE (b);
         CREATE INDEX ON t (a, b);
         CREATE INDEX ON t (lower(b), lower(c), c);
         CREATE INDEX ON t ((d->>'x'));
         CREATE INDEX ON t (((d->>'x')::int));
         CREATE INDEX ON t ((a + 1), (a + 2));
         CREATE INDEX ON t (coalesce(b, c));
         CREATE INDEX ON t ((at AT TIME ZONE 'utc'));
         CREATE INDEX ON t (date_trunc('day', at AT TIME ZONE 'utc'));
         CREATE INDEX ON t ((CASE WHEN a > 1 THEN b ELSE c END));
         CREATE INDEX ON t ((CASE WHEN a > 1 THEN b ELSE 'x' END));
         CREATE INDEX ON t (trim(b));
         CREATE INDEX ON t ((a IS NULL));
         CREATE INDEX ON t ((ARRAY[a]));
         CREATE INDEX ON t (substring(b from 1 for 3));
         CREATE INDEX ON t ((cast(d->>'y' as varchar(20))));
         CREATE INDEX ON t ((b COLLATE \"C\"));",
    )
    .succeeds();
    let expected = [
        "t_pkey",
        "t_a_b_idx",
        "t_a_b_idx1",
        "t_lower_lower1_c_idx",
        "t_expr_idx",
        "t_int4_idx",
        "t_expr_expr1_idx",
        "t_coalesce_idx",
        "t_timezone_idx",
        "t_date_trunc_idx",
        "t_c_idx",
        "t_case_idx",
        "t_btrim_idx",
        "t_expr_idx1",
        "t_array_idx",
        "t_substring_idx",
        "t_varchar_idx",
        "t_b_idx",
    ];
    assert_eq!(after.indexes(), expected);
}

#[test]
fn constraints_are_named_in_the_order_in_which_they_are_made() {
    let after = after(
        "CREATE TABLE u (a int UNIQUE PRIMARY KEY,
            b int CHECK (b > 0) CHECK (b > a) CHECK (b < 10),
            c int REFERENCES u, d serial, CHECK (c > 1), UNIQUE (b, c), UNIQUE (b, c));",
    )
    .succeeds();
    let expected =
        ["u_b_check", "u_check", "u_b_check1", "u_c_check", "u_pkey", "u_b_c_key", "u_c_fkey"];
    assert_eq!(after.constraints("u"), expected);
    assert_eq!(after.sequences(), ["u_d_seq"]);
}

#[test]
fn long_names_are_cut_where_they_are_longest() {
    let after = after(
        "CREATE TABLE u (a int PRIMARY KEY);
         CREATE TABLE a_long_table_name_that_is_longer_than_thirty_characters_and_mor (
            also_a_long_column_name_for_the_test_of_truncation serial PRIMARY KEY,
            x int UNIQUE,
            \"äöüäöüäöüäöüäöüäöüäöüäöüäöüäöü\" int UNIQUE REFERENCES u);",
    )
    .succeeds();
    let table = "a_long_table_name_that_is_longer_than_thirty_characters_and_mor";
    let expected = [
        "a_long_table_name_that_is_longer_than_thirty_characters_an_pkey",
        "a_long_table_name_that_is_longer_than_thirty_characters_a_x_key",
        "a_long_table_name_that_is_lon_äöüäöüäöüäöüäö_key",
        "a_long_table_name_that_is_lon_äöüäöüäöüäöüäö_fkey",
    ];
    assert_eq!(after.constraints(table), expected);
    let sequence = "a_long_table_name_that_is_lon_also_a_long_column_name_for_t_seq";
    assert_eq!(after.sequences(), [sequence]);
}
