migrate_runtime::migrations! {
    mod schema;
    1 => create_users { up: "CREATE TABLE users ()", down: "DROP TABLE users" }
    2 => drop_names { up: "DROP TABLE IF EXISTS names", irreversible: "the names are gone" }
    3 => create_orders { up: "CREATE TABLE orders ()", down: "DROP TABLE orders" }
}

fn main() {
    let mut client = postgres::Client::connect("", postgres::NoTls).unwrap();
    let migrator = schema::migrator();
    let _ = migrator.down_to(&mut client, schema::DropNames);
    let _ = migrator.down_to(&mut client, schema::CreateUsers);
}
