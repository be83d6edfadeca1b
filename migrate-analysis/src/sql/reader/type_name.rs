//! Types, in every spelling that PostgreSQL has for them.

use super::cursor::Reader;
use super::keyword::{self, Class};
use crate::ddl::{Name, TypeName};
use crate::sql::lex::Kind;
use crate::sql::quoted;

/// `pg_type` of PostgreSQL 13 to 18 without arrays and rows of catalogs, where `format_type` calls a
/// type by another name than `typname`.
const RENAMED: [(&str, &str); 15] = [
    ("bool", "boolean"),
    ("char", "\"char\""),
    ("any", "\"any\""),
    ("bit", "\"bit\""),
    ("float4", "real"),
    ("float8", "double precision"),
    ("int2", "smallint"),
    ("int4", "integer"),
    ("int8", "bigint"),
    ("time", "time without time zone"),
    ("timestamp", "timestamp without time zone"),
    ("timestamptz", "timestamp with time zone"),
    ("timetz", "time with time zone"),
    ("varbit", "bit varying"),
    ("varchar", "character varying"),
];

/// The others, sorted.
#[rustfmt::skip]
const BUILT_IN: [&str; 83] = [
    "aclitem", "anyarray", "anycompatible", "anycompatiblearray", "anycompatiblemultirange",
    "anycompatiblenonarray", "anycompatiblerange", "anyelement", "anyenum", "anymultirange",
    "anynonarray", "anyrange", "box", "bpchar", "bytea", "cid", "cidr", "circle", "cstring",
    "date", "datemultirange", "daterange", "event_trigger", "fdw_handler", "gtsvector",
    "index_am_handler", "inet", "int2vector", "int4multirange", "int4range", "int8multirange",
    "int8range", "internal", "interval", "json", "jsonb", "jsonpath", "language_handler", "line",
    "lseg", "macaddr", "macaddr8", "money", "name", "numeric", "nummultirange", "numrange", "oid",
    "oidvector", "path", "point", "polygon", "record", "refcursor", "regclass", "regcollation",
    "regconfig", "regdictionary", "regnamespace", "regoper", "regoperator", "regproc",
    "regprocedure", "regrole", "regtype", "table_am_handler", "text", "tid", "trigger",
    "tsm_handler", "tsmultirange", "tsquery", "tsrange", "tstzmultirange", "tstzrange", "tsvector",
    "txid_snapshot", "unknown", "uuid", "void", "xid", "xid8", "xml",
];

/// The name that `format_type` gives to a type of `pg_catalog`.
pub(in crate::sql) fn canonical(typname: &str) -> Option<&str> {
    if let Some((_, name)) = RENAMED.iter().find(|(name, _)| *name == typname) {
        return Some(name);
    }
    // What is left of its names belongs to PostgreSQL: `pg_lsn`, the rows of `pg_class`.
    let known = typname.starts_with("pg_") || BUILT_IN.binary_search(&typname).is_ok();
    known.then_some(typname)
}

/// A type so far: its name and what stands in brackets behind it.
struct Base {
    name: Name,
    modifiers: Option<String>,
    built_in: bool,
}

