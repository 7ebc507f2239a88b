//! What the continuous integration runs.

use crate::run::Outcome;
use crate::test;

/// The same as a person runs before committing.
pub fn command() -> Outcome {
    test::command(&[])
}
