//! What our catalog says, in the words of `migrate_testing::Snapshot`, and where the server disagrees.

use super::{Facts, same};
use crate::catalog::{
    Catalog, Column, ConstraintKind, Domain, Id, Index, Kind, Object, Ownership, Routine, Rule,
    Sequence, State, Table, Trigger, View,
};
use crate::ddl::{Persistence, ReplicaIdentity};
use crate::deparse;
use crate::ordered::sort;
use crate::sql::quoted;
use std::collections::{BTreeMap, BTreeSet};

/// A value of ours, and how it compares.
enum Value {
    Text(String),
    Expression(String),
    Constraint(String),
    Statement(String),
    /// An expression, ` stored` or ` virtual`.
    Generated(String),
    /// It is there, and what it is we do not know.
    Unknown,
}

type Attributes = BTreeMap<&'static str, Value>;

/// Kinds that the catalog follows from end to end. Of others only that they exist is compared.
const FOLLOWED: &[&str] = &[
    "schema",
    "extension",
    "table",
    "foreign table",
    "column",
    "constraint",
    "index",
    "sequence",
    "enum",
    "enum value",
    "domain",
    "composite type",
    "range type",
    "view",
    "materialized view",
    "function",
    "procedure",
    "aggregate",
    "trigger",
    "policy",
    "rule",
    "statistics",
];

/// Attributes that are not ours to know: names of roles, and what the server decides by its settings.
const NOT_COMPARED: &[&str] =
    &["owner", "grants", "access method", "version", "storage", "disabled constraint triggers"];

struct Writer<'a> {
    state: &'a State<'a>,
    facts: BTreeMap<(String, String), Attributes>,
    /// Names below which nothing is compared, since we know them in part only.
    partial: BTreeSet<String>,
}

pub(super) fn differences(state: &State<'_>, catalog: &Catalog, server: &Facts) -> Vec<String> {
    let mut writer = Writer { state, facts: BTreeMap::new(), partial: BTreeSet::new() };
    for (id, object) in catalog.all() {
        writer.object(id, object);
    }
    let fog = &catalog.session().fog;
    let mut lines = Vec::new();
    let is_partial = |name: &str| {
        writer.partial.iter().any(|it| name == it || name.starts_with(&format!("{it}.")))
    };
    for ((kind, name), attributes) in &writer.facts {
        if is_partial(name) {
            continue;
        }
        match server.get(&(kind.clone(), name.clone())) {
            None => lines.push(format!("{kind} {name}: only ours")),
            Some(theirs) => compare(kind, name, attributes, theirs, &mut lines),
        }
    }
    for (kind, name) in server.keys() {
        let ours = writer.facts.contains_key(&(kind.clone(), name.clone()));
        let in_fog = fog.everywhere
            || name.split('.').any(|part| fog.names.contains(part.trim_matches('"')));
        let comes_with_the_server = kind == "extension" && name == "plpgsql";
        if !ours
            && FOLLOWED.contains(&kind.as_str())
            && !is_partial(name)
            && !in_fog
            && !comes_with_the_server
        {
            lines.push(format!("{kind} {name}: only the server's"));
        }
    }
    lines
}

fn compare(
    kind: &str,
    name: &str,
    ours: &Attributes,
    theirs: &BTreeMap<String, String>,
    lines: &mut Vec<String>,
) {
    for (attribute, value) in ours {
        let (text, same): (&str, bool) = match (value, theirs.get(*attribute)) {
            (Value::Unknown, _) => continue,
            (Value::Text(ours), Some(server)) => (ours, ours == server),
            (Value::Expression(ours), Some(server)) => (ours, same::expressions(ours, server)),
            (Value::Constraint(ours), Some(server)) => (ours, same::constraints(ours, server)),
            (Value::Generated(ours), Some(server)) => {
                let bare = server.strip_suffix(" stored").or(server.strip_suffix(" virtual"));
                (ours, same::expressions(ours, bare.unwrap_or(server)))
            }
            (Value::Statement(ours), Some(server)) => (ours, same::statements(ours, server)),
            (
                Value::Text(ours)
                | Value::Expression(ours)
                | Value::Constraint(ours)
                | Value::Generated(ours)
                | Value::Statement(ours),
                None,
            ) => (ours, false),
        };
        if !same {
            let server = theirs.get(*attribute).map_or("", String::as_str);
            lines.push(format!("{kind} {name}: {attribute}: `{text}`, the server: `{server}`"));
        }
    }
    for (attribute, server) in theirs {
        let is_default = attribute == "inherited" && kind == "constraint";
        if !ours.contains_key(attribute.as_str())
            && !NOT_COMPARED.contains(&attribute.as_str())
            && FOLLOWED.contains(&kind)
            && !is_default
        {
            lines.push(format!("{kind} {name}: {attribute}: none, the server: `{server}`"));
        }
    }
}

