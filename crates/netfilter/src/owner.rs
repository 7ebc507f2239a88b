//! Whose a rule is.

use std::fmt;
use std::sync::Arc;

/// A label that whoever writes rules gives to those that belong together, by which it finds them again. No
/// evaluator reads it, and it is not printed. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Owner(Arc<str>);

impl Owner {
    pub fn new(label: impl Into<Arc<str>>) -> Owner {
        Owner(label.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Is it a clone of the other one? Quicker told than that they are equal.
    pub(super) fn is_same(&self, other: &Owner) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
