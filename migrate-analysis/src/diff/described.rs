//! Owners, comments and privileges.

use super::objects::{command_name, kind_name, titled};
use super::table::{comment_text, comment_words};
use super::{Differ, Fix, Pair, Phase, Weight, age, fix};
use crate::catalog::{Acl, Change, Column, Held, Id, Kind, Object, RoutineKind, State, changes};
use crate::ddl::ObjectKind;
use crate::deparse;
use crate::list::CollectVec;
use crate::ordered::SortedSet;
use crate::sql::quoted;

impl Differ<'_> {
    /// Owner, comment and privileges.
    pub(super) fn pair_described(&mut self, pair: Pair<'_>) {
        let (before, after) = (pair.before.1, pair.after.1);
        if before.partial || after.partial {
            return;
        }
        let title = titled(self.before, before);
        let kind = kind_name(before).to_uppercase();
        let name = command_name(self.before, before);
        if before.comment != after.comment {
            let text = comment_text(before.comment.as_deref());
            let sql = format!("COMMENT ON {kind} {name} IS {text}");
            let words = comment_words(&title, before.comment.is_some(), after.comment.is_some());
            self.certain(words, vec![fix(Phase::Describe, 0, sql)]);
        }
        let is_index = matches!(before.kind, Kind::Index(_));
        if before.owner != after.owner && !is_index {
            let owner =
                before.owner.as_deref().map_or_else(|| "CURRENT_USER".to_owned(), deparse::role);
            let sql = format!("ALTER {kind} {name} OWNER TO {owner}");
            self.certain(
                format!("{title} belongs to another role"),
                vec![fix(Phase::Describe, 0, sql)],
            );
        }
        let (then, mut now) = (before.privileges(), after.privileges());
        // The owner's go with the owner.
        now.change_owner(after.owner_name(), before.owner_name());
        let on = Granted::whole(self.before, before);
        self.privileges(&title, (&then, &now), &on);
    }

    pub(super) fn column_privileges(
        &mut self,
        pair: Pair<'_>,
        (table, title): (&str, &str),
        (one, other): (&Column, &Column),
    ) {
        if other.partial || one.partial {
            return;
        }
        let list = |column: &Column| column.acl.clone().unwrap_or(Acl::NOBODY);
        let (then, mut now) = (list(one), list(other));
        now.change_owner(pair.after.1.owner_name(), pair.before.1.owner_name());
        let on =
            Granted { on: format!("TABLE {table}"), all: &[], column: Some(quoted(&one.name)) };
        self.privileges(title, (&then, &now), &on);
    }

    fn privileges(&mut self, title: &str, (then, now): (&Acl, &Acl), on: &Granted) {
        if then == now {
            return;
        }
        let words = format!("{title} has other privileges");
        let (Acl::Known(then), Acl::Known(now)) = (then, now) else {
            return self.note(Weight::Doubtful, words, Vec::new());
        };
        let sql = on.statements(&changes(then, now));
        let fixes = sql.into_iter().map(|sql| fix(Phase::Describe, 0, sql)).collect_vec();
        let perhaps = |it: &Change<'_>| [it.then, it.now].contains(&Some(Held::Perhaps));
        let (unsure, sure): (Vec<_>, Vec<_>) = changes(then, now).into_iter().partition(perhaps);
        let weight = if sure.is_empty() { Weight::Doubtful } else { Weight::Certain };
        self.note(weight, words, fixes);
        if let Some(it) = unsure.first() {
            let role = deparse::role(it.role);
            self.caveat(format!(
                "before PostgreSQL 15 {role} has {} on {title}, from then on it has not",
                it.privilege
            ));
        }
    }

    /// Owner, comment and privileges of something that is made again.
    pub(super) fn described(&self, id: Id, object: &Object) -> Vec<Fix> {
        let name = command_name(self.before, object);
        let kind = kind_name(object).to_uppercase();
        let mut all = Vec::new();
        if let Some(comment) = &object.comment {
            let text = deparse::literal(comment);
            all.push(format!("COMMENT ON {kind} {name} IS {text}"));
        }
        if let Some(owner) = &object.owner {
            all.push(format!("ALTER {kind} {name} OWNER TO {}", deparse::role(owner)));
        }
        if let (Acl::Known(then), Acl::Known(now)) =
            (object.privileges(), object.default_privileges())
        {
            all.extend(Granted::whole(self.before, object).statements(&changes(&then, &now)));
        }
        all.into_iter().map(|sql| fix(Phase::Describe, age(id), sql)).collect_vec()
    }
}

/// What GRANT and REVOKE name.
struct Granted {
    /// `FUNCTION f(integer)`.
    on: String,
    /// What `ALL` stands for; empty where each is named.
    all: &'static [&'static str],
    column: Option<String>,
}

