//! What cargo sees: which change of a migrations directory rebuilds, and where the errors appear.
//!
//! The crate under test is made on the fly. It calls the runtime by another name, and builds into
//! the target folder of this workspace, so that nothing is compiled a second time for it.

use migrate_analysis::source::stamp;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

const ONE: &str = "-- UP\nCREATE TABLE users (id bigint);\n-- DOWN\nDROP TABLE users;\n";
const TWO: &str = "-- UP\nCREATE TABLE orders (id bigint);\n-- DOWN\nDROP TABLE orders;\n";

struct Project {
    root: PathBuf,
    target: PathBuf,
}

/// What one `cargo check` said.
struct Check {
    /// Whether the crate itself was compiled.
    compiled: bool,
    /// The errors as editors get them, in order.
    errors: Vec<String>,
}

impl Project {
    fn new(name: &str, main: &str) -> Project {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().to_owned();
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = fs::remove_dir_all(&root);
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let project = Project { root, target };
        let path = |package: &str| workspace.join(package).display().to_string();
        project.write(
            "Cargo.toml",
            &format!(
                "[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[workspace]\n\
                 [dependencies]\ndb = {{ package = \"migrate-runtime\", path = {:?} }}\n\
                 [build-dependencies]\nmigrate-build = {{ path = {:?} }}\n\
                 [profile.dev]\ndebug = \"line-tables-only\"\n",
                path("migrate-runtime"),
                path("migrate-build"),
            ),
        );
        fs::copy(workspace.join("Cargo.lock"), project.root.join("Cargo.lock")).unwrap();
        project.write("build.rs", "fn main() { migrate_build::watch(\"migrations\"); }\n");
        project.write("src/main.rs", main);
        project
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn check(&self) -> Check {
        // cargo compares times of modification: what was written just now has to be older.
        sleep(Duration::from_millis(1100));
        let output = Command::new(env!("CARGO"))
            .args(["check", "--message-format=json"])
            .current_dir(&self.root)
            .env("CARGO_TARGET_DIR", &self.target)
            .env_remove("RUSTFLAGS")
            .output()
            .unwrap();
        let lines = String::from_utf8(output.stdout).unwrap();
        let name = format!("/{}#", self.root.file_name().unwrap().to_str().unwrap());
        let mut check = Check { compiled: false, errors: Vec::new() };
        for line in lines.lines().filter(|line| line.contains(&name)) {
            let own_target = line.contains("\"kind\":[\"bin\"]");
            let message = line.contains("\"reason\":\"compiler-message\"");
            check.compiled |= own_target && (message || line.contains("\"fresh\":false"));
            if message && line.contains("\"level\":\"error\"") {
                check.errors.push(line.to_owned());
            }
        }
        assert_eq!(
            output.status.success(),
            check.errors.is_empty(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        check
    }

    /// The file with this ending that the build script left.
    fn left(&self, ending: &str) -> PathBuf {
        let name = format!("{}-", self.root.file_name().unwrap().to_str().unwrap());
        let folders = fs::read_dir(self.target.join("debug/build")).unwrap();
        let found = folders
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with(&name))
            .map(|path| path.join("out/migrate-migrations").with_extension(ending))
            .filter(|path| path.is_file());
        found.max_by_key(|path| path.metadata().unwrap().modified().unwrap()).unwrap()
    }
}

impl Check {
    #[track_caller]
    fn compiled(self) {
        assert_eq!(self.errors, Vec::<String>::new());
        assert!(self.compiled, "the change was not noticed");
    }

    #[track_caller]
    fn failed(self, code: &str) {
        assert_eq!(self.errors.len(), 1, "{:?}", self.errors);
        assert!(self.errors[0].contains(code), "{}", self.errors[0]);
    }
}

#[test]
fn every_change_of_the_directory_rebuilds_and_nothing_else_does() {
    let main = "db::migrations! { mod schema = \"migrations\"; }\n\
                fn main() { let _ = schema::migrator(); }\n";
    let project = Project::new("rebuild", main);
    project.write("migrations/1_users.sql", ONE);
    project.check().compiled();
    assert!(!project.check().compiled, "nothing has changed");

    project.write("migrations/2_orders.sql", TWO);
    project.check().compiled();
    fs::rename(
        project.root.join("migrations/2_orders.sql"),
        project.root.join("migrations/2_old_orders.sql"),
    )
    .unwrap();
    project.check().compiled();
    project.write("migrations/2_old_orders.sql", &TWO.replace("bigint", "int"));
    project.check().compiled();
    fs::remove_file(project.root.join("migrations/2_old_orders.sql")).unwrap();
    project.check().compiled();
    assert!(!project.check().compiled, "nothing has changed");

    // A defect is in the JSON messages, which editors read.
    project.write("migrations/2_orders.sql", "CREATE TABLE orders (id bigint);");
    project.check().failed("[missing-down]\\n");
    project.write("migrations/migrate.toml", "history-until = 2\n");
    project.check().compiled();
    fs::remove_file(project.root.join("migrations/migrate.toml")).unwrap();
    project.check().failed("migrations/2_orders.sql:1:1");
    project.write("migrations/2_orders.sql", "-- UP\nCREAT TABLE a ();\n-- DOWN\nDROP TABLE a;\n");
    project.check().failed("migrations/2_orders.sql:2:1");
}

#[test]
fn a_stale_or_damaged_cache_is_ignored() {
    let main = "db::migrations! { mod schema = \"migrations\"; }\n\
                fn main() { let _ = schema::CreateUsers; }\n";
    let project = Project::new("cached", main);
    project.write("migrations/1_create_users.sql", ONE);
    project.check().compiled();
    let cache = project.left("cache");
    let kept = fs::read(&cache).unwrap();
    let touch = || project.write("src/main.rs", main);

    // Of another text: the build script is not run again, since nothing that it watches changes.
    project.write("migrations/1_create_users.sql", &ONE.replace("bigint", "bigint, bigin"));
    project.check().failed("not-postgres");
    fs::write(&cache, &kept).unwrap();
    touch();
    project.check().failed("not-postgres");
    project.write("migrations/1_create_users.sql", ONE);
    project.check().compiled();
    for damaged in [&kept[..kept.len() / 2], b"", b"something else"] {
        fs::write(&cache, damaged).unwrap();
        fs::write(project.left("embed"), damaged).unwrap();
        touch();
        project.check().compiled();
    }
}

#[test]
fn what_was_made_ready_counts_while_no_file_looks_different() {
    let main = "db::migrations! { mod schema = \"migrations\"; }\n\
                fn main() { let _ = schema::CreateUsers; }\n";
    let project = Project::new("prepared", main);
    let script = "migrations/1_create_users.sql";
    project.write(script, ONE);
    project.check().compiled();
    let (embed, items) = (project.left("embed"), project.left("rest.items"));
    let (ready, right) = (fs::read(&embed).unwrap(), fs::read(&items).unwrap());
    let touch = || project.write("src/main.rs", main);

    // What looks different is not used.
    let looked = stamp(&items).unwrap();
    fs::write(&items, replaced(&right, b"create_users", b"create_teams")).unwrap();
    touch();
    project.check().compiled();
    // What looks as it did is: what is not true in it is not noticed.
    let looks = stamp(&items).unwrap();
    fs::write(&embed, replaced(&ready, &looked, &looks)).unwrap();
    touch();
    project.check().failed("CreateUsers");
    fs::write(&items, right).unwrap();
    fs::write(&embed, &ready).unwrap();
    touch();
    project.check().compiled();

    // An edit that cargo does not see, since the file looks as old as it was and is as long.
    let path = project.root.join(script);
    let modified = path.metadata().unwrap().modified().unwrap();
    project.write(script, &ONE.replace("TABLE users (", "TABLO users ("));
    fs::File::options().append(true).open(&path).unwrap().set_modified(modified).unwrap();
    touch();
    project.check().failed("not-postgres");

    // One that it sees, and what was ready before.
    project.write(script, &ONE.replace("bigint", "bigint, bigin"));
    project.check().failed("not-postgres");
    assert!(!embed.exists(), "with errors nothing is ready");
    fs::write(&embed, &ready).unwrap();
    touch();
    project.check().failed("not-postgres");
}

/// All but the migration that was edited last, and those behind it, is left as it is.
#[test]
fn an_edit_embeds_the_rest_again() {
    let main = |lengths: [usize; 3]| {
        let mut main = "db::migrations! { mod schema = \"migrations\"; }\n".to_owned();
        for (at, (name, length)) in
            ["Users", "Orders", "Items"].into_iter().zip(lengths).enumerate()
        {
            main += &format!(
                "const _: () = assert!(<schema::{name} as db::Migration>::VERSION == {at} + 1);\n\
                 const _: () = assert!(schema::SET.migrations()[{at}].up().text().len() == {length});\n"
            );
        }
        main + "fn main() {}\n"
    };
    let table = |name: &str, more: &str| ONE.replace("users", name).replace("bigint", more);
    let lengths = |texts: &[String; 3]| main(texts.each_ref().map(String::len));
    let files = ["migrations/1_users.sql", "migrations/2_orders.sql", "migrations/3_items.sql"];
    let mut texts = ["users", "orders", "items"].map(|name| table(name, "bigint"));
    let project = Project::new("segments", &lengths(&texts));
    files.iter().zip(&texts).for_each(|(file, text)| project.write(file, text));
    // How a file looks that was written just now is not trusted.
    sleep(Duration::from_secs(3));
    project.check().compiled();
    let head = stamp(&project.left("head.sql")).unwrap();
    let head_is_as_it_was = || stamp(&project.left("head.sql")).unwrap() == head;

    // What is behind the head, once more, and what is in it.
    for (edited, is_head_left) in [(2, true), (2, true), (0, false)] {
        texts[edited] = texts[edited].replace("bigint", "bigint, more bigint");
        texts[edited] = texts[edited].replacen("more", &format!("more{}", texts[edited].len()), 1);
        project.write(files[edited], &texts[edited]);
        project.write("src/main.rs", &lengths(&texts));
        project.check().compiled();
        assert_eq!(head_is_as_it_was(), is_head_left, "after an edit of {edited}");
    }
    // What is missing or was changed behind our back is not used.
    fs::write(project.left("head.sql"), "").unwrap();
    texts[2] = texts[2].replacen("bigint", "bigint, last bigint", 1);
    project.write(files[2], &texts[2]);
    project.write("src/main.rs", &lengths(&texts));
    project.check().compiled();
}

/// A struct knows its place in a set of any size: it is written to the base of 32.
#[test]
fn a_thousand_structs_know_their_places() {
    let mut main = "db::migrations! { mod schema = \"migrations\"; }\nfn main() {}\n".to_owned();
    for version in [1, 31, 32, 33, 34, 64, 65, 1023, 1024, 1025, 1026, 1030] {
        main += &format!(
            "const _: () = assert!(<schema::T{version} as db::Migration>::VERSION == {version});\n"
        );
    }
    let project = Project::new("places", &main);
    for version in 1..=1030 {
        let text = ONE.replace("users", &format!("t{version}"));
        project.write(&format!("migrations/{version}_t{version}.sql"), &text);
    }
    project.check().compiled();
}

/// As long as it was.
fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let (mut bytes, mut count) = (bytes.to_vec(), 0);
    for at in 0..bytes.len() {
        if bytes[at..].starts_with(from) {
            bytes[at..at + from.len()].copy_from_slice(to);
            count += 1;
        }
    }
    assert!(count > 0, "it stands in it");
    bytes
}

/// By way of the build script, which has made it ready.
#[test]
fn the_oldest_server_is_embedded() {
    let main = "db::migrations! { mod schema = \"migrations\"; }\n\
                const _: () = assert!(matches!(schema::SET.postgres(), Some(140_002)));\n\
                fn main() { let _ = schema::CreateUsers; }\n";
    let project = Project::new("declared", main);
    project.write("migrations/1_create_users.sql", ONE);
    project.write("migrations/migrate.toml", "postgres = \"14.2\"\n");
    project.check().compiled();
    assert!(project.left("embed").exists());
    project.write("migrations/migrate.toml", "postgres = \"15\"\n");
    project.check().failed("assertion failed");
}

#[test]
fn line_ends_and_a_byte_order_mark_change_no_checksum() {
    let main = "db::migrations! { mod unix = \"unix\"; }\n\
                db::migrations! { mod windows = \"windows\"; }\n\
                const _: () = assert!(unix::SET.digest() == windows::SET.digest());\n\
                fn main() { assert!(!windows::SET.migrations()[0].up().text().contains('\\r')); }\n";
    let project = Project::new("line-ends", main);
    let text = ONE.replace("bigint", "bigint, -- a remark\n    name text DEFAULT 'a\nb'");
    project.write("unix/1_users.sql", &text);
    project.write("windows/1_users.sql", &format!("\u{feff}{}", text.replace('\n', "\r\n")));
    project.check().compiled();
}
