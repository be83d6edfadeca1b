//! Functions, procedures and aggregates.

use super::built_in_functions::is_built_in;
use super::lookup::{is_system_schema, spelt};
use super::view::{differ, sorted};
use super::{Failure, Found, Result, Simulator};
use crate::catalog::{
    Argument, Body, ColumnType, Id, Key, Kind, Object, Routine, RoutineKind, Space,
};
use crate::ddl::{self, ArgumentMode, Name, ObjectKind, Returns, RoutineOptions};
use crate::list::CollectVec;
use crate::ordered::sort;

impl Simulator<'_> {
    pub(super) fn create_routine(&mut self, create: &ddl::CreateRoutine) -> Result {
        let schema = self.target_schema(&create.name)?;
        let mut arguments = self.routine_arguments(&create.arguments)?;
        let has_outputs =
            arguments.iter().any(|it| it.mode != ArgumentMode::In && !is_variadic(it));
        let mut returns = None;
        let mut returns_set = false;
        match &create.returns {
            Some(Returns::Type(written)) => {
                let column_type = self.bare_type(written)?;
                returns_set = written.set_of;
                // What comes out is said twice then.
                returns = (!has_outputs).then_some(column_type);
            }
            Some(Returns::Table(columns)) => {
                returns_set = true;
                arguments.extend(self.table_columns(columns)?);
            }
            None => {}
        }
        let kind = match create.procedure {
            true => RoutineKind::Procedure,
            false => RoutineKind::Function,
        };
        let mut routine = Routine {
            arguments,
            returns,
            returns_set,
            returns_table: matches!(create.returns, Some(Returns::Table(_))),
            ..new_routine(kind)
        };
        set_options(&mut routine, &create.options);
        self.put_routine(schema, &create.name, create.or_replace, routine)
    }

    pub(super) fn create_aggregate(&mut self, create: &ddl::CreateAggregate) -> Result {
        let schema = self.target_schema(&create.name)?;
        let arguments = self.routine_arguments(&create.arguments)?;
        let mut routine = Routine { arguments, ..new_routine(RoutineKind::Aggregate) };
        // As `pg_proc` has it.
        routine.language = "internal".to_owned();
        routine.volatility = "immutable".to_owned();
        routine.body = Body::Options(sorted(&create.options));
        self.put_routine(schema, &create.name, create.or_replace, routine)
    }

    /// Routines know no lengths nor precisions.
    fn bare_type(&mut self, written: &ddl::TypeName) -> Result<ColumnType> {
        Ok(ColumnType { modifiers: None, ..self.column_type(written)? })
    }

    fn routine_arguments(&mut self, written: &[ddl::Argument]) -> Result<Vec<Argument>> {
        let mut arguments = Vec::with_capacity(written.len());
        for argument in written {
            let default = argument.default.as_ref();
            arguments.push(Argument {
                mode: argument.mode,
                table: false,
                name: argument.name.as_ref().map(|name| name.name.clone()),
                column_type: self.bare_type(&argument.type_name)?,
                default: default.map(|default| self.bind(default, &[])),
            });
        }
        Ok(arguments)
    }

    fn table_columns(&mut self, columns: &[ddl::Attribute]) -> Result<Vec<Argument>> {
        let mut arguments = Vec::with_capacity(columns.len());
        for column in columns {
            arguments.push(Argument {
                mode: ArgumentMode::Out,
                table: true,
                name: Some(column.name.name.clone()),
                column_type: self.bare_type(&column.type_name)?,
                default: None,
            });
        }
        Ok(arguments)
    }

    /// Adds a routine, or replaces the one with the same input types.
    fn put_routine(
        &mut self,
        schema: Id,
        name: &Name,
        or_replace: bool,
        routine: Routine,
    ) -> Result {
        let signature = routine.signature();
        let key = Key { signature, ..Key::new(Space::Routine, Some(schema), &name.name) };
        let there = self.catalog.find(&key);
        let Some((id, object)) = there.and_then(|id| Some((id, self.catalog.get(id)?))) else {
            let object = self.made(Some(schema), &name.name, Kind::Routine(routine));
            self.catalog.add(object);
            return Ok(());
        };
        let is_doubtful = routine.arguments.iter().any(|it| it.column_type.is_unknown());
        if self.is_certain(object) && !is_doubtful {
            if !or_replace {
                let is_it = |object: &Object| object.keys().contains(&key);
                let kind = match routine.kind {
                    RoutineKind::Function => ObjectKind::Function,
                    RoutineKind::Procedure => ObjectKind::Procedure,
                    RoutineKind::Aggregate => ObjectKind::Aggregate,
                };
                return Err(self.duplicate(kind, &spelt(name), None, name.at.clone(), &is_it));
            }
            if let Kind::Routine(old) = &object.kind {
                check_replaced(old, &routine, name)?;
            }
        }
        self.catalog.edit(id, |object| {
            object.partial = false;
            object.kind = Kind::Routine(routine);
        });
        Ok(())
    }

    pub(super) fn alter_routine(&mut self, alter: &ddl::AlterRoutine) -> Result {
        let Some(id) = self.routine_named(&alter.routine)? else { return Ok(()) };
        self.catalog.edit(id, |object| {
            if let Kind::Routine(routine) = &mut object.kind {
                set_options(routine, &alter.options);
            }
        });
        Ok(())
    }

    /// The routine of the set that a call means, where it can be no other: there is one of that name, and
    /// PostgreSQL has none.
    pub(super) fn called(&self, name: &Name) -> Option<Id> {
        if name.schema.is_none() && is_built_in(&name.name) {
            return None;
        }
        let all = self.routines_named(name);
        let only = all.first().copied().filter(|_| all.len() == 1)?;
        self.catalog.get(only).filter(|object| !object.partial).map(|_| only)
    }

    /// Whether `t.name` may be a call: of a function that takes a row of `t`.
    pub(super) fn takes_a_row(&self, name: &str) -> bool {
        let written = Name { schema: None, name: name.to_owned(), at: 0..0 };
        is_built_in(name) || !self.routines_named(&written).is_empty() || self.may_exist(name)
    }

    /// Fails where there certainly is no procedure of that name. PostgreSQL has none of its own.
    pub(super) fn check_procedure(&self, name: &Name) -> Result {
        let may_be = !self.routines_named(name).is_empty() || self.may_come_from_elsewhere(name);
        if may_be || self.may_exist(&name.name) {
            return Ok(());
        }
        Err(self.unknown_routine(ObjectKind::Procedure, name))
    }

    /// Whether PostgreSQL, an extension or something before the set may have brought it.
    fn may_come_from_elsewhere(&self, name: &Name) -> bool {
        self.find(Space::Routine, name) == Found::Perhaps
            || name.schema.as_deref().is_some_and(is_system_schema)
            || is_built_in(&name.name)
            || self.catalog.in_schema(Space::Extension, None).next().is_some()
    }

    fn unknown_routine(&self, kind: ObjectKind, name: &Name) -> Failure {
        let is_it =
            |object: &Object| object.name == name.name && matches!(object.kind, Kind::Routine(_));
        self.unknown(kind, &spelt(name), None, name.at.clone(), &is_it)
    }

    /// The function of a trigger; none where it may exist and nothing is known of it.
    pub(super) fn trigger_function(&self, name: &Name) -> Result<Option<Id>> {
        let plain = |id: &Id| match self.catalog.kind(*id) {
            Some(Kind::Routine(routine)) => routine.signature().is_empty(),
            _ => false,
        };
        let found = self.routines_named(name).into_iter().find(plain);
        if found.is_some() || self.may_come_from_elsewhere(name) {
            return Ok(found);
        }
        Err(self.unknown_routine(ObjectKind::Function, name))
    }
}

