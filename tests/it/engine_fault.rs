//! What happens to servers: a restart, a full disk, no memory, an administrator, a lost answer, a role
//! without rights. Nothing is half done, the error says what it was, and the next run goes on.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::process::Command;
use std::thread::{self, JoinHandle, sleep};
use std::time::{Duration, Instant};

use migrate_runtime::{EmbeddedMigration, Error, ErrorKind};
use migrate_testing::{Database, Server};
use postgres::config::Host;
use postgres::{Client, NoTls};

use crate::engine_fixture::{applied, ask, database, locks, migrator, pair, stepwise, tables};
use crate::engine_proxy::{Cut, Proxy};

const PATIENCE: Duration = Duration::from_secs(60);

/// Runs `up` in a session of its own, which is named.
fn start(
    database: &Database,
    migrations: &[EmbeddedMigration],
) -> JoinHandle<Result<(), Box<Error>>> {
    let mut client = database.config().application_name("the run").connect(NoTls).unwrap();
    let migrator = migrator(migrations);
    thread::spawn(move || migrator.up(&mut client).map(drop).map_err(Box::new))
}

fn wait_for(client: &mut Client, what: &str) {
    let sql = format!(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND {what}"
    );
    let begun = Instant::now();
    while ask(client, &sql) == "0" {
        assert!(begun.elapsed() < PATIENCE, "it did not come to that: {what}");
        sleep(Duration::from_millis(5));
    }
}

const SLEEPS: &str = "wait_event = 'PgSleep'";
/// A concurrent build that waits for a transaction.
const BUILDS: &str = "query ~ '^CREATE INDEX' AND wait_event_type = 'Lock'";

/// A transaction, steps, and an index; each with an entry that would show if it were done twice.
fn three(pause: &str) -> [EmbeddedMigration; 3] {
    let sleep = format!("SELECT pg_sleep(seconds) FROM pause WHERE at = '{pause}'");
    let entry = |n: i32| format!("INSERT INTO ledger VALUES ({n})");
    let at = |here: &str| if here == pause { sleep.clone() } else { "SELECT 1".to_owned() };
    [
        pair(
            1,
            "tx",
            &format!("{};;CREATE TABLE t ();;{}", entry(1), at("transaction")),
            "SELECT 1",
        ),
        stepwise(2, "steps", &format!("{};;{};;{}", entry(2), at("step"), entry(3)), "SELECT 1"),
        stepwise(
            3,
            "index",
            &format!("{};;CREATE INDEX CONCURRENTLY i ON base (a);;{}", entry(4), entry(5)),
            "SELECT 1",
        ),
    ]
}

fn prepare(client: &mut Client) {
    client
        .batch_execute(
            "CREATE TABLE ledger (n int); CREATE TABLE base AS SELECT 1 AS a; \
             CREATE TABLE pause (at text, seconds int); \
             INSERT INTO pause VALUES ('transaction', 600), ('step', 600)",
        )
        .unwrap();
}

fn assert_done(client: &mut Client) {
    assert_eq!(applied(client), "1 2 3");
    let entries = "SELECT string_agg(n::text, ' ' ORDER BY n) FROM ledger";
    assert_eq!(ask(client, entries), "1 2 3 4 5");
    assert_eq!(
        ask(client, "SELECT indisvalid FROM pg_index WHERE indexrelid = 'i'::regclass"),
        "t"
    );
    assert_eq!(ask(client, "SELECT count(*) FROM pg_class WHERE relname IN ('t', 'i')"), "2");
    assert_eq!(locks(client), "0");
}

/// Strikes while a run is in a transaction, in a step, and in a concurrent build; the next one goes on.
fn strike(server: &Server, hit: impl Fn(&mut Client), check: impl Fn(&Error)) {
    for place in ["transaction", "step", "index"] {
        let database = server.create_database().unwrap();
        let mut client = database.connect().unwrap();
        prepare(&mut client);
        let mut reader = database.connect().unwrap();
        if place == "index" {
            // The build waits for it.
            reader
                .batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM base")
                .unwrap();
        }
        let run = start(&database, &three(place));
        wait_for(&mut client, if place == "index" { BUILDS } else { SLEEPS });
        hit(&mut client);
        let error = run.join().unwrap().unwrap_err();
        check(&error);
        drop(reader);
        let mut client = database.connect().unwrap();
        client.batch_execute("UPDATE pause SET seconds = 0").unwrap();
        let _ = migrator(&three(place)).up(&mut client).unwrap();
        assert_done(&mut client);
    }
}

