//! What was found, as it is printed (client-go util/jsonpath/jsonpath.go, PrintResults; Go's fmt and encoding/json).

use cluster::api::{Tree, to_json, to_json_indented};

use super::value::Value;

/// A blank between two: scalars as they are, lists and maps as JSON.
pub fn print(found: &[Value<'_>]) -> String {
    found.iter().map(one).collect::<Vec<_>>().join(" ")
}

pub fn print_as_json(found: &[Value<'_>]) -> String {
    let mut text = to_json_indented(&Tree::seq(found.iter().map(Value::to_tree).collect()));
    text.truncate(text.trim_end_matches('\n').len());
    text + "\n"
}

/// One alone.
pub fn one(value: &Value<'_>) -> String {
    match value {
        Value::Nothing => "<no value>".into(),
        Value::Null => "null".into(),
        Value::List(_) | Value::Map(_) => to_json(&value.to_tree()),
        Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Byte(_) | Value::Text(_) => go_text(value),
    }
}

/// As Go's fmt.Sprint prints it: `map[a:1 b:[x y]]`.
pub fn go_text(value: &Value<'_>) -> String {
    match value {
        Value::Nothing | Value::Null => "<nil>".into(),
        Value::Bool(value) => value.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Byte(byte) => byte.to_string(),
        Value::Float(number) => go_float(*number),
        Value::Text(text) => text.to_string(),
        Value::List(tree) => {
            let items = tree.items().iter().map(|item| go_text(&Value::of(item)));
            format!("[{}]", items.collect::<Vec<_>>().join(" "))
        }
        Value::Map(tree) => {
            let tree = tree.sorted();
            let entries = tree.entries().iter();
            let pairs = entries.map(|entry| format!("{}:{}", entry.key, go_text(&Value::of(&entry.value))));
            format!("map[{}]", pairs.collect::<Vec<_>>().join(" "))
        }
    }
}

/// strconv.FormatFloat with `g`, as short as it can be: an exponent below -4, and from 6 on.
fn go_float(number: f64) -> String {
    with_exponent(number, -4, 6, 2)
}

/// encoding/json, floatEncoder: an exponent below -6, and from 21 on, of as many digits as it needs.
pub fn json_float(number: f64) -> String {
    with_exponent(number, -6, 21, 1)
}

fn with_exponent(number: f64, least: i32, end: i32, digits: usize) -> String {
    let short = format!("{number:e}");
    let (mantissa, exponent) = short.split_once('e').unwrap_or((&short, "0"));
    let power: i32 = exponent.parse().unwrap_or(0);
    if number == 0.0 || (least..end).contains(&power) {
        return number.to_string();
    }
    let sign = if power < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:0digits$}", power.unsigned_abs())
}
