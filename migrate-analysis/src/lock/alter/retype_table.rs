//! Which changes of type keep the rows as they are.
//!
//! PostgreSQL keeps them where the value has the same bytes in both types: the cast between them is binary, or the
//! new limit is none or wider (`ATColumnChangeRequiresRewrite`, and the support functions of `varchar`, `numeric`,
//! `varbit` and the times). Measured on PostgreSQL 15 and 18.

use super::column::{domains_of, is_constrained};
use crate::catalog::{BaseType, Catalog, ColumnType, Kind};
use crate::lock::Zone;

/// What a change of type does to the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Heap {
    Kept,
    /// With the SQLSTATE for a value that does not fit, where there can be one.
    Rewritten(Option<&'static str>),
    /// Not enough is known of the types.
    Unknown,
}

/// Casts that leave the bytes alone, from one type to others.
///
/// Made by `SELECT castsource, casttarget FROM pg_cast WHERE castmethod = 'b'`, without the types of names of objects.
const BINARY: &[(&str, &[&str])] = &[
    ("bit", &["bit varying"]),
    ("bit varying", &["bit"]),
    ("character varying", &["text", "character"]),
    ("cidr", &["inet"]),
    ("integer", &["oid", "regclass", "regproc", "regprocedure", "regrole", "regtype"]),
    ("oid", &["integer", "regclass", "regproc", "regprocedure", "regrole", "regtype"]),
    ("regclass", &["integer", "oid"]),
    ("regproc", &["integer", "oid", "regprocedure"]),
    ("regprocedure", &["integer", "oid", "regproc"]),
    ("regrole", &["integer", "oid"]),
    ("regtype", &["integer", "oid"]),
    ("text", &["character varying", "character"]),
    ("xml", &["text", "character varying", "character"]),
];

/// The type of the extension `citext`.
const CITEXT: &str = "citext";

/// From one type to another, without `USING`.
pub(super) fn heap(catalog: &Catalog, zone: Zone, from: &ColumnType, to: &ColumnType) -> Heap {
    if from == to {
        return match from.is_unknown() {
            true => Heap::Unknown,
            false => Heap::Kept,
        };
    }
    let domains = domains_of(catalog, to);
    if let (Some(first), Some(last)) = (domains.first(), domains.last()) {
        // The rows have to satisfy it, unless they are of that domain already.
        let of_same = domains_of(catalog, from).iter().any(|it| std::ptr::eq(*it, *first));
        return match is_constrained(&domains) && !of_same {
            true => Heap::Rewritten(Some("23514")),
            false => heap(catalog, zone, from, &last.base),
        };
    }
    if let Some(last) = domains_of(catalog, from).last() {
        return heap(catalog, zone, &last.base, to);
    }
    if is_unclear(catalog, from) || is_unclear(catalog, to) {
        return Heap::Unknown;
    }
    if from.array || to.array {
        let loses_limit = from.base == to.base && from.array == to.array && to.modifiers.is_none();
        return if loses_limit { Heap::Kept } else { Heap::Rewritten(None) };
    }
    match (&from.base, &to.base) {
        (BaseType::BuiltIn(own), BaseType::BuiltIn(other))
            if is_moment(own) && is_moment(other) && own != other && zone == Zone::Utc =>
        {
            same_base(own, from.modifiers.as_deref(), to.modifiers.as_deref())
        }
        (BaseType::BuiltIn(own), BaseType::BuiltIn(other)) => built_in(
            (own.as_str(), from.modifiers.as_deref()),
            (other.as_str(), to.modifiers.as_deref()),
        ),
        (BaseType::Foreign { name, .. }, BaseType::BuiltIn(other)) if name == CITEXT => {
            built_in(("text", None), (other.as_str(), to.modifiers.as_deref()))
        }
        (BaseType::BuiltIn(own), BaseType::Foreign { name, .. }) if name == CITEXT => {
            match own.as_str() {
                "text" | "character varying" => Heap::Kept,
                _ => Heap::Rewritten(None),
            }
        }
        (BaseType::Foreign { name, .. }, BaseType::Foreign { name: other, .. }) => {
            match name == other && to.modifiers.is_none() {
                true => Heap::Kept,
                false => Heap::Unknown,
            }
        }
        (BaseType::Foreign { .. }, _) | (_, BaseType::Foreign { .. }) => Heap::Unknown,
        // An enum, a composite type, a range, and something else.
        _ => Heap::Rewritten(None),
    }
}

