//! `--sort-by` (kubectl pkg/cmd/get/sorter.go). Of equal ones the first stays the first; upstream leaves that to chance
//! where there are more than twelve.

use cluster::api::Quantity;

use super::custom_columns::relaxed;
use super::object::Object;
use crate::failure::Failure;
use crate::jsonpath::{JsonPath, MissingKeys, Value};

pub struct SortBy {
    template: String,
    path: JsonPath,
}

impl SortBy {
    pub fn parse(field: &str) -> Result<SortBy, Failure> {
        let template = relaxed(field).unwrap_or_else(|_| field.into());
        match JsonPath::parse(&template) {
            Ok(path) => Ok(SortBy { template, path }),
            Err(problem) => Err(Failure::Usage(format!("sorting error: {template}: {problem}"))),
        }
    }

    /// Those that have no such field come first, the last of them first.
    pub fn sort(&self, objects: Vec<Object>) -> Result<Vec<Object>, Failure> {
        let values = objects.iter().map(|object| self.value(object)).collect::<Result<Vec<_>, Failure>>()?;
        if !objects.is_empty() && values.iter().all(Option::is_none) {
            let template = &self.template;
            return Err(Failure::Usage(format!(
                "couldn't find any field with path {template:?} in the list of objects"
            )));
        }
        let (present, missing): (Vec<usize>, Vec<usize>) =
            (0..objects.len()).partition(|at| values[*at].is_some());
        let is_less = |a: &usize, b: &usize| match (&values[*a], &values[*b]) {
            (Some(a), Some(b)) => less(a, b),
            (None, _) | (_, None) => Ok(false),
        };
        let present = merge_sort(present, &is_less)
            .map_err(|why| Failure::Usage(format!("--sort-by {}: {why}", self.template)))?;
        let order: Vec<usize> = missing.into_iter().rev().chain(present).collect();
        drop(values);
        let mut objects: Vec<Option<Object>> = objects.into_iter().map(Some).collect();
        Ok(order.into_iter().filter_map(|at| objects[at].take()).collect())
    }

    fn value<'a>(&'a self, object: &'a Object) -> Result<Option<Value<'a>>, Failure> {
        let found = self.path.find(&object.tree, MissingKeys::Allowed);
        let found = found.map_err(|why| Failure::Usage(format!("--sort-by {}: {why}", self.template)))?;
        Ok(found.into_iter().next().and_then(|found| found.into_iter().next()))
    }
}

/// isLess.
fn less(a: &Value<'_>, b: &Value<'_>) -> Result<bool, String> {
    match (a, b) {
        (Value::Null | Value::Nothing, b) => Ok(!matches!(b, Value::Null | Value::Nothing)),
        (_, Value::Null | Value::Nothing) => Ok(false),
        (Value::Int(a), Value::Int(b)) => Ok(a < b),
        (Value::Byte(a), Value::Byte(b)) => Ok(a < b),
        (Value::Float(a), Value::Float(b)) => Ok(a < b),
        (Value::Text(a), Value::Text(b)) => Ok(match (Quantity::parse(a), Quantity::parse(b)) {
            (Some(a), Some(b)) => a.milli_value() < b.milli_value(),
            _ => a < b,
        }),
        (Value::Bool(_) | Value::List(_) | Value::Map(_), _) => {
            Err(format!("unsortable type: {}", a.type_name()))
        }
        (Value::Int(_) | Value::Byte(_) | Value::Float(_) | Value::Text(_), _) => {
            Err(format!("{} and {} cannot be compared", a.type_name(), b.type_name()))
        }
    }
}

/// The library's sort may panic where `less` is no order: `9`, `10` and `1x` are in a circle.
fn merge_sort<T: Copy>(
    items: Vec<T>,
    less: &impl Fn(&T, &T) -> Result<bool, String>,
) -> Result<Vec<T>, String> {
    if items.len() < 2 {
        return Ok(items);
    }
    let (left, right) = items.split_at(items.len() / 2);
    let (left, right) = (merge_sort(left.to_vec(), less)?, merge_sort(right.to_vec(), less)?);
    let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
    let mut merged = Vec::new();
    while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
        merged.extend(if less(b, a)? { right.next() } else { left.next() });
    }
    merged.extend(left.chain(right));
    Ok(merged)
}
