//! Sets made by hand, the way the macro makes them; databases to run them on.

use migrate_runtime::__private as p;
use migrate_runtime::{Down, EmbeddedMigration, MigrationSet, Migrator};

/// A migration whose scripts are SQL with `;;` on a line of its own between statements.
pub(crate) fn pair(version: i64, name: &str, up: &str, down: &str) -> EmbeddedMigration {
    build(version, name, up, Down::Script(script(version, name, "down", down, true)), true)
}

/// The same, outside a transaction in both directions.
pub(crate) fn stepwise(version: i64, name: &str, up: &str, down: &str) -> EmbeddedMigration {
    build(version, name, up, Down::Script(script(version, name, "down", down, false)), false)
}

/// With what its first statement locks, packed as the macro packs it.
pub(crate) fn locking(
    version: i64,
    name: &str,
    up: &str,
    down: &str,
    locks: &'static str,
) -> EmbeddedMigration {
    locking_in(version, name, up, down, locks, true)
}

/// The same, in a transaction or outside.
pub(crate) fn locking_in(
    version: i64,
    name: &str,
    up: &str,
    down: &str,
    locks: &'static str,
    tx: bool,
) -> EmbeddedMigration {
    let path = leak(&format!("migrations/{version:03}_{name}.up.sql"));
    let text = leak(up);
    let mut steps = steps(text);
    steps[0].locks = locks;
    let up = p::script(path, text, leak(&p::pack(&steps)), sha256(up.as_bytes()), tx);
    let down = Down::Script(script(version, name, "down", down, tx));
    p::migration(version, leak(name), up, down)
}

/// The same, of which that is known to be all.
pub(crate) fn known(
    version: i64,
    name: &str,
    up: &str,
    down: &str,
    locks: &'static str,
) -> EmbeddedMigration {
    let migration = locking(version, name, up, down, locks);
    p::migration(version, migration.name(), p::known(migration.up()), migration.down())
}

pub(crate) fn irreversible(version: i64, name: &str, up: &str) -> EmbeddedMigration {
    build(version, name, up, Down::Irreversible("data is gone"), true)
}

fn build(version: i64, name: &str, up: &str, down: Down, tx: bool) -> EmbeddedMigration {
    p::migration(version, leak(name), script(version, name, "up", up, tx), down)
}

fn script(version: i64, name: &str, half: &str, sql: &str, tx: bool) -> migrate_runtime::Script {
    let path = leak(&format!("migrations/{version:03}_{name}.{half}.sql"));
    let text: &'static str = leak(sql);
    p::script(path, text, leak(&p::pack(&steps(text))), sha256(sql.as_bytes()), tx)
}

fn steps(text: &'static str) -> Vec<p::Step> {
    let mut steps = Vec::new();
    let mut at = 0;
    for part in text.split(";;") {
        let start = at + part.len() - part.trim_start().len();
        let end = start + part.trim().len();
        if end > start {
            steps.push(step(start, end, &text[start..end]));
        }
        at += part.len() + 2;
    }
    steps
}

/// A step; `CREATE INDEX CONCURRENTLY [IF NOT EXISTS] name ON table` is read by position.
fn step(start: usize, end: usize, text: &'static str) -> p::Step {
    let words: Vec<&str> = text.split_whitespace().filter(|w| *w != "UNIQUE").collect();
    let builds = match words.as_slice() {
        ["CREATE", "INDEX", "CONCURRENTLY", "IF", "NOT", "EXISTS", index, "ON", table, ..]
        | ["CREATE", "INDEX", "CONCURRENTLY", index, "ON", table, ..] => {
            Some(p::ConcurrentIndex { table, index: Some(index) })
        }
        _ => None,
    };
    p::Step { start, end, builds, setting: matches!(words[0], "SET" | "RESET"), locks: "" }
}

/// A set with the digest that the macro would compute.
pub(crate) fn set(migrations: &[EmbeddedMigration]) -> MigrationSet {
    let mut digest = 0;
    for migration in migrations {
        let mut bytes = migration.version().to_be_bytes().to_vec();
        bytes.extend(migration.up().checksum());
        digest += i128::from(i64::from_be_bytes(sha256(&bytes)[..8].try_into().unwrap()));
    }
    p::set(Box::leak(migrations.to_vec().into_boxed_slice()), Box::leak(Box::new(digest)), None)
}

