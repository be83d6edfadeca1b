//! Behind PgBouncer in transaction mode: what runs in a transaction works, what does not asks for a direct
//! URL, and no lock is left behind. Without a `pgbouncer` program these tests say so and pass.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use migrate_runtime::{EmbeddedMigration, ErrorKind, MigrationSet, Migrator};
use migrate_testing::Database;
use postgres::config::Host;
use postgres::{Client, Config, NoTls};

use crate::engine_fixture::{applied, ask, database, locks, migrator, set, stepwise, tables};

const PATIENCE: Duration = Duration::from_secs(60);

/// PgBouncer in front of one database, with a few sessions for everybody.
pub(crate) struct Pooler {
    running: Child,
    folder: PathBuf,
    pub(crate) config: Config,
}

impl Pooler {
    /// `None` where there is no PgBouncer.
    pub(crate) fn start(database: &Database, round_robin: bool) -> Option<Pooler> {
        let program = ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer", "/opt/homebrew/bin/pgbouncer"];
        let Some(program) = program.iter().find(|path| fs::metadata(path).is_ok()) else {
            eprintln!("not tested: there is no pgbouncer here");
            return None;
        };
        let config = database.config();
        let Some(Host::Unix(server)) = config.get_hosts().first() else { return None };
        let folder = PathBuf::from(format!("/tmp/pool.{}", database.name()));
        fs::create_dir(&folder).unwrap();
        let ini = folder.join("ini");
        let settings = format!(
            "[databases]\n* = host={} port=5432 user=postgres\n[pgbouncer]\nlisten_addr =\n\
             listen_port = 6432\nunix_socket_dir = {folder}\nauth_type = any\npool_mode = transaction\n\
             default_pool_size = 4\nserver_round_robin = {}\nlogfile = {folder}/log\n",
            server.display(),
            u8::from(round_robin),
            folder = folder.display(),
        );
        fs::write(&ini, settings).unwrap();
        // It ends when its standard input does, so also when this process is killed.
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", "\"$0\" -q \"$1\" & cat >/dev/null; kill $!; wait", program])
            .arg(&ini)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        // It refuses to be root, as the server does; so it becomes whom the server runs as.
        let (server, own) = (fs::metadata(server).unwrap(), fs::metadata(&folder).unwrap());
        if own.uid() == 0 {
            chown(&folder, Some(server.uid()), Some(server.gid())).unwrap();
            command.uid(server.uid()).gid(server.gid());
        }
        let mut config = Config::new();
        config.host_path(&folder).port(6432).user("postgres").dbname(database.name());
        let pooler = Pooler { running: command.spawn().unwrap(), folder, config };
        let begun = Instant::now();
        while pooler.config.connect(NoTls).is_err() {
            assert!(begun.elapsed() < PATIENCE, "{}", pooler.log());
            sleep(Duration::from_millis(20));
        }
        pooler.open_all();
        Some(pooler)
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    /// So that there are several sessions to be sent to.
    fn open_all(&self) {
        let mut clients: Vec<Client> = (0..4).map(|_| self.connect()).collect();
        clients.iter_mut().for_each(|client| client.batch_execute("BEGIN").unwrap());
        clients.iter_mut().for_each(|client| client.batch_execute("COMMIT").unwrap());
    }

    /// For another process.
    pub(crate) fn url(&self, database: &Database) -> String {
        format!("host={} port=6432 user=postgres dbname={}", self.folder.display(), database.name())
    }

    pub(crate) fn connect(&self) -> Client {
        self.config.connect(NoTls).unwrap()
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        self.running.stdin.take();
        let _ = self.running.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn with_an_index() -> Vec<EmbeddedMigration> {
    let mut all = tables(3);
    let (up, down) = ("CREATE INDEX CONCURRENTLY i ON t1 (note)", "DROP INDEX CONCURRENTLY i");
    all.push(stepwise(4, "index", &format!("SET lock_timeout = 0;;{up}"), down));
    all
}

#[test]
fn transactions_work_through_a_pooler() {
    for round_robin in [true, false] {
        let database = database();
        let Some(pooler) = Pooler::start(&database, round_robin) else { return };
        let mut direct = database.connect().unwrap();
        let mut client = pooler.connect();
        for n in [3, 6, 20] {
            let _ = migrator(&tables(n)).up(&mut client).unwrap();
            assert_eq!(locks(&mut direct), "0");
        }
        assert_eq!(applied(&mut direct).split(' ').count(), 20);
        let _ = migrator(&tables(20)).down(&mut client, 15).unwrap();
        let _ = migrator(&tables(20)).redo(&mut client, 2).unwrap();
        assert_eq!(applied(&mut direct), "1 2 3 4 5");
        assert_eq!(locks(&mut direct), "0");
        assert_eq!(
            ask(&mut direct, "SELECT count(*) FROM pg_class WHERE relname ~ '^t[0-9]+$'"),
            "5"
        );
    }
}

#[test]
fn what_runs_outside_a_transaction_asks_for_a_direct_url() {
    let database = database();
    let Some(pooler) = Pooler::start(&database, true) else { return };
    let mut direct = database.connect().unwrap();
    let all = with_an_index();
    for now in ["", "1 2 3"] {
        let error = migrator(&all).up(&mut pooler.connect()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Pooled, "{error}");
        let text = error.to_string();
        assert!(
            text.contains("4_index") && text.contains("a URL that leads to the server"),
            "{text}"
        );
        assert_eq!(ask(&mut direct, "SELECT count(*) FROM pg_class WHERE relname = 'i'"), "0");
        assert_eq!(locks(&mut direct), "0");
        assert_eq!(applied(&mut direct), now);
        let _ = migrator(&all[..3]).up(&mut pooler.connect()).unwrap();
    }
    let _ = migrator(&all).up(&mut direct).unwrap();
    let error = migrator(&all).down(&mut pooler.connect(), 1).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Pooled, "{error}");
    assert_eq!(applied(&mut direct), "1 2 3 4");
    assert_eq!(locks(&mut direct), "0");
}

