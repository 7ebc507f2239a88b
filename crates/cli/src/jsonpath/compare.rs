//! What a filter compares (client-go third_party/forked/golang/template/funcs.go).

use std::cmp::Ordering;

use super::value::Value;

const BAD_TYPE: &str = "invalid type for comparison";
const BAD_COMPARISON: &str = "incompatible types for comparison";

pub fn holds(left: &Value<'_>, operator: &str, right: &Value<'_>) -> Result<bool, String> {
    let (equal, less) = (|| equal(left, right), || less(left, right));
    let holds = match operator {
        "==" => equal(),
        "!=" => equal().map(|equal| !equal),
        "<" => less(),
        ">=" => less().map(|less| !less),
        "<=" => less().and_then(|less| Ok(less || equal()?)),
        ">" => less().and_then(|less| Ok(!(less || equal()?))),
        _ => return Err(format!("unrecognized filter operator {operator}")),
    };
    holds.map_err(String::from)
}

fn equal(left: &Value<'_>, right: &Value<'_>) -> Result<bool, &'static str> {
    match (left, right) {
        (Value::Bool(left), Value::Bool(right)) => Ok(left == right),
        _ => Ok(compare(left, right)? == Some(Ordering::Equal)),
    }
}

fn less(left: &Value<'_>, right: &Value<'_>) -> Result<bool, &'static str> {
    match (left, right) {
        (Value::Bool(_), Value::Bool(_)) => Err(BAD_TYPE),
        _ => Ok(compare(left, right)? == Some(Ordering::Less)),
    }
}

fn compare(left: &Value<'_>, right: &Value<'_>) -> Result<Option<Ordering>, &'static str> {
    if !is_basic(left) || !is_basic(right) {
        return Err(BAD_TYPE);
    }
    match (left, right) {
        (Value::Text(left), Value::Text(right)) => Ok(Some(left.cmp(right))),
        (Value::Float(left), Value::Float(right)) => Ok(left.partial_cmp(right)),
        _ => Ok(Some(integer(left)?.cmp(&integer(right)?))),
    }
}

fn integer(value: &Value<'_>) -> Result<i64, &'static str> {
    match value {
        Value::Int(number) => Ok(*number),
        Value::Byte(byte) => Ok(i64::from(*byte)),
        Value::Nothing
        | Value::Null
        | Value::Bool(_)
        | Value::Float(_)
        | Value::Text(_)
        | Value::List(_)
        | Value::Map(_) => Err(BAD_COMPARISON),
    }
}

fn is_basic(value: &Value<'_>) -> bool {
    match value {
        Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Byte(_) | Value::Text(_) => true,
        Value::Nothing | Value::Null | Value::List(_) | Value::Map(_) => false,
    }
}
