//! Connection URLs as other clients want them.

use std::fmt::Write;
use std::path::Path;

/// The URL of a database behind a socket in the directory `socket`.
pub(crate) fn of_socket(socket: &Path, database: &str) -> String {
    let mut url = String::from("postgresql://postgres@");
    for byte in socket.as_os_str().as_encoded_bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(byte) {
            url.push(char::from(*byte));
        } else {
            // Writing to a string does not fail.
            let _ = write!(url, "%{byte:02X}");
        }
    }
    let _ = write!(url, ":5432/{database}");
    url
}

/// The connection string `given`, for another database of the same server.
pub(crate) fn with_database(given: &str, database: &str) -> String {
    let Some((scheme, rest)) = given.split_once("://") else {
        // Keywords and values: the last one counts.
        return format!("{given} dbname={database}");
    };
    let (address, query) = rest.split_once('?').unwrap_or((rest, ""));
    let authority = address.split('/').next().unwrap_or_default();
    let kept: Vec<&str> = query
        .split('&')
        .filter(|parameter| !parameter.is_empty() && !parameter.starts_with("dbname="))
        .collect();
    let mark = if kept.is_empty() { "" } else { "?" };
    format!("{scheme}://{authority}/{database}{mark}{}", kept.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_is_the_host_of_a_url() {
        let url = of_socket(Path::new("/tmp/migrate-testing.7.0"), "d");
        assert_eq!(url, "postgresql://postgres@%2Ftmp%2Fmigrate-testing.7.0:5432/d");
        let config: postgres::Config = url.parse().unwrap();
        let host = postgres::config::Host::Unix("/tmp/migrate-testing.7.0".into());
        assert_eq!(config.get_hosts(), [host]);
    }

    #[test]
    fn the_database_of_a_url_is_replaced() {
        for (given, expected) in [
            ("postgres://u:p@h:1/old", "postgres://u:p@h:1/d"),
            ("postgres://h", "postgres://h/d"),
            ("postgres://h/?host=/tmp&dbname=old", "postgres://h/d?host=/tmp"),
            ("postgres:///old?host=/a&user=u", "postgres:///d?host=/a&user=u"),
            ("host=h dbname=old", "host=h dbname=old dbname=d"),
        ] {
            assert_eq!(with_database(given, "d"), expected);
            let config: postgres::Config = expected.parse().unwrap();
            assert_eq!(config.get_dbname(), Some("d"));
        }
    }
}
