//! Every migration up, down and up again: what is wrong is named, all of it.

use migrate_testing::verify::{Problem, Verify, VerifyError};
use migrate_testing::{Server, verify};

/// What every down of a set that was written in a hurry gets wrong.
mod wrong {
    migrate_runtime::migrations! {
        pub mod schema;
        1 => create_users {
            up: "CREATE TYPE role AS ENUM ('admin');
                 CREATE TABLE users (id int, email text NOT NULL, name text, role role)",
            down: "DROP TABLE users; DROP TYPE role",
        }
        2 => index_name {
            up: "-- migrate: allow(create-index-blocking) a test\nCREATE INDEX users_name ON users (name)",
            down: "-- migrate: allow(down-does-not-restore) on purpose\nSELECT 1",
        }
        3 => relax_email {
            up: "-- migrate: allow(drop-not-null) a test\nALTER TABLE users ALTER email DROP NOT NULL",
            down: "-- migrate: allow(down-does-not-restore) on purpose\nSELECT 1",
        }
        4 => add_guest {
            up: "ALTER TYPE role ADD VALUE 'guest'; ALTER TABLE users ADD age int DEFAULT 1",
            down: "-- migrate: allow(down-does-not-restore) on purpose\nALTER TABLE users ALTER age SET DEFAULT 2",
        }
        5 => delete_users { up: "DELETE FROM users WHERE id > 1", down: "SELECT 1" }
        6 => blank_names {
            up: "-- migrate: allow(unbatched-dml) a test\nUPDATE users SET name = NULL",
            down: "SELECT 1",
        }
        7 => create_orders {
            up: "CREATE TABLE orders (id int)",
            down: "-- migrate: allow(unknown-relation) on purpose\nDROP TABLE order_items",
        }
        8 => create_items { up: "CREATE TABLE items (id int)", down: "DROP TABLE items" }
        9 => create_once {
            up: "-- migrate: allow(down-does-not-restore) on purpose\nCREATE TABLE once (id int)",
            down: "-- migrate: no-op it may stay",
        }
        10 => comment {
            up: "-- migrate: allow(opaque-sql) it comments\nDO $$ BEGIN EXECUTE format('COMMENT ON TABLE users IS %L', clock_timestamp()); END $$",
            down: "COMMENT ON TABLE users IS NULL",
        }
    }
}

fn verify_wrong() -> VerifyError {
    let put = |client: &mut postgres::Client, version| {
        if version == 1 || version == 5 {
            client.batch_execute("INSERT INTO users VALUES (1, 'a', 'Ada'), (2, 'b', 'Bob')")?;
        }
        Ok(())
    };
    Verify::new(&wrong::schema::migrator()).rows(put).run().unwrap_err()
}

#[test]
fn everything_that_is_wrong_is_named_once_and_where_it_is() {
    let error = verify_wrong();
    let found: Vec<String> = error.findings().iter().map(ToString::to_string).collect();
    let expected = [
        "2_index_name: the down does not restore the schema
 --> 2_index_name.down (inline)
  - index `public.users.users_name` is left behind",
        "3_relax_email: the down does not restore the schema
 --> 3_relax_email.down (inline)
  - column `public.users.email`: NOT NULL was lost",
        "4_add_guest: the down does not restore the schema
 --> 4_add_guest.down (inline)
  - enum value `public.role.'guest'` is left behind
  - column `public.users.age` is left behind",
        "5_delete_users: rows do not survive up and down
 --> 5_delete_users.down (inline)
  - rows of `public.users`: 2 before, 1 after the down",
        "6_blank_names: rows do not survive up and down
 --> 6_blank_names.down (inline)
  - column `public.users.name` lost its values",
    ];
    assert_eq!(found[..5], expected, "{error}");
    assert!(found[5].starts_with("7_create_orders: the down fails\n --> 7_create_orders.down"));
    assert!(found[5].contains("table \"order_items\" does not exist"), "{error}");
    assert!(found[6].starts_with("9_create_once: after the down the up fails\n"), "{error}");
    assert!(found[6].contains("relation \"once\" already exists"), "{error}");
    let twice = "10_comment: up, down and up make another schema than up alone\n";
    assert!(found[7].starts_with(twice), "{error}");
    assert!(found[7].contains("table `public.users`: comment changed from"), "{error}");
    assert_eq!(found.len(), 8, "{error}");
    let told = error.to_string();
    assert!(told.starts_with("8 problems in a set of 10\n\n2_index_name: "), "{told}");
    assert!(found.iter().all(|finding| told.contains(finding)), "{told}");
    assert_eq!(told, format!("{error:?}"));
}

migrate_runtime::migrations! {
    mod good = "tests/migrations/good";
}

#[test]
fn a_good_set_passes_and_tells_what_was_not_tried() {
    let migrator = good::migrator().history_schema("history").history_table("Applied");
    let verified = verify(&migrator).unwrap();
    let told = verified.to_string();
    let sum = "6 migrations verified: 4 rolled back, 1 irreversible, 1 with nothing to undo";
    assert!(told.starts_with(sum), "{told}");
    if cfg!(debug_assertions) {
        assert_eq!(verified.with_rows(), 3, "{told}");
    }
    let order = "6_swap, after the down: the columns of `public.users` are in another order: \
                 id, role, name, email, and before id, email, role, name";
    assert!(verified.notes().iter().any(|note| note == order), "{told}");
}

migrate_runtime::migrations! {
    mod stray = "tests/migrations/stray";
}

