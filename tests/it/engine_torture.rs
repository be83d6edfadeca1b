//! Torture: a random plan, and at a random moment the line is cut, the process killed, the session
//! ended, the statement cancelled, or the server stopped as in a crash. Afterwards one more `up` (or
//! `down_to`) always finishes; what it finishes was done once, and the history says so. In every other round
//! runs have watchers and leases, all or some of them; the watchers are struck, too.
//!
//! A few rounds with fixed seeds by default. By hand: `TORTURE_ROUNDS=500 TORTURE_SEED=1000 cargo test
//! -p migrate-tests --test it engine_torture -- --nocapture`. Round n has the seed `TORTURE_SEED` + n,
//! and a seed is all that a round depends on, but for time.

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::process::{Command, Stdio};
use std::str::FromStr;
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use migrate_runtime::{EmbeddedMigration, Error, ErrorKind, Migrator};
use migrate_testing::{Database, Server};
use postgres::{Client, Config, NoTls};

use crate::engine_fixture::{ask, migrator, pair, stepwise};
use crate::engine_proxy::{Cut, Proxy};

/// Names the sessions that faults are aimed at.
const VICTIM: &str = "torture";
const CHILD: &str = "TORTURE_CHILD";
const PATIENCE: Duration = Duration::from_secs(120);

/// `SplitMix64`.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, range: Range<usize>) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        let span = u64::try_from(range.len()).unwrap();
        range.start + usize::try_from(z % span).unwrap()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Up,
    Down,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Transaction,
    Steps,
    BuildsIndex,
    OnlyBuildsIndex,
    DropsIndex,
    OwnTransaction,
    Reindexes,
}

const KINDS: [Kind; 7] = [
    Kind::Transaction,
    Kind::Steps,
    Kind::BuildsIndex,
    Kind::OnlyBuildsIndex,
    Kind::DropsIndex,
    Kind::OwnTransaction,
    Kind::Reindexes,
];

/// What a round tries to get done, the same in the test and in its child.
struct Plan {
    kinds: Vec<Kind>,
}

impl Plan {
    fn new(dice: &mut Dice) -> Plan {
        let n = dice.roll(3..8);
        Plan { kinds: (0..n).map(|_| KINDS[dice.roll(0..KINDS.len())]).collect() }
    }

    fn migrations(&self) -> Vec<EmbeddedMigration> {
        self.numbered().map(|(v, kind)| migration(v, kind)).collect()
    }

    fn numbered(&self) -> impl Iterator<Item = (i64, Kind)> {
        (1..).zip(self.kinds.iter().copied())
    }
}

/// Writes down that it was done. It takes a moment, for faults to meet it.
fn entry(version: i64, step: u32, way: Way) -> String {
    format!("INSERT INTO ledger SELECT {version}, {step}, '{way:?}' FROM pg_sleep(0.004)")
}

/// How many entries each way of a migration makes.
fn entries(kind: Kind) -> u32 {
    match kind {
        Kind::Transaction | Kind::OnlyBuildsIndex => 1,
        Kind::BuildsIndex | Kind::DropsIndex | Kind::Reindexes => 2,
        Kind::Steps | Kind::OwnTransaction => 3,
    }
}

fn migration(v: i64, kind: Kind) -> EmbeddedMigration {
    let up = |step| entry(v, step, Way::Up);
    let down = |step| entry(v, step, Way::Down);
    let (create, drop) = (format!("CREATE TABLE t{v} ()"), format!("DROP TABLE t{v}"));
    let build = format!("CREATE INDEX CONCURRENTLY i{v} ON base (a)");
    let unbuild = format!("DROP INDEX CONCURRENTLY i{v}");
    let rebuild = format!("CREATE UNIQUE INDEX CONCURRENTLY d{v} ON base (b)");
    match kind {
        Kind::Transaction => {
            let (one, other) = (up(1), down(1));
            pair(v, "tx", &format!("{one};;{create}"), &format!("{drop};;{other}"))
        }
        Kind::Steps => {
            let ups = [up(1), create, up(2), up(3)].join(";;");
            stepwise(v, "steps", &ups, &[down(1), down(2), drop, down(3)].join(";;"))
        }
        Kind::BuildsIndex => {
            let ups = [up(1), "SET lock_timeout = 0".into(), build, up(2)].join(";;");
            stepwise(v, "builds", &ups, &[down(1), unbuild, down(2)].join(";;"))
        }
        Kind::OnlyBuildsIndex => {
            stepwise(v, "only", &[build, up(1)].join(";;"), &[down(1), unbuild].join(";;"))
        }
        Kind::DropsIndex => {
            let ups = [up(1), format!("DROP INDEX CONCURRENTLY d{v}"), up(2)].join(";;");
            stepwise(v, "drops", &ups, &[down(1), rebuild, down(2)].join(";;"))
        }
        Kind::Reindexes => {
            let reindex = format!("REINDEX INDEX CONCURRENTLY d{v}");
            let ups = [up(1), reindex.clone(), up(2)].join(";;");
            stepwise(v, "reindexes", &ups, &[down(1), reindex, down(2)].join(";;"))
        }
        Kind::OwnTransaction => {
            let ups = [up(1), format!("BEGIN; {}; {create};\nCOMMIT", up(2)), up(3)].join(";;");
            let downs = format!("{};;BEGIN; {drop}; {}; COMMIT;;{}", down(1), down(2), down(3));
            stepwise(v, "own", &ups, &downs)
        }
    }
}