#[test]
fn a_server_that_restarts_in_the_middle_is_no_loss() {
    if std::env::var_os("MIGRATE_TEST_DATABASE_URL").is_some() {
        return; // A server that was given is not ours to crash.
    }
    let server = Server::start().unwrap();
    let restart = |_: &mut Client| server.restart().unwrap();
    strike(&server, restart, |error| {
        assert_eq!(error.kind(), ErrorKind::Connection, "{error}");
        let text = error.to_string();
        assert!(text.contains("run it again: the history tells"), "{text}");
    });
}

#[test]
fn a_statement_that_an_administrator_cancels_can_be_run_again() {
    let cancel = |client: &mut Client| {
        let sql = "SELECT pg_cancel_backend(pid) FROM pg_stat_activity \
             WHERE application_name = 'the run' AND datname = current_database()";
        assert_eq!(ask(client, sql), "t");
    };
    strike(Server::shared().unwrap(), cancel, |error| {
        assert_eq!(error.kind(), ErrorKind::Script, "{error}");
        assert_eq!(error.sql_state().unwrap().code(), "57014");
        let text = error.to_string();
        assert!(text.contains("due to user request") && text.contains("from outside"), "{text}");
    });
}

/// The line is cut at every question, while every one is at work, and at every answer, that to `COMMIT`
/// among them: the next run finds out what came through.
#[test]
fn a_line_that_is_cut_anywhere_is_no_loss() {
    for cut in [Cut::Question as fn(usize) -> Cut, Cut::Waiting, Cut::Answer] {
        let mut trips = 1;
        loop {
            let database = database();
            let mut client = database.connect().unwrap();
            prepare(&mut client);
            client.batch_execute("UPDATE pause SET seconds = 0").unwrap();
            let _ = migrator(&three("")[..1]).up_to(&mut client, 1);
            let proxy = Proxy::new(&database.config());
            let mut victim = proxy.connect();
            proxy.cut(cut(trips));
            match migrator(&three("")).up(&mut victim) {
                Ok(_) => break,
                Err(error) => assert_eq!(error.kind(), ErrorKind::Connection, "{error}"),
            }
            drop(victim);
            let _ = migrator(&three("")).up(&mut client).unwrap();
            assert_done(&mut client);
            trips += 1;
        }
        assert!(trips > 8, "so few trips: {trips}");
    }
}

#[test]
fn a_lost_answer_to_commit_is_found_to_have_come_through() {
    let database = database();
    let mut client = database.connect().unwrap();
    let all = tables(2);
    let _ = migrator(&all[..1]).up(&mut client).unwrap();
    let proxy = Proxy::new(&database.config());
    let mut victim = proxy.connect();
    // Look, lock, look again, and the migration with its COMMIT.
    proxy.cut(Cut::Answer(4));
    let error = migrator(&all).up(&mut victim).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection, "{error}");
    assert!(
        error.to_string().contains("whether migration 2_t2 came through is not known"),
        "{error}"
    );
    assert_eq!(applied(&mut client), "1 2", "it did");
    assert!(migrator(&all).up(&mut client).unwrap().is_empty());
    assert_eq!(locks(&mut client), "0");
}

/// A file system of a megabyte, where we may mount one.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(database: &Database) -> Option<SmallDisk> {
        // Whoever owns the server's directory is who the server runs as.
        let Some(Host::Unix(folder)) = database.config().get_hosts().first().cloned() else {
            return None;
        };
        let owner = fs::metadata(folder).ok()?;
        let disk = PathBuf::from(format!("/tmp/{}", database.name()));
        fs::create_dir(&disk).ok()?;
        let options = format!("size=1m,mode=700,uid={},gid={}", owner.uid(), owner.gid());
        let disk = SmallDisk(disk);
        disk.mount_with(&options).then_some(disk)
    }

    fn mount_with(&self, options: &str) -> bool {
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(&self.0);
        mount.output().is_ok_and(|output| output.status.success())
    }

    fn make_room(&self) {
        assert!(self.mount_with("remount,size=64m"));
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).output();
        let _ = fs::remove_dir(&self.0);
    }
}

