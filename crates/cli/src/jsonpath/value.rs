//! What a template finds: a part of the object, or what the template itself says.

use std::borrow::Cow;

use cluster::api::{Tree, Value as Of};

use super::text::json_float;

#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// What a range that has nothing to go through hands to its first round (reflect's zero Value).
    Nothing,
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    /// A part of a string: a wildcard takes it apart into bytes.
    Byte(u8),
    Text(Cow<'a, str>),
    List(&'a Tree),
    Map(&'a Tree),
}

impl<'a> Value<'a> {
    pub fn of(tree: &'a Tree) -> Value<'a> {
        match &tree.value {
            Of::Null => Value::Null,
            Of::Bool(value) => Value::Bool(*value),
            Of::Int(number) => Value::Int(*number),
            // What is no number for JSON is its text.
            Of::Float(text) => text.parse().map_or(Value::Text(Cow::Borrowed(text)), Value::Float),
            Of::String(text) => Value::Text(Cow::Borrowed(text)),
            Of::Seq(_) => Value::List(tree),
            Of::Map(_) => Value::Map(tree),
        }
    }

    /// What Go calls its type.
    pub fn type_name(&self) -> &'static str {
        match self {
            Value::Nothing | Value::Null => "<nil>",
            Value::Bool(_) => "bool",
            Value::Int(_) => "int64",
            Value::Float(_) => "float64",
            Value::Byte(_) => "uint8",
            Value::Text(_) => "string",
            Value::List(_) => "[]interface {}",
            Value::Map(_) => "map[string]interface {}",
        }
    }

    /// All that is directly in it: a map's values in the order of their keys, which upstream leaves to chance.
    pub fn children(&self) -> Vec<Value<'a>> {
        match self {
            Value::Nothing
            | Value::Null
            | Value::Bool(_)
            | Value::Int(_)
            | Value::Float(_)
            | Value::Byte(_) => Vec::new(),
            Value::Text(text) => text.bytes().map(Value::Byte).collect(),
            Value::List(tree) => tree.items().iter().map(Value::of).collect(),
            Value::Map(tree) => tree.entries().iter().map(|entry| Value::of(&entry.value)).collect(),
        }
    }

    /// As encoding/json prints it.
    pub fn to_tree(&self) -> Tree {
        match self {
            Value::Nothing | Value::Null => Tree::default(),
            Value::Bool(value) => Tree::bool(*value),
            Value::Int(number) => Tree::int(*number),
            Value::Byte(byte) => Tree::int(i64::from(*byte)),
            Value::Float(number) => Tree::new(Of::Float(json_float(*number).as_str().into())),
            Value::Text(text) => Tree::string(text),
            Value::List(tree) => {
                Tree::seq(tree.items().iter().map(|item| Value::of(item).to_tree()).collect())
            }
            Value::Map(tree) => {
                let mut map = Tree::map();
                for entry in tree.sorted().entries() {
                    map.put(&entry.key, Value::of(&entry.value).to_tree());
                }
                map
            }
        }
    }
}