fn prepare(client: &mut Client) {
    client
        .batch_execute(
            "CREATE TABLE ledger (version int, step int, way text); \
             CREATE TABLE base AS SELECT n AS a, n AS b FROM generate_series(1, 3000) AS n",
        )
        .unwrap();
    for v in 1..=8 {
        client.batch_execute(&format!("CREATE UNIQUE INDEX d{v} ON base (b)")).unwrap();
    }
}

/// With a watcher, where the number is odd.
fn watched(migrator: Migrator, number: u64, config: &Config) -> Migrator {
    if number.is_multiple_of(2) {
        return migrator;
    }
    let config = config.clone().application_name(VICTIM).clone();
    let migrator = migrator.watcher(move || config.connect(NoTls));
    migrate_runtime::__private::lease(migrator, Duration::from_millis(400))
}

fn run(way: Way, migrator: &Migrator, client: &mut Client) -> Result<(), Error> {
    match way {
        Way::Up => migrator.up(client).map(drop),
        Way::Down => migrator.down_to(client, 0).map(drop),
    }
}

/// Whether a fault struck; it may be the reason of an error, and nothing else may.
fn excused(result: Result<(), Error>) -> bool {
    let Err(error) = result else { return false };
    let cancelled = error.sql_state().is_some_and(|state| state.code() == "57014");
    assert!(error.kind() == ErrorKind::Connection || cancelled, "{:?} {error}", error.kind());
    true
}

/// Not a test of its own: what a child process does.
#[test]
fn child() {
    let Ok(order) = std::env::var(CHILD) else { return };
    let mut words = order.splitn(3, ' ');
    let seed = words.next().unwrap().parse().unwrap();
    let way = if words.next() == Some("Up") { Way::Up } else { Way::Down };
    let mut config = Config::from_str(words.next().unwrap()).unwrap();
    let migrations = Plan::new(&mut Dice(seed)).migrations();
    let Ok(mut client) = config.application_name(VICTIM).connect(NoTls) else { return };
    let migrator = watched(migrator(&migrations), seed, &config);
    excused(run(way, &migrator, &mut client));
}

/// One round's place and plan.
struct Round<'a> {
    server: &'a Server,
    database: Database,
    seed: u64,
    plan: Plan,
    dice: Dice,
    faults: usize,
    struck: usize,
}

