//! JSONPath as kubectl has it (client-go util/jsonpath). It is older than RFC 9535, which the crates follow: a template
//! of text and actions in braces, `range` and `end`, and filters that compare two things.
//!
//! Each object finds the whole template. Upstream's parser keeps only what follows its last range, so that `kubectl get
//! -w` fails at the second object.

mod compare;
mod eval;
mod parse;
mod quote;
mod text;
mod value;

use std::fmt;

use cluster::api::Tree;

pub use text::{go_text, one as text};
pub use value::Value;

/// A template that was read.
#[derive(Clone, Debug, PartialEq)]
pub struct JsonPath {
    nodes: Vec<parse::Node>,
}

/// What is wrong with a template, in upstream's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    pub why: String,
    /// From 1, in characters.
    pub column: usize,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (column {})", self.why, self.column)
    }
}

/// What a field or a key that an object does not have is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MissingKeys {
    /// Nothing: what kubectl takes it for, unless it is told otherwise.
    Allowed,
    Refused,
}

impl JsonPath {
    pub fn parse(template: &str) -> Result<JsonPath, ParseError> {
        Ok(JsonPath { nodes: parse::parse(template)? })
    }

    /// What each text and each action finds in an object; a range's, as often as it goes round.
    pub fn find<'a>(&'a self, object: &'a Tree, missing: MissingKeys) -> Result<Vec<Vec<Value<'a>>>, String> {
        eval::find(&self.nodes, object, missing)
    }

    /// As `-o jsonpath` prints an object.
    pub fn print(&self, object: &Tree, missing: MissingKeys) -> Result<String, String> {
        Ok(self.find(object, missing)?.iter().map(|found| text::print(found)).collect())
    }

    /// As `-o jsonpath-as-json` prints it: an array for each text and each action.
    pub fn print_as_json(&self, object: &Tree, missing: MissingKeys) -> Result<String, String> {
        Ok(self.find(object, missing)?.iter().map(|found| text::print_as_json(found)).collect())
    }
}

#[cfg(test)]
mod tests;
