//! Tables, their columns, constraints, indexes, triggers and policies as SQL.

use super::*;
use crate::catalog::{
    Constraint, ConstraintKind, ForeignAction, ForeignKey, Index, Ownership, Policy, Rule,
    Sequence, Table, Trigger,
};
use crate::ddl::Persistence;
use crate::list::CollectVec;

/// `CREATE TABLE`, with its columns and what does not need other tables: foreign keys, indexes of their own,
/// triggers, … come in statements behind it.
/// `is_new` says of a sequence whether it is to come with its column.
pub(crate) fn create_table(
    state: &State<'_>,
    (id, object): (Id, &Object),
    table: &Table,
    is_new: IsNew<'_>,
) -> String {
    let mut items: Vec<String> = table
        .columns
        .iter()
        .map(|it| column(state, (id, object), it, &table.columns, is_new))
        .collect_vec();
    for constraint in inline_constraints(state, table) {
        items.push(named_constraint(state, constraint, &table.columns));
    }
    let persistence = match table.persistence {
        Persistence::Permanent => "",
        Persistence::Unlogged => "UNLOGGED ",
        Persistence::Temporary => "TEMPORARY ",
    };
    let foreign = if table.server.is_some() { "FOREIGN " } else { "" };
    let name = object_name(state, object);
    let parent = table.parents.first().map(|parent| super::name(state, *parent));
    let mut text = match (&table.bound, parent) {
        (Some(bound), Some(parent)) => {
            format!("CREATE {persistence}{foreign}TABLE {name} PARTITION OF {parent} {bound}")
        }
        _ if items.is_empty() => format!("CREATE {persistence}{foreign}TABLE {name} ()"),
        _ => {
            format!("CREATE {persistence}{foreign}TABLE {name} (\n    {}\n)", items.join(",\n    "))
        }
    };
    if table.bound.is_none() && !table.parents.is_empty() {
        let parents = list(table.parents.iter().map(|parent| super::name(state, *parent)));
        text.push_str(&format!(" INHERITS ({parents})"));
    }
    if let Some(key) = &table.partition_by {
        let keys = list(key.keys.iter().map(|it| element(state, it, &table.columns)));
        text.push_str(&format!(" PARTITION BY {} ({keys})", key.strategy.to_uppercase()));
    }
    if let Some(server) = &table.server {
        text.push_str(&format!(" SERVER {}", quoted(server)));
        if let Some(options) = &table.foreign_options {
            text.push_str(&format!(" OPTIONS ({options})"));
        }
    }
    text.push_str(&with_options(&table.options));
    text
}

/// Of a sequence: whether it is made, too.
pub(crate) type IsNew<'n> = &'n dyn Fn(Id) -> bool;

/// The constraints that CREATE TABLE makes. It makes one of two keys over the same columns, and none that is
/// not valid.
pub(crate) fn inline_constraints<'t>(state: &State<'_>, table: &'t Table) -> Vec<&'t Constraint> {
    let mut keys = Vec::new();
    let mut is_inline = |it: &&Constraint| {
        if is_foreign_key(it) || !it.local || !(it.validated || it.not_enforced) {
            return false;
        }
        let definition = constraint_definition(state, it, &table.columns);
        let bare = definition.strip_prefix("UNIQUE").or(definition.strip_prefix("PRIMARY KEY"));
        let Some(bare) = bare else { return true };
        let is_first = !keys.iter().any(|key| key == bare);
        keys.push(bare.to_owned());
        is_first
    };
    table.constraints.iter().filter(|it| is_inline(it)).collect_vec()
}

pub(crate) fn is_foreign_key(constraint: &Constraint) -> bool {
    matches!(constraint.kind, ConstraintKind::ForeignKey(_))
}

