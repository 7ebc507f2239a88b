//! Packets, addresses, netfilter and conntrack: what a node's kernel does.

mod address;
pub mod netfilter;

pub use address::{Cidr, CidrError, Protocol, Tuple};
