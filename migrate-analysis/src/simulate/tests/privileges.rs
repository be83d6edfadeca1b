//! Lists of privileges, as `pg_class.relacl` and its kin show them.

use super::replay::{Replay, replay};
use crate::catalog::Acl;

fn list(replay: &Replay, relation: &str) -> String {
    match &replay.relation(relation).unwrap().acl {
        None => "none".to_owned(),
        Some(Acl::Unknown) => "unknown".to_owned(),
        Some(Acl::Known(list)) => {
            let words = list.iter().map(|(role, held)| {
                let held: Vec<&str> = held.keys().map(String::as_str).collect();
                format!("{role}={}", held.join(" "))
            });
            words.collect::<Vec<_>>().join(", ")
        }
    }
}

const OWNER: &str = "=DELETE INSERT REFERENCES SELECT TRIGGER TRUNCATE UPDATE";

#[test]
fn the_owner_has_all_from_the_first_grant_on() {
    let mut replay = replay("CREATE TABLE t (a int)");
    assert_eq!(list(&replay, "t"), "none");
    replay.go_on("GRANT SELECT, INSERT ON t TO alice");
    assert_eq!(list(&replay, "t"), format!("{OWNER}, alice=INSERT SELECT"));
    replay.go_on("REVOKE ALL ON t FROM alice");
    assert_eq!(list(&replay, "t"), "none");
}

#[test]
fn all_tables_of_a_schema() {
    let replay = replay("CREATE TABLE t (a int); GRANT SELECT ON ALL TABLES IN SCHEMA public TO b");
    assert_eq!(list(&replay, "t"), format!("{OWNER}, b=SELECT"));
}

#[test]
fn default_privileges_leave_later_objects_unknown() {
    let mut replay = replay("ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO a");
    replay.go_on("CREATE TABLE t (a int)");
    assert_eq!(list(&replay, "t"), "unknown");
    replay.go_on("ALTER DEFAULT PRIVILEGES REVOKE SELECT ON TABLES FROM a");
    replay.go_on("CREATE TABLE u (a int)");
    assert_eq!(list(&replay, "u"), "none");
}
