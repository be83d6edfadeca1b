//! A backup before the first change, and never otherwise.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use migrate_runtime::{Backup, ErrorKind, Event, Migrator};
use migrate_testing::{Database, Server};

use crate::engine_fixture::{applied, ask, database, locks, migrator, pair, tables};

const HOUR: Duration = Duration::from_secs(3600);

/// A directory of its own, gone afterwards.
struct Directory(PathBuf);

impl Directory {
    fn new() -> Directory {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let name = format!(
            "migrate-backup-{}-{}",
            std::process::id(),
            NEXT.fetch_add(1, Ordering::Relaxed)
        );
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path).unwrap();
        Directory(path)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn files(&self) -> Vec<String> {
        let files = fs::read_dir(&self.0).unwrap();
        let mut names: Vec<_> =
            files.map(|it| it.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// A program that stands for another.
    fn program(&self, name: &str, script: &str) {
        use std::os::unix::fs::PermissionsExt;
        let path = self.path(name);
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Where the server's `pg_dump` is; says so where there is none.
fn programs() -> Option<PathBuf> {
    let directory = Server::shared().unwrap().bin_dir().map(Path::to_owned);
    let found =
        directory.filter(|it| it.join("pg_dump").exists() && it.join("pg_restore").exists());
    if found.is_none() {
        eprintln!("not tested: there is no pg_dump beside the server's programs");
    }
    found
}

fn dump(database: &Database, programs: &Path, path: PathBuf) -> Backup {
    Backup::pg_dump(database.url(), path).programs_in(programs)
}

/// What a migrator says, its durations and sizes left out.
fn listen(migrator: Migrator) -> (Migrator, Arc<Mutex<Vec<String>>>) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&seen);
    let migrator = migrator.on_event(move |event| {
        let words = match event {
            Event::BackupDone { bytes, age, .. } => {
                assert!(bytes.is_none_or(|bytes| bytes > 0));
                format!("backup, young: {}", age.is_some())
            }
            Event::Finished { migration, direction, .. } => format!("{direction} {migration}"),
            other => other.name().to_owned(),
        };
        log.lock().unwrap().push(words);
    });
    (migrator, seen)
}

fn told(log: &Mutex<Vec<String>>) -> String {
    std::mem::take(&mut *log.lock().unwrap()).join(", ")
}

fn listed(programs: &Path, path: &Path) -> String {
    let output = Command::new(programs.join("pg_restore")).arg("-l").arg(path).output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn it_is_made_before_the_first_change_and_never_otherwise() {
    let Some(programs) = programs() else { return };
    let (database, directory) = (database(), Directory::new());
    let mut client = database.connect().unwrap();
    let path = directory.path("shop.dump");
    let (all, log) = listen(migrator(&tables(2)).backup(dump(&database, &programs, path.clone())));
    let _ = migrator(&tables(1)).up(&mut client).unwrap();
    let _ = all.status(&mut client).unwrap();
    let _ = all.plan(&mut client).unwrap();
    let _ = all.preflight(&mut client).unwrap();
    assert_eq!(told(&log), "");

    let _ = all.up(&mut client).unwrap();
    let expected = "planned, backup_started, backup, young: false, started, up 2_t2, done";
    assert_eq!(told(&log), expected);
    let list = listed(&programs, &path);
    assert!(list.contains(" t1 ") && !list.contains(" t2 "), "as it was before: {list}");
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "nobody else may read it");
    }
    fs::remove_file(&path).unwrap();

    assert!(all.up(&mut client).unwrap().is_empty());
    assert!(all.down(&mut client, 0).unwrap().is_empty());
    assert!(all.up_to(&mut client, 1).unwrap().is_empty());
    let edited = pair(1, "t1", "CREATE TABLE other ()", "DROP TABLE other");
    let refused = migrator(&[edited]).backup(dump(&database, &programs, path.clone()));
    assert_eq!(refused.up(&mut client).unwrap_err().kind(), ErrorKind::Modified);
    assert_eq!((told(&log), directory.files()), ("done, done, done".to_owned(), vec![]));

    let _ = all.redo(&mut client, 1).unwrap();
    let expected = "planned, backup_started, backup, young: false, started, down 2_t2, planned, started, \
                    up 2_t2, done";
    assert_eq!(told(&log), expected, "one for both halves");
    let _ = all.down(&mut client, 1).unwrap();
    assert!(told(&log).contains("backup, young: false, started, down 2_t2"));
    assert!(listed(&programs, &path).contains(" t2 "));
    assert_eq!(directory.files(), ["shop.dump"]);
}

#[test]
fn a_young_one_is_used_again_if_it_can_be_read() {
    let Some(programs) = programs() else { return };
    let (database, directory) = (database(), Directory::new());
    let mut client = database.connect().unwrap();
    let path = directory.path("shop.dump");
    let backup = dump(&database, &programs, path.clone()).max_age(HOUR);
    let (all, log) = listen(migrator(&tables(1)).backup(backup));
    let mut again = |young: bool| {
        let _ = all.redo(&mut client, 1).unwrap();
        assert!(told(&log).contains(&format!("backup, young: {young}")));
    };
    let _ = migrator(&tables(1)).up(&mut database.connect().unwrap()).unwrap();
    again(false);
    again(true);
    // Too old.
    let file = fs::File::options().write(true).open(&path).unwrap();
    file.set_modified(SystemTime::now() - 2 * HOUR).unwrap();
    again(false);
    again(true);
    // Of the future: a clock is wrong.
    let file = fs::File::options().write(true).open(&path).unwrap();
    file.set_modified(SystemTime::now() + HOUR).unwrap();
    again(false);
    // Young, and broken.
    fs::write(&path, "PGDMP and nothing else").unwrap();
    again(false);
    again(true);
    assert_eq!(directory.files(), ["shop.dump"]);
}

#[test]
fn without_a_backup_nothing_is_changed() {
    let Some(programs) = programs() else { return };
    let (database, directory) = (database(), Directory::new());
    let mut client = database.connect().unwrap();
    let path = directory.path("shop.dump");
    fs::write(&path, "the one of yesterday").unwrap();
    let url = database.url().replace(database.name(), "no_such_database");
    let bad = Directory::new();
    bad.program("pg_dump", "for file; do :; done; echo garbage > \"$file\"");
    let real = |name: &str| programs.join(name).display().to_string();
    bad.program("pg_restore", &format!("exec {} \"$@\"", real("pg_restore")));
    let empty = Directory::new();
    empty.program("pg_dump", "exit 0");
    empty.program("pg_restore", "echo '; an archive'");
    let to = |path: &Path| dump(&database, &programs, path.to_owned());
    let nowhere = directory.path("missing");
    let cases = [
        (
            Backup::pg_dump(url, &path).programs_in(&programs),
            vec!["pg_dump failed", "no_such_database"],
        ),
        (
            to(&path).programs_in(&bad.0),
            vec!["pg_restore failed", "input file does not appear to be"],
        ),
        (to(&path).programs_in(&empty.0), vec!["finds nothing in the dump", "the right database"]),
        (
            to(&path).programs_in(&nowhere),
            vec!["the program pg_dump was not found", "postgresql-client"],
        ),
        (to(&nowhere.join("shop.dump")), vec!["missing/shop.dump.partial: No such file"]),
        (to(&path).argument("--no-such-option"), vec!["pg_dump failed", "no-such-option"]),
    ];
    for (backup, words) in cases {
        let migrator = migrator(&tables(1)).backup(backup);
        let error = migrator.up(&mut client).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Backup, "{error}");
        let text = error.to_string();
        assert!(text.starts_with("there is no backup, so nothing was changed: "), "{text}");
        words.iter().for_each(|word| assert!(text.contains(word), "{word}: {text}"));
        assert!(text.contains("= now: nothing is applied"), "{text}");
        assert_eq!((applied(&mut client), locks(&mut client)), (String::new(), "0".to_owned()));
        assert_eq!(directory.files(), ["shop.dump"], "nothing half-written is left");
        assert_eq!(fs::read_to_string(&path).unwrap(), "the one of yesterday");
    }
}

