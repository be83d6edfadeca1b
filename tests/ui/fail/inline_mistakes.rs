migrate_runtime::migrations! {
    mod schema;
    1 => create_users {
        up: "
            CREATE TABLE users (id bigint);
            CREAT TABLE orders (id bigint);
        ",
        down: "DROP TABLE users"
    }
    2 => no_way_back { up: "DROP TABLE names" }
    2 => again { up: "SELECT 1", down: "SELECT 1" }
}

fn main() {
    let _ = (schema::CreateUsers, schema::NoWayBack, schema::Again);
}
