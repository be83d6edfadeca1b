//! Two replicas start at once on an empty database.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a panic is how a test fails")]

use std::io::{BufRead, BufReader, Lines, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Command, Stdio};

/// A running service; dropping it ends it.
struct Replica {
    process: Child,
    log: Lines<BufReader<ChildStdout>>,
}

impl Replica {
    fn start(url: &str) -> Replica {
        let mut program = Command::new(env!("CARGO_BIN_EXE_service"));
        program.env("DATABASE_URL", url).env("LISTEN", "127.0.0.1:0");
        let mut process = program.stdout(Stdio::piped()).spawn().unwrap();
        let log = BufReader::new(process.stdout.take().unwrap()).lines();
        Replica { process, log }
    }

    /// Waits until it listens, and tells where.
    fn address(&mut self) -> String {
        let mut log = self.log.by_ref().map(Result::unwrap);
        let line = log.find_map(|line| line.strip_prefix("listening on ").map(str::to_owned));
        line.expect("the service ended")
    }
}

impl Drop for Replica {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Status line and body of an answer.
fn ask(address: &str, method: &str, body: &str) -> (String, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "{method} /users HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.lines().next().unwrap().to_owned(), body.to_owned())
}

#[test]
fn two_replicas_start_at_once() {
    let database = migrate_testing::empty_database().unwrap();
    let mut replicas = [Replica::start(&database.url()), Replica::start(&database.url())];
    let [one, two] = replicas.each_mut().map(Replica::address);

    let (created, user) = ask(&one, "POST", r#"{"email": "ada@example.org", "name": "Ada"}"#);
    assert_eq!(created, "HTTP/1.1 201 Created");
    assert_eq!(user, r#"{"id":1,"email":"ada@example.org","name":"Ada"}"#);
    let (again, _) = ask(&two, "POST", r#"{"email": "ada@example.org"}"#);
    assert_eq!(again, "HTTP/1.1 409 Conflict");
    assert_eq!(ask(&one, "GET", "").1, format!("[{user}]"));
    assert_eq!(ask(&two, "GET", "").1, format!("[{user}]"));

    // The log has a line for every time that a migration was applied.
    let mut client = database.connect().unwrap();
    let log = "SELECT count(*) FROM migration_history_log";
    assert_eq!(client.query_one(log, &[]).unwrap().get::<_, i64>(0), 3);
    let index = "SELECT indisvalid FROM pg_index WHERE indexrelid = 'users_name_idx'::regclass";
    assert!(client.query_one(index, &[]).unwrap().get::<_, bool>(0));
}
