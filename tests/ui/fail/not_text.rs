//! A file that cannot be embedded is one message, not also one of `include_str!`.
migrate_runtime::migrations! { mod schema = "migrations/not-text"; }

fn main() {
    let _ = schema::migrator();
}
