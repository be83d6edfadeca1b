migrate_runtime::migrations! {
    mod schema;
    1 => create_users { up: "CREATE TABLE users ()", down: "DROP TABLE users" }
}
migrate_runtime::migrations! {
    mod other;
    1 => create_roles { up: "CREATE TABLE roles ()", down: "DROP TABLE roles" }
}

fn main() {
    let mut client = postgres::Client::connect("", postgres::NoTls).unwrap();
    let _ = schema::migrator().up_to(&mut client, other::CreateRoles);
}