/// A migration that needs more room than there is, in a tablespace on a small disk.
#[allow(clippy::print_stderr, reason = "what could not be tested is said")]
fn full_disk(migration: impl Fn(&str) -> EmbeddedMigration, now: &str, made: &str) {
    let database = database();
    let mut client = database.connect().unwrap();
    let Some(disk) = SmallDisk::mount(&database) else {
        eprintln!("not tested with a full disk: no tmpfs can be mounted here");
        return;
    };
    let space = format!("space_{}", database.name());
    let path = disk.0.display();
    client.batch_execute(&format!("CREATE TABLESPACE {space} LOCATION '{path}'")).unwrap();
    let fill = "CREATE TABLE base AS SELECT n AS a FROM generate_series(1, 100000) AS n";
    client.batch_execute(fill).unwrap();
    let migrator = migrator(&[migration(&space)]);
    let error = migrator.up(&mut client).unwrap_err();
    assert_eq!(error.sql_state().unwrap().code(), "53100", "{error}");
    assert_eq!(error.kind(), ErrorKind::Script);
    let text = error.to_string();
    for part in ["No space left", "when there is room", now] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert_eq!(applied(&mut client), "");
    assert_eq!(ask(&mut client, "SELECT to_regclass('t')"), made);
    assert_eq!(locks(&mut client), "0");
    disk.make_room();
    let _ = migrator.up(&mut client).unwrap();
    assert_eq!(applied(&mut client), "1");
    assert_eq!(ask(&mut client, "SELECT count(*) FROM pg_index WHERE NOT indisvalid"), "0");
    // A tablespace has to be empty to go.
    client.batch_execute("DROP TABLE base; DROP TABLE IF EXISTS big").unwrap();
    client.batch_execute(&format!("DROP TABLESPACE {space}")).unwrap();
}

#[test]
fn a_full_disk_rolls_a_transaction_back() {
    let up = |space: &str| {
        format!("CREATE TABLE t ();;CREATE TABLE big TABLESPACE {space} AS SELECT a FROM base")
    };
    full_disk(|space| pair(1, "tx", &up(space), "SELECT 1"), "1_tx was rolled back", "");
}

#[test]
fn a_full_disk_stops_a_concurrent_build_which_goes_on_later() {
    let up = |space: &str| {
        format!("CREATE TABLE t ();;CREATE INDEX CONCURRENTLY i ON base (a) TABLESPACE {space}")
    };
    full_disk(|space| stepwise(1, "steps", &up(space), "SELECT 1"), "1 of 2 statements", "t");
}

/// What the server raises when it has no memory, or a limit of its settings is reached.
#[test]
fn a_server_out_of_means_is_reported_as_that() {
    for (code, words, remedy) in [
        ("53100", "could not extend file", "disk is full"),
        ("53200", "out of memory", "ran out of memory"),
        ("53400", "temporary file size exceeds", "limit of the server"),
    ] {
        for fresh in [true, false] {
            let database = database();
            let mut client = database.connect().unwrap();
            let mut all = tables(2);
            if !fresh {
                let _ = migrator(&all[..1]).up(&mut client).unwrap();
            }
            let raise = format!("DO $$ BEGIN RAISE '{words}' USING ERRCODE = '{code}'; END $$");
            all[1] = pair(2, "m", &format!("CREATE TABLE x ();;{raise}"), "SELECT 1");
            let error = migrator(&all).up(&mut client).unwrap_err();
            assert_eq!(error.sql_state().unwrap().code(), code, "{error}");
            let text = error.to_string();
            assert!(text.contains(words) && text.contains(remedy), "{text}");
            assert_eq!(applied(&mut client), "1");
            assert_eq!(ask(&mut client, "SELECT to_regclass('x')"), "");
            all[1] = stepwise(2, "m", &format!("CREATE TABLE x ();;{raise}"), "SELECT 1");
            let error = migrator(&all).up(&mut client).unwrap_err();
            assert!(error.to_string().contains(remedy), "{error}");
            assert_eq!(locks(&mut client), "0");
        }
    }
}

