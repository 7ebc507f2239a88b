//! A connection's record: who called whom, through what, and how it ended.

use std::net::IpAddr;
use std::sync::Arc;

use serde::Serialize;

use super::{Lost, PacketTrace, PacketVerdict, Place};
use crate::api::{Name, NsName, Str, Uid};
use crate::sim::Time;
use crate::traffic::{ClientId, ConnectionId};
use netfilter::Tuple;

/// How a request ended, as the client saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Outcome {
    Delivered,
    /// ECONNREFUSED; `lost` is what became of the packet that was refused, where that is known.
    Refused {
        lost: Option<PacketVerdict>,
    },
    /// EHOSTUNREACH.
    HostUnreachable,
    /// Reset in mid-stream, or closed before the answer: its process is gone.
    Reset,
    /// No answer in time; `lost` is what became of its last packet, where that is known.
    TimedOut {
        lost: Option<PacketVerdict>,
    },
    /// The name came to no address.
    Unresolved,
    /// The Service has no way in from outside, or its load balancer has no address yet.
    NoAddress,
    /// Given up because the client or its Pod went away.
    Abandoned,
}

impl Outcome {
    /// Ended by a packet that was lost.
    pub fn is_loss(self) -> bool {
        matches!(
            self,
            Outcome::Refused { .. } | Outcome::HostUnreachable | Outcome::Reset | Outcome::TimedOut { .. }
        )
    }
}

/// A connection as it stands, or as it ended.
#[derive(Clone, Debug)]
pub struct ConnectionRecord {
    pub id: ConnectionId,
    pub client: ClientId,
    /// The client's name, kept for when the client is gone.
    pub client_name: Name,
    pub source: Place,
    /// What was asked for: `web:80`, `10.244.1.4:8080`.
    pub target: Str,
    /// The Service whose address was called.
    pub service: Option<(NsName, Uid)>,
    /// As the client sees it.
    pub tuple: Option<Tuple>,
    /// The Pod that took it.
    pub server: Option<(NsName, Uid)>,
    /// Who the server thinks is calling.
    pub server_saw: Option<(IpAddr, u16)>,
    pub started: Time,
    pub requests: u32,
    pub answered: u32,
    pub ended: Option<(Time, Outcome)>,
    /// How the request that ended it was lost; `None` when it was not, and as long as nothing is
    /// known of its last packet.
    pub lost: Option<Lost>,
    /// A node whose rules were out of date sent its first packet otherwise than it would have with
    /// up-to-date ones.
    pub stale_rule: Option<Uid>,
    /// Oldest first; only the last [`ConnectionRecord::PACKETS_KEPT`] of a long connection.
    pub packets: Vec<Arc<PacketTrace>>,
}

impl ConnectionRecord {
    pub const PACKETS_KEPT: usize = 48;

    /// What it takes in memory, about, with the traces of its packets.
    pub(crate) fn bytes(&self) -> u64 {
        const RECORD: u64 = 320;
        RECORD + self.packets.iter().map(|trace| trace.bytes()).sum::<u64>()
    }
}
