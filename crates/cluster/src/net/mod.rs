//! Pod networking: which addresses each node's Pods get.

mod cni;
mod node_ranges;

pub use cni::Cni;
pub(crate) use node_ranges::{longest_for, node_range};
