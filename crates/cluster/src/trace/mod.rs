//! What happened to a packet, hop by hop, and to the connection that sent it.

mod connection;
mod loss;
mod packet;

pub use connection::{ConnectionRecord, Outcome};
pub use loss::{LossClass, Lost};
pub(crate) use loss::{dropped, is_established, rejected};
pub use packet::{Hop, HopKind, PacketKind, PacketTrace, PacketVerdict, Place, Segment};
