//! Locks that are brief, and that others wait behind all the same while they are waited for. The runner gives up
//! after a while and tries again, so these are off unless a project wants them.

use super::{Example, Finding, Rule, Statement};
use crate::catalog::Id;
use crate::ddl::{AlterActionKind, AlterTable, Command, Enabled, Name, ObjectKind};
use crate::diagnostic::Code;

const LOCKING: &str =
    "https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-TABLES";

const INSTEAD: &str = "Nothing else does it. Keep it in a migration of its own, so that no other table is locked \
beside, and let the runner's time limit for locks and its retries do the rest.";

const SETUP: &str = "CREATE TABLE users (id bigint PRIMARY KEY, email text);\n\
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';\n\
CREATE TRIGGER users_note BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION note();";

pub(super) const CREATE_TRIGGER: Rule = Rule {
    code: Code::CreateTrigger,
    why: "`CREATE TRIGGER` and `ENABLE TRIGGER` take a `SHARE ROW EXCLUSIVE` lock, which blocks writes; they wait for \
every write that is running, and later writes wait behind them. From then on every write runs the trigger.",
    instead: INSTEAD,
    source: LOCKING,
    example: Example {
        setup: SETUP,
        bad: "CREATE TRIGGER users_changed AFTER INSERT ON users FOR EACH ROW EXECUTE FUNCTION note();",
        good: &["-- migrate: allow(create-trigger) runs at night\n\
CREATE TRIGGER users_changed AFTER INSERT ON users FOR EACH ROW EXECUTE FUNCTION note();"],
        config: "deny = [\"create-trigger\"]",
    },
    downs: true,
    check: create_trigger,
};

fn create_trigger(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    match statement.seen.command {
        Command::CreateTrigger(create) => {
            report(statement, &create.table, "a trigger is made", Code::CreateTrigger, findings);
        }
        Command::AlterTable(alter) => {
            let enables = |kind: &AlterActionKind| matches!(kind, AlterActionKind::EnableTrigger { enabled, .. } if *enabled != Enabled::Disabled);
            if has(alter, &enables) {
                report(
                    statement,
                    &alter.table,
                    "a trigger is enabled",
                    Code::CreateTrigger,
                    findings,
                );
            }
        }
        _ => {}
    }
}

pub(super) const DROP_TRIGGER: Rule = Rule {
    code: Code::DropTrigger,
    why: "`DROP TRIGGER` takes an `ACCESS EXCLUSIVE` lock, and `DISABLE TRIGGER` one that blocks writes. What the trigger \
saw to is not seen to any more.",
    instead: INSTEAD,
    source: LOCKING,
    example: Example {
        setup: SETUP,
        bad: "DROP TRIGGER users_note ON users;",
        good: &["-- migrate: allow(drop-trigger) the application writes notes since release 12\n\
DROP TRIGGER users_note ON users;"],
        config: "deny = [\"drop-trigger\"]",
    },
    downs: true,
    check: drop_trigger,
};

fn drop_trigger(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    match statement.seen.command {
        Command::Drop(_) => {
            dropped(
                statement,
                ObjectKind::Trigger,
                "a trigger is dropped",
                Code::DropTrigger,
                findings,
            );
        }
        Command::AlterTable(alter) => {
            let disables = |kind: &AlterActionKind| {
                matches!(kind, AlterActionKind::EnableTrigger { enabled: Enabled::Disabled, .. })
            };
            if has(alter, &disables) {
                report(
                    statement,
                    &alter.table,
                    "a trigger is disabled",
                    Code::DropTrigger,
                    findings,
                );
            }
        }
        _ => {}
    }
}

pub(super) const RULE: Rule = Rule {
    code: Code::CreateRule,
    why: "`CREATE RULE` and `DROP RULE` take an `ACCESS EXCLUSIVE` lock. From then on every query on the table is \
rewritten, in ways that surprise.",
    instead: "A trigger does nearly everything that a rule does, and is easier to reason about.",
    source: "https://www.postgresql.org/docs/current/rules-triggers.html",
    example: Example {
        setup: SETUP,
        bad: "CREATE RULE users_keep AS ON DELETE TO users DO INSTEAD NOTHING;",
        good: &[
            "CREATE TRIGGER users_keep BEFORE DELETE ON users FOR EACH ROW EXECUTE FUNCTION note();",
        ],
        config: "deny = [\"create-rule\"]",
    },
    downs: true,
    check: rule,
};

fn rule(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    match statement.seen.command {
        Command::CreateRule(create) => {
            report(statement, &create.table, "a rule is made", Code::CreateRule, findings);
        }
        Command::AlterTable(alter) => {
            if has(alter, &|kind| matches!(kind, AlterActionKind::EnableRule { .. })) {
                report(statement, &alter.table, "a rule is changed", Code::CreateRule, findings);
            }
        }
        _ => dropped(statement, ObjectKind::Rule, "a rule is dropped", Code::CreateRule, findings),
    }
}

