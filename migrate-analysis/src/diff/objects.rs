//! Objects that are missing or left behind as a whole, and those that are no tables.

use super::table::owner_name;
use super::{Differ, Difference, Fix, Matching, Pair, Phase, Weight, age, described, fix};
use crate::catalog::{Column, Id, Index, Kind, Object, Ownership, Routine, State};
use crate::ddl::ObjectKind;
use crate::deparse::{self, object_name};
use crate::list::CollectVec;
use crate::sql::quoted;

/// `table`, `materialized view`: as the words and, in upper case, the commands have it.
pub(super) fn kind_name(object: &Object) -> &'static str {
    match &object.kind {
        Kind::Session(_) => "session",
        Kind::Schema => "schema",
        Kind::Table(table) if table.server.is_some() => "foreign table",
        Kind::Table(_) | Kind::Relation => "table",
        Kind::View(view) if view.materialized => "materialized view",
        Kind::View(_) => "view",
        Kind::Index(_) => "index",
        Kind::Sequence(_) => "sequence",
        Kind::Domain(_) => "domain",
        Kind::Enum(_) | Kind::Composite(_) | Kind::Range { .. } | Kind::Type => "type",
        Kind::Routine(routine) => routine_kind(routine),
        Kind::Extension { .. } => "extension",
        Kind::Statistics(_) => "statistics",
        Kind::Other { kind, .. } => kind.words(),
    }
}

fn routine_kind(routine: &Routine) -> &'static str {
    match routine.kind {
        crate::catalog::RoutineKind::Function => "function",
        crate::catalog::RoutineKind::Procedure => "procedure",
        crate::catalog::RoutineKind::Aggregate => "aggregate",
    }
}

/// The name that a command knows it by.
pub(super) fn command_name(state: &State<'_>, object: &Object) -> String {
    match &object.kind {
        Kind::Routine(_) => deparse::routine_name(state, object),
        // As it is written: `<|< (integer, integer)`, `(bigint AS uuid)`, `FOR reader SERVER s`.
        Kind::Other {
            kind:
                ObjectKind::Operator
                | ObjectKind::Cast
                | ObjectKind::Transform
                | ObjectKind::UserMapping
                | ObjectKind::LargeObject,
            ..
        } => {
            let schema = object.schema.filter(|id| *id != Id::PUBLIC).and_then(|id| state.get(id));
            schema.map_or_else(String::new, |it| format!("{}.", quoted(&it.name))) + &object.name
        }
        _ => object_name(state, object),
    }
}

/// Within which names exclude each other.
fn space(object: &Object) -> &'static str {
    match &object.kind {
        Kind::Table(_) | Kind::View(_) | Kind::Index(_) | Kind::Sequence(_) => "relation",
        _ => kind_name(object),
    }
}

/// Whether the name in the catalog is what DROP takes.
fn has_plain_name(object: &Object) -> bool {
    let Kind::Other { kind, .. } = &object.kind else { return true };
    !matches!(
        kind,
        ObjectKind::Operator
            | ObjectKind::OperatorClass
            | ObjectKind::OperatorFamily
            | ObjectKind::Cast
            | ObjectKind::Transform
            | ObjectKind::UserMapping
            | ObjectKind::DefaultPrivileges
            | ObjectKind::LargeObject
    )
}

/// Default privileges have no name, and are one object for all statements, which stand here a line each.
pub(super) fn default_privileges(object: &Object) -> Option<&str> {
    match &object.kind {
        Kind::Other { kind: ObjectKind::DefaultPrivileges, definition } => {
            Some(definition.as_deref().unwrap_or_default())
        }
        _ => None,
    }
}

/// `` table `users` ``.
pub(super) fn titled(state: &State<'_>, object: &Object) -> String {
    if default_privileges(object).is_some() {
        return "an `ALTER DEFAULT PRIVILEGES`".to_owned();
    }
    format!("{} `{}`", kind_name(object), command_name(state, object))
}

