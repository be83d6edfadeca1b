migrate_runtime::migrations! {
    /// The schema.
    mod schema = "migrations/five-mistakes";
}

fn main() {
    // Whatever is wrong, the items are there, so that nothing follows.
    let _ = (schema::CreateUsers, schema::CreateOrders, schema::CreateRoles, schema::SET);
    let _ = schema::migrator();
}