/// Everybody at once, half through the pooler and half directly.
fn crowd(database: &Database, pooler: &Pooler, set: MigrationSet) {
    let runners: Vec<_> = (0..16)
        .map(|n| {
            let mut client =
                if n % 2 == 0 { pooler.connect() } else { database.connect().unwrap() };
            thread::spawn(move || {
                match Migrator::from_set(set).lock_wait(PATIENCE).up(&mut client) {
                    Err(error) if n % 2 == 0 => {
                        assert_eq!(error.kind(), ErrorKind::Pooled, "{error}")
                    }
                    Err(error) => panic!("{error}"),
                    Ok(_) => {}
                }
            })
        })
        .collect();
    runners.into_iter().for_each(|runner| runner.join().unwrap());
}

#[test]
fn many_at_once_through_a_pooler_leave_order_behind() {
    let rounds = std::env::var("POOLER_ROUNDS").map_or(2, |rounds| rounds.parse().unwrap());
    for _ in 0..rounds {
        let database = database();
        // One session after the other, so that the one with the lock is met again.
        let Some(pooler) = Pooler::start(&database, true) else { return };
        let mut client = database.connect().unwrap();
        let mut all = tables(4);
        crowd(&database, &pooler, set(&all));
        assert_eq!(applied(&mut client), "1 2 3 4");
        assert_eq!(locks(&mut client), "0");
        all = with_an_index();
        all[3] = stepwise(5, "index", "CREATE INDEX CONCURRENTLY i ON t1 (note)", "SELECT 1");
        all.insert(3, tables(4)[3]);
        crowd(&database, &pooler, set(&all));
        assert_eq!(applied(&mut client), "1 2 3 4 5");
        assert_eq!(ask(&mut client, "SELECT count(*) FROM migration_history_log"), "5");
        let valid = "SELECT indisvalid FROM pg_index WHERE indexrelid = 'i'::regclass";
        assert_eq!(ask(&mut client, valid), "t");
        assert_eq!(locks(&mut client), "0");
    }
}
