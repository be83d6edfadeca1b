use postgres::{Client, NoTls};
use std::time::Instant;

mod embedded {
    refinery::embed_migrations!("migrations");
}

fn main() {
    let url = std::env::var("DATABASE_URL").unwrap();
    let verb = std::env::args().nth(1).unwrap();
    let mut client = Client::connect(&url, NoTls).unwrap();
    let begun = Instant::now();
    if verb != "connect" {
        let runner = embedded::migrations::runner().set_grouped(verb == "up-grouped");
        let _ = runner.run(&mut client).unwrap();
    }
    println!("{}", begun.elapsed().as_micros());
}