impl Differ<'_> {
    pub(super) fn missing_object(&mut self, id: Id, object: &Object) {
        if object.partial || self.goes_with_another(self.before, id, object, true) {
            return;
        }
        let words = format!("{} is missing", titled(self.before, object));
        let (fixes, caveat) = self.rebuilt(id, object);
        self.found.push(Difference { words, weight: Weight::Certain, fixes, caveat });
    }

    pub(super) fn left_object(&mut self, id: Id, object: &Object) {
        // What was there all the time is in both states.
        let is_made = matches!(object.kind, Kind::Table(_)) && self.before.get(id).is_none();
        if object.partial && !(is_made && self.matching == Matching::Identity) {
            self.left_in_part(id, object);
        }
        if object.partial && !is_made {
            return;
        }
        if self.goes_with_another(self.after, id, object, false) {
            return;
        }
        let words = format!("{} is left behind", titled(self.after, object));
        if let Some(definition) = default_privileges(object) {
            // What other statements have made of them is not known.
            let weight = if definition.is_empty() { Weight::Doubtful } else { Weight::Certain };
            return self.note(weight, words, described::taken_back(definition));
        }
        let command = kind_name(object).to_uppercase();
        let name = command_name(self.after, object);
        let phase = match &object.kind {
            Kind::View(_) => Phase::DropView,
            Kind::Index(_) => Phase::DropIndex,
            Kind::Table(_) => Phase::DropTable,
            Kind::Routine(_) if !self.is_used_by_tables(id) => Phase::DropView,
            Kind::Other { kind: ObjectKind::EventTrigger, .. } => Phase::DropTrigger,
            Kind::Schema => Phase::DropObject,
            _ if self.is_used_by_what_stays(id) => Phase::DropObject,
            _ => Phase::DropTable,
        };
        // Behind the tables that use it.
        let behind = if matches!(object.kind, Kind::Table(_)) { 0 } else { 1 << 40 };
        let order = if phase == Phase::DropTable { behind - age(id) } else { -age(id) };
        let mut fixes = self.knots(id, object);
        if has_plain_name(object) {
            fixes.push(fix(phase, order, format!("DROP {command} {name}")));
        }
        let doubtful = object.partial || self.may_go_unseen(object);
        let weight = if doubtful { Weight::Doubtful } else { Weight::Certain };
        self.note(weight, words, fixes);
    }

    /// An index on a table that a statement made which could not be followed: it may be a partition, whose
    /// indexes go with those of the whole.
    fn may_go_unseen(&self, object: &Object) -> bool {
        let table = object.index().and_then(|index| self.after.get(index.table));
        table.is_some_and(|table| table.partial) && self.after.is_foggy()
    }

    /// Foreign keys between tables that are both left, which would keep the first of them from being dropped.
    fn knots(&self, id: Id, object: &Object) -> Vec<Fix> {
        let Some(table) = object.table() else { return Vec::new() };
        let foreign = table.constraints.iter().filter(|constraint| match &constraint.kind {
            crate::catalog::ConstraintKind::ForeignKey(key) => {
                key.table > id && self.left.contains(&key.table)
            }
            _ => false,
        });
        let name = object_name(self.after, object);
        foreign
            .map(|it| {
                let sql = format!("ALTER TABLE {name} DROP CONSTRAINT {}", quoted(&it.name));
                fix(Phase::DropForeignKey, -age(id), sql)
            })
            .collect_vec()
    }

    fn is_used_by_what_stays(&self, id: Id) -> bool {
        self.after.dependents(id).iter().any(|other| !self.left.contains(other))
    }

    fn is_used_by_tables(&self, id: Id) -> bool {
        self.after.dependents(id).into_iter().any(|other| {
            self.after.get(other).is_some_and(|it| match &it.kind {
                // A trigger is dropped first.
                Kind::Table(table) => {
                    let is_it = |trigger: &&crate::catalog::Trigger| trigger.function.0 == Some(id);
                    self.left.contains(&other) || !table.triggers.iter().any(|it| is_it(&it))
                }
                kind => matches!(kind, Kind::Index(_) | Kind::Domain(_)),
            })
        })
    }

    /// Whether it comes and goes with something that is told of already: the index of a constraint, the
    /// sequence of a column, whatever belongs to a table that is missing or left itself.
    fn goes_with_another(&self, state: &State<'_>, id: Id, object: &Object, missing: bool) -> bool {
        let gone = if missing { &self.missing } else { &self.left };
        let schema = object.schema.and_then(|id| state.get(id)).unwrap_or(object);
        // What is temporary goes with the session.
        if object.extension.is_some() || schema.name == "pg_temp" {
            return true;
        }
        match &object.kind {
            Kind::Session(_) | Kind::Relation => true,
            Kind::Index(index) => index.constraint || gone.contains(&index.table),
            Kind::Statistics(statistics) => gone.contains(&statistics.table),
            Kind::Sequence(sequence) => match sequence.owned_by {
                Some(owner) if missing => owner.identity || self.comes_as_serial(id, owner),
                Some(owner) => owner.identity || self.is_dropped(owner.table, owner.column),
                None => false,
            },
            _ => false,
        }
    }

    /// Whether the sequence is what `serial` makes of a column that is made again.
    fn comes_as_serial(&self, id: Id, owner: Ownership) -> bool {
        let table = self.before.get(owner.table).and_then(|it| Some((it, it.table()?)));
        let Some((object, table)) = table else { return false };
        let column = table.numbered(owner.column);
        let serial = column.and_then(|it| deparse::serial(self.before, (owner.table, object), it));
        serial.is_some_and(|(_, made)| made == id) && self.is_rebuilt(owner.table, owner.column)
    }

    /// What would make it again, and what that cannot bring back.
    fn rebuilt(&self, id: Id, object: &Object) -> (Vec<Fix>, Option<String>) {
        let state = self.before;
        if let Some(definition) = default_privileges(object) {
            return (described::said_again(definition), None);
        }
        let create = |phase, sql| vec![fix(phase, age(id), sql)];
        let name = object_name(state, object);
        let mut caveat = None;
        let mut fixes = match &object.kind {
            Kind::Schema => create(Phase::CreateObject, format!("CREATE SCHEMA {name}")),
            Kind::Table(_) => {
                caveat = Some(format!("the rows of `{name}` cannot come back"));
                self.rebuilt_table(id, object)
            }
            Kind::View(view) if view.outdated => Vec::new(),
            Kind::View(view) => self.rebuilt_view(id, object, view),
            Kind::Index(index) => {
                let columns = columns_of(state, index.table);
                let sql = deparse::create_index(state, object, index, columns);
                create(Phase::AddConstraint, sql)
            }
            Kind::Sequence(sequence) => {
                caveat = Some(format!("where `{name}` had counted to is lost"));
                let sql = deparse::create_sequence(state, object, sequence);
                let owner = sequence.owned_by.and_then(|owner| owner_name(state, owner));
                let mut all = create(Phase::CreateObject, sql);
                if let Some(owner) = owner {
                    let sql = format!("ALTER SEQUENCE {name} OWNED BY {owner}");
                    all.push(fix(Phase::AddConstraint, age(id), sql));
                }
                all
            }
            Kind::Enum(labels) => create(Phase::CreateObject, deparse::create_enum(&name, labels)),
            Kind::Domain(domain) => {
                create(Phase::CreateObject, deparse::create_domain(state, object, domain))
            }
            Kind::Composite(attributes) => {
                let attributes = deparse::list(attributes.iter().map(|it| {
                    let written = deparse::column_type(state, &it.column_type);
                    format!("{} {written}", quoted(&it.name))
                }));
                create(Phase::CreateObject, format!("CREATE TYPE {name} AS ({attributes})"))
            }
            Kind::Range { subtype, .. } => {
                let subtype = deparse::column_type(state, subtype);
                let sql = format!("CREATE TYPE {name} AS RANGE (subtype = {subtype})");
                create(Phase::CreateObject, sql)
            }
            Kind::Routine(routine) => match deparse::create_routine(state, object, routine) {
                Some(sql) => create(self.routine_phase(id, routine), sql),
                None => Vec::new(),
            },
            Kind::Extension { .. } => {
                create(Phase::CreateObject, format!("CREATE EXTENSION {name}"))
            }
            Kind::Statistics(statistics) => {
                let columns = columns_of(state, statistics.table);
                let sql = deparse::create_statistics(state, object, statistics, columns);
                create(Phase::AddConstraint, sql)
            }
            Kind::Other { definition: Some(definition), .. } => {
                create(Phase::CreateObject, definition.clone())
            }
            Kind::Type | Kind::Other { .. } | Kind::Session(_) | Kind::Relation => Vec::new(),
        };
        if fixes.is_empty() {
            let why = format!("how {} was made is not known", titled(state, object));
            return (fixes, Some(why));
        }
        fixes.extend(self.described(id, object));
        (fixes, caveat)
    }

    fn is_needed_by_tables(&self, id: Id) -> bool {
        self.before.dependents(id).into_iter().any(|other| {
            self.before.get(other).is_some_and(|it| {
                matches!(it.kind, Kind::Table(_) | Kind::Index(_) | Kind::Domain(_))
            })
        })
    }

    /// A function over a row type comes after its table.
    fn routine_phase(&self, id: Id, routine: &Routine) -> Phase {
        let over_rows = routine.arguments.iter().map(|it| &it.column_type).chain(&routine.returns);
        let is_rows = |id: Id| {
            self.before.get(id).is_some_and(|it| matches!(it.kind, Kind::Table(_) | Kind::View(_)))
        };
        let over_rows = over_rows.filter_map(|it| it.user_type()).any(is_rows);
        // PostgreSQL reads the body of a SQL function at once.
        if over_rows || (routine.language == "sql" && !self.is_needed_by_tables(id)) {
            Phase::AddConstraint
        } else {
            Phase::CreateObject
        }
    }

    pub(super) fn indexes_of(&self, id: Id, columns: &[Column]) -> Vec<String> {
        let state = self.before;
        let own = |index: &Index| index.table == id && !index.constraint;
        state
            .dependents(id)
            .into_iter()
            .filter_map(|other| state.get(other))
            .filter_map(|object| Some((object, object.index().filter(|index| own(index))?)))
            .flat_map(|(object, index)| {
                let create = deparse::create_index(state, object, index, columns);
                let comment = object.comment.as_ref().map(|comment| {
                    let text = deparse::literal(comment);
                    format!("COMMENT ON INDEX {} IS {text}", object_name(state, object))
                });
                std::iter::once(create).chain(comment)
            })
            .collect_vec()
    }

    /// Both states have it.
    pub(super) fn pair(&mut self, pair: Pair<'_>) {
        let (before, after) = (pair.before.1, pair.after.1);
        let made_anew = before.partial && pair.before.0 != pair.after.0;
        if made_anew || before.partial != after.partial && !same_variant(before, after) {
            let title = titled(self.after, after);
            self.note(Weight::Doubtful, format!("{title} is another"), Vec::new());
            return;
        }
        self.renamed(pair);
        self.pair_described(pair);
        match (&before.kind, &after.kind) {
            (Kind::Table(one), Kind::Table(other)) => self.tables(pair, one, other),
            (Kind::View(one), Kind::View(other)) => self.views(pair, one, other),
            (Kind::Index(one), Kind::Index(other)) => self.indexes(pair, one, other),
            (Kind::Sequence(one), Kind::Sequence(other)) => self.sequences(pair, one, other),
            (Kind::Enum(one), Kind::Enum(other)) => self.enums(pair, one, other),
            (Kind::Routine(one), Kind::Routine(other)) => self.routines(pair, one, other),
            (Kind::Domain(_), Kind::Domain(_))
            | (Kind::Composite(_), Kind::Composite(_))
            | (Kind::Range { .. }, Kind::Range { .. })
            | (Kind::Extension { .. }, Kind::Extension { .. })
            | (Kind::Statistics(_), Kind::Statistics(_))
            | (Kind::Other { .. }, Kind::Other { .. }) => self.small(pair),
            _ => {}
        }
    }

    fn renamed(&mut self, pair: Pair<'_>) {
        let (before, after) = (pair.before.1, pair.after.1);
        if let Kind::Index(index) = &after.kind
            && index.constraint
        {
            return;
        }
        let kind = kind_name(after).to_uppercase();
        let schemas = [self.schema(self.before, before), self.schema(self.after, after)];
        let name = command_name(self.after, after);
        // The sequence of a column keeps its own name.
        let goes_along = after.sequence().is_none()
            && self.goes_with_another(self.after, pair.after.0, after, false);
        if before.name != after.name && !goes_along {
            let to = quoted(&before.name);
            let words =
                format!("{} is now called `{}`", titled(self.before, before), quoted(&after.name));
            let sql = format!("ALTER {kind} {name} RENAME TO {to}");
            let place = |state, object: &Object, name: &str| {
                let renamed = Object { name: name.to_owned(), ..object.clone() };
                format!("{} {}", space(object), command_name(state, &renamed))
            };
            let mut rename = fix(Phase::Rename, age(pair.before.0) * 2, sql);
            let gives_up = place(self.after, after, &after.name);
            rename.renames = Some((gives_up, place(self.after, after, &before.name)));
            self.certain(words, vec![rename]);
        }
        if let [Some(one), Some(other)] = schemas
            && one != other
            && !matches!(after.kind, Kind::Index(_))
            && after.sequence().is_none_or(|it| it.owned_by.is_none())
        {
            let (one, other) = (quoted(one), quoted(other));
            let words = format!("{} is now in schema `{other}`", titled(self.before, before));
            let renamed = Object { name: before.name.clone(), ..after.clone() };
            let name = command_name(self.after, &renamed);
            let sql = format!("ALTER {kind} {name} SET SCHEMA {one}");
            // Behind all renames.
            let order = (1 << 50) + age(pair.before.0);
            self.certain(words, vec![fix(Phase::Rename, order, sql)]);
        }
    }

    fn indexes(&mut self, pair: Pair<'_>, one: &Index, other: &Index) {
        if one.constraint && other.constraint {
            return;
        }
        let (before, after) = (pair.before.1, pair.after.1);
        let columns = (columns_of(self.before, one.table), columns_of(self.after, other.table));
        let title = titled(self.before, before);
        let is_partial = |state: &State<'_>, id| state.get(id).is_some_and(|it| it.partial);
        if let Some(mut weight) = self.index_weight((one, columns.0), (other, columns.1)) {
            if is_partial(self.before, one.table) || is_partial(self.after, other.table) {
                weight = Weight::Doubtful;
            }
            let drop = format!("DROP INDEX {}", object_name(self.after, after));
            let create = deparse::create_index(self.before, before, one, columns.0);
            let fixes = vec![
                fix(Phase::DropIndex, -age(pair.after.0), drop),
                fix(Phase::AddConstraint, age(pair.before.0), create),
            ];
            self.note(weight, format!("{title} is defined otherwise"), fixes);
        } else if one.valid && !other.valid {
            let sql = format!("REINDEX INDEX {}", object_name(self.before, before));
            self.certain(format!("{title} is invalid"), vec![fix(Phase::Describe, 0, sql)]);
        }
    }
}

