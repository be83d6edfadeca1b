//! What a program without a library costs: a list of scripts and one history table.
//! `up` sends everything that is pending in one message, `up-each` in a message a migration; every
//! migration has its own transaction either way.

mod scripts;

use postgres::error::SqlState;
use postgres::{Client, NoTls, SimpleQueryMessage};
use std::collections::HashSet;
use std::time::Instant;

pub struct Script {
    version: i64,
    name: &'static str,
    up: &'static str,
    down: &'static str,
}

fn main() {
    let url = std::env::var("DATABASE_URL").unwrap();
    let verb = std::env::args().nth(1).unwrap();
    let mut client = Client::connect(&url, NoTls).unwrap();
    let begun = Instant::now();
    match verb.as_str() {
        "connect" => {}
        "up" => up(&mut client, false),
        "up-each" => up(&mut client, true),
        down => println!("{}", scripts::SCRIPTS[down.parse::<usize>().unwrap()].down),
    }
    println!("{}", begun.elapsed().as_micros());
}

fn up(client: &mut Client, each: bool) {
    let applied = applied(client);
    let mut message = String::new();
    for script in scripts::SCRIPTS.iter().filter(|script| !applied.contains(&script.version)) {
        message.push_str(&format!(
            "BEGIN;\n{}\n;\nINSERT INTO floor_history (version, name) VALUES ({}, '{}');\nCOMMIT;\n",
            script.up, script.version, script.name
        ));
        if each {
            client.batch_execute(&message).unwrap();
            message.clear();
        }
    }
    if !message.is_empty() {
        client.batch_execute(&message).unwrap();
    }
}

fn applied(client: &mut Client) -> HashSet<i64> {
    match client.simple_query("SELECT version FROM floor_history") {
        Ok(answer) => answer
            .iter()
            .filter_map(|message| match message {
                SimpleQueryMessage::Row(row) => row.get(0).unwrap().parse().ok(),
                _ => None,
            })
            .collect(),
        Err(error) if error.code() == Some(&SqlState::UNDEFINED_TABLE) => {
            let table = "CREATE TABLE floor_history (version bigint PRIMARY KEY, name text NOT NULL, \
                         applied_at timestamptz NOT NULL DEFAULT clock_timestamp())";
            client.batch_execute(table).unwrap();
            HashSet::new()
        }
        Err(error) => panic!("{error}"),
    }
}
