//! Triggers, policies and rules.

use super::table::{comment_text, comment_words};
use super::{Differ, Fix, Pair, Phase, Weight, fix};
use crate::catalog::{Column, Policy, Rule, State, Table, Trigger, named};
use crate::ddl::Enabled;
use crate::deparse::{self, object_name};
use crate::list::CollectVec;
use crate::sql::quoted;

impl Differ<'_> {
    pub(super) fn triggers(
        &mut self,
        pair: Pair<'_>,
        (then, now): (&[Trigger], &[Trigger]),
        (one_columns, other_columns): (&[Column], &[Column]),
    ) {
        let table = object_name(self.before, pair.before.1);
        let after_table = object_name(self.after, pair.after.1);
        let drop = |it: &Trigger| {
            let sql = format!("DROP TRIGGER {} ON {after_table}", quoted(&it.name));
            fix(Phase::DropTrigger, 0, sql)
        };
        for trigger in then.iter().filter(|it| !it.inherited) {
            let title = format!("trigger `{}` on `{table}`", quoted(&trigger.name));
            let Some(other) = named(now, &trigger.name) else {
                let fixes = self.create_trigger(&table, trigger, one_columns);
                self.certain(format!("{title} is missing"), fixes);
                continue;
            };
            if let Some(weight) =
                self.trigger_weight((trigger, one_columns), (other, other_columns))
            {
                let mut fixes = vec![drop(other)];
                fixes.extend(self.create_trigger(&table, trigger, one_columns));
                self.note(weight, format!("{title} is defined otherwise"), fixes);
            } else if trigger.enabled != other.enabled {
                let action = enable(trigger.enabled);
                let sql = format!("ALTER TABLE {table} {action} TRIGGER {}", quoted(&trigger.name));
                self.certain(
                    format!("{title} is enabled or disabled otherwise"),
                    vec![fix(Phase::Describe, 0, sql)],
                );
            }
            if trigger.comment != other.comment {
                let text = comment_text(trigger.comment.as_deref());
                let name = quoted(&trigger.name);
                let sql = format!("COMMENT ON TRIGGER {name} ON {table} IS {text}");
                let words =
                    comment_words(&title, trigger.comment.is_some(), other.comment.is_some());
                self.certain(words, vec![fix(Phase::Describe, 0, sql)]);
            }
        }
        for trigger in now.iter().filter(|it| !it.inherited) {
            if named(then, &trigger.name).is_none() {
                let words = format!(
                    "trigger `{}` on `{after_table}` is left behind",
                    quoted(&trigger.name)
                );
                self.certain(words, vec![drop(trigger)]);
            }
        }
    }

    /// A trigger with its comment, and whether it fires.
    pub(super) fn create_trigger(
        &self,
        table: &str,
        trigger: &Trigger,
        columns: &[Column],
    ) -> Vec<Fix> {
        let name = quoted(&trigger.name);
        let sql = deparse::create_trigger(self.before, table, trigger, columns);
        let mut all = vec![fix(Phase::CreateTrigger, 0, sql)];
        if trigger.enabled != Enabled::Origin {
            let sql = format!("ALTER TABLE {table} {} TRIGGER {name}", enable(trigger.enabled));
            all.push(fix(Phase::Describe, 0, sql));
        }
        all.extend(comment(&format!("TRIGGER {name} ON {table}"), trigger.comment.as_ref()));
        all
    }

    fn trigger_weight(
        &self,
        (one, one_columns): (&Trigger, &[Column]),
        (other, other_columns): (&Trigger, &[Column]),
    ) -> Option<Weight> {
        let whens = self.expressions(
            one.when.as_ref().map(|it| (it, one_columns)),
            other.when.as_ref().map(|it| (it, other_columns)),
        );
        let bare = |state: &State<'_>, it: &Trigger, columns: &[Column]| {
            deparse::create_trigger(state, "", &Trigger { when: None, ..it.clone() }, columns)
        };
        let same = bare(self.before, one, one_columns) == bare(self.after, other, other_columns);
        if same { whens } else { Some(Weight::Certain) }
    }

    pub(super) fn policies(&mut self, pair: Pair<'_>, one: &Table, other: &Table) {
        let table = object_name(self.before, pair.before.1);
        let after_table = object_name(self.after, pair.after.1);
        let drop = |it: &Policy| {
            let sql = format!("DROP POLICY {} ON {after_table}", quoted(&it.name));
            fix(Phase::DropTrigger, 0, sql)
        };
        for policy in &one.policies {
            let title = format!("policy `{}` on `{table}`", quoted(&policy.name));
            let create = self.create_policy(&table, policy, &one.columns);
            let now = named(&other.policies, &policy.name);
            let Some(now) = now else {
                self.certain(format!("{title} is missing"), create);
                continue;
            };
            let using = self.expressions(
                policy.using.as_ref().map(|it| (it, one.columns.as_slice())),
                now.using.as_ref().map(|it| (it, other.columns.as_slice())),
            );
            let check = self.expressions(
                policy.check.as_ref().map(|it| (it, one.columns.as_slice())),
                now.check.as_ref().map(|it| (it, other.columns.as_slice())),
            );
            let bare = |it: &Policy| {
                (it.permissive, it.command.clone(), it.roles.clone(), it.comment.clone())
            };
            let plain = (bare(policy) != bare(now)).then_some(Weight::Certain);
            if let Some(weight) = using.max(check).max(plain) {
                let fixes = std::iter::once(drop(now)).chain(create).collect_vec();
                self.note(weight, format!("{title} is defined otherwise"), fixes);
            }
        }
        for policy in &other.policies {
            if named(&one.policies, &policy.name).is_none() {
                let name = quoted(&policy.name);
                let words = format!("policy `{name}` on `{after_table}` is left behind");
                self.certain(words, vec![drop(policy)]);
            }
        }
    }

    pub(super) fn create_policy(
        &self,
        table: &str,
        policy: &Policy,
        columns: &[Column],
    ) -> Vec<Fix> {
        let sql = deparse::create_policy(self.before, table, policy, columns);
        let on = format!("POLICY {} ON {table}", quoted(&policy.name));
        let comment = comment(&on, policy.comment.as_ref());
        std::iter::once(fix(Phase::CreateTrigger, 0, sql)).chain(comment).collect_vec()
    }

    pub(super) fn rules(&mut self, pair: Pair<'_>, then: &[Rule], now: &[Rule]) {
        let table = object_name(self.after, pair.after.1);
        for rule in then {
            let title = format!("rule `{}` on `{table}`", quoted(&rule.name));
            match named(now, &rule.name) {
                None => {
                    let create = create_rule(&table, rule);
                    self.certain(format!("{title} is missing"), create);
                }
                Some(other) if other.definition != rule.definition => {
                    let sql = deparse::create_rule(rule);
                    let sql = sql.replacen("CREATE RULE", "CREATE OR REPLACE RULE", 1);
                    let replace = fix(Phase::CreateTrigger, 0, sql);
                    self.note(
                        Weight::Doubtful,
                        format!("{title} is defined otherwise"),
                        vec![replace],
                    );
                }
                Some(other) if other.comment != rule.comment => {
                    let text = comment_text(rule.comment.as_deref());
                    let sql =
                        format!("COMMENT ON RULE {} ON {table} IS {text}", quoted(&rule.name));
                    let (then, now) = (rule.comment.is_some(), other.comment.is_some());
                    let words = comment_words(&title, then, now);
                    self.certain(words, vec![fix(Phase::Describe, 0, sql)]);
                }
                Some(other) if other.enabled != rule.enabled => {
                    let sql = enable_rule(&table, rule);
                    let words = format!("{title} is enabled or disabled otherwise");
                    self.certain(words, vec![fix(Phase::Describe, 0, sql)]);
                }
                Some(_) => {}
            }
        }
        for rule in now.iter().filter(|rule| named(then, &rule.name).is_none()) {
            let name = quoted(&rule.name);
            let drop = fix(Phase::DropTrigger, 0, format!("DROP RULE {name} ON {table}"));
            self.certain(format!("rule `{name}` on `{table}` is left behind"), vec![drop]);
        }
    }
}

fn comment(on: &str, comment: Option<&String>) -> Option<Fix> {
    let text = deparse::literal(comment?);
    Some(fix(Phase::Describe, 0, format!("COMMENT ON {on} IS {text}")))
}

/// A rule with its comment.
pub(super) fn create_rule(table: &str, rule: &Rule) -> Vec<Fix> {
    let create = fix(Phase::CreateTrigger, 0, deparse::create_rule(rule));
    let on = format!("RULE {} ON {table}", quoted(&rule.name));
    let is_plain = rule.enabled == Enabled::Origin;
    let enable = (!is_plain).then(|| fix(Phase::Describe, 0, enable_rule(table, rule)));
    let comment = comment(&on, rule.comment.as_ref());
    std::iter::once(create).chain(enable).chain(comment).collect_vec()
}

fn enable_rule(table: &str, rule: &Rule) -> String {
    format!("ALTER TABLE {table} {} RULE {}", enable(rule.enabled), quoted(&rule.name))
}

fn enable(enabled: Enabled) -> &'static str {
    match enabled {
        Enabled::Origin => "ENABLE",
        Enabled::Disabled => "DISABLE",
        Enabled::Replica => "ENABLE REPLICA",
        Enabled::Always => "ENABLE ALWAYS",
    }
}
