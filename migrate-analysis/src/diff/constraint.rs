//! The constraints of a table.

use super::table::{comment_text, comment_words};
use super::{Differ, Fix, Pair, Phase, Weight, fix};
use crate::catalog::{Column, Constraint, ConstraintKind, Id, Object, State, Table};
use crate::deparse::{self, object_name};
use crate::list::CollectVec;
use crate::sql::quoted;

impl Differ<'_> {
    pub(super) fn constraints(&mut self, pair: Pair<'_>, one: &Table, other: &Table) {
        let mut now: Vec<&Constraint> = other.constraints.iter().collect_vec();
        let mut pairs = Vec::new();
        let mut missing = Vec::new();
        for constraint in &one.constraints {
            match now.iter().position(|it| it.name == constraint.name) {
                Some(at) => pairs.push((constraint, now.swap_remove(at))),
                None => missing.push(constraint),
            }
        }
        // The same constraint under another name.
        missing.retain(|constraint| {
            let renamed = now.iter().position(|it| {
                self.constraint_text(self.before, constraint, &one.columns)
                    == self.constraint_text(self.after, it, &other.columns)
            });
            match renamed {
                Some(at) => {
                    pairs.push((constraint, now.swap_remove(at)));
                    false
                }
                None => true,
            }
        });
        for constraint in missing {
            self.missing_constraint(pair, constraint, &one.columns);
        }
        for constraint in now {
            self.left_constraint(pair, constraint);
        }
        for (constraint, after) in pairs {
            self.constraint(pair, (constraint, &one.columns), (after, &other.columns));
        }
    }

    pub(super) fn constraint_text(
        &self,
        state: &State<'_>,
        it: &Constraint,
        columns: &[Column],
    ) -> String {
        deparse::constraint_definition(state, it, columns)
    }

    pub(super) fn missing_constraint(
        &mut self,
        pair: Pair<'_>,
        constraint: &Constraint,
        columns: &[Column],
    ) {
        if !constraint.local && constraint.inherited > 0 {
            return;
        }
        let name = object_name(self.before, pair.before.1);
        let mut fixes = vec![self.add_constraint(&name, constraint, columns)];
        fixes.extend(self.constraint_described(&name, constraint));
        let words = format!("constraint `{}` on `{name}` is missing", quoted(&constraint.name));
        let weight = if pair.after.1.partial { Weight::Doubtful } else { Weight::Certain };
        self.note(weight, words, fixes);
    }

    pub(super) fn add_constraint(
        &self,
        table: &str,
        constraint: &Constraint,
        columns: &[Column],
    ) -> Fix {
        let made = deparse::named_constraint(self.before, constraint, columns);
        let sql = format!("ALTER TABLE {table} ADD {made}");
        match constraint.kind {
            ConstraintKind::ForeignKey(_) => fix(Phase::AddForeignKey, 0, sql),
            // Before the foreign keys, and before the indexes that may look like it.
            _ => fix(Phase::AddConstraint, -1, sql),
        }
    }

    pub(super) fn left_constraint(&mut self, pair: Pair<'_>, constraint: &Constraint) {
        if !constraint.local && constraint.inherited > 0 {
            return;
        }
        let name = object_name(self.after, pair.after.1);
        let words = format!("constraint `{}` on `{name}` is left behind", quoted(&constraint.name));
        let drop = self.drop_constraint(&name, constraint);
        self.certain(words, drop);
    }

    pub(super) fn drop_constraint(&self, table: &str, constraint: &Constraint) -> Vec<Fix> {
        let sql = format!("ALTER TABLE {table} DROP CONSTRAINT {}", quoted(&constraint.name));
        let phase = match constraint.kind {
            ConstraintKind::ForeignKey(_) => Phase::DropForeignKey,
            _ => Phase::DropConstraint,
        };
        vec![fix(phase, 0, sql)]
    }

    pub(super) fn constraint(
        &mut self,
        pair: Pair<'_>,
        (one, one_columns): (&Constraint, &[Column]),
        (other, other_columns): (&Constraint, &[Column]),
    ) {
        let name = object_name(self.before, pair.before.1);
        let title = format!("constraint `{}` on `{name}`", quoted(&one.name));
        if one.name != other.name {
            let sql = format!(
                "ALTER TABLE {name} RENAME CONSTRAINT {} TO {}",
                quoted(&other.name),
                quoted(&one.name)
            );
            let words = format!("{title} is now called `{}`", quoted(&other.name));
            self.certain(words, vec![fix(Phase::Rename, i64::MAX, sql)]);
        }
        let is_same = pair.before.0 == pair.after.0
            && one.kind == other.kind
            && flags(one) == flags(other)
            && one.kind.index().is_none_or(|it| self.index_is_same(it));
        if one.comment != other.comment && !pair.before.1.partial && !pair.after.1.partial {
            let text = comment_text(one.comment.as_deref());
            let sql = format!("COMMENT ON CONSTRAINT {} ON {name} IS {text}", quoted(&one.name));
            let words = comment_words(&title, one.comment.is_some(), other.comment.is_some());
            self.certain(words, vec![fix(Phase::Describe, 0, sql)]);
        }
        let weight = match (&one.kind, &other.kind) {
            // A column that was renamed is the same.
            _ if is_same => None,
            (ConstraintKind::Check(then), ConstraintKind::Check(now)) => {
                let same = self.expressions(Some((then, one_columns)), Some((now, other_columns)));
                let flags = flags(one) != flags(other);
                if flags { Some(Weight::Certain) } else { same }
            }
            (ConstraintKind::ForeignKey(then), ConstraintKind::ForeignKey(now))
                if then == now && flags(one) == flags(other) =>
            {
                None
            }
            _ => {
                let then = self.constraint_text(self.before, one, one_columns);
                let now = self.constraint_text(self.after, other, other_columns);
                (then != now).then_some(Weight::Certain)
            }
        };
        let Some(mut weight) = weight else { return };
        if pair.before.1.partial
            || pair.after.1.partial
            || self.rests_on_unknown(one)
            || self.rests_on_unknown(other)
        {
            weight = Weight::Doubtful;
        }
        if flags(one) != flags(other) && one.validated && !other.validated {
            let sql = format!("ALTER TABLE {name} VALIDATE CONSTRAINT {}", quoted(&one.name));
            self.note(
                weight,
                format!("{title} is not validated"),
                vec![fix(Phase::Describe, 0, sql)],
            );
            return;
        }
        let after_name = object_name(self.after, pair.after.1);
        let mut fixes = self.drop_constraint(&after_name, other);
        fixes.push(self.add_constraint(&name, one, one_columns));
        fixes.extend(self.constraint_described(&name, one));
        self.note(weight, format!("{title} is defined otherwise"), fixes);
    }

    /// Whether an index has the same keys as before, whatever their columns are called.
    pub(super) fn index_is_same(&self, id: Id) -> bool {
        let index = |state: &State<'_>| state.get(id).and_then(Object::index).cloned();
        index(self.before) == index(self.after)
    }

    /// A foreign key to a table whose key is not known.
    pub(super) fn rests_on_unknown(&self, constraint: &Constraint) -> bool {
        matches!(&constraint.kind, ConstraintKind::ForeignKey(key) if key.referenced.is_empty())
    }
}

pub(super) fn flags(it: &Constraint) -> (bool, bool, bool, bool, bool) {
    (it.validated, it.deferrable, it.initially_deferred, it.not_enforced, it.no_inherit)
}

impl Differ<'_> {
    /// The comments on a constraint that is made again, and on its index.
    pub(super) fn constraint_described(&self, table: &str, constraint: &Constraint) -> Vec<Fix> {
        let name = quoted(&constraint.name);
        let own = constraint.comment.as_ref();
        let own = own.map(|comment| (format!("CONSTRAINT {name} ON {table}"), comment));
        let index = constraint.kind.index().and_then(|id| self.before.get(id));
        let index = index.and_then(|it| {
            Some((format!("INDEX {}", object_name(self.before, it)), it.comment.as_ref()?))
        });
        let comment = |(on, comment): (String, &String)| {
            let text = deparse::literal(comment);
            fix(Phase::Describe, 0, format!("COMMENT ON {on} IS {text}"))
        };
        own.into_iter().chain(index).map(comment).collect_vec()
    }
}