pub(super) const ROW_SECURITY: Rule = Rule {
    code: Code::AlterRowSecurity,
    why: "Row security and policies are changed under an `ACCESS EXCLUSIVE` lock. Which rows a running application sees \
changes in that moment.",
    instead: INSTEAD,
    source: "https://www.postgresql.org/docs/current/ddl-rowsecurity.html",
    example: Example {
        setup: SETUP,
        bad: "CREATE POLICY users_own ON users USING (email = current_user);",
        good: &["-- migrate: allow(alter-row-security) row security is not on yet\n\
CREATE POLICY users_own ON users USING (email = current_user);"],
        config: "deny = [\"alter-row-security\"]",
    },
    downs: true,
    check: row_security,
};

fn row_security(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    const CODE: Code = Code::AlterRowSecurity;
    match statement.seen.command {
        Command::CreatePolicy(it) => {
            report(statement, &it.table, "a policy is made", CODE, findings)
        }
        Command::AlterPolicy(it) => {
            report(statement, &it.table, "a policy is changed", CODE, findings);
        }
        Command::AlterTable(alter) => {
            if has(alter, &|kind| matches!(kind, AlterActionKind::RowSecurity(_))) {
                report(statement, &alter.table, "row security is changed", CODE, findings);
            }
        }
        _ => dropped(statement, ObjectKind::Policy, "a policy is dropped", CODE, findings),
    }
}

pub(super) const REPLICA_IDENTITY: Rule = Rule {
    code: Code::AlterReplicaIdentity,
    why: "`REPLICA IDENTITY` is changed under an `ACCESS EXCLUSIVE` lock. With `FULL`, every update and delete writes the \
whole old row; with `NOTHING`, updates and deletes of a published table fail.",
    instead: INSTEAD,
    source: "https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-REPLICA-IDENTITY",
    example: Example {
        setup: SETUP,
        bad: "ALTER TABLE users REPLICA IDENTITY FULL;",
        good: &[
            "-- migrate: allow(alter-replica-identity) needed by the search index, few updates\n\
ALTER TABLE users REPLICA IDENTITY FULL;",
        ],
        config: "deny = [\"alter-replica-identity\"]",
    },
    downs: true,
    check: replica_identity,
};

fn replica_identity(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    let Command::AlterTable(alter) = statement.seen.command else { return };
    if has(alter, &|kind| matches!(kind, AlterActionKind::ReplicaIdentity(_))) {
        let what = "its replica identity is changed";
        report(statement, &alter.table, what, Code::AlterReplicaIdentity, findings);
    }
}

pub(super) const INHERITANCE: Rule = Rule {
    code: Code::AlterInheritance,
    why: "`INHERIT` and `NO INHERIT` take an `ACCESS EXCLUSIVE` lock on the child. What queries on the parent find \
changes in that moment.",
    instead: INSTEAD,
    source: "https://www.postgresql.org/docs/current/ddl-inherit.html",
    example: Example {
        setup: "CREATE TABLE events (id bigint, what text);\nCREATE TABLE old_events (id bigint, what text);",
        bad: "ALTER TABLE old_events INHERIT events;",
        good: &[
            "CREATE VIEW all_events AS SELECT * FROM events UNION ALL SELECT * FROM old_events;",
        ],
        config: "deny = [\"alter-inheritance\"]",
    },
    downs: true,
    check: inheritance,
};

fn inheritance(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    let Command::AlterTable(alter) = statement.seen.command else { return };
    let changes = |kind: &AlterActionKind| {
        matches!(kind, AlterActionKind::Inherit(_) | AlterActionKind::NoInherit(_))
    };
    if has(alter, &changes) {
        report(statement, &alter.table, "its parent changes", Code::AlterInheritance, findings);
    }
}

fn has(alter: &AlterTable, is_it: &dyn Fn(&AlterActionKind) -> bool) -> bool {
    alter.actions.iter().any(|action| is_it(&action.kind))
}

fn dropped(
    statement: &Statement<'_>,
    kind: ObjectKind,
    what: &str,
    code: Code,
    findings: &mut Vec<Finding>,
) {
    let Command::Drop(drop) = statement.seen.command else { return };
    for object in drop.objects.iter().filter(|it| it.kind == kind) {
        report(statement, &object.name, what, code, findings);
    }
}

fn report(
    statement: &Statement<'_>,
    table: &Name,
    what: &str,
    code: Code,
    findings: &mut Vec<Finding>,
) {
    let Some(id) = statement.in_use(table).filter(|id| is_table(statement, *id)) else { return };
    let name = statement.name(id);
    let waiting = statement.locks.mode(id).waiting();
    findings.push(Finding {
        at: table.at.clone(),
        message: format!("{waiting} of `{name}` wait while {what}"),
        label: "is in use".to_owned(),
        instead: super::drop_table::own_allowed(statement, code, "why now is a good time"),
        ..Finding::default()
    });
}

fn is_table(statement: &Statement<'_>, id: Id) -> bool {
    statement.object(id).is_some_and(|it| it.table().is_some())
}