impl Reader<'_> {
    /// A type with everything that belongs to it.
    pub(super) fn type_name(&mut self) -> Option<TypeName> {
        let set_of = self.accept("SETOF");
        let from = self.at;
        let mut base = match self.keyword_type(from) {
            Some(base) => base?,
            None => self.other_type()?,
        };
        base.name.at = self.range_from(from);
        let array = self.array_bounds();
        let Base { name, modifiers, built_in } = base;
        Some(TypeName { name, modifiers, array, set_of, built_in })
    }

    /// `[]`, `[3][4]`, `ARRAY`, `ARRAY[4]`.
    fn array_bounds(&mut self) -> bool {
        let mut array = self.accept("ARRAY");
        while self.is_kind(Kind::OpenBracket) {
            let close = if self.kind_at(1) == Some(Kind::CloseBracket) { 1 } else { 2 };
            if self.kind_at(close) != Some(Kind::CloseBracket) {
                break;
            }
            self.at += close + 1;
            array = true;
        }
        array
    }

    fn built_in(&self, from: usize, name: &str, modifiers: Option<String>) -> Base {
        let name = Name { schema: None, name: name.to_owned(), at: self.range_from(from) };
        Base { name, modifiers, built_in: true }
    }

    /// The types that have words of their own in the grammar; `Some(None)` where they go on in an
    /// unknown way.
    fn keyword_type(&mut self, from: usize) -> Option<Option<Base>> {
        if !self.is_kind(Kind::Word) || self.kind_at(1) == Some(Kind::Dot) {
            return None;
        }
        let text = self.text();
        let keyword = keyword::class(text) == Some(Class::Column);
        let double = text.len() == 6 && self.are(&["DOUBLE", "PRECISION"]);
        if !keyword && !double {
            return None;
        }
        if double {
            self.at += 2;
            return Some(Some(self.built_in(from, "double precision", None)));
        }
        self.at += 1;
        let base = match text.to_ascii_lowercase().as_str() {
            "int" | "integer" => Some(self.built_in(from, "integer", None)),
            "bigint" => Some(self.built_in(from, "bigint", None)),
            "smallint" => Some(self.built_in(from, "smallint", None)),
            "boolean" => Some(self.built_in(from, "boolean", None)),
            "real" => Some(self.built_in(from, "real", None)),
            "json" => Some(self.built_in(from, "json", None)),
            "varchar" => self.of_length(from, "character varying", None),
            "char" | "character" | "nchar" => self.character(from),
            "national" => {
                self.at += 1;
                self.character(from)
            }
            "bit" if self.accept("VARYING") => self.of_length(from, "bit varying", None),
            "bit" => self.of_length(from, "bit", Some("1")),
            "float" => self.float(from),
            "dec" | "decimal" | "numeric" => self.numeric(from),
            "time" => self.time(from, "time"),
            "timestamp" => self.time(from, "timestamp"),
            "interval" => self.interval(from),
            // A keyword that is no type.
            _ => {
                self.at = from;
                return None;
            }
        };
        Some(base)
    }

    fn of_length(&mut self, from: usize, name: &str, default: Option<&str>) -> Option<Base> {
        let modifiers = self.modifiers()?.or_else(|| default.map(str::to_owned));
        Some(self.built_in(from, name, modifiers))
    }

    fn character(&mut self, from: usize) -> Option<Base> {
        if self.accept("VARYING") {
            return self.of_length(from, "character varying", None);
        }
        self.of_length(from, "character", Some("1"))
    }

    fn float(&mut self, from: usize) -> Option<Base> {
        let digits: Option<u32> = self.modifiers()?.and_then(|digits| digits.parse().ok());
        let single = digits.is_some_and(|digits| digits <= 24);
        Some(self.built_in(from, if single { "real" } else { "double precision" }, None))
    }

    fn numeric(&mut self, from: usize) -> Option<Base> {
        let modifiers = self.modifiers()?.map(scaled);
        Some(self.built_in(from, "numeric", modifiers))
    }

    fn time(&mut self, from: usize, name: &str) -> Option<Base> {
        let modifiers = self.modifiers()?;
        let zoned = self.accept_all(&["WITH", "TIME", "ZONE"]);
        if !zoned {
            self.accept_all(&["WITHOUT", "TIME", "ZONE"]);
        }
        let name = match (name, zoned) {
            ("time", false) => "time without time zone",
            ("time", true) => "time with time zone",
            (_, false) => "timestamp without time zone",
            (_, true) => "timestamp with time zone",
        };
        Some(self.built_in(from, name, modifiers))
    }

    /// `INTERVAL DAY TO SECOND(3)`, `INTERVAL(3)`.
    fn interval(&mut self, from: usize) -> Option<Base> {
        const FIELDS: [&str; 6] = ["YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND"];
        let mut fields = String::new();
        if let Some(field) = self.accept_any(&FIELDS) {
            fields.push_str(field);
            if self.is("TO") {
                self.at += 1;
                fields.push_str(" TO ");
                fields.push_str(self.accept_any(&FIELDS)?);
            }
        }
        fields.make_ascii_lowercase();
        let modifiers = match (self.modifiers()?, fields.is_empty()) {
            (precision, true) => precision,
            (None, false) => Some(fields),
            (Some(precision), false) => Some(format!("{fields}({precision})")),
        };
        Some(self.built_in(from, "interval", modifiers))
    }

    /// A type by its name: one of `pg_catalog`, an extension's, the user's.
    fn other_type(&mut self) -> Option<Base> {
        let from = self.at;
        let mut name = self.name()?;
        if self.is_kind(Kind::Operator) && self.text() == "%" && self.is_at(1, "TYPE") {
            self.at += 2;
            let words = self.folded(from, self.at);
            name = Name { schema: None, name: words, at: self.range_from(from) };
            return Some(Base { name, modifiers: None, built_in: false });
        }
        let modifiers = self.modifiers()?;
        let own = name.schema.as_deref().is_none_or(|schema| schema == "pg_catalog");
        if !own {
            return Some(Base { name, modifiers, built_in: false });
        }
        match (canonical(&name.name), modifiers) {
            (Some("bpchar"), Some(length)) => Some(self.built_in(from, "character", Some(length))),
            (Some("\"bit\""), Some(length)) => Some(self.built_in(from, "bit", Some(length))),
            (Some("numeric"), Some(precision)) => {
                Some(self.built_in(from, "numeric", Some(scaled(precision))))
            }
            (Some(known), modifiers) => Some(self.built_in(from, known, modifiers)),
            (None, modifiers) if name.schema.is_some() => {
                Some(self.built_in(from, &name.name, modifiers))
            }
            (None, modifiers) => Some(Base { name, modifiers, built_in: false }),
        }
    }

    /// What stands in the brackets, without blanks; `Some(None)` without brackets.
    fn modifiers(&mut self) -> Option<Option<String>> {
        if !self.is_kind(Kind::Open) {
            return Some(None);
        }
        let from = self.at + 1;
        self.skip_parens()?;
        let mut modifiers = String::new();
        for at in from..self.at.checked_sub(1)? {
            match self.words.kind(at) {
                Some(Kind::Word) => {
                    modifiers.push_str(&self.words.text(at).to_ascii_lowercase());
                }
                _ => modifiers.push_str(self.words.text(at)),
            }
        }
        Some(Some(modifiers))
    }
}

/// A type by the one name that stands for its several, without its length.
pub(super) fn bare(it: &TypeName) -> String {
    let schema = it.name.schema.as_deref().filter(|schema| *schema != "public");
    let schema = schema.map_or(String::new(), |schema| quoted(schema) + ".");
    let name = if it.built_in { it.name.name.clone() } else { quoted(&it.name.name) };
    format!("{schema}{name}{}", if it.array { "[]" } else { "" })
}

/// `numeric(10)` is `numeric(10,0)`.
fn scaled(precision: String) -> String {
    if precision.contains(',') { precision } else { precision + ",0" }
}
