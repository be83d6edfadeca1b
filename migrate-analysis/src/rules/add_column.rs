//! A column with all that it says, in steps that nobody waits for.

use super::alter::Altered;
use super::recipe::of_column;
use crate::catalog::{Column, ColumnType, ConstraintKind, Domain, Expr, Kind};
use crate::ddl::{ColumnConstraintKind, ColumnDef};
use crate::deparse;
use crate::list::CollectVec;
use crate::lock::volatile_call;
use crate::simulate::serial_type;
use crate::sql::quoted;

/// The columns that the statement adds, a script a migration. After the first one the old rows are filled, in batches.
pub(super) fn in_steps(altered: &Altered<'_, '_>) -> Vec<String> {
    let (long, rest) = altered.split();
    let adding: Vec<Adding<'_, '_, '_>> = long
        .iter()
        .filter_map(|action| {
            let def = Altered::added(action)?;
            let column = altered.column(&def.name.name)?;
            Some(Adding { altered, def, column, name: quoted(&column.name) })
        })
        .collect_vec();
    if adding.len() < long.len() {
        return Vec::new();
    }
    let (mut before, mut actions, mut behind) = (Vec::new(), Vec::new(), Vec::new());
    for own in &adding {
        let (first, middle, last) = own.column();
        before.extend(first);
        actions.extend(middle);
        behind.extend(last);
    }
    actions.extend(rest.into_iter().map(str::to_owned));
    before.push(altered.sql(&actions));
    before.extend(behind);
    let mut scripts = vec![before.join("\n")];
    let wanted: Vec<&str> = adding
        .iter()
        .filter(|it| it.wants_not_null())
        .map(|it| it.column.name.as_str())
        .collect_vec();
    if !wanted.is_empty() {
        scripts.extend(altered.make_not_null(&wanted));
    }
    scripts.extend(adding.iter().flat_map(Adding::checks));
    scripts.extend(adding.iter().flat_map(Adding::keys));
    scripts
}

struct Adding<'x, 's, 'a> {
    altered: &'x Altered<'s, 'a>,
    def: &'a ColumnDef,
    column: &'a Column,
    name: String,
}

impl<'a> Adding<'_, '_, 'a> {
    fn has(&self, is_it: impl Fn(&ColumnConstraintKind) -> bool) -> bool {
        self.def.constraints.iter().any(|it| is_it(&it.kind))
    }

    fn is_serial(&self) -> bool {
        let serial = self.def.type_name.as_ref().is_some_and(|it| serial_type(it).is_some());
        serial || self.column.identity.is_some()
    }

