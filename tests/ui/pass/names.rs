//! Names of migrations that are awkward in Rust.
use migrate_runtime::{Migration, Reversible};

migrate_runtime::migrations! {
    /// Keywords, raw names, digits, Unicode, equal names.
    pub mod schema;
    1 => r#type { up: "SELECT 1", down: "SELECT 1" }
    2 => self { up: "SELECT 1", irreversible: "there is no way back" }
    3 => größe { up: "SELECT 1", down: "SELECT 1" }
    4 => 사용자 { up: "SELECT 1", down: "SELECT 1" }
    5 => again { up: "SELECT 1", down: "SELECT 1" }
    6 => again { up: "SELECT 1", down: "SELECT 1" }
    7 => set { up: "SELECT 1", down: "-- migrate: no-op it changes nothing" }
    8 => migrator { up: "SELECT 1", down: "SELECT 1" }
    9 => SET { up: "SELECT 1", down: "SELECT 1" }
}

// What is not compiled has no errors.
#[cfg(any())]
migrate_runtime::migrations! { mod outside = "no/such/directory"; }
migrate_runtime::migrations! {
    #[cfg(any())]
    mod inside = "no/such/directory";
}

mod nested {
    migrate_runtime::migrations! {
        pub(in crate::nested) mod r#mod;
    }
    pub fn empty() -> bool {
        r#mod::SET.migrations().is_empty()
    }
}

fn reversible<M: Reversible>(_: M) -> i64 {
    M::VERSION
}

/// A migrator has a name.
struct Service {
    migrator: schema::Migrator,
}

fn main() {
    let service = Service { migrator: schema::migrator() };
    assert_eq!(service.migrator.set().migrations().len(), 9);
    assert_eq!(schema::Type::NAME, "type");
    assert_eq!(schema::SelfMigration::VERSION, 2);
    assert_eq!(reversible(schema::Größe), 3);
    assert_eq!(reversible(schema::사용자), 4);
    assert_eq!((schema::AgainV5::VERSION, schema::AgainV6::VERSION), (5, 6));
    assert_eq!(reversible(schema::SetV7), 7);
    assert_eq!(schema::MigratorV8::CHECKSUM.len(), 32);
    assert!(nested::empty());
    const _: () = assert!(schema::SET.migrations().len() == 9);
}
