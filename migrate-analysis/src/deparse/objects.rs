//! Views, sequences, types, routines and the rest as SQL.

use super::*;
use crate::catalog::{Body, Domain, Routine, RoutineKind, Sequence, Statistics, View};
use crate::ddl::Persistence;

/// The name of a role: `PUBLIC` and its kin are keywords.
pub(crate) fn role(role: &str) -> String {
    match role {
        "public" => "PUBLIC".to_owned(),
        "current_user" | "session_user" | "current_role" => role.to_uppercase(),
        role => quoted(role),
    }
}

pub(crate) fn create_view(state: &State<'_>, object: &Object, view: &View) -> String {
    let kind = match (view.materialized, view.persistence) {
        (true, _) => "MATERIALIZED VIEW",
        (false, Persistence::Temporary) => "TEMPORARY VIEW",
        (false, _) => "VIEW",
    };
    let columns = list(view.columns.iter().map(|column| quoted(&column.name)));
    let columns =
        if view.followed && !columns.is_empty() { format!(" ({columns})") } else { String::new() };
    let mut text = format!(
        "CREATE {kind} {}{columns}{} AS\n{}",
        object_name(state, object),
        with_options(&view.options),
        view.query
    );
    if let Some(check) = &view.check_option {
        text.push_str(&format!("\nWITH {} CHECK OPTION", check.to_uppercase()));
    }
    if view.materialized && !view.populated {
        text.push_str("\nWITH NO DATA");
    }
    text
}

pub(crate) fn create_sequence(state: &State<'_>, object: &Object, sequence: &Sequence) -> String {
    let mut text = format!("CREATE SEQUENCE {}", object_name(state, object));
    if sequence.data_type != "bigint" {
        text.push_str(&format!(" AS {}", sequence.data_type));
    }
    text.push_str(&sequence_options(sequence));
    text
}

/// All options, for a sequence whose type is set already.
pub(crate) fn sequence_options(sequence: &Sequence) -> String {
    let mut text = String::new();
    let (increment, ascending) = (sequence.increment, sequence.increment > 0);
    let largest = match sequence.data_type.as_str() {
        "smallint" => i64::from(i16::MAX),
        "integer" => i64::from(i32::MAX),
        _ => i64::MAX,
    };
    let (min, max) = if ascending { (1, largest) } else { (-largest - 1, -1) };
    if increment != 1 {
        text.push_str(&format!(" INCREMENT BY {increment}"));
    }
    if sequence.min != min {
        text.push_str(&format!(" MINVALUE {}", sequence.min));
    }
    if sequence.max != max {
        text.push_str(&format!(" MAXVALUE {}", sequence.max));
    }
    if sequence.start != (if ascending { sequence.min } else { sequence.max }) {
        text.push_str(&format!(" START WITH {}", sequence.start));
    }
    if sequence.cache != 1 {
        text.push_str(&format!(" CACHE {}", sequence.cache));
    }
    if sequence.cycle {
        text.push_str(" CYCLE");
    }
    text
}

pub(crate) fn create_enum(name: &str, labels: &[String]) -> String {
    format!("CREATE TYPE {name} AS ENUM ({})", list(labels.iter().map(|label| literal(label))))
}

pub(crate) fn create_domain(state: &State<'_>, object: &Object, domain: &Domain) -> String {
    let mut text = format!(
        "CREATE DOMAIN {} AS {}",
        object_name(state, object),
        column_type(state, &domain.base)
    );
    if let Some(collation) = &domain.collation {
        text.push_str(&format!(" COLLATE {collation}"));
    }
    if let Some(default) = &domain.default {
        let default = super::default(state, default, &domain.base, &[]);
        text.push_str(&format!(" DEFAULT {default}"));
    }
    if domain.not_null {
        text.push_str(" NOT NULL");
    }
    for check in &domain.checks {
        let expr = expression(state, &check.expression, &[]);
        text.push_str(&format!(" CONSTRAINT {} CHECK ({expr})", quoted(&check.name)));
    }
    text
}

