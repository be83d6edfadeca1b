//! A connection string without its password: arguments of a program can be read by everybody on the
//! machine, its environment cannot.
//!
//! Read as libpq does (`conninfo_parse`, `conninfo_uri_parse_options` in `fe-connect.c`), since it is libpq
//! that will read the rest.

/// What a connection string says, in two parts.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Parted {
    /// The same connection string without the password.
    pub(super) rest: String,
    pub(super) password: Option<String>,
}

/// Secrets that libpq takes from nowhere but the connection string (or a service file).
const SECRETS: [&str; 4] =
    ["sslpassword", "oauth_client_secret", "scram_client_key", "scram_server_key"];

/// Takes the password out. `Err` says what is wrong, and shows nothing of the string.
pub(super) fn part(conninfo: &str) -> Result<Parted, String> {
    let schemes = ["postgresql://", "postgres://"];
    let parted = if let Some(rest) = schemes.iter().find_map(|it| conninfo.strip_prefix(it)) {
        uri(conninfo.len() - rest.len(), conninfo)
    } else if conninfo.contains('=') {
        pairs(conninfo)
    } else {
        // The name of a database.
        Some(Ok(Parted { rest: conninfo.to_owned(), password: None }))
    };
    parted.unwrap_or_else(|| Err("the connection string cannot be read".to_owned()))
}

fn refuse(key: &str) -> String {
    format!("{key} stands in the connection string, and cannot be handed on without being shown")
}

/// `key = value`, the value quoted or not. `None` where it cannot be read.
fn pairs(conninfo: &str) -> Option<Result<Parted, String>> {
    let (mut rest, mut password) = (String::new(), None);
    let mut left = conninfo.trim_start();
    while !left.is_empty() {
        let (key, after) = left.split_once('=')?;
        let (key, after) = (key.trim(), after.trim_start());
        let (value, length) = value(after)?;
        match key {
            "password" => password = Some(value),
            key if SECRETS.contains(&key) => return Some(Err(refuse(key))),
            key => {
                rest.push_str(if rest.is_empty() { "" } else { " " });
                rest.push_str(&format!("{key}={}", after.get(..length)?));
            }
        }
        left = after.get(length..)?.trim_start();
    }
    Some(Ok(Parted { rest, password }))
}

/// A value, and how many bytes it takes.
fn value(text: &str) -> Option<(String, usize)> {
    let quoted = text.starts_with('\'');
    let mut value = String::new();
    let mut chars = text.char_indices().skip(usize::from(quoted));
    while let Some((at, c)) = chars.next() {
        match c {
            '\'' if quoted => return Some((value, at + 1)),
            c if !quoted && c.is_ascii_whitespace() => return Some((value, at)),
            '\\' => value.extend(chars.next().map(|(_, c)| c)),
            c => value.push(c),
        }
    }
    (!quoted).then_some((value, text.len()))
}

/// `postgresql://user:password@host/name?key=value&…`.
fn uri(scheme: usize, conninfo: &str) -> Option<Result<Parted, String>> {
    let (scheme, text) = conninfo.split_at_checked(scheme)?;
    let (mut rest, mut password) = (scheme.to_owned(), None);
    let mut text = text;
    let user = text.find(['@', '/']).filter(|at| text[*at..].starts_with('@'));
    if let Some(at) = user {
        let (user, after) = text.split_at_checked(at)?;
        text = after;
        match user.split_once(':') {
            Some((user, secret)) => {
                password = Some(decoded(secret)?).filter(|it| !it.is_empty());
                rest.push_str(user);
            }
            None => rest.push_str(user),
        }
    }
    let (address, query) = text.split_once('?').unwrap_or((text, ""));
    rest.push_str(address);
    let mut mark = '?';
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=')?;
        match decoded(key)?.as_str() {
            "password" => password = Some(decoded(value)?),
            key if SECRETS.contains(&key) => return Some(Err(refuse(key))),
            _ => {
                rest.push(mark);
                rest.push_str(pair);
                mark = '&';
            }
        }
    }
    Some(Ok(Parted { rest, password }))
}

/// With `%20` as what it stands for.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut parts = text.split('%');
    bytes.extend_from_slice(parts.next()?.as_bytes());
    for part in parts {
        let (digits, rest) = part.split_at_checked(2)?;
        let byte = u8::from_str_radix(digits, 16).ok().filter(|byte| *byte != 0)?;
        bytes.push(byte);
        bytes.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_is_taken_out_wherever_it_stands() {
        let cases = [
            ("shop", "shop", None),
            ("host=/run user=me", "host=/run user=me", None),
            ("host=h password=se\\ cret dbname=d", "host=h dbname=d", Some("se cret")),
            ("password = 'it\\'s = 1'  user='a b'", "user='a b'", Some("it's = 1")),
            ("user=me password=''", "user=me", Some("")),
            ("postgres://me@h/d", "postgres://me@h/d", None),
            ("postgresql://me:a%40b@h:1,i:2/d?x=1", "postgresql://me@h:1,i:2/d?x=1", Some("a@b")),
            ("postgres://h/d?password=x&y=2&z=3", "postgres://h/d?y=2&z=3", Some("x")),
            ("postgres://h/d?pass%77ord=x", "postgres://h/d", Some("x")),
            ("postgres://h/d@e", "postgres://h/d@e", None),
            ("postgres://:p@/d", "postgres://@/d", Some("p")),
        ];
        for (conninfo, rest, password) in cases {
            let expected = Parted { rest: rest.to_owned(), password: password.map(str::to_owned) };
            assert_eq!(part(conninfo), Ok(expected), "{conninfo}");
        }
    }

    #[test]
    fn what_cannot_be_hidden_or_read_is_refused_and_not_shown() {
        let cases = [
            "user=me sslpassword=geheim",
            "postgres://h/d?sslpassword=geheim",
            "user='geheim",
            "geheim password=1 geheim",
            "postgres://me:%zzgeheim@h",
            "postgres://h/d?geheim",
        ];
        for conninfo in cases {
            let words = part(conninfo).unwrap_err();
            assert!(!words.contains("geheim"), "{words}");
        }
    }
}