fn is_variadic(argument: &Argument) -> bool {
    argument.mode == ArgumentMode::Variadic
}

/// With the defaults of `pg_proc`.
fn new_routine(kind: RoutineKind) -> Routine {
    Routine {
        kind,
        arguments: Vec::new(),
        returns: None,
        returns_set: false,
        returns_table: false,
        language: "sql".to_owned(),
        volatility: "volatile".to_owned(),
        strict: false,
        security_definer: false,
        leakproof: false,
        parallel: "unsafe".to_owned(),
        cost: None,
        rows: None,
        support: None,
        window: false,
        settings: Vec::new(),
        body: Body::Unknown,
        uses: crate::ordered::SortedSet::new(),
    }
}

fn set_options(routine: &mut Routine, options: &RoutineOptions) {
    let set = |old: &mut String, new: &Option<String>| {
        if let Some(new) = new {
            old.clone_from(new);
        }
    };
    set(&mut routine.language, &options.language);
    set(&mut routine.volatility, &options.volatility);
    set(&mut routine.parallel, &options.parallel);
    routine.strict = options.strict.unwrap_or(routine.strict);
    routine.security_definer = options.security_definer.unwrap_or(routine.security_definer);
    routine.leakproof = options.leakproof.unwrap_or(routine.leakproof);
    routine.window |= options.window;
    if options.support.is_some() {
        routine.support.clone_from(&options.support);
    }
    if let Some(cost) = &options.cost {
        let default =
            if matches!(routine.language.as_str(), "c" | "internal") { 1.0 } else { 100.0 };
        routine.cost = Some(cost.clone()).filter(|it| it.parse() != Ok(default));
    }
    if let Some(rows) = &options.rows {
        routine.rows = Some(rows.clone()).filter(|it| it.parse() != Ok(1000.0));
    }
    for (name, value) in &options.settings {
        routine.settings.retain(|(old, _)| old != name && name != "all");
        routine.settings.extend(value.clone().map(|value| (name.clone(), value)));
    }
    sort(&mut routine.settings);
    match &options.body {
        Some(ddl::Body::Text { text, .. }) => routine.body = Body::Text(text.clone()),
        Some(ddl::Body::Sql { text, .. }) => routine.body = Body::Sql(text.clone()),
        Some(ddl::Body::Library(library)) => routine.body = Body::Library(library.clone()),
        None => {}
    }
}

