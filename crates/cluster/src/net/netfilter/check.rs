//! Invariants of a rule set.

use super::chain::ChainId;
use super::rules::{RuleSet, TableName};
use crate::api::Str;

/// What is wrong with a rule set's chains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JumpProblem {
    Missing { table: TableName, from: Str, to: ChainId },
    Empty { table: TableName, from: Str, to: Str },
    Unused { table: TableName, chain: Str },
}

pub fn jump_problems(_rules: &RuleSet) -> Vec<JumpProblem> {
    Vec::new()
}
