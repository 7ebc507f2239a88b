//! What happened to a packet, hop by hop, and to the connection that sent it.

mod connection;
mod packet;

pub use connection::{ConnectionRecord, Outcome};
pub use packet::{Hop, HopKind, PacketKind, PacketTrace, PacketVerdict, Place, Segment};