#[test]
fn a_temporary_file_that_is_too_large_is_a_limit() {
    let database = database();
    let mut client = database.connect().unwrap();
    let sort = "SET LOCAL temp_file_limit = '64kB';;SET LOCAL work_mem = '64kB';;\
         CREATE TABLE x AS SELECT n FROM generate_series(1, 100000) AS n ORDER BY n % 7";
    let error = migrator(&[pair(1, "sort", sort, "SELECT 1")]).up(&mut client).unwrap_err();
    assert_eq!(error.sql_state().unwrap().code(), "53400", "{error}");
    assert_eq!(error.kind(), ErrorKind::Script, "{error}");
    assert_eq!(applied(&mut client), "");
    assert_eq!(ask(&mut client, "SELECT to_regclass('x')"), "");
}

/// A role that may keep the history, and nothing else.
#[test]
fn a_role_without_rights_is_told_what_to_grant() {
    let database = database();
    let mut client = database.connect().unwrap();
    let _ = migrator(&tables(1)).up(&mut client).unwrap();
    let (role, boss) = (format!("weak_{}", database.name()), format!("boss_{}", database.name()));
    client
        .batch_execute(&format!(
            "CREATE ROLE {role}; CREATE ROLE {boss}; CREATE SCHEMA closed; \
             CREATE TABLE other (a int); ALTER TABLE other OWNER TO {boss}; \
             GRANT ALL ON SCHEMA public TO {boss}; GRANT ALL ON SCHEMA public TO {role}; \
             GRANT ALL ON migration_history, migration_history_log TO {role}; SET ROLE {role}"
        ))
        .unwrap();
    let cases = [
        ("ALTER TABLE other ADD COLUMN b int", format!("GRANT {boss} TO {role}")),
        ("CREATE INDEX CONCURRENTLY o ON other (a)", format!("GRANT {boss} TO {role}")),
        ("CREATE TABLE closed.x ()", format!("CREATE ON SCHEMA \"closed\" TO {role}")),
        (
            "INSERT INTO other VALUES (1)",
            format!("INSERT, UPDATE, DELETE, REFERENCES, …) ON public.other TO {role}"),
        ),
        ("CREATE SCHEMA another", format!("CREATE ON DATABASE \"{}\" TO {role}", database.name())),
    ];
    for (statement, grant) in cases {
        for alone in [false, true] {
            if !alone && statement.contains("CONCURRENTLY") {
                continue;
            }
            let up = format!("CREATE TABLE x ();;{statement}");
            let make = if alone { stepwise } else { pair };
            let all = [tables(1)[0], make(2, "m", &up, "SELECT 1")];
            let error = migrator(&all).up(&mut client).unwrap_err();
            assert_eq!(error.sql_state().unwrap().code(), "42501", "{error}");
            assert_eq!(error.kind(), ErrorKind::Script, "{error}");
            assert_eq!(error.statement(), Some(statement), "{error}");
            assert!(error.to_string().contains(&grant), "{error}");
            assert_eq!(applied(&mut client), "1");
            assert_eq!(locks(&mut client), "0");
            let half = if alone { "x" } else { "" };
            assert_eq!(ask(&mut client, "SELECT to_regclass('x')"), half, "{error}");
            client
                .batch_execute(
                    "DROP TABLE IF EXISTS x; DELETE FROM migration_history WHERE version = 2",
                )
                .unwrap();
        }
    }
    // The server does not say the schema: of two, none is said to be the one.
    client
        .batch_execute(&format!("RESET ROLE; CREATE TABLE closed.other (a int); SET ROLE {role}"))
        .unwrap();
    let all = [tables(1)[0], pair(2, "m", "ALTER TABLE other ADD COLUMN b int", "SELECT 1")];
    let text = migrator(&all).up(&mut client).unwrap_err().to_string();
    let help = format!("make {role} a member of the role that owns table other");
    assert!(text.contains(&help) && !text.contains(&boss), "{text}");
    client
        .batch_execute(&format!(
            "RESET ROLE; DROP OWNED BY {role}, {boss}; DROP ROLE {role}, {boss}"
        ))
        .unwrap();
}
