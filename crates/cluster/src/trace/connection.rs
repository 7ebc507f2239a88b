//! A connection's record: client, target, the packets' path, and how it ended.

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
    /// ECONNREFUSED. `lost`: why the packet was refused, if that is known.
    Refused {
        lost: Option<PacketVerdict>,
    },
    /// EHOSTUNREACH.
    HostUnreachable,
    /// Reset, or closed by the server, before the response: the process has ended.
    Reset,
    /// No response in time. `lost`: what happened to the last packet, if that is known.
    TimedOut {
        lost: Option<PacketVerdict>,
    },
    /// A datagram of a one-way sender reached no process. The sender does not learn of it.
    NotReceived {
        lost: PacketVerdict,
    },
    /// ENETUNREACH: the client has no address of that family.
    NetworkUnreachable,
    /// The name did not resolve.
    Unresolved,
    /// EAI_AGAIN: the cluster's DNS did not answer. `lost`: what became of the last question, if that is known.
    NoDns {
        lost: Option<PacketVerdict>,
    },
    /// The Service cannot be reached from outside, or its load balancer has no address yet.
    NoAddress,
    /// Given up because the client or its Pod went away.
    Abandoned,
}

impl Outcome {
    /// Whether a lost packet caused this outcome.
    pub fn is_loss(self) -> bool {
        matches!(
            self,
            Outcome::Refused { .. }
                | Outcome::HostUnreachable
                | Outcome::Reset
                | Outcome::TimedOut { .. }
                | Outcome::NotReceived { .. }
                | Outcome::NoDns { .. }
        )
    }
}

/// A connection as it stands, or as it ended.
#[derive(Clone, Debug)]
pub struct ConnectionRecord {
    pub id: ConnectionId,
    pub client: ClientId,
    /// The client's name, kept in case the client is deleted.
    pub client_name: Name,
    pub source: Place,
    /// What was asked for: `web:80`, `10.244.1.4:8080`.
    pub target: Str,
    /// The Service whose address was called.
    pub service: Option<(NsName, Uid)>,
    /// When the client asked DNS for the address, if that was for an earlier connection.
    pub resolved: Option<Time>,
    /// As the client sees it.
    pub tuple: Option<Tuple>,
    /// The Pod that accepted it.
    pub server: Option<(NsName, Uid)>,
    /// The client's address and port as the server sees them.
    pub server_saw: Option<(IpAddr, u16)>,
    pub started: Time,
    pub requests: u32,
    /// Of a one-way sender: those that a process received.
    pub answered: u32,
    pub ended: Option<(Time, Outcome)>,
    /// How its last request was lost; `None` if it was not lost, or as long as that is not known.
    pub lost: Option<Lost>,
    /// The node whose outdated rules sent its first packet elsewhere than up-to-date rules would have.
    pub stale_rule: Option<Uid>,
    /// Those by which its name was looked up, oldest first; none if that took none.
    pub lookup: Vec<Arc<PacketTrace>>,
    /// Oldest first; only the last [`ConnectionRecord::MAX_PACKETS`] of a long connection.
    pub packets: Vec<Arc<PacketTrace>>,
}

impl ConnectionRecord {
    /// Those that have ended: of the lookup of its name, and then its own.
    pub fn all_packets(&self) -> impl Iterator<Item = &Arc<PacketTrace>> {
        self.lookup.iter().chain(&self.packets)
    }

    pub const MAX_PACKETS: usize = 48;

    /// Its estimated memory, including the traces of its packets.
    pub(crate) fn bytes(&self) -> u64 {
        const RECORD: u64 = 320;
        RECORD + self.all_packets().map(|trace| trace.bytes()).sum::<u64>()
    }
}