/// With the zone of the session, or without.
fn is_moment(name: &str) -> bool {
    matches!(name, "timestamp without time zone" | "timestamp with time zone")
}

/// Whether nothing is known of the type but its name.
fn is_unclear(catalog: &Catalog, column_type: &ColumnType) -> bool {
    match &column_type.base {
        BaseType::Unknown => true,
        BaseType::User(id) => {
            catalog.get(*id).is_none_or(|it| it.partial || matches!(it.kind, Kind::Type))
        }
        BaseType::BuiltIn(_) | BaseType::Foreign { .. } => false,
    }
}

type Written<'a> = (&'a str, Option<&'a str>);

fn built_in(from: Written<'_>, to: Written<'_>) -> Heap {
    let (own, other) = (from.0, to.0);
    if own == other {
        return same_base(own, from.1, to.1);
    }
    let is_binary = BINARY.iter().any(|(it, targets)| *it == own && targets.contains(&other));
    if !is_binary {
        return Heap::Rewritten(lossy(own, other));
    }
    match (other, to.1) {
        ("character" | "bit", _) => Heap::Rewritten(Some("22001")),
        // A limit of the source counts only for the same type.
        ("character varying" | "bit varying", Some(_)) => Heap::Rewritten(Some("22001")),
        _ => Heap::Kept,
    }
}

/// The SQLSTATE for a value that the other type does not have.
fn lossy(from: &str, to: &str) -> Option<&'static str> {
    const NUMBERS: &[&str] =
        &["smallint", "integer", "bigint", "numeric", "real", "double precision"];
    let rank = |name: &str| NUMBERS.iter().position(|it| *it == name);
    match (rank(from), rank(to)) {
        (Some(own), Some(other)) if other < own => Some("22003"),
        (Some(_), Some(_)) => None,
        _ if matches!(to, "character varying" | "character") => Some("22001"),
        _ if to == "text" => None,
        _ if matches!(from, "text" | "character varying" | "character") => Some("22P02"),
        _ => None,
    }
}

fn same_base(name: &str, from: Option<&str>, to: Option<&str>) -> Heap {
    if from == to {
        return Heap::Kept;
    }
    let number = |text: Option<&str>| text.and_then(|it| it.trim().parse::<u32>().ok());
    let wider = |sqlstate| match (number(from), number(to)) {
        (Some(own), Some(other)) if other >= own => Heap::Kept,
        _ if to.is_none() => Heap::Kept,
        _ => Heap::Rewritten(Some(sqlstate)),
    };
    match name {
        "character varying" | "bit varying" => wider("22001"),
        "numeric" => match (precision(from), precision(to)) {
            (_, None) => Heap::Kept,
            (Some(own), Some(other)) if own.1 == other.1 && other.0 >= own.0 => Heap::Kept,
            _ => Heap::Rewritten(Some("22003")),
        },
        "timestamp without time zone"
        | "timestamp with time zone"
        | "time without time zone"
        | "time with time zone" => match (number(from), number(to)) {
            (_, None) => Heap::Kept,
            // Six digits are all there are.
            (_, Some(6..)) => Heap::Kept,
            (Some(own), Some(other)) if other >= own => Heap::Kept,
            _ => Heap::Rewritten(None),
        },
        "interval" => match (number(from), number(to)) {
            _ if to.is_none() => Heap::Kept,
            (Some(own), Some(other)) if other >= own => Heap::Kept,
            (None, Some(6..)) if from.is_none() => Heap::Kept,
            (Some(_), Some(_)) => Heap::Rewritten(None),
            (None, Some(_)) if from.is_none() => Heap::Rewritten(None),
            _ => Heap::Unknown,
        },
        "character" | "bit" => Heap::Rewritten(Some("22001")),
        _ => Heap::Unknown,
    }
}

