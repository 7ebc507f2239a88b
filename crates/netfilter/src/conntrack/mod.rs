//! Connection tracking: what a node remembers of the connections that cross it
//! (net/netfilter/nf_conntrack_core.c).
//!
//! An entry is found by the tuple of either direction. Expiry is checked when an entry is found, and each new
//! entry also checks a few others, so no timer has to sweep the table.

mod entry;
mod index;
mod sctp;
mod table;
mod tcp;
mod timeouts;
mod track;

pub use entry::{CtStates, Direction, Entry};
pub(super) use index::{Hash, Index, end, hash, hash_ends};
pub use sctp::SctpState;
pub(super) use table::Absent;
pub use table::Conntrack;
pub use tcp::TcpState;
pub use timeouts::Timeouts;
