//! A value tree as kubectl prints YAML: two spaces, lists not indented under their key, text
//! quoted exactly when it would not read back as the same text (goyaml v2 encode.go, libyaml's
//! emitter). Lines are never folded.

use super::scalar::resolve;
use crate::api::{Tree, Value};

/// The tree as one YAML document, a line's end after it. It reads back as the same tree.
pub fn to_yaml(tree: &Tree) -> String {
    let mut out = String::new();
    match &tree.value {
        Value::Map(entries) if !entries.is_empty() => map(tree, 0, &mut out),
        Value::Seq(items) if !items.is_empty() => seq(tree, 0, &mut out),
        value => {
            out.push_str(&scalar(value));
            out.push('\n');
        }
    }
    out
}

fn indent(level: usize, out: &mut String) {
    for _ in 0..level {
        out.push_str("  ");
    }
}

/// The first line is not indented: it may stand behind a `- `.
fn map(tree: &Tree, level: usize, out: &mut String) {
    for (index, entry) in tree.entries().iter().enumerate() {
        if index > 0 {
            indent(level, out);
        }
        let key = string(&entry.key);
        // libyaml's limit for a key on the line of its value (YAML's own is 1024).
        if key.len() > 128 {
            out.push_str("? ");
            out.push_str(&key);
            out.push('\n');
            indent(level, out);
        } else {
            out.push_str(&key);
        }
        out.push(':');
        value_of_key(&entry.value, level, out);
    }
}

fn value_of_key(tree: &Tree, level: usize, out: &mut String) {
    match &tree.value {
        Value::Map(entries) if !entries.is_empty() => {
            out.push('\n');
            indent(level + 1, out);
            map(tree, level + 1, out);
        }
        Value::Seq(items) if !items.is_empty() => {
            out.push('\n');
            indent(level, out);
            seq(tree, level, out);
        }
        value => {
            out.push(' ');
            leaf(value, level + 1, out);
        }
    }
}

fn seq(tree: &Tree, level: usize, out: &mut String) {
    for (index, item) in tree.items().iter().enumerate() {
        if index > 0 {
            indent(level, out);
        }
        out.push_str("- ");
        match &item.value {
            Value::Map(entries) if !entries.is_empty() => map(item, level + 1, out),
            Value::Seq(items) if !items.is_empty() => seq(item, level + 1, out),
            value => leaf(value, level + 1, out),
        }
    }
}

/// A scalar or an empty collection, to the end of its line. `level` is where a block would stand.
fn leaf(value: &Value, level: usize, out: &mut String) {
    match value {
        Value::String(text) if is_block(text) => block(text, level, out),
        value => {
            out.push_str(&scalar(value));
            out.push('\n');
        }
    }
}

fn scalar(value: &Value) -> String {
    match value {
        Value::Null => "null".into(),
        Value::Bool(true) => "true".into(),
        Value::Bool(false) => "false".into(),
        Value::Int(number) => number.to_string(),
        Value::Float(text) => text.to_string(),
        Value::String(text) => string(text),
        Value::Seq(_) => "[]".into(),
        Value::Map(_) => "{}".into(),
    }
}

/// Text with lines, none of which needs an escape or an indentation indicator.
fn is_block(text: &str) -> bool {
    text.contains('\n')
        && !text.starts_with([' ', '\n', '\t'])
        && !text.ends_with(' ')
        && text.chars().all(|c| c == '\n' || is_printable(c))
        && text.lines().all(|line| !line.starts_with('\t') && !line.ends_with([' ', '\t']))
}

fn block(text: &str, level: usize, out: &mut String) {
    let body = text.trim_end_matches('\n');
    out.push_str(match text.len() - body.len() {
        0 => "|-\n",
        1 => "|\n",
        _ => "|+\n",
    });
    for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
        if !line.is_empty() {
            indent(level, out);
            out.push_str(line);
        }
        out.push('\n');
    }
}

/// Characters that stand for themselves in every style. A tab does so only inside a block.
fn is_printable(c: char) -> bool {
    match c {
        '\t' => true,
        '\u{feff}' | '\u{2028}' | '\u{2029}' => false,
        c => !c.is_control() && !matches!(c, '\u{fffe}' | '\u{ffff}'),
    }
}

