//! Expressions and types to what they name.

use super::lookup::spelt;
use super::syntax::is_syntax;
use super::{Failure, FailureKind, Found, Result, Simulator};
use crate::catalog::{
    BaseType, Column, ColumnType, Expr, Id, Kind, Object, Piece, Space, named, names,
};
use crate::ddl::{Expression, Name, ObjectKind, TypeName, Word};
use crate::list::CollectVec;

/// Columns that every table has.
const SYSTEM_COLUMNS: &[&str] = &["ctid", "xmin", "xmax", "cmin", "cmax", "tableoid"];

impl Simulator<'_> {
    /// The type that is written. A type that may exist, or is an extension's, is taken as it is
    /// spelt; one that certainly does not exist is a failure.
    pub(super) fn column_type(&mut self, written: &TypeName) -> Result<ColumnType> {
        match self.try_type(written) {
            Some(column_type) => Ok(column_type),
            None => {
                let name = &written.name;
                let is_it = |object: &Object| {
                    object.name == name.name
                        && object.keys().iter().any(|key| key.space == Space::Type)
                };
                let at = name.at.clone();
                Err(self.unknown(ObjectKind::Type, &spelt(name), None, at, &is_it))
            }
        }
    }

    /// None: it certainly does not exist.
    fn try_type(&self, written: &TypeName) -> Option<ColumnType> {
        let (base, array) = if written.built_in {
            (BaseType::BuiltIn(written.name.name.clone()), false)
        } else {
            self.base_type(&written.name)?
        };
        let modifiers = written.modifiers.clone();
        Some(ColumnType { base, modifiers, array: array || written.array })
    }

    /// And whether its name is that of an array type.
    fn base_type(&self, name: &Name) -> Option<(BaseType, bool)> {
        if name.name.contains('%') {
            return Some((BaseType::Unknown, false));
        }
        let foreign = || BaseType::Foreign { schema: name.schema.clone(), name: name.name.clone() };
        match self.find(Space::Type, name) {
            // The multiranges of a range are of a type that has its own name.
            Found::Known(id) if self.catalog.get(id).is_some_and(|it| it.name != name.name) => {
                return Some((foreign(), false));
            }
            Found::Known(id) => return Some((BaseType::User(id), false)),
            Found::Perhaps => return Some((foreign(), false)),
            Found::Missing => {}
        }
        if let Some(element) = name.name.strip_prefix('_') {
            let element = Name { name: element.to_owned(), ..name.clone() };
            return match self.find(Space::Type, &element) {
                Found::Known(id) => Some((BaseType::User(id), true)),
                _ => Some((foreign(), false)),
            };
        }
        let may_be = name.name.contains("multirange") || self.extension_may_have_type(&name.name);
        may_be.then(|| (foreign(), false))
    }

    /// An expression over the columns of one table. A name that is none of them stays as it is: whether
    /// that is a failure is for the caller to ask ([`Simulator::check_columns`]).
    pub(super) fn bind(&mut self, expression: &Expression, columns: &[Column]) -> Expr {
        self.bind_in(expression, columns, &[])
    }

    /// The same where columns may also be written behind one of these names: the table's own, `new`.
    pub(super) fn bind_in(
        &mut self,
        expression: &Expression,
        columns: &[Column],
        tables: &[&str],
    ) -> Expr {
        let mut binding = Binding { columns, tables, words: &expression.words, pieces: Vec::new() };
        let inside = subqueries(&expression.words);
        let mut at = 0;
        while let Some(word) = expression.words.get(at) {
            let in_subquery = inside.get(at).copied().unwrap_or(false);
            at += self.bind_word(&mut binding, at, word, in_subquery);
        }
        Expr { pieces: binding.pieces }
    }

    /// How many words it took.
    fn bind_word(
        &self,
        binding: &mut Binding<'_>,
        at: usize,
        word: &Word,
        in_subquery: bool,
    ) -> usize {
        match word {
            Word::Name(name) => {
                // In a query there may be other tables with such a column.
                let number = if in_subquery || !binding.is_column_place(at) {
                    None
                } else {
                    binding.column(name)
                };
                match number {
                    Some(number) => binding.push(at, Piece::Column(number)),
                    None => binding.text(at, &crate::sql::quoted(name)),
                }
            }
            Word::Path(parts) => binding.path(at, parts),
            Word::Function { schema, name } => {
                let written = match schema {
                    Some(schema) => format!("{}.{}", quote(schema), quote(name)),
                    None => quote(name),
                };
                match self.called_routine(schema.as_deref(), name, binding.words, at) {
                    Some(id) => binding.push(at, Piece::Routine(id, written)),
                    None => binding.text(at, &written),
                }
            }
            Word::Type(written) => {
                let column_type = self.try_type(written);
                binding.push(at, Piece::Type(column_type.unwrap_or(ColumnType::UNKNOWN)));
            }
            Word::Text(text) => {
                if let Some((id, taken)) = self.literal_relation(binding.words, at) {
                    binding.push(at, Piece::Relation(id));
                    return taken;
                }
                binding.text(at, text);
            }
        }
        1
    }

    /// The function of the set that is called there, where there is only one that it can be.
    fn called_routine(
        &self,
        schema: Option<&str>,
        name: &str,
        words: &[Word],
        at: usize,
    ) -> Option<Id> {
        let count = arguments(words.get(at + 1..)?);
        let schemas = match schema {
            Some(schema) => self.schema_named(schema).into_iter().collect_vec(),
            None => self.search_path(),
        };
        let mut found = None;
        for id in schemas.iter().flat_map(|schema| self.catalog.routines(*schema, name)) {
            let Some(Kind::Routine(routine)) = self.catalog.kind(id) else {
                continue;
            };
            let inputs = routine.arguments.iter().filter(|argument| argument.is_input());
            let required = inputs.clone().filter(|argument| argument.default.is_none()).count();
            let fits = (required..=inputs.count()).contains(&count);
            if fits && found.replace(id).is_some() {
                return None;
            }
        }
        found
    }

    /// A literal that names a relation of the catalog, and how many words it is.
    fn literal_relation(&self, words: &[Word], at: usize) -> Option<(Id, usize)> {
        let (name, taken) = relation_in(words, at)?;
        match self.find_relation(&name) {
            Found::Known(id) => Some((id, taken)),
            _ => None,
        }
    }

    /// Fails where the expression names a column that its table does not have.
    pub(super) fn check_columns(&self, expression: &Expression, table: Id) -> Result {
        let Some(columns) = self.columns_for_certain(table) else { return Ok(()) };
        let Some(object) = self.catalog.get(table) else { return Ok(()) };
        let tables = [object.name.as_str()];
        let words = &expression.words;
        let binding = Binding { columns, tables: &tables, words, pieces: Vec::new() };
        let inside = subqueries(words);
        for (at, word) in words.iter().enumerate() {
            let in_subquery = inside.get(at).copied().unwrap_or(false);
            let name = match word {
                Word::Name(name) if !in_subquery && binding.is_column_place(at) => name,
                Word::Path(parts) if !in_subquery && binding.is_of_table(parts) => {
                    let Some(name) = parts.last() else { continue };
                    name
                }
                _ => continue,
            };
            let exists = binding.column(name).is_some()
                || SYSTEM_COLUMNS.contains(&name.as_str())
                || matches!(word, Word::Name(_)) && is_syntax(words, at, name)
                || *name == object.name
                || self.is_shrouded(name);
            if !exists {
                return Err(self.unknown_column(table, name, expression.at.clone()));
            }
        }
        Ok(())
    }

    /// The failure for a column that a table or view does not have.
    pub(super) fn unknown_column(
        &self,
        table: Id,
        name: &str,
        at: std::ops::Range<usize>,
    ) -> Failure {
        let names = names(self.columns(table));
        let near = crate::directive::closest(name, &names).map(str::to_owned);
        let has = |object: Option<&Object>| {
            let object = object.filter(|it| self.is_named_like(it, table));
            let table = object.and_then(Object::table);
            table.is_some_and(|it| it.column(name).is_some())
        };
        let dropped = self.catalog.last(|before, after| has(before) && !has(after));
        let kind = FailureKind::Unknown {
            kind: ObjectKind::Column,
            name: name.to_owned(),
            of: self.catalog.get(table).map(|object| object.name.clone()),
            near,
            among: names.iter().map(|name| (*name).to_owned()).collect_vec(),
            dropped,
        };
        Failure { kind, at }
    }

    /// Whether it is the same table, or one that had its name.
    fn is_named_like(&self, object: &Object, table: Id) -> bool {
        let table = self.catalog.get(table);
        table.is_some_and(|it| it.name == object.name && it.schema == object.schema)
    }
}

