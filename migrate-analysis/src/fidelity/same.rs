//! Whether our text and the server's say the same: both are read again, and compared clause by clause.

use crate::ddl::{
    AlterActionKind, Body, Command, CreateIndex, CreateRoutine, CreateTrigger, Expression,
    IndexElement, IndexKey, Name, References, TableConstraint, TableConstraintKind, TypeName,
};
use crate::ordered::sort;
use crate::sql::compare::{self, Sameness};
use std::ops::Range;

/// Expressions, where casts that the server adds do not count.
pub(super) fn expressions(ours: &str, server: &str) -> bool {
    compare::expressions(ours, server) != Sameness::Different
}

/// Definitions of constraints.
pub(super) fn constraints(ours: &str, server: &str) -> bool {
    let sql = |text: &str| format!("ALTER TABLE t ADD {}", without_public(text));
    parts(&sql(ours)).is_some_and(|ours| Some(ours) == parts(&sql(server)))
}

/// `CREATE …` statements.
pub(super) fn statements(ours: &str, server: &str) -> bool {
    let (ours, server) = (without_public(ours), without_public(server));
    parts(&ours).is_some_and(|ours| Some(ours) == parts(&server))
}

fn without_public(text: &str) -> String {
    text.replace("public.", "")
}

/// A clause: words that have to be the same, or an expression that has to mean the same.
#[derive(Debug)]
enum Part {
    Text(String),
    Expression(String),
}

impl PartialEq for Part {
    fn eq(&self, other: &Part) -> bool {
        match (self, other) {
            (Part::Text(one), Part::Text(other)) => one == other,
            (Part::Expression(one), Part::Expression(other)) => expressions(one, other),
            // `lower(email)` is an expression with and without brackets.
            (Part::Text(_), Part::Expression(_)) | (Part::Expression(_), Part::Text(_)) => false,
        }
    }
}

struct Printer<'a> {
    sql: &'a str,
    parts: Vec<Part>,
}

fn parts(sql: &str) -> Option<Vec<Part>> {
    let mut printer = Printer { sql, parts: Vec::new() };
    match crate::sql::command(sql, 0..sql.len()) {
        Command::AlterTable(alter) => match &alter.actions.first()?.kind {
            AlterActionKind::AddConstraint(constraint) => printer.constraint(constraint),
            _ => return None,
        },
        Command::CreateIndex(index) => printer.index(&index),
        Command::CreateTrigger(trigger) => printer.trigger(&trigger),
        Command::CreateRoutine(routine) => printer.routine(&routine),
        _ => return None,
    }
    Some(printer.parts)
}