/// `email text COLLATE "C" DEFAULT '' NOT NULL`.
pub(crate) fn column(
    state: &State<'_>,
    table: (Id, &Object),
    column: &Column,
    columns: &[Column],
    is_new: IsNew<'_>,
) -> String {
    let name = quoted(&column.name);
    if let Some((serial, _)) = serial(state, table, column).filter(|(_, id)| is_new(*id)) {
        let not_null = if column.not_null { " NOT NULL" } else { "" };
        return format!("{name} {serial}{not_null}");
    }
    let mut text = format!("{name} {}", column_type(state, &column.column_type));
    if let Some(collation) = &column.collation {
        text.push_str(&format!(" COLLATE {collation}"));
    }
    if let Some((expr, stored)) = &column.generated {
        let stored = if *stored { "STORED" } else { "VIRTUAL" };
        let expr = expression(state, expr, columns);
        text.push_str(&format!(" GENERATED ALWAYS AS ({expr}) {stored}"));
    }
    if let Some(always) = column.identity {
        text.push_str(&format!(" {}", identity(state, table, column, always)));
    }
    if let Some(default) = &column.default {
        let default = super::default(state, default, &column.column_type, columns);
        text.push_str(&format!(" DEFAULT {default}"));
    }
    if column.not_null && column.identity.is_none() {
        text.push_str(" NOT NULL");
    }
    text
}

/// `GENERATED ALWAYS AS IDENTITY`, with what its sequence is not by itself.
pub(crate) fn identity(
    state: &State<'_>,
    (id, object): (Id, &Object),
    column: &Column,
    always: bool,
) -> String {
    let when = if always { "ALWAYS" } else { "BY DEFAULT" };
    let own = Some(Ownership { table: id, column: column.number, identity: true });
    let sequences = state.dependents(id).into_iter().filter_map(|it| state.get(it));
    let mut sequences = sequences.filter_map(|it| Some((it, it.sequence()?)));
    let mut options = Vec::new();
    if let Some((made, sequence)) = sequences.find(|(_, it)| it.owned_by == own) {
        if !has_usual_name(made, object, column) {
            options.push(format!("SEQUENCE NAME {}", object_name(state, made)));
        }
        options.push(super::sequence_options(sequence).trim().to_owned());
    }
    options.retain(|option| !option.is_empty());
    match options.is_empty() {
        true => format!("GENERATED {when} AS IDENTITY"),
        false => format!("GENERATED {when} AS IDENTITY ({})", options.join(" ")),
    }
}

/// As PostgreSQL names the sequence of a column.
fn has_usual_name(sequence: &Object, table: &Object, column: &Column) -> bool {
    sequence.name == format!("{}_{}_seq", table.name, column.name)
        && sequence.schema == table.schema
}

/// `bigserial` with the sequence, where the column is just what that makes.
pub(crate) fn serial(
    state: &State<'_>,
    (id, object): (Id, &Object),
    column: &Column,
) -> Option<(&'static str, Id)> {
    let sequence = owned_sequence(state, id, column)?;
    let made = state.get(sequence)?;
    let usual = has_usual_name(made, object, column)
        && made.sequence().is_some_and(is_plain_sequence)
        && (made.comment.is_none(), &made.owner, &made.acl) == (true, &object.owner, &None);
    let data_type = made.sequence().map(|it| it.data_type.as_str());
    match &column.column_type.base {
        BaseType::BuiltIn(name) if usual && column.column_type.modifiers.is_none() => {
            let serial = match name.as_str() {
                "bigint" => "bigserial",
                "integer" => "serial",
                "smallint" => "smallserial",
                _ => return None,
            };
            (data_type == Some(name)).then_some((serial, sequence))
        }
        _ => None,
    }
}

/// The sequence that the column owns and takes its default from.
pub(crate) fn owned_sequence(state: &State<'_>, table: Id, column: &Column) -> Option<Id> {
    let default = column.default.as_ref()?;
    default.pieces.iter().find_map(|piece| match piece {
        Piece::Relation(id) => {
            let owner = state.get(*id)?.sequence()?.owned_by;
            let own = Ownership { table, column: column.number, identity: false };
            (owner == Some(own)).then_some(*id)
        }
        _ => None,
    })
}

/// As `serial` makes it.
fn is_plain_sequence(sequence: &Sequence) -> bool {
    super::sequence_options(sequence).is_empty() && sequence.persistence == Persistence::Permanent
}