impl Writer<'_> {
    fn name(&self, object: &Object) -> String {
        let schema = object.schema.and_then(|id| self.state.get(id));
        match schema {
            Some(schema) => format!("{}.{}", quoted(&schema.name), quoted(&object.name)),
            None => quoted(&object.name),
        }
    }

    fn name_of(&self, id: Id) -> String {
        self.state.get(id).map_or_else(|| "?".to_owned(), |object| self.name(object))
    }

    fn type_name(&self, it: &crate::catalog::ColumnType) -> Value {
        use crate::catalog::BaseType;
        match &it.base {
            BaseType::Unknown => Value::Unknown,
            // Which schema an extension puts its types in is its business.
            BaseType::Foreign { .. } => Value::Unknown,
            BaseType::User(id) => {
                let array = if it.array { "[]" } else { "" };
                Value::Text(format!("{}{array}", self.name_of(*id)))
            }
            BaseType::BuiltIn(_) => Value::Text(deparse::column_type(self.state, it)),
        }
    }

    fn put(&mut self, kind: &str, name: String, attributes: Attributes) {
        self.facts.insert((kind.to_owned(), name), attributes);
    }

    fn object(&mut self, id: Id, object: &Object) {
        let name = self.name(object);
        let is_temporary = object
            .schema
            .and_then(|id| self.state.get(id))
            .is_some_and(|schema| schema.name.starts_with("pg_"));
        let is_the_servers = object.kind == Kind::Schema && object.name.starts_with("pg_");
        if is_the_servers || is_temporary {
            return;
        }
        if object.partial {
            self.partial.insert(name);
            return;
        }
        if object.extension.is_some() {
            return;
        }
        let mut attributes = Attributes::new();
        if let Some(comment) = &object.comment {
            attributes.insert("comment", Value::Text(comment.clone()));
        }
        match &object.kind {
            Kind::Session(_) | Kind::Relation => {}
            Kind::Schema => self.put("schema", name, attributes),
            Kind::Table(table) => self.table(object, table, attributes),
            Kind::View(view) => self.view(object, view, attributes),
            Kind::Index(index) => self.index(id, object, index, attributes),
            Kind::Sequence(sequence) => self.sequence(name, sequence, attributes),
            Kind::Enum(labels) => {
                for (position, label) in labels.iter().enumerate() {
                    let own = format!("{name}.{}", deparse::literal(label));
                    let mut value = Attributes::new();
                    value.insert("position", Value::Text((position + 1).to_string()));
                    self.put("enum value", own, value);
                }
                self.put("enum", name, attributes);
            }
            Kind::Domain(domain) => self.domain(name, domain, attributes),
            Kind::Composite(columns) => {
                for (position, column) in columns.iter().enumerate() {
                    let mut value = Attributes::new();
                    value.insert("position", Value::Text((position + 1).to_string()));
                    value.insert("type", self.type_name(&column.column_type));
                    collation(&mut value, column.collation.as_ref());
                    comment(&mut value, column.comment.as_ref());
                    self.put("column", format!("{name}.{}", quoted(&column.name)), value);
                }
                self.put("composite type", name, attributes);
            }
            Kind::Range { subtype, .. } => {
                attributes.insert("type", self.type_name(subtype));
                for unknown in ["functions", "collation"] {
                    attributes.insert(unknown, Value::Unknown);
                }
                self.put("range type", name, attributes);
            }
            Kind::Type => {}
            Kind::Routine(routine) => self.routine(object, routine, attributes),
            Kind::Extension { .. } => {
                attributes.insert("schema", Value::Unknown);
                attributes.insert("comment", Value::Unknown);
                self.put("extension", name, attributes);
            }
            Kind::Statistics(_) => {
                attributes.insert("definition", Value::Unknown);
                attributes.insert("target", Value::Unknown);
                self.put("statistics", name, attributes);
            }
            Kind::Other { .. } => {}
        }
    }

    fn sequence(&mut self, name: String, sequence: &Sequence, mut attributes: Attributes) {
        for (attribute, value) in [
            ("start", sequence.start),
            ("increment", sequence.increment),
            ("minimum", sequence.min),
            ("maximum", sequence.max),
            ("cache", sequence.cache),
        ] {
            attributes.insert(attribute, Value::Text(value.to_string()));
        }
        attributes.insert("type", Value::Text(sequence.data_type.clone()));
        flag(&mut attributes, "cycle", sequence.cycle);
        flag(&mut attributes, "unlogged", sequence.persistence == Persistence::Unlogged);
        if let Some(owner) = sequence.owned_by.and_then(|it| self.owner(it)) {
            attributes.insert("owned by", Value::Text(owner));
        }
        self.put("sequence", name, attributes);
    }

    fn domain(&mut self, name: String, domain: &Domain, mut attributes: Attributes) {
        attributes.insert("type", self.type_name(&domain.base));
        flag(&mut attributes, "not null", domain.not_null);
        if let Some(default) = &domain.default {
            let text = deparse::expression(self.state, default, &[]);
            attributes.insert("default", Value::Expression(text));
        }
        attributes.insert("collation", Value::Unknown);
        for check in &domain.checks {
            let text = deparse::expression(self.state, &check.expression, &[]);
            let mut value = Attributes::new();
            let valid = if check.validated { "" } else { " NOT VALID" };
            let text = format!("CHECK ({text}){valid}");
            value.insert("definition", Value::Constraint(text));
            comment(&mut value, check.comment.as_ref());
            self.put("constraint", format!("{name}.{}", quoted(&check.name)), value);
        }
        self.put("domain", name, attributes);
    }

    fn owner(&self, owner: Ownership) -> Option<String> {
        let columns = self.state.get(owner.table)?.columns();
        let column = columns.iter().find(|it| it.number == owner.column)?;
        let identity = if owner.identity { " as identity" } else { "" };
        Some(format!("{}.{}{identity}", self.name_of(owner.table), quoted(&column.name)))
    }

    fn table(&mut self, object: &Object, table: &Table, mut attributes: Attributes) {
        let name = self.name(object);
        flag(&mut attributes, "unlogged", table.persistence == Persistence::Unlogged);
        flag(&mut attributes, "row level security", table.row_security);
        flag(&mut attributes, "forced row level security", table.force_row_security);
        let replica = match &table.replica_identity {
            ReplicaIdentity::Default => None,
            ReplicaIdentity::Full => Some("full"),
            ReplicaIdentity::Nothing => Some("nothing"),
            ReplicaIdentity::Index(_) => Some("index"),
        };
        if let Some(replica) = replica {
            attributes.insert("replica identity", Value::Text(replica.to_owned()));
        }
        let (toast, own): (Vec<_>, Vec<_>) =
            table.options.iter().partition(|(name, _)| name.starts_with("toast."));
        for (attribute, list, skip) in [("storage options", own, 0), ("toast options", toast, 6)] {
            let mut list: Vec<String> = list
                .iter()
                .map(|(name, value)| format!("{}={value}", name.get(skip..).unwrap_or_default()))
                .collect();
            sort(&mut list);
            if !list.is_empty() {
                attributes.insert(attribute, Value::Text(list.join(", ")));
            }
        }
        if !table.parents.is_empty() {
            let parents = table.parents.iter().map(|it| self.name_of(*it));
            attributes.insert("parents", Value::Text(deparse::list(parents)));
        }
        for (holds, attribute) in [
            (table.partition_by.is_some(), "partition key"),
            (table.bound.is_some(), "partition bound"),
            (table.of_type.is_some(), "type"),
            (table.tablespace.is_some(), "tablespace"),
            (table.server.is_some(), "server"),
            (table.server.is_some(), "foreign options"),
        ] {
            if holds {
                attributes.insert(attribute, Value::Unknown);
            }
        }
        for (position, column) in table.columns.iter().enumerate() {
            self.column(&name, position, column, &table.columns);
        }
        self.constraints(&name, table);
        self.triggers(&name, &table.triggers, &table.columns);
        self.policies(&name, table);
        self.rules(&name, &table.rules);
        let kind = if table.server.is_some() { "foreign table" } else { "table" };
        self.put(kind, name, attributes);
    }

    fn column(&mut self, table: &str, position: usize, column: &Column, columns: &[Column]) {
        let mut value = Attributes::new();
        value.insert("position", Value::Text((position + 1).to_string()));
        value.insert("type", self.type_name(&column.column_type));
        if column.not_null {
            value.insert("not null", Value::Text("yes".to_owned()));
        }
        if let Some(default) = &column.default {
            let text = deparse::expression(self.state, default, columns);
            value.insert("default", Value::Expression(text));
        }
        if let Some((expr, _)) = &column.generated {
            let text = deparse::expression(self.state, expr, columns);
            value.insert("generated", Value::Generated(text));
        }
        if let Some(always) = column.identity {
            let text = if always { "always" } else { "by default" };
            value.insert("identity", Value::Text(text.to_owned()));
        }
        if column.column_type.user_type().is_some() {
            value.insert("collation", Value::Unknown);
        }
        collation(&mut value, column.collation.as_ref());
        if let Some(target) = column.statistics {
            value.insert("statistics target", Value::Text(target.to_string()));
        }
        for (holds, attribute) in [
            (column.compression.is_some(), "compression"),
            (!column.options.is_empty(), "options"),
            (true, "foreign options"),
        ] {
            if holds {
                value.insert(attribute, Value::Unknown);
            }
        }
        if column.inherited > 0 {
            let local = if column.local { " and local" } else { "" };
            value.insert("inherited", Value::Text(format!("{}{local}", column.inherited)));
        }
        comment(&mut value, column.comment.as_ref());
        self.put("column", format!("{table}.{}", quoted(&column.name)), value);
    }

    fn constraints(&mut self, table_name: &str, table: &Table) {
        for constraint in &table.constraints {
            let mut value = Attributes::new();
            let text = deparse::constraint_definition(self.state, constraint, &table.columns);
            let known = match &constraint.kind {
                ConstraintKind::ForeignKey(key) => !key.referenced.is_empty(),
                _ => true,
            };
            let text = if known { Value::Constraint(text) } else { Value::Unknown };
            value.insert("definition", text);
            comment(&mut value, constraint.comment.as_ref());
            self.put("constraint", format!("{table_name}.{}", quoted(&constraint.name)), value);
        }
    }

    fn triggers(&mut self, table: &str, triggers: &[Trigger], columns: &[Column]) {
        for trigger in triggers {
            let mut value = Attributes::new();
            let text = deparse::create_trigger(self.state, table, trigger, columns);
            value.insert("definition", Value::Statement(text));
            let enabled = match trigger.enabled {
                crate::ddl::Enabled::Origin => None,
                crate::ddl::Enabled::Disabled => Some("no"),
                crate::ddl::Enabled::Replica => Some("on a replica"),
                crate::ddl::Enabled::Always => Some("always"),
            };
            if let Some(enabled) = enabled {
                value.insert("enabled", Value::Text(enabled.to_owned()));
            }
            comment(&mut value, trigger.comment.as_ref());
            self.put("trigger", format!("{table}.{}", quoted(&trigger.name)), value);
        }
    }

    fn rules(&mut self, table: &str, rules: &[Rule]) {
        for rule in rules {
            let mut value = Attributes::new();
            value.insert("definition", Value::Unknown);
            value.insert("enabled", Value::Unknown);
            comment(&mut value, rule.comment.as_ref());
            self.put("rule", format!("{table}.{}", quoted(&rule.name)), value);
        }
    }

    fn policies(&mut self, table_name: &str, table: &Table) {
        for policy in &table.policies {
            let mut value = Attributes::new();
            value.insert("command", Value::Text(policy.command.to_uppercase()));
            flag(&mut value, "restrictive", !policy.permissive);
            value.insert("roles", Value::Unknown);
            for (attribute, expr) in [("USING", &policy.using), ("WITH CHECK", &policy.check)] {
                if let Some(expr) = expr {
                    let text = deparse::expression(self.state, expr, &table.columns);
                    value.insert(attribute, Value::Expression(text));
                }
            }
            comment(&mut value, policy.comment.as_ref());
            self.put("policy", format!("{table_name}.{}", quoted(&policy.name)), value);
        }
    }

    fn index(&mut self, id: Id, object: &Object, index: &Index, mut attributes: Attributes) {
        let columns = match self.state.kind(index.table) {
            Some(Kind::Table(table)) => table.columns.as_slice(),
            Some(Kind::View(view)) => view.columns.as_slice(),
            _ => return,
        };
        let table = self.state.get(index.table);
        if table.is_some_and(|table| table.partial) {
            self.partial.insert(format!("{}.{}", self.name_of(index.table), quoted(&object.name)));
            return;
        }
        // `pg_get_indexdef` of an exclusion constraint has no operators.
        let text = deparse::create_index(self.state, object, index, columns);
        let exclusion = index.elements.iter().any(|element| element.operator.is_some());
        let text = if exclusion { Value::Unknown } else { Value::Statement(text) };
        attributes.insert("definition", text);
        flag(&mut attributes, "invalid", !index.valid);
        if let Some(parent) = index.parent {
            attributes.insert("parent", Value::Text(self.name_of(parent)));
        }
        let clustered = table.and_then(Object::table).is_some_and(|it| it.clustered_on == Some(id));
        flag(&mut attributes, "clustered", clustered);
        for unknown in ["replica identity", "tablespace"] {
            attributes.insert(unknown, Value::Unknown);
        }
        let name = format!("{}.{}", self.name_of(index.table), quoted(&object.name));
        self.put("index", name, attributes);
    }

    fn view(&mut self, object: &Object, view: &View, mut attributes: Attributes) {
        let name = self.name(object);
        attributes.insert("definition", Value::Unknown);
        attributes.insert("storage options", Value::Unknown);
        attributes.insert("tablespace", Value::Unknown);
        flag(&mut attributes, "unpopulated", view.materialized && !view.populated);
        if view.followed {
            for (position, column) in view.columns.iter().enumerate() {
                let mut value = Attributes::new();
                value.insert("position", Value::Text((position + 1).to_string()));
                value.insert("type", self.type_name(&column.column_type));
                for unknown in ["collation", "default"] {
                    value.insert(unknown, Value::Unknown);
                }
                comment(&mut value, column.comment.as_ref());
                self.put("column", format!("{name}.{}", quoted(&column.name)), value);
            }
        } else {
            self.partial.insert(name.clone());
        }
        self.triggers(&name, &view.triggers, &view.columns);
        self.rules(&name, &view.rules);
        let kind = if view.materialized { "materialized view" } else { "view" };
        self.put(kind, name, attributes);
    }

    fn routine(&mut self, object: &Object, routine: &Routine, mut attributes: Attributes) {
        use crate::catalog::{Body, RoutineKind};
        let inputs = routine.arguments.iter().filter(|it| it.is_input());
        let types = inputs.map(|it| {
            let bare = crate::catalog::ColumnType { modifiers: None, ..it.column_type.clone() };
            match self.type_name(&bare) {
                Value::Text(text) => text,
                _ => "?".to_owned(),
            }
        });
        let types = deparse::list(types);
        if types.contains('?') || routine.body == Body::Unknown {
            // By which name the server has it we do not know.
            self.partial.insert(self.name(object));
            return;
        }
        let name = format!("{}({types})", self.name(object));
        let kind = match routine.kind {
            RoutineKind::Function => "function",
            RoutineKind::Procedure => "procedure",
            RoutineKind::Aggregate => "aggregate",
        };
        match deparse::create_routine(self.state, object, routine) {
            Some(text) if routine.kind != RoutineKind::Aggregate => {
                attributes.insert("definition", Value::Statement(text));
            }
            _ => {
                attributes.insert("definition", Value::Unknown);
                attributes.insert("aggregate", Value::Unknown);
            }
        }
        self.put(kind, name, attributes);
    }
}

fn flag(attributes: &mut Attributes, attribute: &'static str, holds: bool) {
    if holds {
        attributes.insert(attribute, Value::Text("yes".to_owned()));
    }
}

fn collation(attributes: &mut Attributes, name: Option<&String>) {
    if let Some(name) = name {
        let name = name.strip_prefix("pg_catalog.").unwrap_or(name);
        attributes.insert("collation", Value::Text(name.to_owned()));
    }
}

fn comment(attributes: &mut Attributes, text: Option<&String>) {
    if let Some(text) = text {
        attributes.insert("comment", Value::Text(text.clone()));
    }
}
