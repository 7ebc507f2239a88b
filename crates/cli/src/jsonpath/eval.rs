//! Finding what a template asks for (client-go util/jsonpath/jsonpath.go, FindResults).

use std::borrow::Cow;

use cluster::api::Tree;

use super::MissingKeys;
use super::compare::holds;
use super::parse::{END, EXISTS, End, Node, RANGE, Slice};
use super::text::go_text;
use super::value::Value;

/// Of what is found on all ways through a template: ranges in ranges, and `..` after `..`, find more and more.
const LIMIT: usize = 5_000_000;

type Found<'a> = Vec<Value<'a>>;

/// Why nothing is found.
struct Failed {
    why: String,
    /// A filter that asks whether something is there takes it for that: upstream returns what it had so far with the
    /// error, and looks at that alone.
    is_there: bool,
}

/// Where upstream returns what it was given, which is something.
fn failed<T>(why: impl Into<String>) -> Result<T, Failed> {
    Err(Failed { why: why.into(), is_there: true })
}

/// Where it returns nothing.
fn failed_with_nothing<T>(why: impl Into<String>) -> Result<T, Failed> {
    Err(Failed { why: why.into(), is_there: false })
}

pub fn find<'a>(nodes: &'a [Node], object: &'a Tree, missing: MissingKeys) -> Result<Vec<Found<'a>>, String> {
    let mut evaluation =
        Evaluation { nodes, missing, begin_range: 0, in_range: 0, end_range: 0, last_end: 0, found: 0 };
    evaluation.from(Value::of(object), 0).map_err(|failed| failed.why)
}

/// Ranges are counted as upstream does, since what a template does that opens or closes too many depends on it.
struct Evaluation<'a> {
    nodes: &'a [Node],
    missing: MissingKeys,
    begin_range: usize,
    in_range: usize,
    end_range: usize,
    /// The node that ended a range last.
    last_end: usize,
    found: usize,
}

impl<'a> Evaluation<'a> {
    /// The nodes from there on, up to the end of the range that they are in.
    fn from(&mut self, value: Value<'a>, first: usize) -> Result<Vec<Found<'a>>, Failed> {
        let nodes = self.nodes;
        let mut all = Vec::new();
        let mut at = first;
        while let Some(node) = nodes.get(at) {
            let found = self.walk(vec![value.clone()], node)?;
            if self.end_range > 0 && self.end_range <= self.in_range {
                self.end_range -= 1;
                self.last_end = at;
                break;
            }
            if self.begin_range > 0 {
                self.begin_range -= 1;
                self.in_range += 1;
                if found.is_empty() {
                    // Only to find its end.
                    self.from(Value::Nothing, at + 1)?;
                }
                for value in found {
                    let value = if value == Value::Null { Value::Nothing } else { value };
                    all.extend(self.from(value, at + 1)?);
                }
                self.in_range -= 1;
                at = if self.last_end > at { self.last_end } else { at };
            } else {
                all.push(found);
            }
            at += 1;
        }
        Ok(all)
    }

    fn walk(&mut self, input: Found<'a>, node: &'a Node) -> Result<Found<'a>, Failed> {
        let found = match node {
            Node::List(nodes) => self.list(input, nodes)?,
            Node::Text(text) => vec![Value::Text(Cow::Borrowed(text))],
            Node::Field(name) => self.field(&input, name)?,
            Node::Identifier(word) => self.identifier(input, word)?,
            Node::Array(slice) => array(&input, *slice)?,
            Node::Filter { left, operator, right } => self.filter(&input, left, operator, right)?,
            Node::Int(number) => vec![Value::Int(*number); input.len()],
            Node::Float(number) => vec![Value::Float(*number); input.len()],
            Node::Bool(value) => vec![Value::Bool(*value); input.len()],
            Node::Wildcard => input.iter().flat_map(Value::children).collect(),
            Node::Recursive => self.recursive(&input)?,
            Node::Union(parts) => {
                let mut found = Vec::new();
                for part in parts {
                    let part = self.list(input.clone(), part);
                    found.extend(part.map_err(|failed| Failed { is_there: !input.is_empty(), ..failed })?);
                }
                found
            }
        };
        self.count(found.len() + 1)?;
        Ok(found)
    }

    fn count(&mut self, found: usize) -> Result<(), Failed> {
        self.found += found;
        match self.found > LIMIT {
            true => failed(format!("the template finds more than {LIMIT} values")),
            false => Ok(()),
        }
    }

