//! The four programs that are compared: ours, two peers, and one without a library.

use crate::Result;
use crate::files::Files;
use crate::set::{Migration, migrations};
use std::fmt::Write;
use std::path::Path;

/// What embeds and runs the migrations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tool {
    Floor,
    Ours,
    Sqlx,
    Refinery,
}

impl Tool {
    pub(crate) const ALL: [Tool; 4] = [Tool::Floor, Tool::Ours, Tool::Sqlx, Tool::Refinery];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Tool::Floor => "floor",
            Tool::Ours => "ours",
            Tool::Sqlx => "sqlx",
            Tool::Refinery => "refinery",
        }
    }

    /// The crate whose version is told.
    pub(crate) fn package(self) -> &'static str {
        match self {
            Tool::Floor => "postgres",
            Tool::Ours => "migrate-runtime",
            Tool::Sqlx | Tool::Refinery => self.name(),
        }
    }

    pub(crate) fn application(self, n: usize) -> String {
        format!("{}-{n}", self.name())
    }

    fn program(self) -> &'static str {
        match self {
            Tool::Floor => include_str!("../programs/floor.rs"),
            Tool::Ours => include_str!("../programs/ours.rs"),
            Tool::Sqlx => include_str!("../programs/sqlx.rs"),
            Tool::Refinery => include_str!("../programs/refinery.rs"),
        }
    }

    fn dependencies(self, sources: &Path) -> String {
        let runtime = sources.join("migrate-runtime");
        let build = sources.join("migrate-build");
        match self {
            Tool::Floor => "[dependencies]\npostgres = \"0.19\"\n".to_owned(),
            Tool::Ours => format!(
                "[dependencies]\npostgres = \"0.19\"\nmigrate-runtime = {{ path = {runtime:?} }}\n\
                 [build-dependencies]\nmigrate-build = {{ path = {build:?} }}\n"
            ),
            Tool::Sqlx => "[dependencies]\n\
                 sqlx = { version = \"0.9\", default-features = false, \
                 features = [\"macros\", \"migrate\", \"postgres\", \"runtime-tokio\"] }\n\
                 tokio = { version = \"1\", features = [\"rt\"] }\n"
                .to_owned(),
            Tool::Refinery => "[dependencies]\npostgres = \"0.19\"\n\
                 refinery = { version = \"0.10\", features = [\"postgres\"] }\n"
                .to_owned(),
        }
    }

    /// What each one's documentation says to write, so that an added file is noticed.
    fn build_script(self) -> Option<&'static str> {
        match self {
            Tool::Floor => None,
            Tool::Ours => Some("fn main() {\n    migrate_build::watch(\"migrations\");\n}\n"),
            Tool::Sqlx | Tool::Refinery => {
                Some("fn main() {\n    println!(\"cargo:rerun-if-changed=migrations\");\n}\n")
            }
        }
    }

    /// The file of a migration's up script, below the application's folder.
    pub(crate) fn up_file(self, migration: &Migration) -> String {
        let Migration { version, name, .. } = migration;
        match self {
            Tool::Refinery => format!("migrations/V{version}__{name}.sql"),
            _ => format!("migrations/{version:04}_{name}.up.sql"),
        }
    }

    /// Writes the application with the first `n` migrations to `folder`.
    pub(crate) fn write(self, n: usize, folder: &Path, sources: &Path) -> Result<()> {
        let mut files = Files::new(folder);
        let name = self.application(n);
        let dependencies = self.dependencies(sources);
        files.write(
            "Cargo.toml",
            &format!("[package]\nname = \"{name}\"\nedition = \"2024\"\n\n{dependencies}"),
        )?;
        files.write("src/main.rs", self.program())?;
        if let Some(script) = self.build_script() {
            files.write("build.rs", script)?;
        }
        let set = migrations(n);
        files.folder("migrations")?;
        for migration in &set {
            files.write(&self.up_file(migration), &migration.up)?;
            if self != Tool::Refinery {
                files.write(&down_file(migration), &migration.down)?;
            }
        }
        if self == Tool::Floor {
            files.write("src/scripts.rs", &self.list(&set))?;
        }
        files.remove_others("migrations")
    }

    /// What somebody without a library writes by hand.
    fn list(self, set: &[Migration]) -> String {
        let mut list = String::from("use crate::Script;\n\npub static SCRIPTS: &[Script] = &[\n");
        for migration in set {
            let Migration { version, name, .. } = migration;
            let (up, down) = (self.up_file(migration), down_file(migration));
            let _ = writeln!(
                list,
                "    Script {{ version: {version}, name: \"{name}\", \
                 up: include_str!(\"../{up}\"), down: include_str!(\"../{down}\") }},"
            );
        }
        list + "];\n"
    }
}

fn down_file(migration: &Migration) -> String {
    format!("migrations/{:04}_{}.down.sql", migration.version, migration.name)
}
