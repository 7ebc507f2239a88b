//! nf_tables: one table, and packets on their way through its chains.
//!
//! Only what a load balancer needs is modelled: base chains with a hook and a priority, regular chains, sets
//! and verdict maps with concatenated keys, anonymous maps for `numgen`, and sets to which rules add elements
//! with a timeout.

mod check;
mod dynamic;
mod effect;
mod eval;
mod idle;
mod kernel;
mod print;
mod rule;
mod set;
mod table;

use eval::Run;

pub use check::{TableProblem, table_problems};
pub use dynamic::{DynamicSets, SIZE as DYNAMIC_SET_SIZE};
pub use kernel::NfTables;
pub use rule::{DnatTo, Rule, Statement, Verdict};
pub use set::{Element, Field, Key, Set, SetId, SetKind};
pub use table::{BaseChain, Chain, ChainType, RuleGroup, SetAt, Stage, Table};