impl Round<'_> {
    /// As long as the server is being started again, it cannot be connected to.
    fn connect(&self) -> Client {
        let begun = Instant::now();
        loop {
            match self.database.config().application_name("judge").connect(NoTls) {
                Ok(client) => return client,
                Err(error) => assert!(begun.elapsed() < PATIENCE, "{error}"),
            }
            sleep(Duration::from_millis(20));
        }
    }

    /// Waits for a number of entries, or the end, and then a little.
    fn wait_for_the_moment(&mut self, is_over: impl Fn() -> bool) {
        let in_all: u32 = self.plan.kinds.iter().map(|kind| entries(*kind)).sum();
        let mut client = self.connect();
        let count = "SELECT count(*) FROM ledger";
        let now: usize = ask(&mut client, count).parse().unwrap();
        let until = now + self.dice.roll(0..usize::try_from(in_all).unwrap() + 1);
        let pause = u64::try_from(self.dice.roll(0..25_000)).unwrap();
        let here = format!(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = '{VICTIM}' \
             AND datname = current_database()"
        );
        let begun = Instant::now();
        let met = |client: &mut Client| {
            ask(client, count).parse::<usize>().unwrap() >= until && ask(client, &here) != "0"
        };
        while !is_over() && !met(&mut client) {
            assert!(begun.elapsed() < PATIENCE, "the moment does not come");
            sleep(Duration::from_millis(1));
        }
        sleep(Duration::from_micros(pause));
    }

    /// Whether it struck in time.
    fn fault(&mut self, way: Way) -> bool {
        match self.dice.roll(0..12) {
            0..4 => self.cut(way),
            4..7 => self.kill(way),
            7..9 => self.hit(way, |round| round.signal("pg_terminate_backend")),
            9..11 => self.hit(way, |round| round.signal("pg_cancel_backend")),
            _ => self.hit(way, |round| round.server.restart().unwrap()),
        }
    }

    fn cut(&mut self, way: Way) -> bool {
        let proxy = Proxy::new(&self.database.config());
        let mut client = proxy.connect();
        let trip = self.dice.roll(1..20);
        proxy.cut(match self.dice.roll(0..3) {
            0 => Cut::Question(trip),
            1 => Cut::Waiting(trip),
            _ => Cut::Answer(trip),
        });
        let config = self.database.config();
        let migrator = watched(migrator(&self.plan.migrations()), self.seed, &config);
        excused(run(way, &migrator, &mut client))
    }

    fn kill(&mut self, way: Way) -> bool {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["engine_torture::child", "--exact", "--nocapture"])
            .env(CHILD, format!("{} {way:?} {}", self.seed, self.database.url()))
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let over = std::cell::RefCell::new(&mut child);
        self.wait_for_the_moment(|| over.borrow_mut().try_wait().unwrap().is_some());
        let _ = child.kill();
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() || output.status.code().is_none(), "{said}");
        output.status.code().is_none()
    }

    /// Runs a verb, and strikes meanwhile.
    fn hit(&mut self, way: Way, strike: impl FnOnce(&mut Self)) -> bool {
        let config = self.database.config().application_name(VICTIM).clone();
        let migrator = watched(migrator(&self.plan.migrations()), self.seed, &config);
        let victim = thread::spawn(move || {
            let mut client = config.connect(NoTls).unwrap();
            excused(run(way, &migrator, &mut client))
        });
        self.wait_for_the_moment(|| victim.is_finished());
        strike(self);
        victim.join().unwrap()
    }

    fn signal(&self, function: &str) {
        let sql = format!(
            "SELECT {function}(pid) FROM pg_stat_activity WHERE application_name = '{VICTIM}' \
             AND datname = current_database()"
        );
        ask(&mut self.connect(), &sql);
    }

    /// After faults, one more run does all that is left.
    fn go(&mut self, way: Way, ups: usize, downs: usize) {
        for _ in 0..self.dice.roll(1..4) {
            self.faults += 1;
            self.struck += usize::from(self.fault(way));
        }
        let mut client = self.connect();
        let migrator = migrator(&self.plan.migrations()).lock_wait(PATIENCE);
        // Whoever comes after a run with a lease may have one or not.
        let number = self.seed * u64::try_from(self.dice.roll(0..2)).unwrap();
        let migrator = watched(migrator, number, &self.database.config());
        if let Err(error) = run(way, &migrator, &mut client) {
            panic!("{error}");
        }
        self.judge(way, ups, downs);
    }

    fn judge(&self, way: Way, ups: usize, downs: usize) {
        let mut client = self.connect();
        let migrator = migrator(&self.plan.migrations());
        let n = if way == Way::Up { self.plan.kinds.len() } else { 0 };
        let rows = "SELECT count(*) FROM migration_history WHERE steps_done IS NULL";
        assert_eq!(ask(&mut client, rows), n.to_string());
        assert_eq!(ask(&mut client, "SELECT count(*) FROM migration_history"), n.to_string());
        assert_eq!(migrator.status(&mut client).unwrap().is_up_to_date(), way == Way::Up);

        let list = |sql: &str, client: &mut Client| {
            ask(
                client,
                &format!("SELECT string_agg(x, ' ' ORDER BY x COLLATE \"C\") FROM ({sql}) AS s"),
            )
        };
        let mut expected = Vec::new();
        let mut logged = Vec::new();
        for (v, kind) in self.plan.numbered() {
            for (name, times) in [("Up", ups), ("Down", downs)] {
                if times > 0 {
                    let steps = 1..=entries(kind);
                    expected.extend(steps.map(|step| format!("{v}.{step}.{name}.{times}")));
                    logged.push(format!("{v}.{}.{times}", name.to_lowercase()));
                }
            }
        }
        let found = "SELECT concat_ws('.', version, step, way, count(*)) AS x FROM ledger GROUP BY version, step, way";
        assert_eq!(list(found, &mut client), sorted(expected), "the ledger");
        let found = "SELECT concat_ws('.', version, direction, count(*)) AS x FROM migration_history_log \
             WHERE outcome = 'done' GROUP BY version, direction";
        assert_eq!(list(found, &mut client), sorted(logged), "the log");

        let found = "SELECT relname AS x FROM pg_class WHERE relname ~ '^[tid][0-9]$'";
        assert_eq!(list(found, &mut client), sorted(self.objects(way)), "the objects");
        assert_eq!(ask(&mut client, "SELECT count(*) FROM pg_index WHERE NOT indisvalid"), "0");

        // A session whose client is gone may still be ending.
        let begun = Instant::now();
        while crate::engine_fixture::locks(&mut client) != "0" {
            assert!(begun.elapsed() < PATIENCE, "a lock is left");
            sleep(Duration::from_millis(20));
        }
        if !ask(&mut client, "SELECT to_regclass('migration_history_lease')").is_empty() {
            let live =
                "SELECT count(*) FROM migration_history_lease WHERE expires_at > clock_timestamp()";
            assert_eq!(ask(&mut client, live), "0");
        }
    }

    fn objects(&self, way: Way) -> Vec<String> {
        let mut objects: Vec<String> = (1..=8).map(|v| format!("d{v}")).collect();
        for (v, kind) in self.plan.numbered().filter(|_| way == Way::Up) {
            match kind {
                Kind::Transaction | Kind::Steps | Kind::OwnTransaction => {
                    objects.push(format!("t{v}"));
                }
                Kind::BuildsIndex | Kind::OnlyBuildsIndex => objects.push(format!("i{v}")),
                Kind::Reindexes => {}
                Kind::DropsIndex => objects.retain(|name| *name != format!("d{v}")),
            }
        }
        objects
    }
}