#[test]
#[cfg_attr(not(debug_assertions), ignore = "only a debug build knows the directory")]
fn rows_that_are_refused_and_files_of_no_migration_are_named() {
    let error = verify(&stray::migrator()).unwrap_err();
    let [file, rows] = error.findings() else { panic!("{error}") };
    assert!(file.to_string().ends_with("stray/2_add_name.test.sql: it belongs to no migration"));
    let told = rows.to_string();
    assert!(matches!(rows.problem(), Problem::Seed(_)), "{told}");
    assert!(told.starts_with("1_create_users: the rows of the test are refused\n"), "{told}");
    assert!(told.contains("stray/1_create_users.test.sql: duplicate key value"), "{told}");
    assert!(told.contains("(Key (email)=(ada@example.org) already exists.)"), "{told}");
}

migrate_runtime::migrations! {
    mod fails;
    1 => create_users { up: "CREATE TABLE users (email text)", down: "DROP TABLE users" }
    2 => require_email {
        up: "-- migrate: allow(set-not-null) a test\nALTER TABLE users ALTER email SET NOT NULL",
        down: "ALTER TABLE users ALTER email DROP NOT NULL",
    }
    3 => index_email {
        up: "-- migrate: allow(create-index-blocking) a test\nCREATE INDEX i ON users (email)",
        down: "-- migrate: allow(down-does-not-restore) on purpose\nSELECT 1",
    }
}

/// On empty tables the second migration works.
#[test]
fn an_up_that_fails_ends_it() {
    let put = |client: &mut postgres::Client, version| {
        if version == 1 {
            client.batch_execute("INSERT INTO users VALUES (NULL)")?;
        }
        Ok(())
    };
    let error = Verify::new(&fails::migrator()).rows(put).run().unwrap_err();
    let [finding] = error.findings() else { panic!("{error}") };
    assert_eq!(finding.migration().map(|migration| migration.version()), Some(2));
    let told = finding.to_string();
    assert!(told.contains("the up fails; what comes after it was not tried"), "{told}");
    assert!(told.contains("contains null values"), "{told}");
}

migrate_runtime::migrations! {
    mod narrow;
    1 => create_users { up: "CREATE TABLE users (n int)", down: "DROP TABLE users" }
    2 => widen {
        up: "-- migrate: allow(change-column-type-rewrite) a test\nALTER TABLE users ALTER n TYPE bigint",
        down: "-- migrate: allow(change-column-type-rewrite) a test\nALTER TABLE users ALTER n TYPE int",
    }
}

/// What was put in after the last migration stands in the way of its down.
#[test]
fn all_are_rolled_back_together_with_the_rows() {
    assert_eq!(verify(&narrow::migrator()).unwrap().rolled_back(), 2);
    let put = |client: &mut postgres::Client, version| {
        if version == 2 {
            client.batch_execute("INSERT INTO users VALUES (5000000000)")?;
        }
        Ok(())
    };
    let error = Verify::new(&narrow::migrator()).rows(put).run().unwrap_err();
    let [finding] = error.findings() else { panic!("{error}") };
    assert!(matches!(finding.problem(), Problem::AllDownFails(_)), "{error}");
    assert!(error.to_string().contains("integer out of range"), "{error}");
}

migrate_runtime::migrations! {
    mod keeps;
    1 => create_users { up: "CREATE TABLE users (n int)", down: "DROP TABLE users" }
    2 => create_tags {
        up: "CREATE SCHEMA IF NOT EXISTS tags",
        down: "-- migrate: no-op others may use it",
    }
}

#[test]
fn what_a_no_op_leaves_is_not_counted_against_the_others() {
    let verified = verify(&keeps::migrator()).unwrap();
    assert_eq!((verified.no_op(), verified.rolled_back()), (1, 1));
    let [note] = verified.notes() else { panic!("{verified}") };
    assert!(note.contains("was not compared: the no-op of 2_create_tags leaves"), "{note}");
}

migrate_runtime::migrations! {
    mod role;
    1 => create_role {
        up: "CREATE ROLE migrate_testing_verify",
        irreversible: "roles belong to the server",
    }
    2 => create_users {
        up: "CREATE TABLE users (n int)",
        down: "-- migrate: allow(down-does-not-restore) on purpose\nSELECT 1",
    }
    3 => create_orders {
        up: "CREATE TABLE orders (n int)",
        down: "-- migrate: allow(down-does-not-restore) on purpose\nSELECT 1",
    }
}

/// What was found until then is told.
#[test]
fn a_set_that_cannot_run_on_two_databases_of_a_server_is_tried_as_far_as_it_goes() {
    let mut client = Server::shared().unwrap().config().connect(postgres::NoTls).unwrap();
    client.batch_execute("DROP ROLE IF EXISTS migrate_testing_verify").unwrap();
    let error = verify(&role::migrator()).unwrap_err();
    client.batch_execute("DROP ROLE migrate_testing_verify").unwrap();
    let [finding] = error.findings() else { panic!("{error}") };
    assert!(finding.to_string().contains("table `public.users` is left behind"), "{error}");
    let told = error.to_string();
    assert!(told.contains("the migrations after 2_create_users were not tried"), "{told}");
    assert!(told.contains("role \"migrate_testing_verify\" already exists"), "{told}");
}

/// The client panics inside an async runtime; a notice is delivered inside one.
#[test]
fn it_can_be_called_inside_an_async_runtime() {
    use std::sync::{Arc, Mutex};
    let (database, got) = (migrate_testing::empty_database().unwrap(), Arc::new(Mutex::new(None)));
    let slot = Arc::clone(&got);
    let mut config = database.config();
    config.notice_callback(move |_| {
        *slot.lock().unwrap() = Some(verify(&narrow::migrator()).unwrap().migrations());
    });
    let mut client = config.connect(postgres::NoTls).unwrap();
    client.batch_execute("DO $$ BEGIN RAISE WARNING 'now'; END $$").unwrap();
    assert_eq!(got.lock().unwrap().take(), Some(2));
}