pub(crate) fn migrator(migrations: &[EmbeddedMigration]) -> Migrator {
    Migrator::from_set(set(migrations))
}

/// `n` small migrations, a table each.
pub(crate) fn tables(n: i64) -> Vec<EmbeddedMigration> {
    let one = |v: i64| {
        let up = format!("CREATE TABLE t{v} (id bigint PRIMARY KEY, note text)");
        pair(v, &format!("t{v}"), &up, &format!("DROP TABLE t{v}"))
    };
    (1..=n).map(one).collect()
}

pub(crate) fn database() -> migrate_testing::Database {
    migrate_testing::empty_database().unwrap()
}

/// One value of one row, as text; empty for NULL.
pub(crate) fn ask(client: &mut postgres::Client, sql: &str) -> String {
    let answer = client.simple_query(sql).unwrap();
    let row = answer.iter().find_map(|message| match message {
        postgres::SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    row.and_then(|row| row.get(0)).unwrap_or_default().to_owned()
}

/// The versions in the history, complete ones only.
pub(crate) fn applied(client: &mut postgres::Client) -> String {
    ask(
        client,
        "SELECT string_agg(version::text, ' ' ORDER BY version) FROM migration_history \
         WHERE steps_done IS NULL",
    )
}

/// Advisory locks that anybody holds in this database.
pub(crate) fn locks(client: &mut postgres::Client) -> String {
    ask(
        client,
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' \
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
    )
}

fn leak(text: &str) -> &'static str {
    Box::leak(text.to_owned().into_boxed_str())
}

/// SHA-256 as FIPS 180-4 has it: a second opinion on what the server and the macro compute.
fn sha256(input: &[u8]) -> [u8; 32] {
    let primes = || (2_u64..).filter(|n| (2..*n).take_while(|d| d * d <= *n).all(|d| n % d != 0));
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "32 bits are meant"
    )]
    let fraction = |root: f64| ((root - root.floor()) * 4_294_967_296.0) as u32;
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    let k: Vec<u32> = primes().take(64).map(|p| fraction((p as f64).cbrt())).collect();
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    let mut h: Vec<u32> = primes().take(8).map(|p| fraction((p as f64).sqrt())).collect();
    let mut data = input.to_vec();
    data.push(0x80);
    while data.len() % 64 != 56 {
        data.push(0);
    }
    data.extend_from_slice(&(input.len() as u64 * 8).to_be_bytes());
    for block in data.chunks(64) {
        let mut w: Vec<u32> =
            block.chunks(4).map(|c| u32::from_be_bytes(c.try_into().unwrap())).collect();
        for i in 16..64 {
            let (a, b) = (w[i - 15], w[i - 2]);
            let s0 = a.rotate_right(7) ^ a.rotate_right(18) ^ (a >> 3);
            let s1 = b.rotate_right(17) ^ b.rotate_right(19) ^ (b >> 10);
            w.push(w[i - 16].wrapping_add(s0).wrapping_add(w[i - 7]).wrapping_add(s1));
        }
        let mut v = h.clone();
        for i in 0..64 {
            let s1 = v[4].rotate_right(6) ^ v[4].rotate_right(11) ^ v[4].rotate_right(25);
            let choice = (v[4] & v[5]) ^ (!v[4] & v[6]);
            let t1 =
                [s1, choice, k[i], w[i]].iter().fold(v[7], |sum, term| sum.wrapping_add(*term));
            let s0 = v[0].rotate_right(2) ^ v[0].rotate_right(13) ^ v[0].rotate_right(22);
            let majority = (v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]);
            v.rotate_right(1);
            v[4] = v[4].wrapping_add(t1);
            v[0] = t1.wrapping_add(s0).wrapping_add(majority);
        }
        for (sum, value) in h.iter_mut().zip(v) {
            *sum = sum.wrapping_add(value);
        }
    }
    let mut out = [0; 32];
    for (bytes, word) in out.chunks_mut(4).zip(h) {
        bytes.copy_from_slice(&word.to_be_bytes());
    }
    out
}