#[test]
fn a_password_is_neither_an_argument_nor_told() {
    let (database, directory) = (database(), Directory::new());
    let mut client = database.connect().unwrap();
    let seen = directory.path("seen");
    let dump = "for file; do :; done; echo \"$@\" >> \"$0.seen\"; echo \"env $PGPASSWORD\" >> \"$0.seen\"; \
                echo x > \"$file\"";
    directory.program("pg_dump", dump);
    directory.program("pg_restore", "echo \"1; table\"");
    let all = Arc::new(Mutex::new(String::new()));
    for (conninfo, secret) in [
        ("postgresql://me:gehe%69m@h/shop", "env geheim\n"),
        ("host=h password='ge heim' dbname=shop", "env ge heim\n"),
        ("host=h dbname=shop", "env \n"),
    ] {
        let log = Arc::clone(&all);
        let backup = Backup::pg_dump(conninfo, directory.path("x.dump")).programs_in(&directory.0);
        assert!(!format!("{backup:?}").contains("heim"));
        let migrator = migrator(&tables(1)).backup(backup);
        let migrator = migrator.on_event(move |event| {
            *log.lock().unwrap() += &format!("{event:?} {event} {}", event.to_json())
        });
        let _ = migrator.up(&mut client).unwrap();
        let _ = migrator.down(&mut client, 1).unwrap();
        let log = directory.path("pg_dump.seen");
        let argued = fs::read_to_string(&log).unwrap();
        let (arguments, environment) = argued.split_once('\n').unwrap();
        assert!(!arguments.contains("heim") && arguments.contains("shop"), "{arguments}");
        assert!(environment.starts_with(secret), "{environment}");
        fs::remove_file(log).unwrap();
    }
    let all = all.lock().unwrap();
    assert!(all.contains("x.dump") && all.contains(r#""event":"backup_done","path":"#), "{all}");
    assert!(all.contains("\"bytes\":2,\"took_ms\":") && !all.contains("heim"), "{all}");
    assert!(!seen.exists());
    // Nothing that cannot be hidden is handed on.
    let backup = Backup::pg_dump("host=h sslpassword=geheim", directory.path("y.dump"));
    let error = migrator(&tables(1)).backup(backup).up(&mut client).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Backup);
    assert!(
        error.to_string().contains("service file") && !error.to_string().contains("heim"),
        "{error}"
    );
}

#[test]
fn it_is_made_under_the_run_lock_and_before_the_tables_change() {
    let database = database();
    let mut client = database.connect().unwrap();
    let url = database.url();
    let looked = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&looked);
    let backup = Backup::with(move || {
        let mut client = postgres::Client::connect(&url, postgres::NoTls)?;
        let there = ask(&mut client, "SELECT to_regclass('t1') IS NOT NULL");
        let busy = "SELECT count(*) FROM pg_locks AS l JOIN pg_stat_activity USING (pid) \
                    WHERE relation IS NOT NULL AND pid <> pg_backend_pid() AND datname = current_database()";
        log.lock().unwrap().push((locks(&mut client), there, ask(&mut client, busy)));
        Ok(SystemTime::now())
    });
    let migrator = migrator(&tables(30)).backup(backup);
    let _ = migrator.up(&mut client).unwrap();
    let seen = |values: [&str; 3]| values.map(str::to_owned).into();
    assert_eq!(*looked.lock().unwrap(), [seen(["1", "f", "0"])]);
    let _ = migrator.down(&mut client, 2).unwrap();
    assert_eq!(looked.lock().unwrap().len(), 2);
}