/// In the order in which they are run.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Verb {
    Revoke,
    RevokeOption,
    Grant,
    GrantOption,
}

impl Granted {
    fn whole(state: &State<'_>, object: &Object) -> Granted {
        let kind = match &object.kind {
            Kind::Table(_) | Kind::View(_) | Kind::Relation => "TABLE".to_owned(),
            Kind::Routine(routine) if routine.kind == RoutineKind::Aggregate => {
                "FUNCTION".to_owned()
            }
            Kind::Other { kind: ObjectKind::Server, .. } => "FOREIGN SERVER".to_owned(),
            _ => kind_name(object).to_uppercase(),
        };
        let on = format!("{kind} {}", command_name(state, object));
        Granted { on, all: object.all_privileges(), column: None }
    }

    /// What leads from the later list to the earlier one.
    fn statements(&self, changes: &[Change<'_>]) -> Vec<String> {
        let roles: SortedSet<&str> = changes.iter().map(|it| it.role).collect();
        let mut sql = Vec::new();
        for verb in [Verb::Revoke, Verb::RevokeOption, Verb::Grant, Verb::GrantOption] {
            for role in roles.iter() {
                let mine =
                    changes.iter().filter(|it| it.role == *role && verb_of(it) == Some(verb));
                let names = mine.map(|it| it.privilege).collect_vec();
                if !names.is_empty() {
                    sql.push(self.statement(verb, &names, role));
                }
            }
        }
        sql
    }

    fn statement(&self, verb: Verb, names: &[&str], role: &str) -> String {
        let names = self.privileges(names);
        let role = match role {
            "" => "CURRENT_USER".to_owned(),
            role => deparse::role(role),
        };
        let on = &self.on;
        match verb {
            Verb::Revoke => format!("REVOKE {names} ON {on} FROM {role}"),
            Verb::RevokeOption => format!("REVOKE GRANT OPTION FOR {names} ON {on} FROM {role}"),
            Verb::Grant => format!("GRANT {names} ON {on} TO {role}"),
            Verb::GrantOption => format!("GRANT {names} ON {on} TO {role} WITH GRANT OPTION"),
        }
    }

    /// As GRANT and REVOKE take them. All of several are `ALL`: what had all of them came by that word,
    /// which from PostgreSQL 17 on means one more.
    fn privileges(&self, names: &[&str]) -> String {
        match &self.column {
            Some(column) => deparse::list(names.iter().map(|it| format!("{it} ({column})"))),
            None if self.all.len() > 1 && self.all.iter().all(|it| names.contains(it)) => {
                "ALL".to_owned()
            }
            None => deparse::list(names.iter().map(|it| (*it).to_owned())),
        }
    }
}

/// None where it is not known what there was.
fn verb_of(change: &Change<'_>) -> Option<Verb> {
    match (change.then, change.now) {
        (Some(Held::Perhaps), _) => None,
        (None, _) => Some(Verb::Revoke),
        (Some(Held::Plainly), Some(Held::WithGrantOption)) => Some(Verb::RevokeOption),
        (Some(Held::Plainly), _) => Some(Verb::Grant),
        (Some(Held::WithGrantOption), _) => Some(Verb::GrantOption),
    }
}

/// Default privileges, before the schemas go that they are of.
pub(super) fn taken_back(definition: &str) -> Vec<Fix> {
    let sql: Option<Vec<String>> = definition.lines().map(opposite).collect();
    let fixes = sql.into_iter().flatten().zip(0..);
    fixes.map(|(sql, order)| fix(Phase::DropTrigger, -order, sql)).collect_vec()
}

/// Default privileges, when all is made to which they do not apply.
pub(super) fn said_again(definition: &str) -> Vec<Fix> {
    let lines = definition.lines().zip(0..);
    lines.map(|(sql, order)| fix(Phase::Describe, order, sql.to_owned())).collect_vec()
}

/// What takes `ALTER DEFAULT PRIVILEGES … GRANT … TO …` back; none where that is not just as long.
fn opposite(statement: &str) -> Option<String> {
    let mut words = statement.split(' ').collect_vec();
    let is = |word: &str, of: &[&str]| of.iter().any(|it| word.eq_ignore_ascii_case(it));
    if words.iter().any(|word| is(word, &["OPTION", "CASCADE"])) {
        return None;
    }
    let verb = words.iter().position(|word| is(word, &["GRANT", "REVOKE"]))?;
    let roles = words.iter().rposition(|word| is(word, &["TO", "FROM"]))?;
    let grants = words.get(verb).is_some_and(|word| is(word, &["GRANT"]));
    *words.get_mut(verb)? = if grants { "REVOKE" } else { "GRANT" };
    *words.get_mut(roles)? = if grants { "FROM" } else { "TO" };
    Some(words.join(" "))
}
