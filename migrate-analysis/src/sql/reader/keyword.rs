//! PostgreSQL's keywords that are more than a name, as of PostgreSQL 18.

/// What a keyword may be besides a keyword.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::sql) enum Class {
    /// Nothing.
    Reserved,
    /// The name of a function or type: `left(…)`, `a LIKE b`.
    Function,
    /// The name of a column: `between`, `coalesce`, `timestamp`.
    Column,
}

/// The class of an unquoted word; none for names and unreserved keywords.
pub(in crate::sql) fn class(word: &str) -> Option<Class> {
    let mut buffer = [0u8; 17];
    let lower = buffer.get_mut(..word.len())?;
    lower.copy_from_slice(word.as_bytes());
    lower.make_ascii_lowercase();
    let lower: &[u8] = lower;
    let found = KEYWORDS.binary_search_by(|(keyword, _)| keyword.as_bytes().cmp(lower)).ok()?;
    KEYWORDS.get(found).map(|(_, class)| *class)
}

#[rustfmt::skip]
static KEYWORDS: [(&str, Class); 164] = [
    ("all", Class::Reserved), ("analyse", Class::Reserved), ("analyze", Class::Reserved),
    ("and", Class::Reserved), ("any", Class::Reserved), ("array", Class::Reserved),
    ("as", Class::Reserved), ("asc", Class::Reserved), ("asymmetric", Class::Reserved),
    ("authorization", Class::Function), ("between", Class::Column), ("bigint", Class::Column),
    ("binary", Class::Function), ("bit", Class::Column), ("boolean", Class::Column),
    ("both", Class::Reserved), ("case", Class::Reserved), ("cast", Class::Reserved),
    ("char", Class::Column), ("character", Class::Column), ("check", Class::Reserved),
    ("coalesce", Class::Column), ("collate", Class::Reserved), ("collation", Class::Function),
    ("column", Class::Reserved), ("concurrently", Class::Function),
    ("constraint", Class::Reserved), ("create", Class::Reserved), ("cross", Class::Function),
    ("current_catalog", Class::Reserved), ("current_date", Class::Reserved),
    ("current_role", Class::Reserved), ("current_schema", Class::Function),
    ("current_time", Class::Reserved), ("current_timestamp", Class::Reserved),
    ("current_user", Class::Reserved), ("dec", Class::Column), ("decimal", Class::Column),
    ("default", Class::Reserved), ("deferrable", Class::Reserved), ("desc", Class::Reserved),
    ("distinct", Class::Reserved), ("do", Class::Reserved), ("else", Class::Reserved),
    ("end", Class::Reserved), ("except", Class::Reserved), ("exists", Class::Column),
    ("extract", Class::Column), ("false", Class::Reserved), ("fetch", Class::Reserved),
    ("float", Class::Column), ("for", Class::Reserved), ("foreign", Class::Reserved),
    ("freeze", Class::Function), ("from", Class::Reserved), ("full", Class::Function),
    ("grant", Class::Reserved), ("greatest", Class::Column), ("group", Class::Reserved),
    ("grouping", Class::Column), ("having", Class::Reserved), ("ilike", Class::Function),
    ("in", Class::Reserved), ("initially", Class::Reserved), ("inner", Class::Function),
    ("inout", Class::Column), ("int", Class::Column), ("integer", Class::Column),
    ("intersect", Class::Reserved), ("interval", Class::Column), ("into", Class::Reserved),
    ("is", Class::Function), ("isnull", Class::Function), ("join", Class::Function),
    ("json", Class::Column), ("json_array", Class::Column), ("json_arrayagg", Class::Column),
    ("json_exists", Class::Column), ("json_object", Class::Column),
    ("json_objectagg", Class::Column), ("json_query", Class::Column),
    ("json_scalar", Class::Column), ("json_serialize", Class::Column),
    ("json_table", Class::Column), ("json_value", Class::Column), ("lateral", Class::Reserved),
    ("leading", Class::Reserved), ("least", Class::Column), ("left", Class::Function),
    ("like", Class::Function), ("limit", Class::Reserved), ("localtime", Class::Reserved),
    ("localtimestamp", Class::Reserved), ("merge_action", Class::Column),
    ("national", Class::Column), ("natural", Class::Function), ("nchar", Class::Column),
    ("none", Class::Column), ("normalize", Class::Column), ("not", Class::Reserved),
    ("notnull", Class::Function), ("null", Class::Reserved), ("nullif", Class::Column),
    ("numeric", Class::Column), ("offset", Class::Reserved), ("on", Class::Reserved),
    ("only", Class::Reserved), ("or", Class::Reserved), ("order", Class::Reserved),
    ("out", Class::Column), ("outer", Class::Function), ("overlaps", Class::Function),
    ("overlay", Class::Column), ("placing", Class::Reserved), ("position", Class::Column),
    ("precision", Class::Column), ("primary", Class::Reserved), ("real", Class::Column),
    ("references", Class::Reserved), ("returning", Class::Reserved), ("right", Class::Function),
    ("row", Class::Column), ("select", Class::Reserved), ("session_user", Class::Reserved),
    ("setof", Class::Column), ("similar", Class::Function), ("smallint", Class::Column),
    ("some", Class::Reserved), ("substring", Class::Column), ("symmetric", Class::Reserved),
    ("system_user", Class::Reserved), ("table", Class::Reserved),
    ("tablesample", Class::Function), ("then", Class::Reserved), ("time", Class::Column),
    ("timestamp", Class::Column), ("to", Class::Reserved), ("trailing", Class::Reserved),
    ("treat", Class::Column), ("trim", Class::Column), ("true", Class::Reserved),
    ("union", Class::Reserved), ("unique", Class::Reserved), ("user", Class::Reserved),
    ("using", Class::Reserved), ("values", Class::Column), ("varchar", Class::Column),
    ("variadic", Class::Reserved), ("verbose", Class::Function), ("when", Class::Reserved),
    ("where", Class::Reserved), ("window", Class::Reserved), ("with", Class::Reserved),
    ("xmlattributes", Class::Column), ("xmlconcat", Class::Column), ("xmlelement", Class::Column),
    ("xmlexists", Class::Column), ("xmlforest", Class::Column), ("xmlnamespaces", Class::Column),
    ("xmlparse", Class::Column), ("xmlpi", Class::Column), ("xmlroot", Class::Column),
    ("xmlserialize", Class::Column), ("xmltable", Class::Column),
];