/// What OR REPLACE may not change.
fn check_replaced(old: &Routine, new: &Routine, name: &Name) -> Result {
    let wrong = |sqlstate, message: &str| {
        Err(Failure::wrong(name.at.clone(), sqlstate, message.to_owned()))
    };
    if old.kind != new.kind {
        return wrong("42809", "cannot change routine kind");
    }
    if old.kind == RoutineKind::Aggregate {
        return Ok(());
    }
    if returns_other(old, new) {
        return wrong("42P13", "cannot change return type of existing function");
    }
    let inputs = |routine: &Routine| -> Vec<Argument> {
        routine.arguments.iter().filter(|it| it.is_input()).cloned().collect_vec()
    };
    let (old, new) = (inputs(old), inputs(new));
    for (old, new) in old.iter().zip(&new) {
        if let Some(name) = old.name.as_ref().filter(|name| new.name.as_ref() != Some(name)) {
            return wrong("42P13", &format!("cannot change name of input parameter \"{name}\""));
        }
    }
    let defaults =
        |arguments: &[Argument]| arguments.iter().filter(|it| it.default.is_some()).count();
    if defaults(&old) > defaults(&new) {
        return wrong("42P13", "cannot remove parameter defaults from existing function");
    }
    Ok(())
}

/// Whether what comes out is another type for certain.
fn returns_other(old: &Routine, new: &Routine) -> bool {
    if old.returns_set != new.returns_set {
        return true;
    }
    let differ = |old: &ColumnType, new: &ColumnType| differ(&plain(old), &plain(new));
    match (&old.returns, &new.returns) {
        (Some(old), Some(new)) => differ(old, new),
        (None, None) => {
            let (old, new) = (outputs(old), outputs(new));
            // One alone is no row, and its name does not matter.
            let is_row = old.len() > 1;
            let mut pairs = old.iter().zip(&new);
            old.len() != new.len()
                || pairs.any(|(old, new)| {
                    (is_row && old.name != new.name) || differ(&old.column_type, &new.column_type)
                })
        }
        _ => false,
    }
}

fn outputs(routine: &Routine) -> Vec<&Argument> {
    let is_output =
        |it: &&Argument| it.table || matches!(it.mode, ArgumentMode::Out | ArgumentMode::InOut);
    routine.arguments.iter().filter(is_output).collect_vec()
}

/// A function's types have no modifiers.
fn plain(column_type: &ColumnType) -> ColumnType {
    ColumnType { modifiers: None, ..column_type.clone() }
}
