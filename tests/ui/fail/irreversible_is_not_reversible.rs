migrate_runtime::migrations! {
    mod schema;
    1 => drop_names { up: "DROP TABLE IF EXISTS names", irreversible: "the names are gone" }
}

fn needs<M: migrate_runtime::Reversible>(_: M) {}

fn main() {
    needs(schema::DropNames);
    needs(7);
}
