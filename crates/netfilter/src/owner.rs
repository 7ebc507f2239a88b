//! Labels by which the writer of rules finds them again.

use std::fmt;
use std::sync::Arc;

/// A label that the writer of rules gives to rules that belong together, to find them again. It is neither
/// evaluated nor printed. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Owner(Arc<str>);

impl Owner {
    pub fn new(label: impl Into<Arc<str>>) -> Owner {
        Owner(label.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is a clone of the other: faster than comparing the texts.
    pub(super) fn is_same(&self, other: &Owner) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
