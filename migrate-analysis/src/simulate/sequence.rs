//! Sequences.

use super::lookup::TEMPORARY;
use super::{Failure, Result, Simulator};
use crate::catalog::{Expr, Key, numbered};
use crate::catalog::{Id, Kind, Object, Ownership, Piece, Sequence, Space};
use crate::ddl::{self, Name, ObjectKind, OwnedBy, Persistence, SequenceOptions};
use crate::list::CollectVec;
use std::ops::Range;

impl Simulator<'_> {
    pub(super) fn create_sequence(&mut self, create: &ddl::CreateSequence) -> Result {
        let schema = self.new_relation_schema(&create.name, create.persistence)?;
        if !self.claim_relation(schema, &create.name, create.if_not_exists)? {
            return Ok(());
        }
        let mut sequence =
            new_sequence(&create.options, "bigint", create.persistence, &create.name.at)?;
        if let Some(owned_by) = &create.options.owned_by {
            sequence.owned_by = self.ownership(schema, owned_by)?;
        }
        let object = self.made(Some(schema), &create.name.name, Kind::Sequence(sequence));
        self.catalog.add(object);
        Ok(())
    }

    pub(super) fn alter_sequence(&mut self, alter: &ddl::AlterSequence) -> Result {
        let Some(id) = self.relation_if_exists(&alter.name, alter.if_exists)? else {
            return Ok(());
        };
        let Some(object) = self.catalog.get(id) else { return Ok(()) };
        let mut sequence = match &object.kind {
            Kind::Sequence(sequence) => sequence.clone(),
            Kind::Relation => return Ok(()),
            _ if object.partial => return Ok(()),
            _ => {
                let message = format!("\"{}\" is not a sequence", alter.name.name);
                return Err(Failure::wrong(alter.name.at.clone(), "42809", message));
            }
        };
        let (partial, schema) = (object.partial, object.schema.unwrap_or(Id::PUBLIC));
        if let Err(failure) = change(&mut sequence, &alter.options, false, &alter.name.at)
            && !partial
        {
            return Err(failure);
        }
        if let Some(owned_by) = &alter.options.owned_by {
            if sequence.owned_by.is_some_and(|owner| owner.identity) {
                let message = "cannot change ownership of identity sequence".to_owned();
                return Err(Failure::wrong(alter.name.at.clone(), "0A000", message));
            }
            sequence.owned_by = self.ownership(schema, owned_by)?;
        }
        if let Some(logged) = alter.set_logged {
            sequence.persistence =
                if logged { Persistence::Permanent } else { Persistence::Unlogged };
        }
        self.catalog.edit(id, |object| object.kind = Kind::Sequence(sequence));
        Ok(())
    }

    fn ownership(&mut self, schema: Id, owned_by: &OwnedBy) -> Result<Option<Ownership>> {
        let OwnedBy::Column { table, column } = owned_by else { return Ok(None) };
        let id = self.table(table)?;
        let number = self.column_number(id, column)?;
        let elsewhere = self.catalog.get(id).is_some_and(|it| it.schema != Some(schema));
        if elsewhere && !self.is_partial(id) {
            let message = "sequence must be in same schema as table it is linked to".to_owned();
            return Err(Failure::wrong(table.at.clone(), "55000", message));
        }
        Ok(Some(Ownership { table: id, column: number, identity: false }))
    }

    /// The sequence of a serial or identity column.
    pub(super) fn add_column_sequence(
        &mut self,
        owner: Ownership,
        data_type: &str,
        options: &SequenceOptions,
        at: &Range<usize>,
    ) -> Result<Id> {
        let Some(object) = self.catalog.get(owner.table) else { return Ok(owner.table) };
        let table_schema = object.schema.unwrap_or(Id::PUBLIC);
        let table_name = object.name.clone();
        let persistence = object.table().map_or(Persistence::Permanent, |it| it.persistence);
        let column = numbered(self.columns(owner.table), owner.column);
        let column = column.map(|it| it.name.clone()).unwrap_or_default();
        let (schema, name) = match &options.name {
            Some(name) => {
                let schema = match &name.schema {
                    Some(schema) => self.existing_schema(schema, &name.at)?,
                    None => table_schema,
                };
                self.claim_relation(schema, name, false)?;
                (schema, name.name.clone())
            }
            None => {
                let parts = (table_name.as_str(), Some(column.as_str()), "seq");
                (table_schema, self.choose_relation_name(table_schema, parts, false))
            }
        };
        let mut sequence = new_sequence(options, data_type, persistence, at)?;
        sequence.owned_by = Some(owner);
        let object = self.made(Some(schema), &name, Kind::Sequence(sequence));
        Ok(self.catalog.add(object))
    }

    /// The sequences that go with a column.
    pub(super) fn column_sequences(&self, table: Id, column: u32) -> Vec<(Id, Ownership)> {
        let owner = |id: &Id| self.catalog.get(*id)?.sequence()?.owned_by;
        let all = self.catalog.dependents(table).filter_map(|id| Some((id, owner(&id)?)));
        all.filter(|(_, owner)| owner.table == table && owner.column == column).collect_vec()
    }

    pub(super) fn edit_sequence(
        &mut self,
        id: Id,
        options: &SequenceOptions,
        at: &Range<usize>,
    ) -> Result {
        let Some(mut sequence) = self.catalog.get(id).and_then(Object::sequence).cloned() else {
            return Ok(());
        };
        change(&mut sequence, options, false, at)?;
        self.catalog.edit(id, |object| object.kind = Kind::Sequence(sequence));
        Ok(())
    }

    /// A relation that a statement changes; none where it does not exist and need not.
    pub(super) fn relation_if_exists(
        &mut self,
        name: &Name,
        if_exists: bool,
    ) -> Result<Option<Id>> {
        match self.relation(name) {
            Ok(id) => Ok(Some(id)),
            Err(_) if if_exists => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// The schema that a new relation goes to.
    pub(super) fn new_relation_schema(
        &mut self,
        name: &Name,
        persistence: Persistence,
    ) -> Result<Id> {
        if persistence == Persistence::Temporary || name.schema.as_deref() == Some(TEMPORARY) {
            return self.existing_schema(TEMPORARY, &name.at);
        }
        self.target_schema(name)
    }

    /// Whether a new relation may have this name: false where it is there already, and need not be
    /// made. What may have been dropped meanwhile gives way.
    pub(super) fn claim_relation(
        &mut self,
        schema: Id,
        name: &Name,
        if_not_exists: bool,
    ) -> Result<bool> {
        let Some(id) = self.catalog.find(&Key::new(Space::Relation, Some(schema), &name.name))
        else {
            return Ok(true);
        };
        if if_not_exists {
            return Ok(false);
        }
        let Some(object) = self.catalog.get(id) else { return Ok(true) };
        let is_temporary = self.schema_named(TEMPORARY) == Some(schema);
        if object.partial || is_temporary || self.may_exist(&name.name) {
            if !is_temporary {
                self.doubt(&name.name);
            }
            self.give_way(id);
            return Ok(true);
        }
        let is_it = |object: &Object| {
            object.schema == Some(schema)
                && object.name == name.name
                && object.keys().iter().any(|key| key.space == Space::Relation)
        };
        let kind = match object.kind {
            Kind::Index(_) => ObjectKind::Index,
            Kind::Sequence(_) => ObjectKind::Sequence,
            Kind::View(_) => ObjectKind::View,
            _ => ObjectKind::Table,
        };
        Err(self.duplicate(kind, &super::lookup::spelt(name), None, name.at.clone(), &is_it))
    }

    /// Takes out a relation that something new replaces, with its indexes and sequences. What else
    /// depended on it is left: whether it still exists is not known either.
    fn give_way(&mut self, id: Id) {
        let parts: Vec<Id> = self
            .catalog
            .dependents(id)
            .filter(|part| match self.catalog.kind(*part) {
                Some(Kind::Index(index)) => index.table == id,
                Some(Kind::Sequence(sequence)) => sequence.owned_by.is_some(),
                _ => false,
            })
            .collect_vec();
        for part in parts {
            self.catalog.remove(part);
        }
        self.catalog.remove(id);
    }

    /// Something new, which belongs to the role at work.
    pub(super) fn made(&self, schema: Option<Id>, name: &str, kind: Kind) -> Object {
        let mut object = Object::new(schema, name, kind);
        object.owner.clone_from(&self.catalog.session().role);
        object
    }
}

/// `nextval('sequence')`.
pub(super) fn next_value(sequence: Id) -> Expr {
    let text = |text: &str| Piece::Text(text.to_owned());
    Expr { pieces: vec![text("nextval("), Piece::Relation(sequence), text(")")] }
}

fn new_sequence(
    options: &SequenceOptions,
    data_type: &str,
    persistence: Persistence,
    at: &Range<usize>,
) -> Result<Sequence> {
    let mut sequence = Sequence {
        persistence,
        data_type: data_type.to_owned(),
        start: 1,
        increment: 1,
        min: 1,
        max: i64::MAX,
        cache: 1,
        cycle: false,
        owned_by: None,
    };
    change(&mut sequence, options, true, at)?;
    Ok(sequence)
}

fn bounds(data_type: &str) -> (i64, i64) {
    match data_type {
        "smallint" => (i64::from(i16::MIN), i64::from(i16::MAX)),
        "integer" => (i64::from(i32::MIN), i64::from(i32::MAX)),
        _ => (i64::MIN, i64::MAX),
    }
}

/// `init_params`: what is written, and what follows from it.
fn change(
    sequence: &mut Sequence,
    options: &SequenceOptions,
    is_new: bool,
    at: &Range<usize>,
) -> Result {
    let wrong = |message: String| Err(Failure::wrong(at.clone(), "22023", message));
    let (mut reset_min, mut reset_max) = (false, false);
    if let Some(written) = &options.type_name {
        let name = written.name.name.as_str();
        if !matches!(name, "smallint" | "integer" | "bigint") {
            return wrong("sequence type must be smallint, integer, or bigint".to_owned());
        }
        if !is_new {
            (reset_min, reset_max) = {
                let (min, max) = bounds(&sequence.data_type);
                (sequence.min == min, sequence.max == max)
            };
        }
        name.clone_into(&mut sequence.data_type);
    }
    if let Some(increment) = options.increment {
        if increment == 0 {
            return wrong("INCREMENT must not be zero".to_owned());
        }
        sequence.increment = increment;
    }
    let (least, greatest) = bounds(&sequence.data_type);
    let ascending = sequence.increment > 0;
    match options.max {
        Some(Some(max)) => sequence.max = max,
        None if !is_new && !reset_max => {}
        _ => sequence.max = if ascending || reset_max { greatest } else { -1 },
    }
    match options.min {
        Some(Some(min)) => sequence.min = min,
        None if !is_new && !reset_min => {}
        _ => sequence.min = if !ascending || reset_min { least } else { 1 },
    }
    match options.start {
        Some(start) => sequence.start = start,
        None if !is_new => {}
        None => sequence.start = if ascending { sequence.min } else { sequence.max },
    }
    sequence.cache = options.cache.unwrap_or(sequence.cache);
    sequence.cycle = options.cycle.unwrap_or(sequence.cycle);
    let Sequence { min, max, start, data_type, .. } = &*sequence;
    if !(least..=greatest).contains(max) {
        return wrong(format!(
            "MAXVALUE ({max}) is out of range for sequence data type {data_type}"
        ));
    }
    if !(least..=greatest).contains(min) {
        return wrong(format!(
            "MINVALUE ({min}) is out of range for sequence data type {data_type}"
        ));
    }
    if min >= max {
        return wrong(format!("MINVALUE ({min}) must be less than MAXVALUE ({max})"));
    }
    if start < min {
        return wrong(format!("START value ({start}) cannot be less than MINVALUE ({min})"));
    }
    if start > max {
        return wrong(format!("START value ({start}) cannot be greater than MAXVALUE ({max})"));
    }
    Ok(())
}