    /// The domains of its type, where they have constraints.
    fn domains(&self) -> Vec<&'a Domain> {
        let catalog = self.altered.statement.seen.after;
        let mut domains = Vec::new();
        let mut next = self.column.column_type.user_type();
        while let Some(Kind::Domain(domain)) =
            next.and_then(|id| catalog.get(id)).map(|it| &it.kind)
        {
            domains.push(domain);
            next = domain.base.user_type();
        }
        let constrained = |it: &&Domain| it.not_null || !it.checks.is_empty();
        if domains.iter().any(constrained) { domains } else { Vec::new() }
    }

    /// What the rows may have at once, and what the column is given for new rows only.
    fn default(&self) -> (Option<&'a Expr>, Option<&'a Expr>) {
        let of_domain = || self.domains().into_iter().find_map(|it| it.default.as_ref());
        let is_written = self.has(|it| matches!(it, ColumnConstraintKind::Default(_)));
        let own = self.column.default.as_ref();
        let default = if is_written { own } else { of_domain() };
        let is_volatile =
            |it: &&Expr| volatile_call(self.altered.statement.seen.after, it).is_some();
        match default {
            Some(it) if is_volatile(&it) => (None, Some(it)),
            it => (it, None),
        }
    }

    fn is_filled_at_once(&self) -> bool {
        self.default().0.is_some() && !self.is_serial()
    }

    /// What comes before the column, the actions that make it, and what comes behind.
    fn column(&self) -> (Vec<String>, Vec<String>, Vec<String>) {
        let (altered, name) = (self.altered, &self.name);
        let domains = self.domains();
        let column_type = domains.last().map_or(&self.column.column_type, |it| &it.base);
        let type_name = altered.type_name(column_type);
        let collation =
            self.column.collation.as_ref().map(|it| format!(" COLLATE {it}")).unwrap_or_default();
        let add = format!("ADD COLUMN {name} {type_name}{collation}");
        if self.is_serial() {
            let sequence = altered.sibling(&self.column.name, "seq");
            let default =
                format!("ALTER COLUMN {name} SET DEFAULT nextval({})", deparse::literal(&sequence));
            return (
                vec![format!("CREATE SEQUENCE {sequence}{};", as_type(&self.column.column_type))],
                vec![add, default],
                vec![format!("ALTER SEQUENCE {sequence} OWNED BY {}.{name};", altered.name)],
            );
        }
        if let Some((expr, true)) = &self.column.generated {
            let value = altered.of_new_row(expr);
            let (start, _) =
                altered.trigger(&self.column.name, &[format!("NEW.{name} := {value};")]);
            return (Vec::new(), vec![add], vec![start]);
        }
        let text = |it: &Expr| deparse::expression(&altered.statement.seen.after.now(), it, &[]);
        match self.default() {
            (_, Some(volatile)) => {
                let set = format!("ALTER COLUMN {name} SET DEFAULT {}", text(volatile));
                (Vec::new(), vec![add, set], Vec::new())
            }
            (Some(constant), _) => {
                let not_null = if self.column.not_null { " NOT NULL" } else { "" };
                let add = format!("{add} DEFAULT {}{not_null}", text(constant));
                (Vec::new(), vec![add], Vec::new())
            }
            _ => (Vec::new(), vec![add], Vec::new()),
        }
    }

    /// Whether it is to be NOT NULL, and cannot be at once.
    fn wants_not_null(&self) -> bool {
        let by_domain = self.domains().iter().any(|it| it.not_null);
        (self.column.not_null || by_domain) && !(self.is_filled_at_once() && self.column.not_null)
    }

    /// CHECKs: for new rows first, and then for the old ones.
    fn checks(&self) -> Vec<String> {
        let (altered, name, domains) = (self.altered, &self.name, self.domains());
        let mut scripts = Vec::new();
        let has_check = self.has(|it| matches!(it, ColumnConstraintKind::Check { .. }));
        let checks = altered.new_constraints().filter(|it| match &it.kind {
            ConstraintKind::Check(expr) => has_check && expr.mentions(self.column.number),
            _ => false,
        });
        for check in checks {
            scripts.extend(altered.add_constraint(check).unwrap_or_default());
        }
        for check in domains.iter().flat_map(|it| &it.checks) {
            let now = altered.statement.seen.after.now();
            let text = of_column(&deparse::expression(&now, &check.expression, &[]), name);
            let own = altered.name_for(&self.column.name, "check");
            scripts.push(altered.sql(&[format!("ADD CONSTRAINT {own} CHECK ({text}) NOT VALID")]));
            scripts.push(altered.sql(&[format!("VALIDATE CONSTRAINT {own}")]));
        }
        scripts
    }

    /// Keys that are written with the column.
    fn keys(&self) -> Vec<String> {
        let altered = self.altered;
        let mut scripts = Vec::new();
        for constraint in altered.new_constraints() {
            let wanted = match &constraint.kind {
                ConstraintKind::Unique { index } | ConstraintKind::PrimaryKey { index } => {
                    let is_written = self.has(|it| {
                        matches!(
                            it,
                            ColumnConstraintKind::Unique { .. }
                                | ColumnConstraintKind::PrimaryKey { .. }
                        )
                    });
                    let index = altered.statement.object(*index).and_then(|it| it.index());
                    is_written
                        && index.is_some_and(|it| it.columns() == Some(vec![self.column.number]))
                }
                ConstraintKind::ForeignKey(key) => {
                    let is_written =
                        self.has(|it| matches!(it, ColumnConstraintKind::References(_)));
                    is_written && key.columns == [self.column.number]
                }
                _ => false,
            };
            if wanted {
                let is_primary = matches!(constraint.kind, ConstraintKind::PrimaryKey { .. });
                let steps = altered.add_constraint(constraint).unwrap_or_default();
                // NOT NULL is among the proofs.
                let is_proof = |it: &&String| is_primary && it.contains("is_not_null");
                scripts.extend(steps.iter().filter(|it| !is_proof(it)).cloned());
            }
        }
        scripts
    }
}

/// The sequence of a column that is not a `bigint`.
fn as_type(column_type: &ColumnType) -> &'static str {
    match &column_type.base {
        crate::catalog::BaseType::BuiltIn(name) if name == "integer" => " AS integer",
        crate::catalog::BaseType::BuiltIn(name) if name == "smallint" => " AS smallint",
        _ => "",
    }
}