/// Precision and scale.
fn precision(modifiers: Option<&str>) -> Option<(u32, i32)> {
    let modifiers = modifiers?;
    let (precision, scale) = modifiers.split_once(',').unwrap_or((modifiers, "0"));
    Some((precision.trim().parse().ok()?, scale.trim().parse().ok()?))
}

/// Whether an index of the one type orders the values of the other in the same way.
pub(super) fn same_operators(from: &ColumnType, to: &ColumnType) -> bool {
    let class = |column_type: &ColumnType| match &column_type.base {
        BaseType::BuiltIn(name) => Some(match name.as_str() {
            "character varying" => "text".to_owned(),
            "cidr" => "inet".to_owned(),
            "bit varying" => "bit varying".to_owned(),
            "regclass" | "regproc" | "regprocedure" | "regrole" | "regtype" => "oid".to_owned(),
            other => other.to_owned(),
        }),
        BaseType::Foreign { name, .. } => Some(name.clone()),
        // A domain has the operators of what it is over.
        BaseType::User(_) | BaseType::Unknown => None,
    };
    match (class(from), class(to)) {
        (Some(own), Some(other)) => own == other && from.array == to.array,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(from: &str, to: &str) -> Heap {
        change_in(Zone::Unknown, from, to)
    }

    fn change_in(zone: Zone, from: &str, to: &str) -> Heap {
        let read = |text: &str| {
            let (name, modifiers) = text.split_once('(').unwrap_or((text, ""));
            let array = text.ends_with("[]");
            let modifiers = modifiers.trim_end_matches("[]").strip_suffix(')');
            ColumnType {
                base: match name.trim_end_matches("[]") {
                    CITEXT => BaseType::Foreign { schema: None, name: CITEXT.to_owned() },
                    name => BaseType::BuiltIn(name.to_owned()),
                },
                modifiers: modifiers.map(str::to_owned),
                array,
            }
        };
        heap(&Catalog::default(), zone, &read(from), &read(to))
    }

    #[test]
    fn what_keeps_the_rows() {
        for (from, to) in [
            ("character varying(20)", "character varying(40)"),
            ("character varying(20)", "character varying"),
            ("character varying(20)", "text"),
            ("text", "character varying"),
            ("numeric(10,2)", "numeric(12,2)"),
            ("numeric(10)", "numeric(12,0)"),
            ("numeric(10,2)", "numeric"),
            ("timestamp without time zone(3)", "timestamp without time zone"),
            ("timestamp without time zone", "timestamp without time zone(6)"),
            ("interval(3)", "interval(6)"),
            ("cidr", "inet"),
            ("bit varying(8)", "bit varying(16)"),
            ("xml", "text"),
            ("integer", "oid"),
            ("text", "citext"),
            ("citext", "text"),
            ("character varying(10)[]", "character varying[]"),
        ] {
            assert_eq!(change(from, to), Heap::Kept, "{from} to {to}");
        }
    }

    #[test]
    fn moments_are_the_same_in_utc() {
        let (without, with) = ("timestamp without time zone", "timestamp with time zone");
        assert_eq!(change_in(Zone::Utc, without, with), Heap::Kept);
        assert_eq!(change_in(Zone::Utc, with, without), Heap::Kept);
        assert_eq!(change_in(Zone::Unknown, with, without), Heap::Rewritten(None));
    }

    #[test]
    fn what_writes_them_anew() {
        for (from, to, sqlstate) in [
            ("character varying(40)", "character varying(20)", Some("22001")),
            ("text", "character varying(20)", Some("22001")),
            ("character(5)", "text", None),
            ("numeric(10,2)", "numeric(12,3)", Some("22003")),
            ("numeric", "numeric(12,3)", Some("22003")),
            ("integer", "bigint", None),
            ("integer", "smallint", Some("22003")),
            ("timestamp without time zone", "timestamp with time zone", None),
            ("timestamp with time zone", "timestamp with time zone(3)", None),
            ("inet", "cidr", None),
            ("json", "jsonb", None),
            ("text", "jsonb", Some("22P02")),
            ("character varying(10)[]", "character varying(20)[]", None),
        ] {
            assert_eq!(change(from, to), Heap::Rewritten(sqlstate), "{from} to {to}");
        }
    }
}
