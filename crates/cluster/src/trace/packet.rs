//! A packet's way: where it was when, and what each place did to it.

use std::fmt;

use serde::Serialize;

use super::Lost;
use crate::api::{Name, Uid};
use crate::sim::Time;
use crate::traffic::{ClientId, ConnectionId, PacketId};
use netfilter::{RuleHit, Rules, Tuple};

/// Where a packet can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Place {
    /// A client's machine, outside the cluster.
    Outside(ClientId),
    /// The cloud's load balancer for this Service.
    LoadBalancer(Uid),
    Node(Uid),
    Pod(Uid),
    /// Past the cluster's edge, where nobody of ours lives.
    Internet,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum PacketKind {
    Syn,
    SynAck,
    Request,
    Response,
    /// The client's last word: it has the answer and closes.
    Fin,
    /// The server's: its process has ended, or the client has closed a connection that was kept.
    ServerFin,
    /// Nobody listens there.
    Reset,
    /// ICMP port unreachable: a REJECT rule's answer.
    PortUnreachable,
    /// ICMP host unreachable: nobody has the address.
    HostUnreachable,
}

impl PacketKind {
    /// Travels towards the client.
    pub fn is_reply(self) -> bool {
        !matches!(self, PacketKind::Syn | PacketKind::Request | PacketKind::Fin)
    }

    /// An error about a packet, from a node on its way.
    pub fn is_error(self) -> bool {
        matches!(self, PacketKind::PortUnreachable | PacketKind::HostUnreachable)
    }

    /// Says that its sender has no more to say.
    pub fn closes(self) -> bool {
        matches!(self, PacketKind::Fin | PacketKind::ServerFin)
    }

    /// What the server itself sends back.
    pub fn is_answer(self) -> bool {
        self.is_reply() && !self.is_error()
    }
}

/// One link: a dot's place at any moment is between `from` and `to`, evenly in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Segment {
    pub from: Place,
    pub to: Place,
    pub start: Time,
    pub end: Time,
}

/// What a place did with the packet.
#[derive(Clone)]
pub struct Hop {
    pub at: Time,
    pub place: Place,
    pub kind: HopKind,
    pub before: Tuple,
    pub after: Tuple,
    /// The rules that matched, in order; empty where conntrack already knew the flow.
    pub hits: Vec<RuleHit>,
    /// The rules as they were then.
    pub rules: Option<Rules>,
    /// They were older than what the API server knew, and up-to-date ones would have decided
    /// otherwise.
    pub stale: bool,
}

/// Without the text of the rules: a set has thousands of lines, and every hop through a node has one.
impl fmt::Debug for Hop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Hop { at, place, kind, before, after, hits, rules, stale } = self;
        f.debug_struct("Hop")
            .field("at", at)
            .field("place", place)
            .field("kind", kind)
            .field("before", before)
            .field("after", after)
            .field("hits", hits)
            .field("has_rules", &rules.is_some())
            .field("stale", stale)
            .finish()
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum HopKind {
    Sent,
    /// The load balancer chose a node.
    Balanced {
        node: Name,
    },
    /// A node passed it on.
    Forwarded,
    Delivered,
    /// A rule's REJECT, or no process on the port: the sender is told.
    Refused,
    Dropped,
}

/// How a packet ended. Every packet ends in exactly one of these, or is in flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum PacketVerdict {
    Delivered,
    /// A REJECT rule, or IPVS without a real server: no endpoints.
    RejectedByRule,
    /// A DROP rule.
    DroppedByRule,
    /// Nothing listens on the port: a reset goes back.
    NothingListens,
    /// The address belongs to nobody any more; the node says so after its neighbour time-out.
    NoNeighbor,
    /// The network outside does not carry the cluster's own addresses.
    NoRoute,
    /// The machine it reached has no power.
    NodeIsOff,
    /// The load balancer has no node that answers its health check.
    NoHealthyNode,
    /// The node's conntrack table is full, or has no free port left.
    ConntrackLost,
    /// It reached a Pod or a client that no longer knows the connection.
    NotExpected,
    /// An answer that came back by another way than the request, so that nobody rewrote it back:
    /// no socket waits for it.
    NotRewritten,
    /// IPVS dropped it: the real server that its connection went to was taken out.
    ServerGone,
    /// A REJECT rule of a cluster IP, for a port that its Service does not have: nftables and IPVS mode
    /// write one.
    NoSuchPort,
    /// It went round and round until its TTL ran out.
    TtlExceeded,
    /// A DROP rule, for a cluster IP that no Service has: nftables mode writes one.
    NoSuchService,
}

impl PacketVerdict {
    pub fn is_failure(self) -> bool {
        !matches!(self, PacketVerdict::Delivered | PacketVerdict::NotExpected)
    }
}

#[derive(Clone, Debug)]
pub struct PacketTrace {
    pub id: PacketId,
    pub connection: ConnectionId,
    pub kind: PacketKind,
    pub segments: Vec<Segment>,
    pub hops: Vec<Hop>,
    pub ended: Option<(Time, PacketVerdict)>,
    /// Set with `ended`, for a packet that was lost.
    pub lost: Option<Lost>,
}

impl PacketTrace {
    /// What it takes in memory, about, but for rules: those that its hops name are shared with others.
    pub(crate) fn bytes(&self) -> u64 {
        const TRACE: usize = 128;
        const SEGMENT: usize = 32;
        const HOP: usize = 192;
        const HIT: usize = 64;
        let hits: usize = self.hops.iter().map(|hop| hop.hits.len()).sum();
        (TRACE + self.segments.len() * SEGMENT + self.hops.len() * HOP + hits * HIT) as u64
    }

    /// The place that ended it, or that it is at or on its way from.
    pub fn last_place(&self) -> Option<Place> {
        self.hops.last().map(|h| h.place)
    }

    /// The link it is on at `t`, and how far along: (from, to, done, whole) in nanoseconds.
    /// Between two links it waits at the end of the first.
    pub fn position(&self, t: Time) -> Option<(Place, Place, u64, u64)> {
        let segment = self.segments.iter().rev().find(|s| s.start <= t).or(self.segments.first())?;
        let whole = segment.end.since(segment.start).0.max(1);
        Some((segment.from, segment.to, t.since(segment.start).0.min(whole), whole))
    }
}
