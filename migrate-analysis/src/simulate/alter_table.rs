//! ALTER TABLE.

use super::inherit::check_same_type;
use super::remove::Target;
use super::{Failure, FailureKind, Result, Simulator};
use crate::catalog::{
    Column, Constraint, Id, IndexKey, Kind, Object, Table, named, named_mut, names, numbered,
    numbered_mut,
};
use crate::ddl::{
    self, AlterAction, AlterActionKind, Behavior, ColumnAction, ColumnDef, Enabled, Ident,
    ObjectKind, ObjectName, Persistence, ReplicaIdentity, RowSecurity, TableConstraint,
    TriggerChoice,
};
use crate::list::CollectVec;
use crate::ordered::{SortedSet, sort, sort_by_key};
use std::ops::Range;

/// An ALTER TABLE at work.
struct Altering<'a> {
    alter: &'a ddl::AlterTable,
    table: Id,
    /// Constraints wait until all columns are there.
    constraints: Vec<TableConstraint>,
}

impl Simulator<'_> {
    /// The type of a column changes once at most.
    fn check_retyped_once(&mut self, table: Id, actions: &[AlterAction]) -> Result {
        let mut changed = SortedSet::new();
        for action in actions {
            let AlterActionKind::AlterColumn {
                column,
                action: ColumnAction::Type { type_name, .. },
            } = &action.kind
            else {
                continue;
            };
            if changed.contains(column.name.as_str()) {
                let message = format!("cannot alter type of column \"{}\" twice", column.name);
                return Err(Failure::wrong(column.at.clone(), "0A000", message));
            }
            let wanted = self.column_type(type_name);
            let found = named(self.columns(table), &column.name);
            let known = found.map(|it| &it.column_type).filter(|it| !it.is_unknown());
            if let (Some(now), Ok(wanted)) = (known, wanted)
                && *now != wanted
            {
                changed.insert(column.name.as_str());
            }
        }
        Ok(())
    }

    pub(super) fn alter_table(&mut self, alter: &ddl::AlterTable) -> Result {
        let Some(table) = self.altered(alter)? else { return Ok(()) };
        for action in &alter.actions {
            self.check_action(table, alter, action)?;
        }
        self.check_retyped_once(table, &alter.actions)?;
        let mut altering = Altering { alter, table, constraints: Vec::new() };
        let mut actions: Vec<&AlterAction> = alter.actions.iter().collect_vec();
        sort_by_key(&mut actions, |action| pass(&action.kind));
        let (early, late): (Vec<_>, Vec<_>) =
            actions.into_iter().partition(|action| pass(&action.kind) <= Pass::Attributes);
        for action in early {
            self.action(&mut altering, action)?;
        }
        sort_by_key(&mut altering.constraints, |it| match super::create_table::rank(&it.kind) {
            1 | 2 => 0,
            _ => 1,
        });
        for constraint in &altering.constraints {
            self.add_constraint(table, constraint, alter.only)?;
        }
        for action in late {
            self.action(&mut altering, action)?;
        }
        self.check_retyped(table, &alter.actions)
    }

    /// The keys of columns of another type are made again, once all have theirs.
    fn check_retyped(&self, table: Id, actions: &[AlterAction]) -> Result {
        for action in actions {
            if let AlterActionKind::AlterColumn { column, action: ColumnAction::Type { .. } } =
                &action.kind
                && let Some(own) = named(self.columns(table), &column.name)
            {
                self.check_keys_of(table, own.number, &column.at)?;
            }
        }
        Ok(())
    }

    /// What is altered; none where it does not exist and need not.
    fn altered(&mut self, alter: &ddl::AlterTable) -> Result<Option<Id>> {
        let found = match alter.kind {
            ObjectKind::Table | ObjectKind::ForeignTable => self.table(&alter.table).map(Some),
            ObjectKind::Index => self.index_named(&alter.table),
            _ => self.relation(&alter.table).map(Some),
        };
        match found {
            Err(_) if alter.if_exists => Ok(None),
            Err(mut failure) => {
                if let FailureKind::Unknown { kind, .. } = &mut failure.kind
                    && *kind == ObjectKind::Table
                {
                    *kind = alter.kind;
                }
                Err(failure)
            }
            found => found,
        }
    }

    /// Fails for what only a table can have.
    fn check_action(&self, id: Id, alter: &ddl::AlterTable, action: &AlterAction) -> Result {
        let name = match &action.kind {
            AlterActionKind::AddColumn { .. } => "ADD COLUMN",
            AlterActionKind::DropColumn { .. } => "DROP COLUMN",
            AlterActionKind::AddConstraint(_) => "ADD CONSTRAINT",
            AlterActionKind::DropConstraint { .. } => "DROP CONSTRAINT",
            AlterActionKind::ValidateConstraint(_) => "VALIDATE CONSTRAINT",
            AlterActionKind::AlterConstraint { .. } => "ALTER CONSTRAINT",
            AlterActionKind::AlterColumn { action: ColumnAction::Type { .. }, .. } => {
                "ALTER COLUMN ... SET DATA TYPE"
            }
            AlterActionKind::AlterColumn { action: ColumnAction::SetNotNull, .. } => {
                "ALTER COLUMN ... SET NOT NULL"
            }
            AlterActionKind::AlterColumn { action: ColumnAction::DropNotNull, .. } => {
                "ALTER COLUMN ... DROP NOT NULL"
            }
            _ => return Ok(()),
        };
        let is_other = self.catalog.get(id).is_some_and(|object| {
            matches!(object.kind, Kind::View(_) | Kind::Index(_) | Kind::Sequence(_))
        });
        if !is_other || self.is_partial(id) {
            return Ok(());
        }
        let table = &alter.table.name;
        let message = format!("ALTER action {name} cannot be performed on relation \"{table}\"");
        Err(Failure::wrong(alter.table.at.clone(), "42809", message))
    }

    fn action(&mut self, altering: &mut Altering<'_>, action: &AlterAction) -> Result {
        let (table, only) = (altering.table, altering.alter.only);
        match &action.kind {
            AlterActionKind::AddColumn { column, if_not_exists } => {
                let added = self.add_column(table, column, *if_not_exists, only)?;
                if added {
                    altering.constraints.extend(super::column::constraints(column));
                }
                Ok(())
            }
            AlterActionKind::DropColumn { column, if_exists, behavior } => {
                self.drop_column(table, column, *if_exists, *behavior, only)
            }
            AlterActionKind::AlterColumn { column, action } => {
                self.alter_column(table, column, action, only)
            }
            AlterActionKind::AddConstraint(constraint) => {
                altering.constraints.push(TableConstraint::clone(constraint));
                Ok(())
            }
            AlterActionKind::DropConstraint { constraint, if_exists, behavior } => {
                self.drop_constraint(table, constraint, *if_exists, *behavior)
            }
            AlterActionKind::ValidateConstraint(constraint) => {
                self.check_validated(table, constraint)?;
                self.edit_constraint(table, constraint, |it| it.validated = true)
            }
            AlterActionKind::AlterConstraint { constraint, attributes } => {
                self.edit_constraint(table, constraint, |it| {
                    it.deferrable = attributes.deferrable || attributes.initially_deferred;
                    it.initially_deferred = attributes.initially_deferred;
                    it.not_enforced = attributes.not_enforced;
                })
            }
            AlterActionKind::AttachPartition { partition, bound } => {
                self.attach_partition(table, &altering.alter.table, partition, bound)
            }
            AlterActionKind::DetachPartition { partition, .. } => {
                self.detach_partition(table, partition)
            }
            AlterActionKind::Inherit(parent) => {
                let id = self.table(parent)?;
                self.inherit(table, id, parent)
            }
            AlterActionKind::NoInherit(parent) => {
                let id = self.table(parent)?;
                self.disinherit(table, id);
                Ok(())
            }
            other => self.setting(altering, other),
        }
    }

    /// What changes nothing but a setting of the table.
    fn setting(&mut self, altering: &Altering<'_>, action: &AlterActionKind) -> Result {
        let table = altering.table;
        match action {
            AlterActionKind::OwnerTo(owner) => {
                let name = altering.alter.table.clone();
                let kind = altering.alter.kind;
                let object = ObjectName { kind, name, part: None, arguments: None };
                self.set_owner(&object, owner, false)?;
            }
            AlterActionKind::SetLogged(logged) => self.set_logged(table, *logged),
            AlterActionKind::SetOptions(options) => self.edit_options(table, |own| {
                own.retain(|(name, _)| !options.iter().any(|(other, _)| other == name));
                own.extend(options.iter().cloned());
            }),
            AlterActionKind::ResetOptions(names) => {
                self.edit_options(table, |own| own.retain(|(name, _)| !names.contains(name)));
            }
            AlterActionKind::SetTablespace(name) => self.set_tablespace(table, name),
            AlterActionKind::SetAccessMethod(name) => {
                self.edit_table(table, |table| table.access_method = Some(name.clone()));
            }
            AlterActionKind::ClusterOn(index) => {
                let index = self.own_index(table, index)?;
                self.edit_table(table, |table| table.clustered_on = index);
            }
            AlterActionKind::SetWithoutCluster => {
                self.edit_table(table, |table| table.clustered_on = None);
            }
            AlterActionKind::ReplicaIdentity(identity) => {
                if let ReplicaIdentity::Index(name) = identity {
                    let name = Ident { name: name.clone(), at: altering.alter.table.at.clone() };
                    self.own_index(table, &name)?;
                }
                self.edit_table(table, |table| table.replica_identity = identity.clone());
            }
            AlterActionKind::RowSecurity(row_security) => {
                self.edit_table(table, |table| match row_security {
                    RowSecurity::Enable => table.row_security = true,
                    RowSecurity::Disable => table.row_security = false,
                    RowSecurity::Force => table.force_row_security = true,
                    RowSecurity::NoForce => table.force_row_security = false,
                });
            }
            AlterActionKind::EnableTrigger { trigger, enabled } => {
                self.enable_trigger(table, trigger, *enabled)?;
            }
            AlterActionKind::EnableRule { rule, enabled } => {
                self.edit_table(table, |table| {
                    let of_name = table.rules.iter_mut().filter(|it| it.name == rule.name);
                    of_name.for_each(|it| it.enabled = *enabled);
                });
            }
            AlterActionKind::OfType(name) => {
                let found = self.find(crate::catalog::Space::Type, name);
                if let super::Found::Known(id) = found {
                    self.edit_table(table, |table| table.of_type = Some(id));
                }
            }
            AlterActionKind::NotOf => self.edit_table(table, |table| table.of_type = None),
            AlterActionKind::Options(options) => {
                self.edit_table(table, |table| table.foreign_options = Some(options.clone()));
            }
            _ => {}
        }
        Ok(())
    }

    /// False where the column is there already.
    fn add_column(
        &mut self,
        table: Id,
        def: &ColumnDef,
        if_not_exists: bool,
        only: bool,
    ) -> Result<bool> {
        let existing = named(self.columns(table), &def.name.name);
        let doubtful =
            self.columns_for_certain(table).is_none() || self.is_shrouded(&def.name.name);
        let number = match existing.map(|it| (it.number, it.partial)) {
            Some(_) if if_not_exists => return Ok(false),
            Some((number, partial)) if partial || doubtful => number,
            Some(_) => return Err(self.duplicate_column(table, &def.name)),
            None => self.table_of(table).map_or(0, |it| it.last_number) + 1,
        };
        let children = self.child_tables(table);
        if only && !children.is_empty() {
            let message = "column must be added to child tables too".to_owned();
            return Err(Failure::wrong(def.name.at.clone(), "42P16", message));
        }
        let name = self.relation_name_of(table);
        let mut column = self.new_column(&name, number, def)?;
        column.partial = if_not_exists && doubtful;
        self.put_column(table, column);
        self.finish_column(table, number, def)?;
        for child in children {
            self.inherit_column(table, number, child, &def.name.at)?;
        }
        Ok(true)
    }

    fn put_column(&mut self, table: Id, column: Column) {
        self.edit_table(table, |table| {
            table.last_number = table.last_number.max(column.number);
            match numbered_mut(&mut table.columns, column.number) {
                Some(own) => *own = column,
                None => table.columns.push(column),
            }
        });
    }

    /// A new column of the parent in a child.
    fn inherit_column(&mut self, parent: Id, number: u32, child: Id, at: &Range<usize>) -> Result {
        let column = numbered(self.columns(parent), number).cloned();
        let Some(column) = column else { return Ok(()) };
        let own = named(self.columns(child), &column.name).cloned();
        if let Some(own) = own {
            check_same_type(&own, &column, at, "child table")?;
            self.edit_column(child, own.number, |own| own.inherited += 1);
            return Ok(());
        }
        let numbers = self.column_map(parent, child);
        let own_number = self.table_of(child).map_or(0, |it| it.last_number) + 1;
        let renumber = |it: u32| numbers.get(&it).copied().unwrap_or(own_number);
        let generated = column.generated.as_ref();
        let copy = Column {
            number: own_number,
            generated: generated.map(|(it, stored)| (it.renumbered(renumber), *stored)),
            identity: None,
            local: false,
            inherited: 1,
            ..column
        };
        self.put_column(child, copy);
        for grandchild in self.child_tables(child) {
            self.inherit_column(child, own_number, grandchild, at)?;
        }
        Ok(())
    }

    fn drop_column(
        &mut self,
        table: Id,
        column: &Ident,
        if_exists: bool,
        behavior: Behavior,
        only: bool,
    ) -> Result {
        let known = named(self.columns(table), &column.name);
        let number = match known {
            Some(known) => known.number,
            None if if_exists && !self.is_partial(table) => return Ok(()),
            None => self.column_number(table, column)?,
        };
        if only {
            self.leave_to_children(table, &column.name);
        }
        self.remove(&[Target::Column(table, number)], behavior, &column.at)
    }

    /// The children keep a column as their own.
    fn leave_to_children(&mut self, parent: Id, name: &str) {
        for child in self.child_tables(parent) {
            self.edit_table(child, |table| {
                if let Some(column) = table.column_mut(name) {
                    column.inherited = column.inherited.saturating_sub(1);
                    column.local = true;
                }
            });
        }
    }

    fn drop_constraint(
        &mut self,
        table: Id,
        name: &Ident,
        if_exists: bool,
        behavior: Behavior,
    ) -> Result {
        let is_there = self.table_of(table).is_some_and(|it| it.constraint(&name.name).is_some());
        if !is_there && self.is_partial(table) {
            self.shroud(&name.name);
        }
        if !is_there {
            return match if_exists || self.drop_not_null_constraint(table, name) {
                true => Ok(()),
                false => self.missing_constraint(table, name),
            };
        }
        self.remove(&[Target::Constraint(table, name.name.clone())], behavior, &name.at)
    }

    /// From PostgreSQL 18 on NOT NULL is a constraint with a name.
    fn drop_not_null_constraint(&mut self, table: Id, name: &Ident) -> bool {
        let of = self.relation_name_of(table);
        let is_it = |column: &&Column| {
            let own = super::names::join(&of, Some(&column.name), "not_null");
            column.not_null
                && (own == name.name || column.not_null_name.as_ref() == Some(&name.name))
        };
        let number = self.columns(table).iter().find(is_it).map(|column| column.number);
        if let Some(number) = number {
            self.edit_column(table, number, |column| column.not_null = false);
        }
        number.is_some()
    }

    fn missing_constraint(&self, table: Id, name: &Ident) -> Result {
        if self.is_partial(table) || self.is_shrouded(&name.name) {
            return Ok(());
        }
        let object = self.catalog.get(table);
        let of = object.map(|object| object.name.clone());
        let names = self.table_of(table).map(|it| names(&it.constraints)).unwrap_or_default();
        let near = crate::directive::closest(&name.name, &names).map(str::to_owned);
        let has = |object: Option<&Object>| {
            object.filter(|it| Some(&it.name) == of.as_ref()).is_some_and(|object| {
                object.table().is_some_and(|it| it.constraint(&name.name).is_some())
            })
        };
        let dropped = self.catalog.last(|before, after| has(before) && !has(after));
        let kind = ObjectKind::Constraint;
        let among = names.iter().map(|name| (*name).to_owned()).collect_vec();
        let kind = FailureKind::Unknown { kind, name: name.name.clone(), of, near, among, dropped };
        Err(Failure { kind, at: name.at.clone() })
    }

    /// Changes a constraint, also where it was inherited.
    /// Only what looks at the rows is validated.
    fn check_validated(&self, table: Id, name: &Ident) -> Result {
        let found = self.table_of(table).and_then(|table| table.constraint(&name.name));
        if found.is_none_or(|it| it.kind.index().is_none()) {
            return Ok(());
        }
        let message = format!(
            "constraint \"{}\" of relation \"{}\" is not a foreign key or check constraint",
            name.name,
            self.relation_name_of(table)
        );
        Err(Failure::wrong(name.at.clone(), "42809", message))
    }

    fn edit_constraint(
        &mut self,
        table: Id,
        name: &Ident,
        change: impl Fn(&mut Constraint) + Copy,
    ) -> Result {
        if self.table_of(table).is_some_and(|it| it.constraint(&name.name).is_none()) {
            return match self.is_not_null_constraint(table, name) {
                true => Ok(()),
                false => self.missing_constraint(table, name),
            };
        }
        self.edit_table(table, |table| {
            if let Some(it) = named_mut(&mut table.constraints, &name.name) {
                change(it);
            }
        });
        for child in self.child_tables(table) {
            let own = self.table_of(child).and_then(|it| it.constraint(&name.name));
            if own.is_some_and(|own| own.inherited > 0) {
                self.edit_constraint(child, name, change)?;
            }
        }
        Ok(())
    }

    fn is_not_null_constraint(&self, table: Id, name: &Ident) -> bool {
        let of = self.relation_name_of(table);
        let mut columns = self.columns(table).iter();
        columns.any(|it| {
            let own = super::names::join(&of, Some(&it.name), "not_null");
            own == name.name || it.not_null_name.as_ref() == Some(&name.name)
        })
    }

    fn set_logged(&mut self, table: Id, logged: bool) {
        let persistence = if logged { Persistence::Permanent } else { Persistence::Unlogged };
        self.edit_table(table, |table| table.persistence = persistence);
        let numbers: Vec<u32> = self.columns(table).iter().map(|it| it.number).collect_vec();
        for number in numbers {
            for (id, _) in self.column_sequences(table, number) {
                self.catalog.edit(id, |object| {
                    if let Kind::Sequence(sequence) = &mut object.kind {
                        sequence.persistence = persistence;
                    }
                });
            }
        }
    }

    fn edit_options(&mut self, id: Id, change: impl FnOnce(&mut Vec<(String, String)>)) {
        self.catalog.edit(id, |object| {
            let options = match &mut object.kind {
                Kind::Table(table) => &mut table.options,
                Kind::View(view) => &mut view.options,
                Kind::Index(index) => &mut index.options,
                _ => return,
            };
            change(options);
            sort(options);
        });
    }

    fn set_tablespace(&mut self, id: Id, name: &str) {
        self.catalog.edit(id, |object| match &mut object.kind {
            Kind::Table(table) => table.tablespace = Some(name.to_owned()),
            Kind::Index(index) => index.tablespace = Some(name.to_owned()),
            _ => {}
        });
    }

    /// An index of the table; none where nothing is known of it.
    fn own_index(&self, table: Id, name: &Ident) -> Result<Option<Id>> {
        let id = self.relation_in(self.schema_of(table), &name.name);
        let found = id.filter(|id| self.indexes(table).contains(id));
        if found.is_some() || self.is_partial(table) || self.is_shrouded(&name.name) {
            return Ok(found);
        }
        let of = self.relation_name_of(table);
        let is_it = |object: &Object| object.name == name.name && object.index().is_some();
        let at = name.at.clone();
        Err(self.unknown(ObjectKind::Index, &name.name, Some(of), at, &is_it))
    }

    fn enable_trigger(&mut self, id: Id, choice: &TriggerChoice, enabled: Enabled) -> Result {
        if let TriggerChoice::Named(name) = choice {
            let triggers = match self.catalog.kind(id) {
                Some(Kind::Table(table)) => table.triggers.as_slice(),
                _ => return Ok(()),
            };
            let is_there = named(triggers, &name.name).is_some();
            if !is_there && !self.is_partial(id) && !self.is_shrouded(&name.name) {
                let of = self.relation_name_of(id);
                let has = |object: &Object| {
                    object.name == of
                        && object
                            .table()
                            .is_some_and(|it| named(&it.triggers, &name.name).is_some())
                };
                let (kind, at) = (ObjectKind::Trigger, name.at.clone());
                return Err(self.unknown(kind, &name.name, Some(of.clone()), at, &has));
            }
        }
        self.edit_table(id, |table| {
            for trigger in &mut table.triggers {
                let chosen = match choice {
                    TriggerChoice::Named(name) => trigger.name == name.name,
                    TriggerChoice::All | TriggerChoice::User => true,
                };
                if chosen {
                    trigger.enabled = enabled;
                }
            }
        });
        Ok(())
    }
}