fn quote(name: &str) -> String {
    crate::sql::quoted(name)
}

/// An expression on its way.
struct Binding<'a> {
    columns: &'a [Column],
    tables: &'a [&'a str],
    words: &'a [Word],
    pieces: Vec<Piece>,
}

impl Binding<'_> {
    fn column(&self, name: &str) -> Option<u32> {
        named(self.columns, name).map(|column| column.number)
    }

    /// Whether a name there can be a column at all.
    fn is_column_place(&self, at: usize) -> bool {
        let before = at.checked_sub(1).and_then(|at| text_at(self.words, at));
        let before = before.unwrap_or_default().to_ascii_uppercase();
        let behind = text_at(self.words, at + 1).unwrap_or_default();
        let is_field = at > 1
            && before == "("
            && matches!(self.words.get(at - 2), Some(Word::Function { name, .. }) if name == "extract");
        !is_field
            && !matches!(before.as_str(), "." | "COLLATE" | "AS" | "::" | "OPERATOR")
            && !matches!(behind, "=>" | ":=")
    }

    fn is_of_table(&self, parts: &[String]) -> bool {
        let table = parts.len().checked_sub(2).and_then(|at| parts.get(at));
        table.is_some_and(|table| self.tables.contains(&table.as_str()))
    }

    fn path(&mut self, at: usize, parts: &[String]) {
        let number = match parts.last() {
            Some(name) if self.is_of_table(parts) => self.column(name),
            _ => None,
        };
        match (number, parts) {
            // The table's own name is left out: it may be renamed.
            (Some(number), [table, _]) if !matches!(table.as_str(), "new" | "old") => {
                self.push(at, Piece::Column(number));
            }
            (Some(number), [table, _]) => {
                self.text(at, &format!("{}.", table.to_ascii_uppercase()));
                self.pieces.push(Piece::Column(number));
            }
            (Some(number), _) => self.push(at, Piece::Column(number)),
            (None, _) => {
                let parts: Vec<String> = parts.iter().map(|part| quote(part)).collect_vec();
                self.text(at, &parts.join("."));
            }
        }
    }

    fn text(&mut self, at: usize, text: &str) {
        let blank = if is_apart(self.words, at) { " " } else { "" };
        self.append(&format!("{blank}{text}"));
    }

    fn push(&mut self, at: usize, piece: Piece) {
        if is_apart(self.words, at) {
            self.append(" ");
        }
        self.pieces.push(piece);
    }

    fn append(&mut self, text: &str) {
        match self.pieces.last_mut() {
            Some(Piece::Text(last)) => last.push_str(text),
            _ => self.pieces.push(Piece::Text(text.to_owned())),
        }
    }
}

