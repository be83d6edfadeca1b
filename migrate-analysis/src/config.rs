//! `migrations/migrate.toml`.

use crate::diagnostic::{self, Code, Diagnostic, Place, Severity, Tier};
use crate::directive::closest;
use crate::list::CollectVec;
use crate::lock::Servers;
use crate::ordered::SortedMap;
use crate::source::SourceId;
use crate::wording;
use toml::de::{DeTable, DeValue};

/// What the project decided for its set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// At or below this version only what cannot be read, ordered or run is an error.
    pub history_until: Option<i64>,
    /// Where that is said.
    pub(crate) history_place: Option<Place>,
    /// The severity of a code where it differs from the usual one; `None` is "allow".
    severities: SortedMap<Code, Option<Severity>>,
    /// What exists beside what the set makes: `schema.name`, `schema.*`.
    pub(crate) external: Vec<String>,
    /// The file of the directory that makes what exists before the set, and where that is said.
    pub(crate) baseline: Option<(String, Place)>,
    /// Its text, once it was read.
    pub(crate) baseline_text: String,
    /// The servers that the set has to run on.
    pub(crate) servers: Servers,
    /// Tables that never hold many rows: `schema.name`, `schema.*`.
    pub(crate) small_tables: Vec<String>,
}

/// The keys there are, and those that wait for their feature.
const KEYS: &[&str] =
    &["history-until", "postgres", "allow", "warn", "deny", "small-tables", "baseline", "external"];
const NOT_YET: &[&str] = &["lock-timeout", "statement-timeout"];

impl Config {
    /// Stands for a file that could not be read: what it may have excused is not reported beside that.
    pub(crate) fn unknown() -> Config {
        Config { history_until: Some(i64::MAX), ..Config::default() }
    }

    /// Reads the file; what it cannot read is in the diagnostics, and counts as not said.
    pub(crate) fn read(source: SourceId, text: &str) -> (Config, Vec<Diagnostic>) {
        let mut config = Config::default();
        let place = |range| Place { source, range };
        let table = match DeTable::parse(text) {
            Ok(table) => table,
            Err(error) => {
                let range = error.span().unwrap_or(0..0);
                let message = format!("`migrate.toml` is not TOML: {}", error.message());
                let diagnostic = wording::malformed_config(place(range), &message);
                return (Config::unknown(), vec![diagnostic]);
            }
        };
        let mut diagnostics = Vec::new();
        for (key, value) in table.get_ref() {
            if key.get_ref() == "history-until" {
                config.history_place = Some(place(value.span()));
            }
            if key.get_ref() == "baseline" {
                config.baseline = Some((String::new(), place(value.span())));
            }
            let result = config.set(key.get_ref(), value.get_ref());
            if let Err((message, help)) = result {
                if key.get_ref() == "history-until" {
                    config.history_until = Config::unknown().history_until;
                }
                let range =
                    if KEYS.contains(&key.get_ref().as_ref()) { value.span() } else { key.span() };
                diagnostics.push(wording::malformed_config(place(range), &message).help(help));
            }
        }
        diagnostic::sort(&mut diagnostics);
        (config, diagnostics)
    }

