//! Tells cargo to rebuild when a migration is added.

fn main() {
    migrate_build::watch("migrations");
}