fn text_at(words: &[Word], at: usize) -> Option<&str> {
    match words.get(at) {
        Some(Word::Text(text)) => Some(text),
        _ => None,
    }
}

/// Whether a blank stands before the word.
fn is_apart(words: &[Word], at: usize) -> bool {
    let Some(last) = at.checked_sub(1) else { return false };
    let before = text_at(words, last);
    if matches!(before, Some("(" | "[" | "." | "::")) {
        return false;
    }
    if matches!(before, Some("-" | "+")) && is_sign(words, last) {
        return false;
    }
    match text_at(words, at) {
        Some(")" | "]" | "," | "::" | "." | ";") => false,
        Some("(") => match words.get(last) {
            Some(Word::Function { .. }) => false,
            Some(Word::Text(text)) => !is_called(text),
            _ => true,
        },
        Some("[") => !matches!(before, Some("ARRAY" | "]" | ")")) && before.is_some(),
        _ => true,
    }
}

/// Keywords that are written like functions.
fn is_called(keyword: &str) -> bool {
    matches!(
        keyword,
        "COALESCE"
            | "NULLIF"
            | "GREATEST"
            | "LEAST"
            | "CAST"
            | "EXTRACT"
            | "TRIM"
            | "SUBSTRING"
            | "POSITION"
            | "OVERLAY"
            | "ROW"
            | "EXISTS"
            | "ANY"
            | "ALL"
            | "SOME"
            | "NORMALIZE"
    )
}

