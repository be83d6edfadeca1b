//! Queries, and the statements that read and write rows.

use super::calls;
use super::cursor::Reader;
use super::setting;
use crate::ddl::{
    Command, CreateTableAs, Dml, Ident, Name, Persistence, Query, SearchPath, Select,
};
use crate::list::CollectVec;
use crate::sql::lex::Kind;

/// What the query of `sql` reads; none where that is not known.
fn tree(sql: &str) -> Option<Box<Select>> {
    // `TABLE name`.
    let whole = sql.split_once(' ').filter(|(first, _)| first.eq_ignore_ascii_case("TABLE"));
    let select = whole.map(|(_, rest)| format!("SELECT * FROM {rest}"));
    crate::sql::query::read(select.as_deref().unwrap_or(sql)).map(Box::new)
}

impl Reader<'_> {
    /// The query from here up to token `end`.
    pub(super) fn query(&mut self, end: usize) -> Option<Query> {
        let from = self.at;
        let query = self.query_without_tree(end)?;
        let tree = if from < end { tree(&query.sql) } else { None };
        Some(Query { tree, ..query })
    }

    /// The same, where nobody asks what it reads.
    pub(super) fn query_without_tree(&mut self, end: usize) -> Option<Query> {
        let from = self.at;
        if from >= end || end > self.words.len() {
            return None;
        }
        self.at = end;
        Some(Query {
            sql: self.folded(from, end),
            at: self.range(from, end),
            tree: None,
            functions: calls::functions(self.words, from..end),
        })
    }

    /// Behind the `WITH` queries, if there are any.
    fn skip_with(&mut self) -> Option<()> {
        if !self.accept("WITH") {
            return Some(());
        }
        self.accept("RECURSIVE");
        loop {
            self.identifier()?;
            if self.is_kind(Kind::Open) {
                self.skip_parens()?;
            }
            self.expect("AS")?;
            self.accept("NOT");
            self.accept("MATERIALIZED");
            self.skip_parens()?;
            self.skip_search()?;
            if !self.accept_kind(Kind::Comma) {
                return Some(());
            }
        }
    }

    /// `SEARCH … FIRST BY column, … SET column`, `CYCLE column, … SET column [TO …] USING column`.
    fn skip_search(&mut self) -> Option<()> {
        if self.accept("SEARCH") {
            self.at = self.words.find(self.at, &["SET"])? + 2;
        }
        if self.accept("CYCLE") {
            self.at = self.words.find(self.at, &["USING"])? + 2;
        }
        Some(())
    }

    /// `[ONLY] name [*]`, of `ONLY (name)` what stands in the brackets.
    fn target(&mut self) -> Option<Name> {
        if self.accept("ONLY") && self.is_kind(Kind::Open) {
            return self.in_parens(Self::name);
        }
        let name = self.name()?;
        self.accept_operator("*");
        Some(name)
    }
}

/// `SELECT`, `VALUES`, `TABLE`, `INSERT`, `UPDATE`, `DELETE`, `MERGE`, with or without a `WITH`.
pub(super) fn statement(reader: &mut Reader<'_>) -> Option<Command> {
    let mut ahead = *reader;
    ahead.skip_with()?;
    let verb = ahead.accept_any(&["INSERT", "UPDATE", "DELETE", "MERGE"]);
    let (table, columns) = match verb {
        Some("INSERT") => inserted(&mut ahead)?,
        Some("UPDATE") => updated(&mut ahead)?,
        Some("DELETE") => {
            ahead.expect("FROM")?;
            (ahead.target()?, Vec::new())
        }
        Some(_) => {
            ahead.expect("INTO")?;
            (ahead.target()?, Vec::new())
        }
        None => return select(reader, ahead.at),
    };
    let filtered = ahead.words.find(ahead.at, &["WHERE"]).is_some();
    let query = reader.query(reader.words.len())?;
    let dml = Dml { table, columns, filtered, query };
    Some(match verb {
        Some("INSERT") => Command::Insert(dml),
        Some("UPDATE") => Command::Update(dml),
        Some("DELETE") => Command::Delete(dml),
        _ => Command::Merge(dml),
    })
}

fn inserted(reader: &mut Reader<'_>) -> Option<(Name, Vec<Ident>)> {
    reader.expect("INTO")?;
    let table = reader.name()?;
    if reader.accept("AS") {
        reader.identifier()?;
    }
    // A column may be called `values`.
    let query = reader.is_kind(Kind::Open)
        && (["SELECT", "WITH", "TABLE"].iter().any(|word| reader.is_at(1, word))
            || reader.kind_at(1) == Some(Kind::Open)
            || reader.is_at(1, "VALUES") && reader.kind_at(2) == Some(Kind::Open));
    let columns = match reader.kind() {
        Some(Kind::Open) if !query => reader.bracketed(Reader::assigned)?,
        _ => Vec::new(),
    };
    Some((table, columns))
}

fn updated(reader: &mut Reader<'_>) -> Option<(Name, Vec<Ident>)> {
    let table = reader.target()?;
    if reader.accept("AS") || !reader.is("SET") || reader.is_at(1, "SET") {
        reader.identifier()?;
    }
    reader.expect("SET")?;
    let mut columns = Vec::new();
    loop {
        match reader.kind() {
            Some(Kind::Open) => columns.extend(reader.bracketed(Reader::assigned)?),
            _ => columns.push(reader.assigned()?),
        }
        reader.skip_assigned_value();
        if !reader.accept_kind(Kind::Comma) {
            return Some((table, columns));
        }
    }
}