/// A string on one line.
fn string(text: &str) -> String {
    let resolves =
        !matches!(resolve(text), Value::String(_)) || text == "<<" || is_base60(text) || is_date(text);
    if !resolves && is_plain(text) {
        return text.into();
    }
    let one_line = text.chars().all(|c| is_printable(c) && c != '\t');
    if !resolves && one_line {
        return ["'", &text.replace('\'', "''"), "'"].concat();
    }
    double_quoted(text)
}

/// What older readers take for a number in base 60: digits and colons.
fn is_base60(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit() || c == '+' || c == '-')
        && text.contains(':')
        && text.bytes().all(|b| b.is_ascii_digit() || b":+-._".contains(&b))
}

/// What goyaml reads as a timestamp, and so quotes: `2026-01-01`, `2026-1-1T00:00:00Z`.
fn is_date(text: &str) -> bool {
    let mut parts = text.splitn(3, '-');
    let (Some(year), Some(month), Some(rest)) = (parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    let (day, time) = rest.split_once(['T', 't', ' ']).unwrap_or((rest, "0"));
    year.len() == 4
        && [year, month, day].into_iter().all(digits)
        && time.starts_with(|c: char| c.is_ascii_digit())
}

fn is_plain(text: &str) -> bool {
    let mut chars = text.chars();
    let (Some(first), second) = (chars.next(), chars.next()) else { return false };
    let starts = match first {
        '-' | '?' | ':' => second.is_some_and(|c| c != ' ' && c != ','),
        c => !",[]{}#&*!|>'\"%@`".contains(c),
    };
    starts
        && !text.starts_with("---")
        && !text.starts_with("...")
        && !text.starts_with(' ')
        && !text.ends_with([' ', ':'])
        && !text.contains(": ")
        && !text.contains(" #")
        && text.chars().all(|c| is_printable(c) && c != '\t')
}

fn double_quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if is_printable(c) => out.push(c),
            c => escape(c, &mut out),
        }
    }
    out.push('"');
    out
}

/// Every character that needs one fits in four hexadecimal digits.
fn escape(c: char, out: &mut String) {
    let code = u32::from(c);
    out.push_str("\\u");
    for shift in [12, 8, 4, 0] {
        out.push(char::from_digit(code >> shift & 0xf, 16).unwrap_or('0'));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_as_kubectl_quotes() {
        for (text, expected) in [
            ("web", "web"),
            ("", "\"\""),
            ("80", "\"80\""),
            ("yes", "\"yes\""),
            ("y", "\"y\""),
            ("null", "\"null\""),
            ("0x1F", "\"0x1F\""),
            ("1e3", "\"1e3\""),
            ("1:30", "\"1:30\""),
            ("2026-01-01", "\"2026-01-01\""),
            ("2026-01-01T00:00:00Z", "\"2026-01-01T00:00:00Z\""),
            ("2026-01-ab", "2026-01-ab"),
            ("10.0.0.0/8", "10.0.0.0/8"),
            ("<<", "\"<<\""),
            ("-c", "-c"),
            ("-", "'-'"),
            ("- a", "'- a'"),
            ("a: b", "'a: b'"),
            ("a:b", "a:b"),
            ("a:", "'a:'"),
            ("a #b", "'a #b'"),
            ("a#b", "a#b"),
            ("#a", "'#a'"),
            ("it's", "it's"),
            ("'a", "'''a'"),
            ("{a}", "'{a}'"),
            ("*", "'*'"),
            ("100%", "100%"),
            ("%a", "'%a'"),
            (" a", "' a'"),
            ("a\tb", "\"a\\tb\""),
            ("a\u{85}", "\"a\\u0085\""),
            ("é", "é"),
        ] {
            assert_eq!(string(text), expected, "{text:?}");
        }
    }

    #[test]
    fn lists_stand_under_their_key_and_text_in_blocks() {
        let mut tree = Tree::map();
        tree.put(
            "args",
            Tree::seq(vec![Tree::string("-c"), Tree::string("a\nb\n"), Tree::map(), Tree::seq(vec![])]),
        );
        tree.put("nested", Tree::seq(vec![Tree::seq(vec![Tree::int(1), Tree::int(2)]), tree.clone()]));
        let expected = "args:\n- -c\n- |\n  a\n  b\n- {}\n- []\nnested:\n- - 1\n  - 2\n- args:\n  - -c\n  - |\n    a\n    b\n  - {}\n  - []\n";
        assert_eq!(to_yaml(&tree), expected);
    }
}