/// `CONSTRAINT users_pkey PRIMARY KEY (id)`.
pub(crate) fn named_constraint(
    state: &State<'_>,
    constraint: &Constraint,
    columns: &[Column],
) -> String {
    let definition = constraint_definition(state, constraint, columns);
    format!("CONSTRAINT {} {definition}", quoted(&constraint.name))
}

/// As `pg_get_constraintdef` has it.
pub(crate) fn constraint_definition(
    state: &State<'_>,
    constraint: &Constraint,
    columns: &[Column],
) -> String {
    let mut text = match &constraint.kind {
        ConstraintKind::Check(expr) => format!("CHECK ({})", expression(state, expr, columns)),
        ConstraintKind::Unique { index } => key(state, "UNIQUE", *index, columns),
        ConstraintKind::PrimaryKey { index } => key(state, "PRIMARY KEY", *index, columns),
        ConstraintKind::Exclude { index } => exclude(state, *index, columns),
        ConstraintKind::ForeignKey(foreign) => foreign_key(state, foreign, columns),
    };
    if constraint.no_inherit {
        text.push_str(" NO INHERIT");
    }
    if constraint.deferrable {
        text.push_str(" DEFERRABLE");
    }
    if constraint.initially_deferred {
        text.push_str(" INITIALLY DEFERRED");
    }
    if constraint.not_enforced {
        text.push_str(" NOT ENFORCED");
    } else if !constraint.validated {
        text.push_str(" NOT VALID");
    }
    text
}

fn key(state: &State<'_>, kind: &str, index: Id, columns: &[Column]) -> String {
    let Some(index) = state.get(index).and_then(Object::index) else {
        return format!("{kind} (?)");
    };
    let distinct = if index.nulls_not_distinct { " NULLS NOT DISTINCT" } else { "" };
    let names = list(index.elements.iter().map(|it| match &it.key {
        IndexKey::Column(number) => column_name(columns, *number),
        IndexKey::Expression(expr) => expression(state, expr, columns),
    }));
    let include = include(index, columns);
    format!("{kind}{distinct} ({names}){include}{}", with_options(&index.options))
}

fn include(index: &Index, columns: &[Column]) -> String {
    if index.include.is_empty() {
        return String::new();
    }
    format!(" INCLUDE ({})", column_names(columns, &index.include))
}

fn exclude(state: &State<'_>, index: Id, columns: &[Column]) -> String {
    let Some(index) = state.get(index).and_then(Object::index) else {
        return "EXCLUDE (?)".to_owned();
    };
    let elements = list(index.elements.iter().map(|it| element(state, it, columns)));
    let include = include(index, columns);
    let predicate = index.predicate.as_ref();
    let predicate = predicate.map(|it| format!(" WHERE ({})", expression(state, it, columns)));
    format!("EXCLUDE USING {} ({elements}){include}{}", index.method, predicate.unwrap_or_default())
}

fn foreign_key(state: &State<'_>, key: &ForeignKey, columns: &[Column]) -> String {
    let other = state.get(key.table).and_then(Object::table);
    let referenced = match other {
        Some(other) if !key.referenced.is_empty() => {
            format!(" ({})", column_names(&other.columns, &key.referenced))
        }
        _ => String::new(),
    };
    let mut text = format!(
        "FOREIGN KEY ({}) REFERENCES {}{referenced}",
        column_names(columns, &key.columns),
        name(state, key.table)
    );
    if key.full_match {
        text.push_str(" MATCH FULL");
    }
    for (when, action) in [("UPDATE", &key.on_update), ("DELETE", &key.on_delete)] {
        let action = match action {
            ForeignAction::NoAction => continue,
            ForeignAction::Restrict => "RESTRICT".to_owned(),
            ForeignAction::Cascade => "CASCADE".to_owned(),
            ForeignAction::SetNull(set) => set_columns("SET NULL", set, columns),
            ForeignAction::SetDefault(set) => set_columns("SET DEFAULT", set, columns),
        };
        text.push_str(&format!(" ON {when} {action}"));
    }
    text
}

