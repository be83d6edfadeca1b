//! CREATE TABLE and CREATE FOREIGN TABLE.

use super::cursor::Reader;
use crate::ddl::{
    Bound, Command, CreateTable, Including, Like, Name, PartitionBy, Persistence, TableElement,
};
use crate::sql::lex::Kind;

/// Behind `CREATE`: `[TEMPORARY|UNLOGGED] TABLE …`.
pub(super) fn create_table(reader: &mut Reader<'_>) -> Option<Command> {
    let persistence = reader.persistence();
    reader.expect("TABLE")?;
    table(reader, persistence)
}

/// Behind `CREATE`: `FOREIGN TABLE …`.
pub(super) fn create_foreign_table(reader: &mut Reader<'_>) -> Option<Command> {
    reader.expect_all(&["FOREIGN", "TABLE"])?;
    table(reader, Persistence::Permanent)
}

fn table(reader: &mut Reader<'_>, persistence: Persistence) -> Option<Command> {
    let if_not_exists = reader.if_not_exists();
    let name = reader.name()?;
    let mut table = empty(name, if_not_exists, persistence);
    if reader.accept("OF") {
        table.of_type = Some(reader.name()?);
        if reader.is_kind(Kind::Open) {
            table.elements = reader.bracketed(element)?;
        }
    } else if reader.accept_all(&["PARTITION", "OF"]) {
        let parent = reader.name()?;
        if reader.is_kind(Kind::Open) {
            table.elements = reader.bracketed(element)?;
        }
        table.partition_of = Some((parent, reader.bound()?));
    } else {
        table.elements = reader.bracketed(element)?;
    }
    while !reader.at_end() && !reader.is_name_of_element() {
        clause(reader, &mut table)?;
    }
    Some(Command::CreateTable(table))
}

fn empty(name: Name, if_not_exists: bool, persistence: Persistence) -> CreateTable {
    CreateTable {
        name,
        if_not_exists,
        persistence,
        server: None,
        of_type: None,
        elements: Vec::new(),
        inherits: Vec::new(),
        partition_of: None,
        partition_by: None,
        options: Vec::new(),
        access_method: None,
        tablespace: None,
        on_commit_drop: false,
    }
}

/// A clause behind the columns.
fn clause(reader: &mut Reader<'_>, table: &mut CreateTable) -> Option<()> {
    if reader.accept("INHERITS") {
        table.inherits = reader.bracketed(Reader::name)?;
    } else if reader.accept_all(&["PARTITION", "BY"]) {
        let strategy = reader.identifier()?;
        let elements = reader.bracketed(Reader::index_element)?;
        table.partition_by = Some(PartitionBy { strategy, elements });
    } else if reader.accept("USING") {
        table.access_method = Some(reader.identifier()?);
    } else if reader.accept("WITH") {
        table.options = reader.options()?;
    } else if reader.accept_all(&["WITHOUT", "OIDS"]) {
        // What every table is.
    } else if reader.accept_all(&["ON", "COMMIT"]) {
        table.on_commit_drop = reader.accept("DROP");
        if !table.on_commit_drop && !reader.accept_all(&["DELETE", "ROWS"]) {
            reader.expect_all(&["PRESERVE", "ROWS"])?;
        }
    } else if reader.accept("TABLESPACE") {
        table.tablespace = Some(reader.identifier()?);
    } else if reader.accept("SERVER") {
        table.server = Some(reader.identifier()?);
    } else {
        reader.expect("OPTIONS")?;
        reader.skip_parens()?;
    }
    Some(())
}

fn element(reader: &mut Reader<'_>) -> Option<TableElement> {
    if reader.is_table_constraint() {
        return Some(TableElement::Constraint(reader.table_constraint()?));
    }
    if reader.accept("LIKE") {
        let table = reader.name()?;
        return Some(TableElement::Like(Like { table, including: including(reader)? }));
    }
    Some(TableElement::Column(reader.column_def()?))
}

fn including(reader: &mut Reader<'_>) -> Option<Including> {
    let mut copied = Including::default();
    while let Some(word) = reader.accept_any(&["INCLUDING", "EXCLUDING"]) {
        let it = word == "INCLUDING";
        match reader.identifier()?.as_str() {
            "all" => {
                copied = Including {
                    comments: it,
                    compression: it,
                    constraints: it,
                    defaults: it,
                    generated: it,
                    identity: it,
                    indexes: it,
                    statistics: it,
                    storage: it,
                }
            }
            "comments" => copied.comments = it,
            "compression" => copied.compression = it,
            "constraints" => copied.constraints = it,
            "defaults" => copied.defaults = it,
            "generated" => copied.generated = it,
            "identity" => copied.identity = it,
            "indexes" => copied.indexes = it,
            "statistics" => copied.statistics = it,
            "storage" => copied.storage = it,
            _ => return None,
        }
    }
    Some(copied)
}

impl Reader<'_> {
    /// Inside `CREATE SCHEMA`, the next element begins here.
    fn is_name_of_element(&self) -> bool {
        self.is_any(&["CREATE", "GRANT"])
    }

    /// `FOR VALUES …` or `DEFAULT`.
    pub(super) fn bound(&mut self) -> Option<Bound> {
        let from = self.at;
        if !self.accept("DEFAULT") {
            self.expect_all(&["FOR", "VALUES"])?;
            let range = self.accept_any(&["IN", "WITH", "FROM"])? == "FROM";
            self.skip_parens()?;
            if range {
                self.expect("TO")?;
                self.skip_parens()?;
            }
        }
        Some(Bound(self.folded(from, self.at)))
    }
}
