//! A value tree as JSON.

use super::scalar::Decimal;
use crate::api::{Tree, Value};

/// On one line, without blanks.
pub fn to_json(tree: &Tree) -> String {
    let mut out = String::new();
    value(&tree.value, None, &mut out);
    out
}

/// As `kubectl -o json`: four spaces, a line for each value, a line's end after it.
pub fn to_json_indented(tree: &Tree) -> String {
    let mut out = String::new();
    value(&tree.value, Some(0), &mut out);
    out.push('\n');
    out
}

fn value(of: &Value, level: Option<usize>, out: &mut String) {
    match of {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Int(number) => out.push_str(&number.to_string()),
        // What JSON has no number for (hexadecimal past any machine word) is its text.
        Value::Float(text) if Decimal::parse(text).is_some() => out.push_str(text),
        Value::Float(text) | Value::String(text) => string(text, out),
        Value::Seq(items) => {
            list(items.iter(), ['[', ']'], level, out, |item, level, out| value(&item.value, level, out));
        }
        Value::Map(entries) => {
            list(entries.iter(), ['{', '}'], level, out, |entry, level, out| {
                string(&entry.key, out);
                out.push_str(if level.is_some() { ": " } else { ":" });
                value(&entry.value.value, level, out);
            });
        }
    }
}

fn list<T>(
    items: impl ExactSizeIterator<Item = T>,
    [open, close]: [char; 2],
    level: Option<usize>,
    out: &mut String,
    print: fn(T, Option<usize>, &mut String),
) {
    let inner = level.map(|l| l + 1);
    let is_empty = items.len() == 0;
    out.push(open);
    for (index, item) in items.enumerate() {
        if index > 0 {
            out.push(',');
        }
        new_line(inner, out);
        print(item, inner, out);
    }
    if !is_empty {
        new_line(level, out);
    }
    out.push(close);
}

fn new_line(level: Option<usize>, out: &mut String) {
    if let Some(level) = level {
        out.push('\n');
        for _ in 0..level {
            out.push_str("    ");
        }
    }
}

fn string(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            // encoding/json escapes these for pages that hold JSON in a script.
            c if u32::from(c) < 0x20 || matches!(c, '<' | '>' | '&' | '\u{2028}' | '\u{2029}') => {
                out.push_str("\\u");
                for shift in [12, 8, 4, 0] {
                    out.push(char::from_digit(u32::from(c) >> shift & 0xf, 16).unwrap_or('0'));
                }
            }
            c => out.push(c),
        }
    }
    out.push('"');
}
