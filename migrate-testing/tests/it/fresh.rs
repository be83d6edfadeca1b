//! A migrated database per test.

use migrate_testing::fresh_database;
use postgres::Client;

migrate_runtime::migrations! {
    mod schema;
    1 => create_users { up: "CREATE TABLE users (id int PRIMARY KEY)", down: "DROP TABLE users" }
}

migrate_runtime::migrations! {
    mod broken;
    1 => divide { up: "SELECT 1 / 0", irreversible: "nothing can undo it" }
}

fn users(client: &mut Client) -> i64 {
    client.query_one("SELECT count(*) FROM users", &[]).unwrap().get(0)
}

#[test]
fn each_test_gets_the_migrated_schema_to_itself() {
    for _ in 0..2 {
        let database = fresh_database(&schema::migrator()).unwrap();
        let mut client = database.connect().unwrap();
        assert!(schema::migrator().plan(&mut client).unwrap().is_empty());
        assert_eq!(users(&mut client), 0);
        client.batch_execute("INSERT INTO users VALUES (1)").unwrap();
    }
}

#[test]
fn a_migration_that_fails_is_named() {
    let error = fresh_database(&broken::migrator()).unwrap_err();
    let error = format!("{error:?}");
    assert!(error.contains("divide") && error.contains("division by zero"), "{error}");
}
