//! What is wrong with a field, and its path in the object (apimachinery util/validation/field). Where that is in a
//! text, the object's tree says: see `Spot::report_at`.

use super::{DiagnosticKind, Str};

/// A step on the way to a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    Key(Str),
    Item(usize),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// From the object that was looked at to the field.
    pub path: Vec<Step>,
    pub message: DiagnosticKind,
}

impl Error {
    /// Of the object as a whole.
    pub fn new(message: DiagnosticKind) -> Error {
        Error { path: Vec::new(), message }
    }

    /// The same, said of the object that has this one in the field `key`.
    pub fn under(mut self, key: &str) -> Error {
        self.path.insert(0, Step::Key(key.into()));
        self
    }

    /// The same, said of the list that has this one as an item.
    pub fn under_item(mut self, index: usize) -> Error {
        self.path.insert(0, Step::Item(index));
        self
    }
}
