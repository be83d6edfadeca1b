//! Statements that cannot be followed: what they may have touched is not known from then on.

mod block;
mod scan;

use super::{Result, Simulator};
use crate::catalog::{Body, Id, Kind};
use crate::ddl;
use crate::list::CollectVec;
use crate::ordered::SortedSet;
use scan::Effects;

/// Functions of well-known extensions that change the tables they are given.
const CHANGING: &[&str] = &[
    "addgeometrycolumn",
    "create_distributed_table",
    "create_hypertable",
    "create_parent",
    "create_reference_table",
    "drop_chunks",
    "dropgeometrycolumn",
    "dropgeometrytable",
    "updategeometrysrid",
];

impl Simulator<'_> {
    pub(super) fn run_opaque(&mut self) -> Result {
        self.fog_everything("a statement that could not be read", SortedSet::new());
        Ok(())
    }

    /// `DO`.
    pub(super) fn run_block(
        &mut self,
        language: &str,
        body: &str,
        block: Option<&ddl::Block>,
    ) -> Result {
        if !is_read(language) {
            self.fog_everything(&format!("a DO block in {language}"), SortedSet::new());
            return Ok(());
        }
        let called = self.effects_of_called(body);
        if let Some(block) = block
            && called.names.is_empty()
            && !called.everywhere
        {
            let (mark, deaths) = (self.catalog.mark(), self.deaths.len());
            if self.follow(block)? {
                return Ok(());
            }
            self.catalog.rollback(mark);
            self.deaths.truncate(deaths);
        }
        let effects = self.effects_of(body);
        self.take_effect(effects, "a DO block");
        Ok(())
    }

    /// `CALL`.
    pub(super) fn call(&mut self, routine: &ddl::Name) -> Result {
        self.check_procedure(routine)?;
        let mut effects = self.effects_of_name(routine);
        effects.everywhere |= effects.from_arguments;
        self.take_effect(effects, &format!("a call of {}()", routine.name));
        Ok(())
    }

    /// The functions that a query calls. Most are PostgreSQL's own and leave the schema alone.
    pub(super) fn calls(&mut self, query: &ddl::Query) -> Result {
        for function in &query.functions {
            let mut effects = self.effects_of_name(function);
            effects.from_arguments |= CHANGING.contains(&function.name.as_str());
            if effects.from_arguments {
                effects.everywhere |= !has_plain_arguments(query);
                effects.names.extend(scan::words(&query.sql));
            }
            self.take_effect(effects, &format!("a call of {}()", function.name));
        }
        Ok(())
    }

    fn effects_of_name(&self, routine: &ddl::Name) -> Effects {
        let mut effects = Effects::default();
        let mut seen = SortedSet::new();
        for id in self.routines_named(routine) {
            self.effects_of_routine(id, &mut seen, &mut effects);
        }
        effects
    }

    /// What a body does, with what the functions do that it calls.
    fn effects_of(&self, body: &str) -> Effects {
        let mut effects = scan::scan(body, &SortedSet::new());
        let mut seen = SortedSet::new();
        self.effects_of_calls(&mut seen, &mut effects);
        effects
    }

    /// The same without what the body does itself.
    fn effects_of_called(&self, body: &str) -> Effects {
        let calls = scan::scan(body, &SortedSet::new()).calls;
        let mut effects = Effects { calls, ..Effects::default() };
        self.effects_of_calls(&mut SortedSet::new(), &mut effects);
        effects
    }

    fn effects_of_calls(&self, seen: &mut SortedSet<Id>, effects: &mut Effects) {
        if effects.calls.is_empty() {
            return;
        }
        let calls = std::mem::take(&mut effects.calls);
        let is_called = |(id, object): (Id, &crate::catalog::Object)| {
            let is_routine = matches!(object.kind, Kind::Routine(_));
            (is_routine && calls.contains(&object.name)).then_some(id)
        };
        let called: Vec<Id> = self.catalog.all().filter_map(is_called).collect_vec();
        for id in called {
            self.effects_of_routine(id, seen, effects);
        }
        // What it was called with is not read.
        effects.everywhere |= std::mem::take(&mut effects.from_arguments);
    }

    /// Each routine once, so that recursion ends.
    fn effects_of_routine(&self, id: Id, seen: &mut SortedSet<Id>, effects: &mut Effects) {
        let Some(object) = self.catalog.get(id) else { return };
        let Kind::Routine(routine) = &object.kind else { return };
        if !seen.insert(id) || object.extension.is_some() {
            return;
        }
        let body = match &routine.body {
            Body::Text(text) if is_read(&routine.language) => text,
            Body::Sql(text) => text,
            Body::Options(_) => return,
            // A function of C hardly changes a schema; another language may do anything.
            Body::Library(_) => return,
            Body::Text(_) | Body::Unknown => {
                effects.everywhere = true;
                return;
            }
        };
        let inputs = routine.arguments.iter().filter(|argument| argument.is_input());
        let parameters = inputs.filter_map(|argument| argument.name.clone()).collect();
        let mut inner = scan::scan(body, &parameters);
        let from_arguments = std::mem::take(&mut inner.from_arguments);
        self.effects_of_calls(seen, &mut inner);
        effects.names.extend(inner.names);
        effects.everywhere |= inner.everywhere;
        effects.from_arguments |= from_arguments;
    }

    fn take_effect(&mut self, effects: Effects, why: &str) {
        if effects.everywhere {
            let is_worded = effects.names.iter().any(|it| scan::is_defining(it));
            let words = if is_worded { effects.names.clone() } else { SortedSet::new() };
            self.fog_everything(why, words);
        }
        if effects.names.is_empty() {
            return;
        }
        self.opaque = Some(why.to_owned());
        let is_touched = |object: &crate::catalog::Object| {
            !matches!(object.kind, Kind::Schema | Kind::Session(_))
                && effects.names.contains(&object.name)
        };
        let touched: Vec<Id> = self
            .catalog
            .all()
            .filter(|(_, object)| is_touched(object) && !object.partial)
            .map(|(id, _)| id)
            .collect_vec();
        for id in touched {
            self.catalog.edit(id, |object| object.partial = true);
        }
        self.catalog.edit_session(|session| session.fog.names.extend(effects.names));
    }

    /// From here on anything may have been made, changed or dropped.
    /// `words`: what it was put together of, and none where that is not known.
    pub(super) fn fog_everything(&mut self, why: &str, words: SortedSet<String>) {
        self.opaque = Some(why.to_owned());
        self.catalog.edit_session(|session| {
            session.fog.everywhere = true;
            session.fog.storm = match (session.fog.storm.take(), words.is_empty()) {
                (None, false) => Some(words),
                (Some(mut before), false) if !before.is_empty() => {
                    before.extend(words);
                    Some(before)
                }
                _ => Some(SortedSet::new()),
            };
        });
    }
}

/// A query that only calls, with literals: `SELECT manage_updated_at('users')`.
fn has_plain_arguments(query: &ddl::Query) -> bool {
    let Some(tree) = &query.tree else { return false };
    let is_plain =
        |arm: &ddl::Arm| arm.from.is_empty() && arm.uses.is_empty() && arm.subqueries.is_empty();
    tree.with.is_empty() && tree.arms.iter().all(is_plain)
}

/// Languages whose bodies are made of SQL.
fn is_read(language: &str) -> bool {
    language.eq_ignore_ascii_case("plpgsql") || language.eq_ignore_ascii_case("sql")
}