/// Whether a plus or minus has nothing on its left.
fn is_sign(words: &[Word], at: usize) -> bool {
    let Some(last) = at.checked_sub(1) else { return true };
    match words.get(last) {
        Some(Word::Text(text)) => {
            let letters = text.bytes().any(|it| it.is_ascii_alphanumeric() || it == b'\'');
            !letters && !matches!(text.as_str(), ")" | "]")
        }
        _ => false,
    }
}

/// Which words stand in a query in brackets.
fn subqueries(words: &[Word]) -> Vec<bool> {
    let mut open: Vec<bool> = Vec::new();
    let mut inside = Vec::with_capacity(words.len());
    for (at, word) in words.iter().enumerate() {
        let outer = open.last().copied().unwrap_or(false);
        match word {
            Word::Text(text) if text == "(" => {
                let first = text_at(words, at + 1);
                open.push(outer || matches!(first, Some("SELECT" | "WITH" | "VALUES" | "TABLE")));
            }
            Word::Text(text) if text == ")" => {
                open.pop();
            }
            _ => {}
        }
        inside.push(outer);
    }
    inside
}

/// How many arguments stand in the brackets at the beginning.
fn arguments(words: &[Word]) -> usize {
    if text_at(words, 1) == Some(")") {
        return 0;
    }
    let (mut depth, mut count) = (0usize, 1);
    for word in words {
        match word {
            Word::Text(text) if text == "(" || text == "[" => depth += 1,
            Word::Text(text) if text == ")" || text == "]" => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    break;
                }
            }
            Word::Text(text) if text == "," && depth == 1 => count += 1,
            _ => {}
        }
    }
    count
}

/// The type that the word is cast to.
fn cast_behind(words: &[Word], at: usize) -> Option<&str> {
    match (text_at(words, at + 1), words.get(at + 2)) {
        (Some("::"), Some(Word::Type(written))) => Some(written.name.name.as_str()),
        _ => None,
    }
}

/// `nextval('…'` and its kin.
fn is_argument_of_sequence(words: &[Word], at: usize) -> bool {
    let called = at.checked_sub(2).and_then(|at| words.get(at));
    let is_open = at.checked_sub(1).and_then(|at| text_at(words, at)) == Some("(");
    let is_sequences =
        |name: &str| matches!(name, "nextval" | "currval" | "setval" | "pg_sequence_last_value");
    let is_own = |schema: &Option<String>| schema.as_ref().is_none_or(|it| it == "pg_catalog");
    is_open
        && matches!(called, Some(Word::Function { schema, name })
            if is_sequences(name) && is_own(schema))
}

/// The relation that a literal names, and how many words it is.
pub(super) fn relation_in(words: &[Word], at: usize) -> Option<(Name, usize)> {
    let written = text_at(words, at)?.strip_prefix('\'')?.strip_suffix('\'')?;
    let taken = match cast_behind(words, at) {
        Some("regclass") => 3,
        Some(_) => return None,
        None if is_argument_of_sequence(words, at) => 1,
        None => return None,
    };
    Some((relation_name(&written.replace("''", "'"))?, taken))
}

/// The name in a literal, as `regclass` reads it.
pub(super) fn relation_name(text: &str) -> Option<Name> {
    let mut parts = vec![String::new()];
    let mut letters = text.trim().chars().peekable();
    let mut quoted = false;
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                letters.next();
                parts.last_mut()?.push('"');
            }
            '"' => quoted = !quoted,
            '.' if !quoted => parts.push(String::new()),
            letter if quoted => parts.last_mut()?.push(letter),
            letter => parts.last_mut()?.push(letter.to_ascii_lowercase()),
        }
    }
    let name = parts.pop()?;
    Some(Name { schema: parts.pop(), name, at: 0..0 })
}