fn same_variant(one: &Object, other: &Object) -> bool {
    std::mem::discriminant(&one.kind) == std::mem::discriminant(&other.kind)
}

/// The columns of a table or view.
pub(super) fn columns_of<'s>(state: &'s State<'_>, id: Id) -> &'s [Column] {
    match state.kind(id) {
        Some(Kind::Table(table)) => &table.columns,
        Some(Kind::View(view)) => &view.columns,
        _ => &[],
    }
}

impl ObjectKind {
    /// In lower case, as in a sentence.
    pub(crate) fn words(self) -> &'static str {
        match self {
            ObjectKind::Schema => "schema",
            ObjectKind::Table => "table",
            ObjectKind::ForeignTable => "foreign table",
            ObjectKind::View => "view",
            ObjectKind::MaterializedView => "materialized view",
            ObjectKind::Index => "index",
            ObjectKind::Sequence => "sequence",
            ObjectKind::Type => "type",
            ObjectKind::Domain => "domain",
            ObjectKind::Function => "function",
            ObjectKind::Procedure => "procedure",
            ObjectKind::Routine => "routine",
            ObjectKind::Aggregate => "aggregate",
            ObjectKind::Extension => "extension",
            ObjectKind::Statistics => "statistics object",
            ObjectKind::Collation => "collation",
            ObjectKind::Conversion => "conversion",
            ObjectKind::TextSearchConfiguration => "text search configuration",
            ObjectKind::TextSearchDictionary => "text search dictionary",
            ObjectKind::TextSearchParser => "text search parser",
            ObjectKind::TextSearchTemplate => "text search template",
            ObjectKind::ForeignDataWrapper => "foreign data wrapper",
            ObjectKind::Server => "server",
            ObjectKind::UserMapping => "user mapping",
            ObjectKind::Language => "language",
            ObjectKind::Operator => "operator",
            ObjectKind::OperatorClass => "operator class",
            ObjectKind::OperatorFamily => "operator family",
            ObjectKind::Cast => "cast",
            ObjectKind::Transform => "transform",
            ObjectKind::AccessMethod => "access method",
            ObjectKind::EventTrigger => "event trigger",
            ObjectKind::Publication => "publication",
            ObjectKind::Subscription => "subscription",
            ObjectKind::Role => "role",
            ObjectKind::Database => "database",
            ObjectKind::Tablespace => "tablespace",
            ObjectKind::DefaultPrivileges => "default privileges",
            ObjectKind::LargeObject => "large object",
            ObjectKind::Trigger => "trigger",
            ObjectKind::Rule => "rule",
            ObjectKind::Policy => "policy",
            ObjectKind::Column => "column",
            ObjectKind::Constraint => "constraint",
            ObjectKind::DomainConstraint => "constraint",
        }
    }
}
