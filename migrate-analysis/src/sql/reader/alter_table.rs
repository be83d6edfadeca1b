//! ALTER TABLE, and what ALTER INDEX, VIEW, MATERIALIZED VIEW and FOREIGN TABLE share with it.

use super::cursor::Reader;
use super::sequence::SequenceOption;
use crate::ddl::{
    AlterAction, AlterActionKind, AlterTable, ColumnAction, Command, Enabled, Ident, ObjectKind,
    ObjectName, ReplicaIdentity, RowSecurity, SequenceOptions, TriggerChoice,
};
use crate::sql::lex::Kind;

/// Behind `ALTER`: `TABLE`, `INDEX`, `VIEW`, `MATERIALIZED VIEW` or `FOREIGN TABLE`.
pub(super) fn alter_table(reader: &mut Reader<'_>) -> Option<Command> {
    let kind = reader.object_kind()?;
    if reader.accept_all(&["ALL", "IN", "TABLESPACE"]) {
        reader.at = reader.words.len();
        return Some(Command::Nothing);
    }
    let if_exists = reader.if_exists();
    let only = reader.is("ONLY");
    let table = reader.relation()?;
    if kind == ObjectKind::Index && reader.accept_all(&["ATTACH", "PARTITION"]) {
        return Some(Command::AttachIndex { index: table, partition: reader.name()? });
    }
    if reader.are(&["DEPENDS", "ON"]) || reader.are(&["NO", "DEPENDS"]) {
        reader.at = reader.words.len();
        let object = ObjectName { kind, name: table, part: None, arguments: None };
        return Some(Command::AlterOther { object, tables: Vec::new() });
    }
    let actions = reader.list(|reader| {
        let from = reader.at;
        let kind = action(reader)?;
        Some(AlterAction { kind, at: reader.range_from(from) })
    })?;
    Some(Command::AlterTable(AlterTable { table, kind, if_exists, only, actions }))
}

fn action(reader: &mut Reader<'_>) -> Option<AlterActionKind> {
    const FIRST: [&str; 16] = [
        "ADD", "DROP", "ALTER", "SET", "RESET", "OWNER", "ENABLE", "DISABLE", "VALIDATE", "ATTACH",
        "DETACH", "INHERIT", "NO", "CLUSTER", "REPLICA", "FORCE",
    ];
    let Some(first) = reader.accept_any(&FIRST) else { return rare_action(reader) };
    match first {
        "ADD" => add(reader),
        "DROP" => drop(reader),
        "ALTER" => alter(reader),
        "SET" => set(reader),
        "RESET" => Some(AlterActionKind::ResetOptions(reader.option_names()?)),
        "OWNER" => {
            reader.expect("TO")?;
            Some(AlterActionKind::OwnerTo(reader.role()?))
        }
        "ENABLE" => enable(reader),
        "DISABLE" => disable(reader),
        "VALIDATE" => {
            reader.expect("CONSTRAINT")?;
            Some(AlterActionKind::ValidateConstraint(reader.ident()?))
        }
        "ATTACH" => {
            reader.expect("PARTITION")?;
            let partition = reader.name()?;
            Some(AlterActionKind::AttachPartition { partition, bound: reader.bound()? })
        }
        "DETACH" => {
            reader.expect("PARTITION")?;
            let partition = reader.name()?;
            let concurrently = reader.accept("CONCURRENTLY");
            let finalize = reader.accept("FINALIZE");
            Some(AlterActionKind::DetachPartition { partition, concurrently, finalize })
        }
        "INHERIT" => Some(AlterActionKind::Inherit(reader.name()?)),
        "NO" if reader.accept("INHERIT") => Some(AlterActionKind::NoInherit(reader.name()?)),
        "NO" => {
            reader.expect("FORCE")?;
            row_security(reader, RowSecurity::NoForce)
        }
        "FORCE" => row_security(reader, RowSecurity::Force),
        "CLUSTER" => {
            reader.expect("ON")?;
            Some(AlterActionKind::ClusterOn(reader.ident()?))
        }
        _ => replica_identity(reader),
    }
}

fn rare_action(reader: &mut Reader<'_>) -> Option<AlterActionKind> {
    if reader.accept("OF") {
        return Some(AlterActionKind::OfType(reader.name()?));
    }
    if reader.accept_all(&["NOT", "OF"]) {
        return Some(AlterActionKind::NotOf);
    }
    reader.expect("OPTIONS")?;
    options(reader)
}

/// Behind `OPTIONS`.
fn options(reader: &mut Reader<'_>) -> Option<AlterActionKind> {
    let from = reader.at;
    reader.skip_parens()?;
    Some(AlterActionKind::Options(reader.folded(from, reader.at)))
}

