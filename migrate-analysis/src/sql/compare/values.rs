//! Values that are written in different ways.

use super::Sameness;
use super::moment;
use super::node::Node;

/// Compares two literals by what they stand for; the types where they are written.
pub(super) fn compare(
    one: &str,
    of: Option<&str>,
    other: &str,
    other_of: Option<&str>,
) -> Sameness {
    let is = |kinds: &[&str]| {
        let fits =
            |of: Option<&str>| of.is_some_and(|of| kinds.iter().any(|it| of.starts_with(it)));
        fits(of) || fits(other_of)
    };
    let kinds = match (of, other_of) {
        (Some(of), Some(other_of)) if base(of) != base(other_of) => Sameness::Perhaps,
        _ => Sameness::Same,
    };
    if one == other {
        return kinds;
    }
    if is(&["regclass"]) {
        return relations(one, other);
    }
    let same = (is(&["boolean"]) && boolean(one).is_some() && boolean(one) == boolean(other))
        || (is(&["interval"]) && interval(one).is_some() && interval(one) == interval(other))
        || (is(&["json"]) && unblanked(one) == unblanked(other))
        || (is(&["bytea", "uuid"]) && one.eq_ignore_ascii_case(other))
        || is_same_number(one, other);
    if same {
        return kinds;
    }
    if is(REWRITTEN) {
        return Sameness::Perhaps;
    }
    let is_time = is(&["date", "time"]);
    if is_time && let (Some(one), Some(other)) = (moment::read(one), moment::read(other)) {
        // What the type does not keep makes no difference.
        let drops = is(&["date"]) && one.is_same_day(&other)
            || is(&["timestamp without"]) && one.is_same_clock(&other);
        let compared = one.compare(&other).max(kinds);
        return if drops { compared.min(Sameness::Perhaps) } else { compared };
    }
    let is_read = |text: &str| moment::read(text).is_some();
    if is_time && is_read(one) != is_read(other) {
        return Sameness::Perhaps;
    }
    if is_time && (one.starts_with(other) || other.starts_with(one) || is_word(one, other)) {
        // What is not written is added by PostgreSQL: `00:00:00`, the time zone.
        return Sameness::Perhaps;
    }
    Sameness::Different
}

/// Types whose values PostgreSQL prints otherwise than they may be written.
const REWRITTEN: &[&str] = &[
    "box",
    "cidr",
    "circle",
    "datemultirange",
    "daterange",
    "hstore",
    "inet",
    "int4multirange",
    "int4range",
    "int8multirange",
    "int8range",
    "jsonpath",
    "line",
    "lseg",
    "macaddr",
    "money",
    "nummultirange",
    "numrange",
    "path",
    "point",
    "polygon",
    "tsmultirange",
    "tsquery",
    "tsrange",
    "tstzmultirange",
    "tstzrange",
    "tsvector",
    "xml",
];

fn base(of: &str) -> &str {
    of.split(['(', ' ']).next().unwrap_or(of)
}

/// `epoch`, `today`, ….
fn is_word(one: &str, other: &str) -> bool {
    let starts = |text: &str| text.starts_with(|letter: char| letter.is_ascii_alphabetic());
    starts(one) != starts(other)
}

/// As the type's input function reads it.
pub(super) fn boolean(value: &str) -> Option<bool> {
    match value.trim().to_ascii_lowercase().as_str() {
        "t" | "tr" | "tru" | "true" | "y" | "ye" | "yes" | "on" | "1" => Some(true),
        "f" | "fa" | "fal" | "fals" | "false" | "n" | "no" | "of" | "off" | "0" => Some(false),
        _ => None,
    }
}

/// `1e3` and `1000`. (`1` and `1.0` are not the same.)
fn is_same_number(one: &str, other: &str) -> bool {
    let has_exponent = |text: &str| text.contains(['e', 'E']);
    if has_exponent(one) == has_exponent(other) {
        return false;
    }
    match (one.parse::<f64>(), other.parse::<f64>()) {
        (Ok(one), Ok(other)) => one.to_bits() == other.to_bits() && one.is_finite(),
        _ => false,
    }
}

/// Without blanks outside strings.
fn unblanked(json: &str) -> String {
    let (mut inside, mut escaped) = (false, false);
    json.chars()
        .filter(|letter| {
            let blank = !inside && letter.is_ascii_whitespace();
            match letter {
                _ if escaped => escaped = false,
                '\\' => escaped = inside,
                '"' => inside = !inside,
                _ => {}
            }
            !blank
        })
        .collect()
}

