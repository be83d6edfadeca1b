//! A service that migrates its database when it starts.
//!
//! ```text
//! DATABASE_URL=postgresql://localhost/shop LISTEN=127.0.0.1:3000 cargo run -p service
//! curl -H 'content-type: application/json' -d '{"email": "ada@example.org"}' localhost:3000/users
//! curl localhost:3000/users
//! ```
//!
//! Any number of replicas may start at once: one of them migrates, the others wait for it, and none
//! listens before the schema is the one it was compiled with. When nothing is pending, and that is
//! nearly always, the start costs one round trip and no lock.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a container's log")]

use std::error::Error;
use std::{env, process};

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use deadpool_postgres::{Manager, Pool, PoolError};
use migrate_runtime::migrations;
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tokio_postgres::error::SqlState;
use tokio_postgres::{NoTls, Row};

migrations! {
    /// The schema of the service.
    pub mod schema = "migrations";
}

type Failure = Box<dyn Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let Ok(url) = env::var("DATABASE_URL") else {
        eprintln!("set DATABASE_URL, for example to postgresql://localhost/shop");
        process::exit(2);
    };
    let address = env::var("LISTEN").unwrap_or_else(|_| "127.0.0.1:3000".to_owned());

    let pool = Pool::builder(Manager::new(url.parse()?, NoTls)).build()?;
    migrate(&pool).await?;

    let users = get(list).post(create);
    let app = Router::new().route("/users", users).with_state(pool);
    let listener = TcpListener::bind(address).await?;
    println!("listening on {}", listener.local_addr()?);
    axum::serve(listener, app).await?;
    Ok(())
}

/// Nobody is served before it is done.
async fn migrate(pool: &Pool) -> Result<(), Failure> {
    let mut client = pool.get().await?;
    let migrator = schema::migrator().on_event(|event| println!("{event}")).into_async();
    let report = migrator.up(&mut client).await?;
    let (now, before) = (report.applied().count(), report.already_applied());
    println!("migrations: {now} applied now, {before} before");
    Ok(())
}

#[derive(Deserialize)]
struct NewUser {
    email: String,
    #[serde(default)]
    name: String,
}

#[derive(Serialize)]
struct User {
    id: i64,
    email: String,
    name: String,
}

impl User {
    fn from_row(row: &Row) -> Result<User, tokio_postgres::Error> {
        Ok(User {
            id: row.try_get("id")?,
            email: row.try_get("email")?,
            name: row.try_get("name")?,
        })
    }
}

async fn list(State(pool): State<Pool>) -> Result<Json<Vec<User>>, StatusCode> {
    let select = "SELECT id, email, name FROM users ORDER BY name, id LIMIT 100";
    let rows = pool.get().await.map_err(failed)?.query(select, &[]).await.map_err(refused)?;
    rows.iter().map(User::from_row).collect::<Result<_, _>>().map(Json).map_err(refused)
}

async fn create(
    State(pool): State<Pool>,
    Json(new): Json<NewUser>,
) -> Result<(StatusCode, Json<User>), StatusCode> {
    let insert = "INSERT INTO users (email, name) VALUES ($1, $2) RETURNING id, email, name";
    let client = pool.get().await.map_err(failed)?;
    let row = client.query_one(insert, &[&new.email, &new.name]).await.map_err(refused)?;
    Ok((StatusCode::CREATED, Json(User::from_row(&row).map_err(refused)?)))
}

fn refused(error: tokio_postgres::Error) -> StatusCode {
    match error.code() {
        Some(&SqlState::UNIQUE_VIOLATION) => StatusCode::CONFLICT,
        _ => failed(error.into()),
    }
}

fn failed(error: PoolError) -> StatusCode {
    // `Debug`, because the `Display` of an error of the server says no more than "db error".
    eprintln!("{error:?}");
    StatusCode::INTERNAL_SERVER_ERROR
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_migration_can_be_rolled_back() {
        migrate_testing::verify(&super::schema::migrator()).unwrap();
    }
}