/// Behind `ADD`.
fn add(reader: &mut Reader<'_>) -> Option<AlterActionKind> {
    if reader.is_table_constraint() {
        return Some(AlterActionKind::AddConstraint(Box::new(reader.table_constraint()?)));
    }
    reader.accept("COLUMN");
    let if_not_exists = reader.if_not_exists();
    let column = Box::new(reader.column_def()?);
    Some(AlterActionKind::AddColumn { column, if_not_exists })
}

/// Behind `DROP`.
fn drop(reader: &mut Reader<'_>) -> Option<AlterActionKind> {
    if reader.accept("CONSTRAINT") {
        let if_exists = reader.if_exists();
        let constraint = reader.ident()?;
        let behavior = reader.behavior();
        return Some(AlterActionKind::DropConstraint { constraint, if_exists, behavior });
    }
    reader.accept("COLUMN");
    let if_exists = reader.if_exists();
    let column = reader.ident()?;
    let behavior = reader.behavior();
    Some(AlterActionKind::DropColumn { column, if_exists, behavior })
}

/// Behind `SET`.
fn set(reader: &mut Reader<'_>) -> Option<AlterActionKind> {
    if reader.is_kind(Kind::Open) {
        return Some(AlterActionKind::SetOptions(reader.options()?));
    }
    match reader.accept_any(&["LOGGED", "UNLOGGED", "TABLESPACE", "ACCESS", "WITHOUT"])? {
        "LOGGED" => Some(AlterActionKind::SetLogged(true)),
        "UNLOGGED" => Some(AlterActionKind::SetLogged(false)),
        "TABLESPACE" => {
            let tablespace = reader.identifier()?;
            reader.accept("NOWAIT");
            Some(AlterActionKind::SetTablespace(tablespace))
        }
        "ACCESS" => {
            reader.expect("METHOD")?;
            Some(AlterActionKind::SetAccessMethod(reader.identifier()?))
        }
        _ if reader.accept("CLUSTER") => Some(AlterActionKind::SetWithoutCluster),
        // No table has any.
        _ => {
            reader.expect("OIDS")?;
            Some(AlterActionKind::ResetOptions(Vec::new()))
        }
    }
}

/// Behind `ENABLE`.
fn enable(reader: &mut Reader<'_>) -> Option<AlterActionKind> {
    if reader.is("ROW") {
        return row_security(reader, RowSecurity::Enable);
    }
    let enabled = match reader.accept_any(&["ALWAYS", "REPLICA"]) {
        Some("ALWAYS") => Enabled::Always,
        Some(_) => Enabled::Replica,
        None => Enabled::Origin,
    };
    firing(reader, enabled)
}

/// Behind `DISABLE`.
fn disable(reader: &mut Reader<'_>) -> Option<AlterActionKind> {
    if reader.is("ROW") {
        return row_security(reader, RowSecurity::Disable);
    }
    firing(reader, Enabled::Disabled)
}

fn row_security(reader: &mut Reader<'_>, what: RowSecurity) -> Option<AlterActionKind> {
    reader.expect_all(&["ROW", "LEVEL", "SECURITY"])?;
    Some(AlterActionKind::RowSecurity(what))
}

/// `TRIGGER name|ALL|USER`, `RULE name`.
fn firing(reader: &mut Reader<'_>, enabled: Enabled) -> Option<AlterActionKind> {
    if reader.accept("RULE") {
        return Some(AlterActionKind::EnableRule { rule: reader.ident()?, enabled });
    }
    reader.expect("TRIGGER")?;
    let trigger = match reader.accept_any(&["ALL", "USER"]) {
        Some("ALL") => TriggerChoice::All,
        Some(_) => TriggerChoice::User,
        None => TriggerChoice::Named(reader.ident()?),
    };
    Some(AlterActionKind::EnableTrigger { trigger, enabled })
}

/// Behind `REPLICA`.
fn replica_identity(reader: &mut Reader<'_>) -> Option<AlterActionKind> {
    reader.expect("IDENTITY")?;
    let identity = match reader.accept_any(&["DEFAULT", "FULL", "NOTHING", "USING"])? {
        "DEFAULT" => ReplicaIdentity::Default,
        "FULL" => ReplicaIdentity::Full,
        "NOTHING" => ReplicaIdentity::Nothing,
        _ => {
            reader.expect("INDEX")?;
            ReplicaIdentity::Index(reader.identifier()?)
        }
    };
    Some(AlterActionKind::ReplicaIdentity(identity))
}

