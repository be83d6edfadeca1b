//! `CREATE DOMAIN`, `ALTER DOMAIN`.

use super::cursor::Reader;
use super::expression::COLUMN_CONSTRAINTS;
use crate::ddl::{AlterDomain, Command, CreateDomain, DomainAction};

/// Behind `CREATE DOMAIN`.
pub(super) fn create(reader: &mut Reader<'_>) -> Option<Command> {
    let name = reader.name()?;
    reader.accept("AS");
    let base = reader.type_name()?;
    let mut domain = CreateDomain {
        name,
        base,
        collation: None,
        default: None,
        not_null: false,
        checks: Vec::new(),
    };
    while !reader.at_end() {
        clause(reader, &mut domain)?;
    }
    Some(Command::CreateDomain(domain))
}

fn clause(reader: &mut Reader<'_>, domain: &mut CreateDomain) -> Option<()> {
    if reader.accept("COLLATE") {
        domain.collation = Some(reader.name()?);
        return Some(());
    }
    let name = if reader.accept("CONSTRAINT") { Some(reader.ident()?) } else { None };
    if reader.accept("DEFAULT") {
        domain.default = Some(reader.expression(&COLUMN_CONSTRAINTS)?);
    } else if reader.accept_all(&["NOT", "NULL"]) {
        domain.not_null = true;
    } else if reader.accept("CHECK") {
        domain.checks.push((name, reader.expression_in_parens()?));
        reader.accept_all(&["NO", "INHERIT"]);
        reader.accept_all(&["NOT", "VALID"]);
    } else {
        reader.expect("NULL")?;
    }
    Some(())
}

/// Behind `ALTER DOMAIN`.
pub(super) fn alter(reader: &mut Reader<'_>) -> Option<Command> {
    let name = reader.name()?;
    let action = if reader.accept_all(&["SET", "DEFAULT"]) {
        DomainAction::SetDefault(reader.expression(&[])?)
    } else if reader.accept_all(&["DROP", "DEFAULT"]) {
        DomainAction::DropDefault
    } else if reader.accept_all(&["SET", "NOT", "NULL"]) {
        DomainAction::SetNotNull
    } else if reader.accept_all(&["DROP", "NOT", "NULL"]) {
        DomainAction::DropNotNull
    } else if reader.accept_all(&["VALIDATE", "CONSTRAINT"]) {
        DomainAction::ValidateConstraint(reader.ident()?)
    } else if reader.accept_all(&["DROP", "CONSTRAINT"]) {
        let if_exists = reader.if_exists();
        let constraint = reader.ident()?;
        DomainAction::DropConstraint { constraint, if_exists, behavior: reader.behavior() }
    } else {
        reader.expect("ADD")?;
        add(reader)?
    };
    reader.done(Command::AlterDomain(AlterDomain { name, action }))
}

fn add(reader: &mut Reader<'_>) -> Option<DomainAction> {
    let name = if reader.accept("CONSTRAINT") { Some(reader.ident()?) } else { None };
    // From PostgreSQL 17 on.
    if reader.accept_all(&["NOT", "NULL"]) {
        return Some(DomainAction::SetNotNull);
    }
    reader.expect("CHECK")?;
    let expression = reader.expression_in_parens()?;
    let not_valid = reader.accept_all(&["NOT", "VALID"]);
    Some(DomainAction::AddCheck { name, expression, not_valid })
}