impl Printer<'_> {
    fn text(&mut self, text: impl Into<String>) {
        self.parts.push(Part::Text(text.into()));
    }

    fn slice(&mut self, range: &Range<usize>) {
        let text = self.sql.get(range.clone()).unwrap_or_default().to_owned();
        self.parts.push(Part::Expression(text));
    }

    fn expression(&mut self, expression: Option<&Expression>) {
        match expression {
            Some(expression) => self.slice(&expression.at),
            None => self.text("none"),
        }
    }

    fn constraint(&mut self, constraint: &TableConstraint) {
        let mut attributes = constraint.attributes.clone();
        attributes.deferrable |= attributes.initially_deferred;
        self.text(format!("{attributes:?}"));
        match &constraint.kind {
            TableConstraintKind::Check(expression) => self.expression(Some(expression)),
            TableConstraintKind::NotNull(column) => self.text(&column.name),
            TableConstraintKind::Unique { columns, nulls_not_distinct, index } => {
                self.text(format!("unique {nulls_not_distinct} {}", names(columns)));
                self.text(names(&index.include));
            }
            TableConstraintKind::PrimaryKey { columns, index } => {
                self.text(format!("primary {}", names(columns)));
                self.text(names(&index.include));
            }
            TableConstraintKind::UsingIndex { index, .. } => self.text(&index.name),
            TableConstraintKind::ForeignKey { columns, references } => {
                self.text(names(columns));
                self.references(references);
            }
            TableConstraintKind::Exclude { method, elements, index, predicate } => {
                self.text(method.as_deref().unwrap_or("btree"));
                for (element, operator) in elements {
                    self.element(element);
                    self.text(operator.replace("OPERATOR(pg_catalog.", "").replace(')', ""));
                }
                self.text(names(&index.include));
                self.expression(predicate.as_ref());
            }
        }
    }

    fn references(&mut self, references: &References) {
        self.text(format!(
            "{} {} {} {} {}",
            name(&references.table),
            names(&references.columns),
            references.full_match,
            action(&references.on_delete),
            action(&references.on_update)
        ));
    }

    fn element(&mut self, element: &IndexElement) {
        match &element.key {
            IndexKey::Column(column) => self.text(&column.name),
            IndexKey::Expression(expression) => self.expression(Some(expression)),
        }
        let collation = element.collation.as_ref().map(|it| it.name.clone());
        let class = element.operator_class.as_ref().map(|(class, _)| class.name.clone());
        let nulls_first = element.nulls_first.unwrap_or(element.descending);
        self.text(format!("{collation:?} {class:?} {} {nulls_first}", element.descending));
    }

    fn index(&mut self, index: &CreateIndex) {
        let head = index.name.as_ref().map(|it| it.name.clone());
        let method = index.method.as_deref().unwrap_or("btree");
        self.text(format!("{head:?} {} {method} {}", name(&index.table), index.unique));
        index.elements.iter().for_each(|element| self.element(element));
        self.text(format!("{} {}", names(&index.include), index.nulls_not_distinct));
        let mut options = index.options.clone();
        sort(&mut options);
        self.text(format!("{options:?}"));
        self.expression(index.predicate.as_ref());
    }

    fn trigger(&mut self, trigger: &CreateTrigger) {
        let mut events: Vec<String> = trigger
            .events
            .iter()
            .map(|(event, columns)| format!("{event} {}", names(columns)))
            .collect();
        sort(&mut events);
        self.text(format!(
            "{} {} {} {} {events:?} {} {:?}",
            trigger.name.name,
            name(&trigger.table),
            trigger.timing,
            trigger.constraint,
            trigger.for_each_row,
            trigger.referencing.as_ref().map(|it| it.to_lowercase()),
        ));
        self.text(format!("{} {}", trigger.deferrable, trigger.initially_deferred));
        self.expression(trigger.when.as_ref());
        self.text(format!("{} {:?}", trigger.function.name, trigger.arguments));
    }

    fn routine(&mut self, routine: &CreateRoutine) {
        for argument in routine.arguments.iter() {
            let own = argument.name.as_ref().map(|it| it.name.clone());
            self.text(format!("{:?} {own:?} {}", argument.mode, type_name(&argument.type_name)));
            self.expression(argument.default.as_ref());
        }
        let options = &routine.options;
        self.text(format!(
            "{:?} {:?} {:?} {:?} {:?} {:?}",
            options.language,
            options.volatility.as_deref().unwrap_or("volatile"),
            options.strict.unwrap_or(false),
            options.security_definer.unwrap_or(false),
            options.leakproof.unwrap_or(false),
            options.parallel.as_deref().unwrap_or("unsafe"),
        ));
        match &options.body {
            Some(Body::Text { text, .. }) => self.text(text),
            Some(Body::Sql { .. }) => self.text("sql"),
            Some(Body::Library(library)) => self.text(library),
            None => self.text("none"),
        }
    }
}

fn name(name: &Name) -> String {
    match &name.schema {
        Some(schema) => format!("{schema}.{}", name.name),
        None => name.name.clone(),
    }
}

fn names(names: &[crate::ddl::Ident]) -> String {
    names.iter().map(|it| it.name.as_str()).collect::<Vec<_>>().join(",")
}

fn type_name(it: &TypeName) -> String {
    format!("{} {:?} {} {}", it.name.name, it.modifiers, it.array, it.set_of)
}

fn action(action: &crate::ddl::Action) -> String {
    use crate::ddl::Action;
    match action {
        Action::NoAction => "no action".to_owned(),
        Action::Restrict => "restrict".to_owned(),
        Action::Cascade => "cascade".to_owned(),
        Action::SetNull(columns) => format!("set null {}", names(columns)),
        Action::SetDefault(columns) => format!("set default {}", names(columns)),
    }
}
