//! Packets, addresses, netfilter and conntrack: what a node's kernel does.

mod address;
mod cni;
pub mod netfilter;

pub use address::{Cidr, CidrError, Protocol, Tuple};
pub use cni::Cni;
