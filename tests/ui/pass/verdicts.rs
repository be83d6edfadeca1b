//! What the analysis found is there at compile time.
use migrate_runtime::{LockMode, Migration, Verdict};

migrate_runtime::migrations! {
    mod schema;
    1 => create_users {
        up: "CREATE TABLE users (id int, email text, phone text)",
        down: "DROP TABLE users",
    }
    2 => index_email {
        up: "-- migrate: allow(create-index-blocking) a test
             CREATE INDEX users_email ON users (email)",
        down: "DROP INDEX users_email",
    }
    3 => drop_email {
        up: "-- migrate: allow(drop-column) a test
             ALTER TABLE users DROP COLUMN email",
        down: "-- migrate: allow(create-index-blocking) a test
               ALTER TABLE users ADD COLUMN email text; CREATE INDEX users_email ON users (email)",
    }
    4 => fill_phone {
        up: "-- migrate: allow(opaque-sql) a test
             DO $$ BEGIN EXECUTE pg_catalog.concat('ALTER TABLE ', 'users ADD a int'); END $$",
        down: "SELECT 1",
    }
    5 => forget {
        up: "-- migrate: allow(unbatched-dml) a test
             DELETE FROM users",
        irreversible: "they are gone",
    }
}

const _: () = assert!(schema::CreateUsers::VERDICT.restores());
const _: () = assert!(!schema::CreateUsers::DESTROYS_DATA && schema::DropEmail::DESTROYS_DATA);
const _: () = assert!(matches!(schema::DropEmail::VERDICT, Verdict::ColumnOrder));
const _: () = assert!(!schema::FillPhone::VERDICT.restores());
const _: () = assert!(schema::CreateUsers::STRONGEST_LOCK.at_most(LockMode::NoLock));
const _: () = assert!(!schema::IndexEmail::STRONGEST_LOCK.blocks_reads());
const _: () = assert!(schema::IndexEmail::STRONGEST_LOCK.blocks_writes());
const _: () = assert!(schema::DropEmail::STRONGEST_LOCK.blocks_reads());
// What cannot be followed may lock anything.
const _: () = assert!(schema::FillPhone::STRONGEST_LOCK.blocks_reads());
const _: () = assert!(schema::Forget::STRONGEST_LOCK.at_most(LockMode::RowExclusive));

fn main() {
    let found: Vec<_> = schema::SET
        .migrations()
        .iter()
        .map(|migration| (migration.verdict(), migration.destroys_data()))
        .collect();
    let expected = [
        (Verdict::Exact, false),
        (Verdict::Exact, false),
        (Verdict::ColumnOrder, true),
        (Verdict::Unproven, false),
        (Verdict::Irreversible, true),
    ];
    assert_eq!(found, expected);
    assert_eq!(schema::Forget::VERDICT, Verdict::Irreversible);
    let locks = schema::IndexEmail::EMBEDDED.up().locks();
    assert_eq!(locks[0].to_string(), "users SHARE, index build");
}