    fn list(&mut self, mut found: Found<'a>, nodes: &'a [Node]) -> Result<Found<'a>, Failed> {
        for node in nodes {
            found = self.walk(found, node)?;
        }
        Ok(found)
    }

    fn identifier(&mut self, input: Found<'a>, word: &str) -> Result<Found<'a>, Failed> {
        match word {
            RANGE => {
                self.begin_range += 1;
                Ok(input)
            }
            END if self.in_range > 0 => {
                self.end_range += 1;
                Ok(Vec::new())
            }
            END => failed_with_nothing("not in range, nothing to end"),
            word => {
                Err(Failed { why: format!("unrecognized identifier {word}"), is_there: !input.is_empty() })
            }
        }
    }

    fn field(&self, input: &[Value<'a>], name: &str) -> Result<Found<'a>, Failed> {
        let field = |value: &Value<'a>| match value {
            Value::Map(tree) => tree.field(name).map(Value::of),
            Value::Nothing
            | Value::Null
            | Value::Bool(_)
            | Value::Int(_)
            | Value::Float(_)
            | Value::Byte(_)
            | Value::Text(_)
            | Value::List(_) => None,
        };
        let found: Found<'a> = input.iter().filter_map(field).collect();
        match found.is_empty() && !input.is_empty() && self.missing == MissingKeys::Refused {
            true => failed_with_nothing(format!("{name} is not found")),
            false => Ok(found),
        }
    }

    /// Each that has something in it, and then those in it.
    fn recursive(&mut self, input: &[Value<'a>]) -> Result<Found<'a>, Failed> {
        let mut found = Vec::new();
        let mut next: Vec<Value<'a>> = input.iter().rev().cloned().collect();
        while let Some(value) = next.pop() {
            let children = value.children();
            self.count(children.len())?;
            if !children.is_empty() {
                found.push(value);
                next.extend(children.into_iter().rev());
            }
        }
        Ok(found)
    }

    fn filter(
        &mut self,
        input: &[Value<'a>],
        left: &'a [Node],
        operator: &str,
        right: &'a [Node],
    ) -> Result<Found<'a>, Failed> {
        let mut found = Vec::new();
        for value in input {
            let Value::List(list) = value else {
                return failed(format!("{} is not array or slice and cannot be filtered", in_words(value)));
            };
            for item in list.items().iter().map(Value::of) {
                let is_taken = match operator {
                    EXISTS => match self.list(vec![item.clone()], left) {
                        Ok(found) => !found.is_empty(),
                        Err(failed) => failed.is_there,
                    },
                    operator => match self.compared(&item, left, right)? {
                        None => false,
                        Some((left, right)) => holds(&left, operator, &right)
                            .map_err(|why| Failed { why, is_there: !found.is_empty() })?,
                    },
                };
                if is_taken {
                    found.push(item);
                }
            }
        }
        Ok(found)
    }

    /// What a filter compares; nothing, if one of both is not there.
    fn compared(
        &mut self,
        item: &Value<'a>,
        left: &'a [Node],
        right: &'a [Node],
    ) -> Result<Option<(Value<'a>, Value<'a>)>, Failed> {
        // Upstream returns what the filter was given, whatever failed in it.
        let mut side = |nodes: &'a [Node]| {
            let found = self.list(vec![item.clone()], nodes);
            found.map_err(|failed| Failed { is_there: true, ..failed }).and_then(only_one)
        };
        let Some(left) = side(left)? else { return Ok(None) };
        Ok(side(right)?.map(|right| (left, right)))
    }
}

fn only_one(mut found: Found<'_>) -> Result<Option<Value<'_>>, Failed> {
    match found.len() {
        0 | 1 => Ok(found.pop()),
        _ => failed("can only compare one element at a time"),
    }
}

/// Go's `%v` of a reflect.Value.
fn in_words(value: &Value<'_>) -> String {
    match value {
        Value::Nothing => "<invalid reflect.Value>".into(),
        value => go_text(value),
    }
}

fn array<'a>(input: &[Value<'a>], slice: Slice) -> Result<Found<'a>, Failed> {
    let mut found = Vec::new();
    for value in input {
        let list = match value {
            Value::List(list) => list.items(),
            Value::Nothing | Value::Null => continue,
            other => return failed(format!("{} is not array or slice", other.type_name())),
        };
        let length = i64::try_from(list.len()).unwrap_or(i64::MAX);
        let (start, end) = bounds(slice, length);
        if start == end {
            return Ok(found);
        }
        let inside = within(start, end, length)?;
        let step = match slice.step {
            None => 1,
            Some(step) => match usize::try_from(step) {
                Ok(step) if step > 0 => step,
                Ok(_) | Err(_) => return failed("step must be > 0"),
            },
        };
        found.extend(list[inside].iter().step_by(step).map(Value::of));
    }
    Ok(found)
}

/// Negative ones are counted from the end.
fn bounds(slice: Slice, length: i64) -> (i64, i64) {
    let from_end = |index: i64| if index < 0 { index.wrapping_add(length) } else { index };
    let end = match slice.end {
        End::Open => length,
        End::At(end) => from_end(end),
        End::After(0) => length,
        End::After(end) => from_end(end),
    };
    (from_end(slice.start.unwrap_or(0)), end)
}

fn within(start: i64, end: i64, length: i64) -> Result<std::ops::Range<usize>, Failed> {
    let outside = |index: i64| failed(format!("array index out of bounds: index {index}, length {length}"));
    if !(0..length).contains(&start) {
        return outside(start);
    }
    if !(0..=length).contains(&end) {
        return outside(end.wrapping_sub(1));
    }
    if start > end {
        return failed(format!("starting index {start} is greater than ending index {end}"));
    }
    Ok(usize::try_from(start).unwrap_or(0)..usize::try_from(end).unwrap_or(0))
}
