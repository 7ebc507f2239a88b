//! Packets, addresses, netfilter and conntrack: what a node's kernel does.

mod address;
mod cni;
pub mod netfilter;
mod node_ranges;

pub use address::{Cidr, CidrError, Protocol, Tuple};
pub use cni::Cni;
pub(crate) use node_ranges::{longest_for, node_range};
