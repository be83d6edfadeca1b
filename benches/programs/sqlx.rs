use sqlx::{Connection, PgConnection};
use std::time::Instant;

fn main() {
    let url = std::env::var("DATABASE_URL").unwrap();
    let verb = std::env::args().nth(1).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut connection = PgConnection::connect(&url).await.unwrap();
        let begun = Instant::now();
        if verb == "up" {
            sqlx::migrate!("./migrations").run(&mut connection).await.unwrap();
        }
        println!("{}", begun.elapsed().as_micros());
    });
}
