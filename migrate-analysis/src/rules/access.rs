//! Who may see what.

use super::{Example, Finding, Rule, Statement};
use crate::catalog::Id;
use crate::ddl::{AlterActionKind, Command, GrantTarget, ObjectKind, RowSecurity};
use crate::diagnostic::Code;
use crate::list::CollectVec;

pub(super) const GRANT: Rule = Rule {
    code: Code::OverbroadGrant,
    why: "What `PUBLIC` may do, every role of the database may do, also those that are made later. `ALL` on all tables of \
a schema includes `TRUNCATE`, `TRIGGER` and `REFERENCES`, which hardly any application needs.",
    instead: "Grant a role what it needs, on the tables that it needs.",
    source: "https://www.postgresql.org/docs/current/ddl-priv.html",
    example: Example {
        setup: "CREATE TABLE users (id bigint PRIMARY KEY, email text);",
        bad: "GRANT SELECT ON users TO PUBLIC;",
        good: &["GRANT SELECT ON users TO pg_monitor;"],
        config: "",
    },
    downs: false,
    check: grant,
};

fn grant(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    let Command::Grant(grant) = statement.seen.command else { return };
    if grant.revoke {
        return;
    }
    let (kinds, what): (Vec<ObjectKind>, String) = match &grant.on {
        GrantTarget::Objects(objects) => {
            let names = objects.iter().map(|it| format!("`{}`", statement.written(&it.name)));
            (objects.iter().map(|it| it.kind).collect_vec(), names.collect_vec().join(", "))
        }
        GrantTarget::AllInSchema(kind, schemas) => {
            let names = schemas.iter().map(|it| format!("`{}`", it.name));
            let names = names.collect_vec().join(", ");
            (vec![*kind], format!("everything in schema {names}"))
        }
        GrantTarget::Other => return,
    };
    // Everyone may use functions and types anyway, and a schema that may be used shows no rows.
    let holds_rows = |kind: &ObjectKind| {
        matches!(
            kind,
            ObjectKind::Table
                | ObjectKind::ForeignTable
                | ObjectKind::View
                | ObjectKind::MaterializedView
                | ObjectKind::Sequence
        )
    };
    let makes = |(privilege, _): &(String, Vec<crate::ddl::Ident>)| privilege == "CREATE";
    let creates = kinds.contains(&ObjectKind::Schema)
        && (grant.privileges.is_empty() || grant.privileges.iter().any(makes));
    let tables = kinds.iter().any(holds_rows);
    let everyone = grant.roles.iter().any(|role| role == "public");
    let all_tables = matches!(grant.on, GrantTarget::AllInSchema(ObjectKind::Table, _));
    let all = grant.privileges.is_empty() && all_tables;
    let privileges = match grant.privileges.as_slice() {
        [] => "ALL".to_owned(),
        some => some.iter().map(|(name, _)| name.as_str()).collect_vec().join(", "),
    };
    let message = if everyone && (tables || creates) {
        format!("every role, also those to come, gets {privileges} on {what}")
    } else if all {
        format!("{} gets ALL on {what}, with TRUNCATE and TRIGGER", roles(&grant.roles))
    } else {
        return;
    };
    findings.push(Finding {
        message,
        label: if everyone { "PUBLIC is everyone" } else { "more than an application needs" }
            .to_owned(),
        help: vec!["grant a role what it needs: SELECT, INSERT, UPDATE, DELETE".to_owned()],
        ..Finding::default()
    });
}

fn roles(roles: &[String]) -> String {
    roles.iter().map(|it| format!("`{it}`")).collect_vec().join(", ")
}

pub(super) const POLICY: Rule = Rule {
    code: Code::RestrictivePolicy,
    why: "With row security on and no permissive policy, nobody but the owner sees or writes a single row: the running \
application finds the table empty.",
    instead: "Make the policies first, in the same migration.",
    source: "https://www.postgresql.org/docs/current/ddl-rowsecurity.html",
    example: Example {
        setup: "CREATE TABLE users (id bigint PRIMARY KEY, email text);",
        bad: "ALTER TABLE users ENABLE ROW LEVEL SECURITY;",
        good: &["CREATE POLICY users_own ON users USING (email = current_user);\n\
ALTER TABLE users ENABLE ROW LEVEL SECURITY;"],
        config: "deny = [\"restrictive-policy\"]",
    },
    downs: false,
    check: policy,
};

fn policy(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    let Command::AlterTable(alter) = statement.seen.command else { return };
    let enables = alter
        .actions
        .iter()
        .any(|it| matches!(it.kind, AlterActionKind::RowSecurity(RowSecurity::Enable)));
    let Some(table) = statement.in_use(&alter.table).filter(|_| enables) else { return };
    if has_permissive(statement, table) {
        return;
    }
    let name = statement.name(table);
    findings.push(Finding {
        message: format!("nobody but its owner finds a row in `{name}`"),
        label: "no policy lets anyone in".to_owned(),
        help: vec![format!("make the policies first: `CREATE POLICY … ON {name} USING (…)`")],
        ..Finding::default()
    });
}

fn has_permissive(statement: &Statement<'_>, table: Id) -> bool {
    let known = statement.object(table).and_then(|it| it.table());
    let script = statement.script;
    let later = script.statements.iter().skip(script.place + 1);
    let name = statement.object(table).map_or("", |it| it.name.as_str());
    known.is_none_or(|it| it.policies.iter().any(|policy| policy.permissive))
        || later.into_iter().any(|it| match &it.command {
            Command::CreatePolicy(create) => create.permissive && create.table.name == name,
            _ => false,
        })
}