fn set_columns(action: &str, set: &[u32], columns: &[Column]) -> String {
    if set.is_empty() {
        return action.to_owned();
    }
    format!("{action} ({})", column_names(columns, set))
}

/// `CREATE INDEX`. `columns`: those of its table.
pub(crate) fn create_index(
    state: &State<'_>,
    object: &Object,
    index: &Index,
    columns: &[Column],
) -> String {
    let unique = if index.unique { "UNIQUE " } else { "" };
    let elements = list(index.elements.iter().map(|it| element(state, it, columns)));
    let method = match index.method.as_str() {
        "btree" => String::new(),
        method => format!(" USING {method}"),
    };
    let mut text = format!(
        "CREATE {unique}INDEX {} ON {}{method} ({elements}){}",
        quoted(&object.name),
        name(state, index.table),
        include(index, columns)
    );
    if index.nulls_not_distinct {
        text.push_str(" NULLS NOT DISTINCT");
    }
    text.push_str(&with_options(&index.options));
    if let Some(predicate) = &index.predicate {
        text.push_str(&format!(" WHERE {}", expression(state, predicate, columns)));
    }
    text
}

/// `CREATE TRIGGER`. `columns`: those of its table.
pub(crate) fn create_trigger(
    state: &State<'_>,
    table: &str,
    trigger: &Trigger,
    columns: &[Column],
) -> String {
    let constraint = if trigger.constraint { "CONSTRAINT " } else { "" };
    let events: Vec<String> = trigger
        .events
        .iter()
        .map(|(event, of)| match of.is_empty() {
            true => event.to_uppercase(),
            false => format!("{} OF {}", event.to_uppercase(), column_names(columns, of)),
        })
        .collect_vec();
    let mut text = format!(
        "CREATE {constraint}TRIGGER {} {} {} ON {table}",
        quoted(&trigger.name),
        trigger.timing.to_uppercase(),
        events.join(" OR ")
    );
    if let Some(from) = trigger.from {
        text.push_str(&format!(" FROM {}", name(state, from)));
    }
    if trigger.constraint && trigger.deferrable {
        text.push_str(" DEFERRABLE");
        if trigger.initially_deferred {
            text.push_str(" INITIALLY DEFERRED");
        }
    }
    if let Some(referencing) = &trigger.referencing {
        text.push_str(&format!(" REFERENCING {referencing}"));
    }
    text.push_str(if trigger.for_each_row { " FOR EACH ROW" } else { " FOR EACH STATEMENT" });
    if let Some(when) = &trigger.when {
        text.push_str(&format!(" WHEN ({})", expression(state, when, columns)));
    }
    let function = match &trigger.function {
        (Some(id), _) if state.get(*id).is_some() => name(state, *id),
        (_, written) => written.clone(),
    };
    let arguments = trigger.arguments.join(", ");
    text.push_str(&format!(" EXECUTE FUNCTION {function}({arguments})"));
    text
}

pub(crate) fn create_policy(
    state: &State<'_>,
    table: &str,
    policy: &Policy,
    columns: &[Column],
) -> String {
    let mut text = format!("CREATE POLICY {} ON {table}", quoted(&policy.name));
    if !policy.permissive {
        text.push_str(" AS RESTRICTIVE");
    }
    text.push_str(&format!(" FOR {}", policy.command.to_uppercase()));
    text.push_str(&format!(" TO {}", roles(&policy.roles)));
    if let Some(using) = &policy.using {
        text.push_str(&format!(" USING ({})", expression(state, using, columns)));
    }
    if let Some(check) = &policy.check {
        text.push_str(&format!(" WITH CHECK ({})", expression(state, check, columns)));
    }
    text
}

pub(crate) fn roles(roles: &[String]) -> String {
    match roles {
        [] => "PUBLIC".to_owned(),
        roles => list(roles.iter().map(|role| super::role(role))),
    }
}

/// The definition holds the event and the table.
pub(crate) fn create_rule(rule: &Rule) -> String {
    format!("CREATE RULE {} AS {}", quoted(&rule.name), rule.definition)
}