/// None where its body is not known.
pub(crate) fn create_routine(
    state: &State<'_>,
    object: &Object,
    routine: &Routine,
) -> Option<String> {
    let kind = match routine.kind {
        RoutineKind::Function => "FUNCTION",
        RoutineKind::Procedure => "PROCEDURE",
        RoutineKind::Aggregate => return create_aggregate(state, object, routine),
    };
    let mut text = format!(
        "CREATE OR REPLACE {kind} {}({})",
        object_name(state, object),
        arguments(state, &routine.arguments, true)
    );
    if let Some(returns) = returns(state, routine) {
        text.push_str(&format!("\nRETURNS {returns}"));
    }
    text.push_str(&format!("\nLANGUAGE {}", routine.language));
    for option in routine_options(routine) {
        text.push_str(&format!("\n{option}"));
    }
    match &routine.body {
        Body::Text(body) => {
            let quote = dollar_quote(body);
            text.push_str(&format!("\nAS {quote}{body}{quote}"));
        }
        Body::Sql(body) => text.push_str(&format!("\n{body}")),
        Body::Library(library) => text.push_str(&format!("\nAS {library}")),
        Body::Options(_) | Body::Unknown => return None,
    }
    Some(text)
}

fn create_aggregate(state: &State<'_>, object: &Object, routine: &Routine) -> Option<String> {
    let Body::Options(options) = &routine.body else { return None };
    let options = list(options.iter().map(|(name, value)| match value.is_empty() {
        true => name.clone(),
        false => format!("{name} = {value}"),
    }));
    let arguments = match arguments(state, &routine.arguments, false) {
        none if none.is_empty() => "*".to_owned(),
        arguments => arguments,
    };
    Some(format!("CREATE AGGREGATE {}({arguments}) ({options})", object_name(state, object)))
}

pub(crate) fn returns(state: &State<'_>, routine: &Routine) -> Option<String> {
    if routine.returns_table {
        let columns = routine.arguments.iter().filter(|argument| argument.table).map(|argument| {
            let name = argument.name.as_ref().map(|name| quoted(name)).unwrap_or_default();
            format!("{name} {}", column_type(state, &argument.column_type))
        });
        return Some(format!("TABLE ({})", list(columns)));
    }
    let set = if routine.returns_set { "SETOF " } else { "" };
    routine.returns.as_ref().map(|it| format!("{set}{}", column_type(state, it)))
}

/// What differs from the defaults, a line each.
pub(crate) fn routine_options(routine: &Routine) -> Vec<String> {
    let mut options = Vec::new();
    let mut add = |holds: bool, option: &str| {
        if holds {
            options.push(option.to_owned());
        }
    };
    add(routine.window, "WINDOW");
    add(routine.volatility != "volatile", &routine.volatility.to_uppercase());
    add(routine.leakproof, "LEAKPROOF");
    add(routine.strict, "STRICT");
    add(routine.security_definer, "SECURITY DEFINER");
    add(routine.parallel != "unsafe", &format!("PARALLEL {}", routine.parallel.to_uppercase()));
    if let Some(cost) = &routine.cost {
        options.push(format!("COST {cost}"));
    }
    if let Some(rows) = &routine.rows {
        options.push(format!("ROWS {rows}"));
    }
    if let Some(support) = &routine.support {
        options.push(format!("SUPPORT {support}"));
    }
    for (name, value) in &routine.settings {
        options.push(format!("SET {name} TO {value}"));
    }
    options
}

/// A quote that does not occur in the text.
fn dollar_quote(text: &str) -> String {
    let mut quote = "$$".to_owned();
    let mut number = 0;
    while text.contains(&quote) {
        number += 1;
        quote = format!("$body{number}$");
    }
    quote
}

pub(crate) fn create_statistics(
    state: &State<'_>,
    object: &Object,
    statistics: &Statistics,
    columns: &[Column],
) -> String {
    let kinds = match statistics.kinds.as_slice() {
        [] => String::new(),
        kinds => format!(" ({})", kinds.join(", ")),
    };
    let keys = list(statistics.columns.iter().map(|key| match key {
        IndexKey::Column(number) => column_name(columns, *number),
        IndexKey::Expression(expr) => format!("({})", expression(state, expr, columns)),
    }));
    format!(
        "CREATE STATISTICS {}{kinds} ON {keys} FROM {}",
        object_name(state, object),
        name(state, statistics.table)
    )
}