impl Reader<'_> {
    /// A column that is written; of `column.field` and `column[1]` the column.
    fn assigned(&mut self) -> Option<Ident> {
        let column = self.ident()?;
        while let Some(Kind::Dot | Kind::OpenBracket) = self.kind() {
            if self.accept_kind(Kind::Dot) {
                self.identifier()?;
            } else {
                self.skip_subscript();
            }
        }
        Some(column)
    }

    /// Behind `[…]`.
    fn skip_subscript(&mut self) {
        let mut depth = 0usize;
        while let Some(kind) = self.kind() {
            self.at += 1;
            match kind {
                Kind::OpenBracket => depth += 1,
                Kind::CloseBracket => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth == 0 {
                return;
            }
        }
    }

    /// Behind `= value`: to the next assignment, or to what follows the last one.
    fn skip_assigned_value(&mut self) {
        while let Some(kind) = self.kind() {
            match kind {
                Kind::Comma => return,
                Kind::Open => self.at = self.words.behind_parens(self.at),
                Kind::OpenBracket => self.skip_subscript(),
                Kind::Word if self.is_any(&["WHERE", "RETURNING"]) => return,
                // `a IS DISTINCT FROM b`.
                Kind::Word if self.are(&["DISTINCT", "FROM"]) => self.at += 2,
                Kind::Word if self.is("FROM") => return,
                _ => self.at += 1,
            }
        }
    }
}

/// A query, whose first word behind its `WITH` stands at `at`.
fn select(reader: &mut Reader<'_>, at: usize) -> Option<Command> {
    if reader.words.is(at, "SELECT") {
        if let Some(into) = reader.words.find(at, &["INTO"]) {
            return select_into(reader, into);
        }
        if let Some(path) = setting::set_config(reader) {
            return Some(path);
        }
    }
    let query = reader.query(reader.words.len())?;
    let configures = query.functions.iter().any(|function| function.name == "set_config");
    if configures && setting::may_set_path(reader) {
        return Some(Command::SearchPath(SearchPath::Unknown));
    }
    Some(Command::Select(query))
}

/// `SELECT … INTO [TEMPORARY | UNLOGGED] [TABLE] name FROM …`.
fn select_into(reader: &mut Reader<'_>, into: usize) -> Option<Command> {
    let mut target = Reader { words: reader.words, at: into + 1 };
    let persistence = persistence(&mut target);
    target.accept("TABLE");
    let name = target.name()?;
    let (from, end) = (reader.at, reader.words.len());
    let mut query = reader.query_without_tree(end)?;
    query.sql = [reader.folded(from, into), reader.folded(target.at, end)].join(" ");
    query.tree = tree(&query.sql);
    query.functions.retain(|function| function.at != name.at);
    Some(Command::CreateTableAs(CreateTableAs {
        name,
        if_not_exists: false,
        persistence,
        columns: Vec::new(),
        options: Vec::new(),
        query,
        with_data: true,
    }))
}

/// `TEMPORARY`, `UNLOGGED` and their kin.
pub(super) fn persistence(reader: &mut Reader<'_>) -> Persistence {
    if reader.is_any(&["LOCAL", "GLOBAL"])
        && (reader.is_at(1, "TEMP") || reader.is_at(1, "TEMPORARY"))
    {
        reader.at += 1;
    }
    match reader.accept_any(&["TEMP", "TEMPORARY", "UNLOGGED"]) {
        Some("UNLOGGED") => Persistence::Unlogged,
        Some(_) => Persistence::Temporary,
        None => Persistence::Permanent,
    }
}

/// Behind `CREATE … TABLE`, where the table comes out of a query.
pub(super) fn create_table_as(
    reader: &mut Reader<'_>,
    persistence: Persistence,
) -> Option<Command> {
    let if_not_exists = reader.if_not_exists();
    let name = reader.name()?;
    let columns = if reader.is_kind(Kind::Open) { reader.ident_list()? } else { Vec::new() };
    if reader.accept("USING") {
        reader.identifier()?;
    }
    let mut options = Vec::new();
    if reader.accept("WITH") {
        options = reader.options()?;
    }
    reader.accept_all(&["WITHOUT", "OIDS"]);
    // `ON COMMIT …`, `TABLESPACE …`.
    while !reader.at_end() && !reader.is("AS") {
        reader.at += 1;
    }
    reader.expect("AS")?;
    let (end, with_data) = with_data(reader);
    let query = match reader.is("EXECUTE") {
        true => reader.query_without_tree(end)?,
        false => reader.query(end)?,
    };
    reader.at = reader.words.len();
    Some(Command::CreateTableAs(CreateTableAs {
        name,
        if_not_exists,
        persistence,
        columns,
        options,
        query,
        with_data,
    }))
}

/// Where the query ends that is followed by `WITH [NO] DATA`, and whether that leaves rows.
pub(super) fn with_data(reader: &Reader<'_>) -> (usize, bool) {
    let end = reader.words.len();
    for (words, with_data) in [(&["WITH", "NO", "DATA"][..], false), (&["WITH", "DATA"], true)] {
        match end.checked_sub(words.len()) {
            Some(at) if at > reader.at && reader.words.are(at, words) => return (at, with_data),
            _ => {}
        }
    }
    (end, true)
}

/// What a recursive view reads: PostgreSQL makes a `WITH RECURSIVE` of it.
pub(super) fn recursive_tree(name: &Name, columns: &[Ident], sql: &str) -> Option<Box<Select>> {
    let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
    let view = quoted(&name.name);
    let columns: Vec<String> = columns.iter().map(|column| quoted(&column.name)).collect_vec();
    let columns = columns.join(", ");
    tree(&format!("WITH RECURSIVE {view} ({columns}) AS ({sql}) SELECT {columns} FROM {view}"))
}
