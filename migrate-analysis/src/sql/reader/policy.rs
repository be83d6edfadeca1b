//! `CREATE POLICY`, `ALTER POLICY`.

use super::cursor::Reader;
use crate::ddl::{AlterPolicy, Command, CreatePolicy, Expression};

/// Behind `CREATE POLICY`.
pub(super) fn create(reader: &mut Reader<'_>) -> Option<Command> {
    let name = reader.ident()?;
    reader.expect("ON")?;
    let table = reader.name()?;
    let mut permissive = true;
    if reader.accept("AS") {
        permissive = reader.identifier()? != "restrictive";
    }
    let mut command = "all".to_owned();
    if reader.accept("FOR") {
        command = reader.identifier()?;
    }
    let roles = if reader.accept("TO") { reader.list(Reader::role)? } else { Vec::new() };
    let (using, check) = conditions(reader)?;
    let policy = CreatePolicy { name, table, permissive, command, roles, using, check };
    reader.done(Command::CreatePolicy(policy))
}

/// Behind `ALTER POLICY`, where it is not renamed.
pub(super) fn alter(reader: &mut Reader<'_>) -> Option<Command> {
    let name = reader.ident()?;
    reader.expect("ON")?;
    let table = reader.name()?;
    let roles = if reader.accept("TO") { Some(reader.list(Reader::role)?) } else { None };
    let (using, check) = conditions(reader)?;
    reader.done(Command::AlterPolicy(AlterPolicy { name, table, roles, using, check }))
}

/// `[USING (…)] [WITH CHECK (…)]`.
fn conditions(reader: &mut Reader<'_>) -> Option<(Option<Expression>, Option<Expression>)> {
    let mut using = None;
    let mut check = None;
    if reader.accept("USING") {
        using = Some(reader.expression_in_parens()?);
    }
    if reader.accept_all(&["WITH", "CHECK"]) {
        check = Some(reader.expression_in_parens()?);
    }
    Some((using, check))
}
