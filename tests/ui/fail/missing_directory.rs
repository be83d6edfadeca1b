migrate_runtime::migrations! {
    mod schema = "migrations/nowhere";
}

fn main() {
    let _ = (schema::SET, schema::migrator());
}
