//! Pod networking: what a cluster has for each IP family, and which addresses each node's Pods get.

mod cni;
mod node_ranges;
mod prefixes;

pub use cni::Cni;
pub(crate) use node_ranges::{longest_for, node_range};
pub use prefixes::Prefixes;
