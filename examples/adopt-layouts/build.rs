//! Tells cargo to rebuild when a migration is added.

fn main() {
    migrate_build::watch("layouts/pairs");
    migrate_build::watch("layouts/sections");
    migrate_build::watch("layouts/directories");
    migrate_build::watch("layouts/flyway");
}