    fn set(&mut self, key: &str, value: &DeValue<'_>) -> Result<(), (String, String)> {
        match key {
            "history-until" => self.history_until = Some(version(value)?),
            "allow" => self.severity(value, None)?,
            "warn" => self.severity(value, Some(Severity::Warning))?,
            "deny" => self.severity(value, Some(Severity::Error))?,
            "postgres" => self.servers = servers(value)?,
            "small-tables" => self.small_tables = names(key, value)?,
            "baseline" => self.baseline(value)?,
            "external" => self.external = names(key, value)?,
            _ if NOT_YET.contains(&key) => {
                return Err((
                    format!("`{key}` is not supported by this version"),
                    "remove it: a setting that does nothing would be a false promise".to_owned(),
                ));
            }
            _ => {
                let help = match closest(key, KEYS) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("the keys are: {}", KEYS.join(", ")),
                };
                return Err((format!("`migrate.toml` has no key `{key}`"), help));
            }
        }
        Ok(())
    }

    fn severity(
        &mut self,
        value: &DeValue<'_>,
        severity: Option<Severity>,
    ) -> Result<(), (String, String)> {
        let Some(list) = value.as_array() else {
            return Err(("expected a list of codes".to_owned(), CODES.to_owned()));
        };
        for entry in list {
            let name = entry.get_ref().as_str().unwrap_or_default();
            let code = Code::from_name(name).ok_or_else(|| unknown_code(name))?;
            if !code.tier().is_configurable() {
                return Err(not_for_all(code));
            }
            self.severities.insert(code, severity);
        }
        Ok(())
    }

    fn baseline(&mut self, value: &DeValue<'_>) -> Result<(), (String, String)> {
        match (value.as_str(), &mut self.baseline) {
            (Some(name), Some((file, _))) => *file = name.to_owned(),
            _ => {
                return Err((
                    "`baseline` is not the name of a file".to_owned(),
                    "write `baseline = \"schema.sql\"`, a file of this directory".to_owned(),
                ));
            }
        }
        Ok(())
    }

    /// Whether a migration is history: at or below `history-until`.
    pub(crate) fn is_history(&self, version: i64) -> bool {
        self.history_until.is_some_and(|until| version <= until)
    }

    /// The severity that counts; `None`: the diagnostic is not reported.
    pub(crate) fn apply(&self, code: Code, usual: Severity) -> Option<Severity> {
        let usual = Some(usual).filter(|_| code.tier() != Tier::Optional);
        self.severities.get(&code).copied().unwrap_or(usual)
    }
}

/// Where the codes are listed.
const CODES: &str = "write codes as the messages have them, `allow = [\"version-gap\"]`; docs/rules/README.md lists those of the rules";

fn unknown_code(name: &str) -> (String, String) {
    let names: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect_vec();
    let help = match closest(name, &names) {
        Some(near) => format!("did you mean `{near}`?"),
        None => CODES.to_owned(),
    };
    (format!("there is no code `{name}`"), help)
}

/// What is always an error, or is allowed where it stands only.
fn not_for_all(code: Code) -> (String, String) {
    let message = format!("`{code}` is an error in every migration, whatever `migrate.toml` says");
    let help = match code.tier() {
        Tier::Hazard => format!(
            "remove it; where it is meant, say why above the statement: `-- migrate: allow({code}) <reason>`"
        ),
        _ => "remove it".to_owned(),
    };
    (message, help)
}

/// Patterns of names, as `external` and `small-tables` have them.
fn names(key: &str, value: &DeValue<'_>) -> Result<Vec<String>, (String, String)> {
    let names = value.as_array().into_iter().flatten().map(|it| it.get_ref().as_str());
    let names: Option<Vec<String>> = names.map(|name| name.map(str::to_owned)).collect_all();
    names.filter(|_| value.as_array().is_some()).ok_or_else(|| {
        let message = format!("`{key}` is not a list of names");
        (message, format!("write `{key} = [\"audit.*\", \"public.users\"]`"))
    })
}

/// `"15"`, `"14.2"`, `15`: the oldest server.
fn servers(value: &DeValue<'_>) -> Result<Servers, (String, String)> {
    let text = value.as_str().or_else(|| value.as_integer().map(|it| it.as_str()));
    let text = text.or_else(|| value.as_float().map(|it| it.as_str())).unwrap_or_default();
    let (major, minor) = text.split_once('.').unwrap_or((text, ""));
    let minor = minor.parse().ok();
    let known = Servers::ALL.oldest..=Servers::ALL.newest;
    match major.parse() {
        Ok(major) if known.contains(&major) => {
            Ok(Servers { oldest: major, minor, declared: true, ..Servers::ALL })
        }
        _ => Err((
            format!("`{text}` is no version of PostgreSQL that this library knows"),
            format!(
                "write the oldest server that the migrations have to run on, {} to {}: `postgres = \"15\"`",
                known.start(),
                known.end()
            ),
        )),
    }
}

fn version(value: &DeValue<'_>) -> Result<i64, (String, String)> {
    let number = value.as_integer().and_then(|number| {
        i64::from_str_radix(&number.as_str().replace('_', ""), number.radix()).ok()
    });
    number.ok_or_else(|| {
        (
            "`history-until` is not a version".to_owned(),
            "write the number of the newest migration that is to be adopted as it is".to_owned(),
        )
    })
}