#[test]
fn a_function_says_of_when_the_backup_is() {
    let database = database();
    let mut client = database.connect().unwrap();
    let old = || Ok(SystemTime::now() - 2 * HOUR);
    let error =
        migrator(&tables(1)).backup(Backup::with(old).max_age(HOUR)).up(&mut client).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Backup);
    assert!(error.to_string().contains("the backup is 2 h old, and may be 1 h"), "{error}");
    let none = || Err("the provider has no snapshot".into());
    let error = migrator(&tables(1)).backup(Backup::with(none)).up(&mut client).unwrap_err();
    assert!(error.to_string().contains("the provider has no snapshot"), "{error}");
    assert_eq!(applied(&mut client), "");
    let _ =
        migrator(&tables(1)).backup(Backup::with(old).max_age(3 * HOUR)).up(&mut client).unwrap();
}

#[test]
fn a_command_is_checked_and_its_file_looked_at() {
    let (database, directory) = (database(), Directory::new());
    let mut client = database.connect().unwrap();
    let path = directory.path("base.tar");
    let shell =
        |script: &str| ["sh", "-c", script, "sh", path.to_str().unwrap()].map(str::to_owned);
    let make = |make: &str, check: &str| Backup::command(shell(make), shell(check)).file(&path);
    for (backup, words) in [
        (make("echo no room >&2; exit 3", "true"), "sh failed, exit status: 3\n = note: no room"),
        (make("echo x > $1", "echo broken; exit 1"), "sh failed, exit status: 1\n = note: broken"),
        (make("rm $1", "true"), "base.tar: No such file"),
        (make(": > $1", "true"), "base.tar is empty"),
        (make("echo x > $1; touch -d 2020-01-01 $1", "true"), "base.tar was not written anew"),
        (Backup::command(["/nowhere/backup"], ["true"]), "the program backup was not found"),
        (Backup::command(Vec::<String>::new(), ["true"]), "a command without a program"),
    ] {
        let error = migrator(&tables(1)).backup(backup).up(&mut client).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Backup, "{error}");
        assert!(error.to_string().contains(words), "{error}");
        assert_eq!(applied(&mut client), "");
    }
    let count = directory.path("count");
    let script = format!("echo x > $1; echo x >> {}", count.display());
    let migrator = migrator(&tables(1)).backup(make(&script, "test -s $1").max_age(HOUR));
    for _ in 0..2 {
        let _ = migrator.up(&mut client).unwrap();
        let _ = migrator.down(&mut client, 1).unwrap();
    }
    assert_eq!(fs::read_to_string(count).unwrap().lines().count(), 1);
}