fn sorted(mut names: Vec<String>) -> String {
    names.sort();
    names.join(" ")
}

/// How many faults there were, and how many struck before all was done.
fn round(server: &Server, seed: u64) -> (usize, usize) {
    let mut dice = Dice(seed);
    let plan = Plan::new(&mut dice);
    let database = server.create_database().unwrap();
    let mut round = Round { server, database, seed, plan, dice, faults: 0, struck: 0 };
    prepare(&mut round.connect());
    if round.dice.roll(0..2) == 0 {
        // On a database that is not fresh, each travels alone.
        let first = &round.plan.migrations()[..1];
        let _ = migrator(first).up(&mut round.connect()).unwrap();
    }
    round.go(Way::Up, 1, 0);
    if round.dice.roll(0..3) == 0 {
        round.go(Way::Down, 1, 1);
        round.go(Way::Up, 2, 1);
    }
    (round.faults, round.struck)
}

fn number(variable: &str, usual: u64) -> u64 {
    std::env::var(variable).ok().map_or(usual, |text| text.parse().unwrap())
}

#[test]
fn whatever_happens_the_next_run_finishes_and_nothing_is_done_twice() {
    if std::env::var_os("MIGRATE_TEST_DATABASE_URL").is_some() {
        return; // A server that was given is not ours to crash.
    }
    let server = Server::start().unwrap();
    let (rounds, first) = (number("TORTURE_ROUNDS", 20), number("TORTURE_SEED", 1));
    let (mut faults, mut struck) = (0, 0);
    for seed in first..first + rounds {
        match catch_unwind(AssertUnwindSafe(|| round(&server, seed))) {
            Ok((more, hits)) => (faults, struck) = (faults + more, struck + hits),
            Err(panic) => {
                eprintln!("again: TORTURE_ROUNDS=1 TORTURE_SEED={seed}");
                resume_unwind(panic);
            }
        }
    }
    eprintln!("{rounds} rounds from seed {first}: {struck} of {faults} faults struck in time");
    assert!(struck * 3 >= faults, "the faults come too late: {struck} of {faults}");
}
