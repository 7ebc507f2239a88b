//! Pod networking: what a cluster has for each IP family, and which addresses each node's Pods get.

mod cni;
mod destination;
mod node_ranges;
mod port_map;
mod prefixes;

pub use cni::Cni;
pub use destination::preference;
pub(crate) use node_ranges::{
    cluster_range, holds, longest_for, next_free, node_range, overlap, shortest_for,
};
pub use port_map::{PortMap, PortMapEntry};
pub use prefixes::Prefixes;