/// The runtime has one thread, and another task goes on while the backup is made.
#[test]
fn it_does_not_hold_an_async_runtime_up() {
    let database = database();
    let ticks = Arc::new(AtomicUsize::new(0));
    let at_the_end = Arc::new(AtomicUsize::new(0));
    let (seen, ended) = (Arc::clone(&ticks), Arc::clone(&at_the_end));
    let backup = Backup::with(move || {
        std::thread::sleep(Duration::from_millis(600));
        ended.store(seen.load(Ordering::SeqCst), Ordering::SeqCst);
        Ok(SystemTime::now())
    });
    let migrator = migrator(&tables(2)).backup(backup).into_async();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let applied = runtime.block_on(async {
        let clock = tokio::spawn(async move {
            loop {
                tokio::time::sleep(Duration::from_millis(10)).await;
                ticks.fetch_add(1, Ordering::SeqCst);
            }
        });
        let (mut client, connection) =
            tokio_postgres::connect(&database.url(), tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        let report = migrator.up(&mut client).await.unwrap();
        clock.abort();
        report.applied().count()
    });
    assert_eq!(applied, 2);
    assert!(at_the_end.load(Ordering::SeqCst) > 10, "{at_the_end:?}");
}

#[test]
fn a_session_that_waits_for_it_is_not_ended() {
    let database = database();
    let mut client = database.connect().unwrap();
    let known = "SELECT count(*) FROM pg_settings WHERE name = 'idle_session_timeout'";
    if ask(&mut client, known) == "0" {
        eprintln!("not tested: this server ends no session for being idle");
        return;
    }
    let backup = Backup::with(|| {
        std::thread::sleep(Duration::from_millis(1500));
        Ok(SystemTime::now())
    });
    let migrator = migrator(&tables(2)).backup(backup);
    client.batch_execute("SET idle_session_timeout = '1s'").unwrap();
    let _ = migrator.up(&mut client).unwrap();
    assert_eq!(ask(&mut client, "SHOW idle_session_timeout"), "1s");
}
