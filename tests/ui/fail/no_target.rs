migrate_runtime::migrations! {
    mod schema;
    1 => create_users { up: "CREATE TABLE users ()", down: "DROP TABLE users" }
    2 => create_orders { up: "CREATE TABLE orders ()", down: "DROP TABLE orders" }
}
migrate_runtime::migrations! {
    mod other;
    1 => create_roles { up: "CREATE TABLE roles ()", down: "DROP TABLE roles" }
}

fn main() {
    let mut client = postgres::Client::connect("", postgres::NoTls).unwrap();
    let migrator = schema::migrator();
    let _ = migrator.down_to(&mut client, "1");
    let _ = migrator.down_to(&mut client, 1u64);
    let _ = migrator.down_to(&mut client, other::CreateRoles);
    let _ = migrator.up_to(&mut client, "1");
}
