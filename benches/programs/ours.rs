use postgres::{Client, NoTls};
use std::time::Instant;

migrate_runtime::migrations! {
    mod schema = "migrations";
}

fn main() {
    let url = std::env::var("DATABASE_URL").unwrap();
    let verb = std::env::args().nth(1).unwrap();
    let mut client = Client::connect(&url, NoTls).unwrap();
    let begun = Instant::now();
    if verb == "up" {
        let _ = schema::migrator().up(&mut client).unwrap();
    }
    println!("{}", begun.elapsed().as_micros());
}
