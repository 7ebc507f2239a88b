//! A packet's trace: where it was at which time, and what each place did with it.

use std::fmt;

use serde::Serialize;

use super::Lost;
use crate::api::{Name, Uid};
use crate::sim::Time;
use crate::traffic::{ClientId, ConnectionId, PacketId};
use netfilter::{Family, RuleHit, Rules, Tuple};

/// Where a packet can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Place {
    /// A client's machine, outside the cluster.
    Outside(ClientId),
    /// The cloud's load balancer for this Service.
    LoadBalancer(Uid),
    Node(Uid),
    Pod(Uid),
    /// The network outside, with no simulated machine.
    Internet,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum PacketKind {
    Syn,
    SynAck,
    Request,
    Response,
    /// The client's FIN: it has the response and closes.
    Fin,
    /// The server's FIN: its process has ended, or the client has closed a kept-alive connection.
    ServerFin,
    /// RST: no process listens there.
    Reset,
    /// ICMP port unreachable: a REJECT rule's answer.
    PortUnreachable,
    /// ICMP host unreachable: no machine or Pod has the address.
    HostUnreachable,
    /// ICMP echo, as `ping` sends it.
    EchoRequest,
    EchoReply,
    /// A question to the cluster's DNS for a name's addresses of one family: A, or AAAA.
    DnsQuery(Family),
    DnsAnswer(Family),
}

impl PacketKind {
    /// Whether it travels towards the client.
    pub fn is_reply(self) -> bool {
        !matches!(
            self,
            PacketKind::Syn
                | PacketKind::Request
                | PacketKind::Fin
                | PacketKind::EchoRequest
                | PacketKind::DnsQuery(_)
        )
    }

    /// Whether it is an ICMP error, from a node on the packet's path.
    pub fn is_error(self) -> bool {
        matches!(self, PacketKind::PortUnreachable | PacketKind::HostUnreachable)
    }

    /// Whether it is of a lookup, and not of the request that waits for it.
    pub fn is_lookup(self) -> bool {
        matches!(self, PacketKind::DnsQuery(_) | PacketKind::DnsAnswer(_))
    }

    /// Whether it carries a FIN.
    pub fn closes(self) -> bool {
        matches!(self, PacketKind::Fin | PacketKind::ServerFin)
    }

    /// Whether the server itself sent it in reply.
    pub fn is_answer(self) -> bool {
        self.is_reply() && !self.is_error()
    }
}

/// One link. The packet moves from `from` to `to` at constant speed.
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
    pub hits: Box<[RuleHit]>,
    /// The rules as they were then.
    pub rules: Option<Rules>,
    /// The rules were older than the API server's state, and up-to-date ones would have decided otherwise.
    pub stale: bool,
}

/// Without the rules: a rule set has thousands of lines, and every hop through a node has one.
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
    /// A node forwarded it.
    Forwarded,
    Delivered,
    /// Rejected by a rule, or no process on the port: the sender gets an error.
    Refused,
    Dropped,
}

/// How a packet ended. Every packet has exactly one verdict, or is in flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum PacketVerdict {
    Delivered,
    /// A REJECT rule, or IPVS without a real server: no endpoints.
    RejectedByRule,
    /// A DROP rule.
    DroppedByRule,
    /// Nothing listens on the port: a reset goes back.
    NothingListens,
    /// No machine or Pod has the address any more; the node reports it after its neighbour time-out.
    NoNeighbor,
    /// The network outside does not route the cluster's own addresses.
    NoRoute,
    /// The machine it reached has no power.
    NodeIsOff,
    /// The load balancer has no healthy node.
    NoHealthyNode,
    /// The node's conntrack table is full, or has no free port left.
    ConntrackLost,
    /// It reached a Pod or a client that no longer knows the connection.
    NotExpected,
    /// A reply that came back by another path than the request, so NAT was not reversed and no socket matches
    /// it.
    NotRewritten,
    /// IPVS dropped it: its connection's real server was deleted.
    ServerGone,
    /// A REJECT rule for ports of a ClusterIP that its Service does not have, as nftables and IPVS mode write.
    NoSuchPort,
    /// It looped between nodes until its TTL expired.
    TtlExceeded,
    /// A DROP rule for ClusterIPs that no Service has, as nftables mode writes.
    NoSuchService,
    /// The cloud's load balancer forwards the ports of its Service, and no ICMP.
    NotBalanced,
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
    /// The most links that a packet usually crosses: to a load balancer, a node, the Pod's node, and the Pod. Traces
    /// get room for them at once, so that most are of one size: thousands are made and dropped each second, and in
    /// gaps of many sizes memory would be lost.
    pub(crate) const USUAL_SEGMENTS: usize = 4;

    /// Its estimated memory without the rules in its hops, which are shared.
    pub(crate) fn bytes(&self) -> u64 {
        const TRACE: usize = 128;
        const SEGMENT: usize = 32;
        const HOP: usize = 192;
        const HIT: usize = 64;
        let hits: usize = self.hops.iter().map(|hop| hop.hits.len()).sum();
        (TRACE + self.segments.len() * SEGMENT + self.hops.len() * HOP + hits * HIT) as u64
    }

    /// The place where it ended, where it is, or which it left last.
    pub fn last_place(&self) -> Option<Place> {
        self.hops.last().map(|h| h.place)
    }

    /// The link that it is on at `t`, and its progress: (from, to, elapsed, total), in nanoseconds. Between two
    /// links it is at the end of the first.
    pub fn position(&self, t: Time) -> Option<(Place, Place, u64, u64)> {
        let segment = self.segments.iter().rev().find(|s| s.start <= t).or(self.segments.first())?;
        let whole = segment.end.since(segment.start).0.max(1);
        Some((segment.from, segment.to, t.since(segment.start).0.min(whole), whole))
    }
}
