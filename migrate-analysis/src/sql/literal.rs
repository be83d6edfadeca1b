//! What a string literal stands for.

/// The value of a `'…'`, `E'…'`, `N'…'` or `U&'…'` literal; none for bit strings and for escapes that are
/// not valid.
pub(crate) fn decode(written: &str) -> Option<String> {
    let quote = written.find('\'')?;
    let body = written.get(quote + 1..written.len().checked_sub(1)?)?;
    match written.get(..quote)? {
        "" | "n" | "N" => Some(body.replace("''", "'")),
        "e" | "E" => backslashes(&body.replace("''", "'")),
        "u&" | "U&" => code_points(&body.replace("''", "'")),
        _ => None,
    }
}

fn backslashes(body: &str) -> Option<String> {
    let mut value = Vec::with_capacity(body.len());
    let mut rest = body.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        if byte != b'\\' {
            value.push(byte);
            continue;
        }
        let (&escape, tail) = rest.split_first()?;
        rest = tail;
        match escape {
            b'b' => value.push(0x08),
            b'f' => value.push(0x0c),
            b'n' => value.push(b'\n'),
            b'r' => value.push(b'\r'),
            b't' => value.push(b'\t'),
            b'v' => value.push(0x0b),
            b'0'..=b'7' => {
                let (number, len) = number(rest, 8, 2);
                value.push(((u32::from(escape - b'0') << (3 * len)) + number) as u8);
                rest = rest.get(len..)?;
            }
            b'x' if rest.first().is_some_and(u8::is_ascii_hexdigit) => {
                let (number, len) = number(rest, 16, 2);
                value.push(number as u8);
                rest = rest.get(len..)?;
            }
            b'u' | b'U' => {
                let wanted = if escape == b'u' { 4 } else { 8 };
                let (number, len) = number(rest, 16, wanted);
                let letter = char::from_u32(number).filter(|_| len == wanted)?;
                value.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
                rest = rest.get(len..)?;
            }
            other => value.push(other),
        }
    }
    String::from_utf8(value).ok()
}

fn code_points(body: &str) -> Option<String> {
    let mut value = String::with_capacity(body.len());
    let mut rest = body;
    while let Some(at) = rest.find('\\') {
        value.push_str(rest.get(..at)?);
        rest = rest.get(at + 1..)?;
        let (skip, wanted) = match rest.as_bytes().first()? {
            b'\\' => {
                value.push('\\');
                rest = rest.get(1..)?;
                continue;
            }
            b'+' => (1, 6),
            _ => (0, 4),
        };
        let (number, len) = number(rest.as_bytes().get(skip..)?, 16, wanted);
        value.push(char::from_u32(number).filter(|_| len == wanted)?);
        rest = rest.get(skip + len..)?;
    }
    value.push_str(rest);
    Some(value)
}

/// The number that up to `most` digits make, and how many there are.
fn number(digits: &[u8], radix: u32, most: usize) -> (u32, usize) {
    let mut value = 0u32;
    let mut len = 0;
    while len < most {
        let Some(digit) = digits.get(len).and_then(|&byte| char::from(byte).to_digit(radix)) else {
            break;
        };
        value = value.wrapping_mul(radix).wrapping_add(digit);
        len += 1;
    }
    (value, len)
}