/// Behind `ALTER`.
fn alter(reader: &mut Reader<'_>) -> Option<AlterActionKind> {
    if reader.accept("CONSTRAINT") {
        let constraint = reader.ident()?;
        let mut attributes = reader.constraint_attributes();
        if reader.accept("INHERIT") {
            attributes.no_inherit = false;
        }
        return Some(AlterActionKind::AlterConstraint { constraint, attributes });
    }
    reader.accept("COLUMN");
    let column = column_or_number(reader)?;
    if reader.accept("OPTIONS") {
        return options(reader);
    }
    Some(AlterActionKind::AlterColumn { column, action: column_action(reader)? })
}

/// A column of an index is a number.
fn column_or_number(reader: &mut Reader<'_>) -> Option<Ident> {
    if !reader.is_kind(Kind::Number) {
        return reader.ident();
    }
    let name = reader.text().to_owned();
    reader.at += 1;
    Some(Ident { name, at: reader.range(reader.at - 1, reader.at) })
}

fn column_action(reader: &mut Reader<'_>) -> Option<ColumnAction> {
    if reader.accept("TYPE") || reader.accept_all(&["SET", "DATA", "TYPE"]) {
        let type_name = reader.type_name()?;
        let collation = if reader.accept("COLLATE") { Some(reader.name()?) } else { None };
        let using = if reader.accept("USING") { Some(reader.expression(&[])?) } else { None };
        return Some(ColumnAction::Type { type_name, collation, using });
    }
    if reader.accept("DROP") {
        return drop_of_column(reader);
    }
    if reader.accept("RESET") {
        return Some(ColumnAction::ResetOptions(reader.option_names()?));
    }
    if reader.accept_all(&["ADD", "GENERATED"]) {
        let always = reader.always_or_by_default()?;
        reader.expect_all(&["AS", "IDENTITY"])?;
        let options = if reader.is_kind(Kind::Open) {
            reader.identity_options()?
        } else {
            Default::default()
        };
        return Some(ColumnAction::AddIdentity { always, options });
    }
    if reader.is("RESTART") || reader.are(&["SET", "GENERATED"]) {
        return set_identity(reader);
    }
    let from = reader.at;
    reader.expect("SET")?;
    if let Some(action) = set_of_column(reader)? {
        return Some(action);
    }
    reader.at = from;
    set_identity(reader)
}

/// Behind `DROP`.
fn drop_of_column(reader: &mut Reader<'_>) -> Option<ColumnAction> {
    match reader.accept_any(&["DEFAULT", "NOT", "EXPRESSION", "IDENTITY"])? {
        "DEFAULT" => Some(ColumnAction::DropDefault),
        "NOT" => {
            reader.expect("NULL")?;
            Some(ColumnAction::DropNotNull)
        }
        "EXPRESSION" => Some(ColumnAction::DropExpression { if_exists: reader.if_exists() }),
        _ => Some(ColumnAction::DropIdentity { if_exists: reader.if_exists() }),
    }
}

/// Behind `SET`; `Some(None)` where it is none of these.
fn set_of_column(reader: &mut Reader<'_>) -> Option<Option<ColumnAction>> {
    const WORDS: [&str; 6] =
        ["DEFAULT", "NOT", "STATISTICS", "STORAGE", "COMPRESSION", "EXPRESSION"];
    if reader.is_kind(Kind::Open) {
        return Some(Some(ColumnAction::SetOptions(reader.options()?)));
    }
    let Some(word) = reader.accept_any(&WORDS) else { return Some(None) };
    Some(Some(match word {
        "DEFAULT" => ColumnAction::SetDefault(reader.expression(&[])?),
        "NOT" => {
            reader.expect("NULL")?;
            ColumnAction::SetNotNull
        }
        "STATISTICS" if reader.accept("DEFAULT") => ColumnAction::SetStatistics(-1),
        "STATISTICS" => ColumnAction::SetStatistics(i32::try_from(reader.integer()?).ok()?),
        "STORAGE" => ColumnAction::SetStorage(reader.identifier()?),
        "COMPRESSION" => ColumnAction::SetCompression(reader.identifier()?),
        _ => {
            reader.expect("AS")?;
            ColumnAction::SetExpression(reader.expression_in_parens()?)
        }
    }))
}

/// `SET GENERATED …`, `SET option`, `RESTART …`, one after the other.
fn set_identity(reader: &mut Reader<'_>) -> Option<ColumnAction> {
    let mut always = None;
    let mut restart = false;
    let mut options = SequenceOptions::default();
    loop {
        if reader.accept_all(&["SET", "GENERATED"]) {
            always = Some(reader.always_or_by_default()?);
        } else if reader.is("RESTART") || reader.accept("SET") {
            restart |= reader.sequence_option(&mut options)?? == SequenceOption::Restart;
        } else {
            return Some(ColumnAction::SetIdentity { always, options, restart });
        }
    }
}