/// In which of PostgreSQL's passes over the table an action happens.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Pass {
    Drop,
    Type,
    AddColumn,
    Attributes,
    Other,
    Misc,
}

fn pass(action: &AlterActionKind) -> Pass {
    match action {
        AlterActionKind::DropColumn { .. } | AlterActionKind::DropConstraint { .. } => Pass::Drop,
        AlterActionKind::AddColumn { .. } => Pass::AddColumn,
        // They are put aside until everything before is done.
        AlterActionKind::AddConstraint(_) => Pass::Attributes,
        AlterActionKind::AlterColumn { action, .. } => match action {
            ColumnAction::DropDefault
            | ColumnAction::DropNotNull
            | ColumnAction::DropExpression { .. }
            | ColumnAction::DropIdentity { .. } => Pass::Drop,
            ColumnAction::Type { .. } => Pass::Type,
            ColumnAction::SetExpression(_) => Pass::AddColumn,
            ColumnAction::SetNotNull => Pass::Attributes,
            ColumnAction::SetDefault(_) | ColumnAction::AddIdentity { .. } => Pass::Other,
            _ => Pass::Misc,
        },
        _ => Pass::Misc,
    }
}

/// Whether a key of a partitioned table is about the column.
pub(super) fn partitions_by(table: &Table, column: u32) -> bool {
    let mut keys = table.partition_by.iter().flat_map(|it| &it.keys);
    keys.any(|element| matches!(element.key, IndexKey::Column(number) if number == column))
}
