migrate_runtime::migrations! { "migrations" }
migrate_runtime::migrations! { pub mod a = "migrations/good"; pub mod b = "migrations/good"; }
migrate_runtime::migrations! { mod c; 1 => create { up: "SELECT 1", dwon: "SELECT 1" } }
migrate_runtime::migrations! { mod d; 1 => create { down: "SELECT 1" } }
migrate_runtime::migrations! { mod e; create { up: "SELECT 1", down: "SELECT 1" } }
migrate_runtime::migrations! { mod f; 1 => create { up: include_str!("up.sql"), down: "SELECT 1" } }

fn main() {}
