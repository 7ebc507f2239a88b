//! What stands between quotes (client-go util/jsonpath/parser.go, UnquoteExtend; Go's strconv.UnquoteChar).

/// Of `"a\n"` the text. `None` where an escape is none, or a quote is not escaped.
pub fn unquote(quoted: &str) -> Option<String> {
    let quote = quoted.chars().next()?;
    let mut rest = quoted.strip_prefix(quote)?.strip_suffix(quote)?;
    let mut bytes = Vec::new();
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        match c {
            '\\' => rest = escape(rest, quote, &mut bytes)?,
            c if c == quote => return None,
            c => bytes.extend(c.to_string().bytes()),
        }
    }
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// What is left after what follows a backslash.
fn escape<'a>(text: &'a str, quote: char, bytes: &mut Vec<u8>) -> Option<&'a str> {
    let c = text.chars().next()?;
    let rest = &text[c.len_utf8()..];
    let simple = match c {
        'a' => b'\x07',
        'b' => b'\x08',
        'f' => b'\x0c',
        'n' => b'\n',
        'r' => b'\r',
        't' => b'\t',
        'v' => b'\x0b',
        '\\' => b'\\',
        '\'' if quote == '\'' => b'\'',
        '"' if quote == '"' => b'"',
        'x' => return byte(number(rest, 2, 16)?, bytes),
        '0'..='7' => return byte(number(text, 3, 8)?, bytes),
        'u' => return character(number(rest, 4, 16)?, bytes),
        'U' => return character(number(rest, 8, 16)?, bytes),
        _ => return None,
    };
    bytes.push(simple);
    Some(rest)
}

fn byte<'a>((code, rest): (u32, &'a str), bytes: &mut Vec<u8>) -> Option<&'a str> {
    bytes.push(u8::try_from(code).ok()?);
    Some(rest)
}

fn character<'a>((code, rest): (u32, &'a str), bytes: &mut Vec<u8>) -> Option<&'a str> {
    bytes.extend(char::from_u32(code)?.to_string().bytes());
    Some(rest)
}

/// A number of so many digits, and what is left after it.
fn number(text: &str, digits: usize, radix: u32) -> Option<(u32, &str)> {
    let (number, rest) = text.split_at_checked(digits)?;
    let is_number = number.chars().all(|c| c.is_digit(radix));
    is_number.then_some((u32::from_str_radix(number, radix).ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::unquote;

    #[test]
    fn escapes_are_gos() {
        for (quoted, text) in [
            (r#""a""#, Some("a")),
            (r#""\n\t\\\"""#, Some("\n\t\\\"")),
            (r"'it\'s'", Some("it's")),
            (r#""\x41\u00e4\U0001F600\101""#, Some("Aä😀A")),
            (r#""\d""#, None),
            (r#""\'""#, None),
            (r#""\x4""#, None),
            (r#""\ud800""#, None),
            (r#""\400""#, None),
            (r#""a"b""#, None),
            (r#""\"#, None),
        ] {
            assert_eq!(unquote(quoted).as_deref(), text, "{quoted}");
        }
    }
}
