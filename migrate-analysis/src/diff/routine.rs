//! Functions, procedures and aggregates.

use super::objects::titled;
use super::{Differ, Pair, Phase, Weight, fix, weight};
use crate::catalog::{Argument, Body, Column, Expr, Object, Routine, State};
use crate::deparse;
use crate::list::CollectVec;
use crate::sql::compare::{self, Sameness};

impl Differ<'_> {
    pub(super) fn routines(&mut self, pair: Pair<'_>, one: &Routine, other: &Routine) {
        let (before, after) = (pair.before.1, pair.after.1);
        let title = titled(self.before, before);
        if one.body == Body::Unknown || other.body == Body::Unknown {
            if one != other {
                self.note(Weight::Doubtful, format!("{title} is perhaps another"), Vec::new());
            }
            return;
        }
        let Some(then) = deparse::create_routine(self.before, before, one) else { return };
        let Some(weight) = self.weight_of_routines(pair, one, other) else { return };
        let returns = |state: &State<'_>, it: &Routine| {
            let names: Vec<&Option<String>> = it.arguments.iter().map(|it| &it.name).collect_vec();
            (deparse::returns(state, it), format!("{names:?}"))
        };
        let mut fixes = Vec::new();
        // PostgreSQL replaces no function by one with another result or other names.
        if returns(self.before, one) != returns(self.after, other) {
            let drop = format!("DROP FUNCTION {}", deparse::routine_name(self.after, after));
            fixes.push(fix(Phase::DropTable, 0, drop));
        }
        fixes.push(fix(Phase::CreateObject, i64::from(pair.before.0.number()), then));
        self.note(weight, format!("{title} is defined otherwise"), fixes);
    }

    fn weight_of_routines(&self, pair: Pair<'_>, one: &Routine, other: &Routine) -> Option<Weight> {
        let (before, after) = (pair.before.1, pair.after.1);
        // Where it is and what it is called is told apart from this.
        let (name, schema) = (before.name.clone(), before.schema);
        let named = Object { name, schema, ..after.clone() };
        let then = deparse::create_routine(self.before, before, &bare(one));
        if then != deparse::create_routine(self.after, &named, &bare(other)) {
            return Some(Weight::Certain);
        }
        let defaults = one.arguments.iter().zip(&other.arguments);
        let defaults = defaults.filter_map(|(one, other)| {
            self.expressions(one.default.as_ref().map(alone), other.default.as_ref().map(alone))
        });
        let bodies = match (&one.body, &other.body) {
            (Body::Options(one), Body::Options(other)) => listed(one, other, compare::options),
            (Body::Library(one), Body::Library(other)) => compare::settings(one, other),
            (Body::Sql(one), Body::Sql(other)) => compare::bodies(one, other),
            _ => Sameness::Same,
        };
        let settings = listed(&one.settings, &other.settings, compare::settings);
        defaults.max().max(weight(bodies.max(settings)))
    }
}

/// Without what is compared by what it means.
fn bare(routine: &Routine) -> Routine {
    let plain = |it: &Argument| Argument { default: None, ..it.clone() };
    let body = match &routine.body {
        Body::Options(_) => Body::Options(Vec::new()),
        Body::Sql(_) => Body::Sql(String::new()),
        Body::Library(_) => Body::Library(String::new()),
        body => body.clone(),
    };
    Routine {
        arguments: routine.arguments.iter().map(plain).collect_vec(),
        settings: Vec::new(),
        body,
        ..routine.clone()
    }
}

/// An expression over no columns.
fn alone(expr: &Expr) -> (&Expr, &[Column]) {
    (expr, &[])
}

/// Names and values, sorted.
fn listed(
    one: &[(String, String)],
    other: &[(String, String)],
    compared: fn(&str, &str) -> Sameness,
) -> Sameness {
    if one.len() != other.len() {
        return Sameness::Different;
    }
    let pairs =
        one.iter().zip(other).map(|((name, one), (other_name, other))| match name == other_name {
            true => compared(one, other),
            false => Sameness::Different,
        });
    pairs.max().unwrap_or(Sameness::Same)
}