/// `public` is where a name is looked for that has no schema.
fn relations(one: &str, other: &str) -> Sameness {
    let (one, other) = (path(one), path(other));
    match (one.as_slice(), other.as_slice()) {
        (one, other) if one == other => Sameness::Same,
        (one, other) if one.ends_with(other) || other.ends_with(one) => Sameness::Perhaps,
        _ => Sameness::Different,
    }
}

fn path(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut quoted = false;
    for letter in text.trim().chars() {
        match letter {
            '"' => quoted = !quoted,
            '.' if !quoted => parts.push(String::new()),
            _ => {
                let letter = if quoted { letter } else { letter.to_ascii_lowercase() };
                parts.iter_mut().last().into_iter().for_each(|part| part.push(letter));
            }
        }
    }
    match parts.as_slice() {
        [schema, name] if schema == "public" => vec![name.clone()],
        _ => parts,
    }
}

/// Months, days, microseconds.
fn interval(text: &str) -> Option<(i64, i64, i64)> {
    const SECOND: i64 = 1_000_000;
    let (mut months, mut days, mut time) = (0i64, 0i64, 0i64);
    let mut words = text.split_ascii_whitespace();
    while let Some(word) = words.next() {
        if word.contains(':') {
            time = time.checked_add(clock(word)?)?;
            continue;
        }
        let digits = word.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
        let unit = match word.get(digits.len()..)? {
            "" => words.next()?,
            unit => unit,
        };
        let number: i64 = digits.parse().ok()?;
        let times = |factor: i64| number.checked_mul(factor);
        match unit.to_ascii_lowercase().trim_end_matches('s') {
            "millennium" | "millennia" => months = months.checked_add(times(12_000)?)?,
            "century" | "centurie" => months = months.checked_add(times(1200)?)?,
            "decade" => months = months.checked_add(times(120)?)?,
            "year" | "yr" | "y" => months = months.checked_add(times(12)?)?,
            "month" | "mon" => months = months.checked_add(number)?,
            "week" | "w" => days = days.checked_add(times(7)?)?,
            "day" | "d" => days = days.checked_add(number)?,
            "hour" | "hr" | "h" => time = time.checked_add(times(3600 * SECOND)?)?,
            "minute" | "min" | "m" => time = time.checked_add(times(60 * SECOND)?)?,
            // `s` itself is trimmed to nothing.
            "second" | "sec" | "" => time = time.checked_add(times(SECOND)?)?,
            "millisecond" | "msec" => time = time.checked_add(times(1000)?)?,
            "microsecond" | "usec" => time = time.checked_add(number)?,
            _ => return None,
        }
    }
    Some((months, days, time))
}

/// `04:05:06`, `-04:05`.
fn clock(text: &str) -> Option<i64> {
    let (sign, text) = match text.strip_prefix('-') {
        Some(text) => (-1, text),
        None => (1, text),
    };
    let mut parts = text.split(':');
    let hours: i64 = parts.next()?.parse().ok()?;
    let minutes: i64 = parts.next()?.parse().ok()?;
    let seconds: i64 = parts.next().map_or(Ok(0), str::parse).ok()?;
    if parts.next().is_some() {
        return None;
    }
    let seconds = hours.checked_mul(3600)?.checked_add(minutes * 60)?.checked_add(seconds)?;
    seconds.checked_mul(1_000_000 * sign)
}

/// The elements of `{a,b}`; none where it is no plain array of one dimension.
pub(super) fn array(value: &str) -> Option<Vec<Node>> {
    let inner = value.trim().strip_prefix('{')?.strip_suffix('}')?;
    if inner.trim().is_empty() {
        return Some(Vec::new());
    }
    let mut elements = Vec::new();
    let mut rest = inner;
    loop {
        let (element, tail) = element(rest)?;
        elements.push(element);
        match tail.strip_prefix(',') {
            Some(tail) => rest = tail,
            None if tail.is_empty() => return Some(elements),
            None => return None,
        }
    }
}

/// The first element, and what stands behind it.
fn element(text: &str) -> Option<(Node, &str)> {
    let text = text.trim_start();
    let Some(mut rest) = text.strip_prefix('"') else {
        let (plain, tail) = text.split_at(text.find(',').unwrap_or(text.len()));
        let plain = plain.trim_end();
        let is_plain = !plain.is_empty() && !plain.contains(['{', '}', '"', '\\']);
        let node =
            if plain.eq_ignore_ascii_case("null") { Node::leaf("null") } else { Node::text(plain) };
        return is_plain.then_some((node, tail));
    };
    let mut value = String::new();
    loop {
        let mut letters = rest.chars();
        match letters.next()? {
            '"' => return Some((Node::text(&value), letters.as_str().trim_start())),
            '\\' => value.push(letters.next()?),
            letter => value.push(letter),
        }
        rest = letters.as_str();
    }
}
