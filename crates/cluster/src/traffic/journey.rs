//! A packet's path from link to link, to its verdict.
//!
//! The network assumed: a bridge on each node, routes between nodes, no encapsulation.

use std::sync::Arc;

use super::{ConnectionId, PacketId};
use crate::api::Uid;
use crate::sim::{Event, Span, Time, World};
use crate::trace::{
    Hop, HopKind, LossClass, Lost, PacketKind, PacketTrace, PacketVerdict, Place, Segment, is_established,
};
use netfilter::{Family, RuleHit, Tuple};

/// A packet on its way.
#[derive(Clone, Debug)]
pub struct Flight {
    pub trace: PacketTrace,
    pub tuple: Tuple,
    /// Whether the packet carries a FIN.
    pub(super) closes: bool,
    /// Whether it is of its connection's first request: of SCTP the cookie goes with it.
    pub(super) opens: bool,
    /// The packet that an ICMP error quotes.
    pub inner: Option<Tuple>,
    pub to: Place,
    /// The memory of rule sets that it was the first packet to pass.
    rules_bytes: u64,
}

impl World {
    /// A process or kernel at `from` sends a packet.
    pub(crate) fn send(&mut self, connection: ConnectionId, kind: PacketKind, from: Place, tuple: Tuple) {
        self.send_icmp(connection, kind, from, tuple, None);
    }

    pub(super) fn send_icmp(
        &mut self,
        connection: ConnectionId,
        kind: PacketKind,
        from: Place,
        tuple: Tuple,
        inner: Option<Tuple>,
    ) {
        self.traffic.next_packet += 1;
        let id = PacketId(self.traffic.next_packet);
        let sent = Hop {
            at: self.clock.now(),
            place: from,
            kind: HopKind::Sent,
            before: tuple,
            after: tuple,
            hits: Box::default(),
            rules: None,
            stale: false,
        };
        let segments = Vec::with_capacity(PacketTrace::USUAL_SEGMENTS);
        let mut hops = Vec::with_capacity(PacketTrace::USUAL_SEGMENTS + 1);
        hops.push(sent);
        let trace = PacketTrace { id, connection, kind, segments, hops, ended: None, lost: None };
        let (mut stays_open, mut opens) = (false, false);
        if let Some(live) = self.traffic.connections.get_mut(&connection) {
            live.in_flight += 1;
            stays_open = live.keep_alive;
            opens = live.record.requests == 1;
        }
        let closes = kind.closes() || (kind == PacketKind::Response && !stays_open);
        let mut flight = Box::new(Flight { trace, tuple, closes, opens, inner, to: from, rules_bytes: 0 });
        // A Pod in the node's network namespace sends as the node does.
        let host = match from {
            Place::Pod(pod) => self.pods.get(&pod).filter(|runtime| runtime.host_network).map(|r| r.node),
            Place::Node(_) | Place::Outside(_) | Place::LoadBalancer(_) | Place::Internet => None,
        };
        match host.map_or(from, Place::Node) {
            Place::Node(node) if self.machines.get(&node).is_some_and(|m| m.power) => {
                self.traverse_node(node, flight, true);
            }
            Place::Node(_) => self.end_flight(flight, PacketVerdict::NodeIsOff),
            Place::Pod(pod) => match self.pods.get(&pod).map(|r| (r.node, r.has_address(tuple.dst))) {
                // Over the loopback interface of a Pod's network namespace, which has no rules.
                Some((_, true)) => self.transmit(flight, from, from, self.timing.forwarding),
                Some((node, false)) => self.transmit(flight, from, Place::Node(node), self.timing.pod_link),
                None => self.end_flight(flight, PacketVerdict::NoNeighbor),
            },
            Place::Outside(_) | Place::LoadBalancer(_) | Place::Internet => {
                let to = self.route_outside(connection, tuple.dst);
                flight.to = to;
                self.transmit(flight, from, to, self.timing.link);
            }
        }
    }

    pub(super) fn transmit(&mut self, flight: Box<Flight>, from: Place, to: Place, takes: Span) {
        self.transmit_at(self.clock.now(), flight, from, to, takes);
    }

    /// Plans the packet's arrival at the other end of a link that it enters at `start`.
    pub(super) fn transmit_at(
        &mut self,
        start: Time,
        mut flight: Box<Flight>,
        from: Place,
        to: Place,
        takes: Span,
    ) {
        let end = start + takes;
        flight.trace.segments.push(Segment { from, to, start, end });
        flight.to = to;
        let packet = flight.trace.id;
        self.traffic.flights.insert(packet, flight);
        self.schedule(end, Event::Arrive { packet });
    }

    pub(crate) fn packet_arrives(&mut self, packet: PacketId) {
        let Some(flight) = self.traffic.flights.remove(&packet) else { return };
        self.note_packet(&flight.trace);
        match flight.to {
            Place::Node(node) => self.receive_at_node(node, flight),
            Place::Pod(pod) => self.receive_at_pod(pod, flight),
            Place::LoadBalancer(service) => self.receive_at_balancer(service, flight),
            place @ Place::Outside(_) => {
                let (connection, kind) = (flight.trace.connection, flight.trace.kind);
                let verdict = match kind == PacketKind::EchoRequest {
                    true => self.echo(connection, place, flight.tuple),
                    false => self.client_receives_at(place, connection, kind, (flight.tuple, flight.inner)),
                };
                self.deliver(flight, verdict);
            }
            Place::Internet => self.end_flight(flight, PacketVerdict::NoRoute),
        }
    }

    fn receive_at_pod(&mut self, pod: Uid, flight: Box<Flight>) {
        let has_address = self.pods.get(&pod).is_some_and(|r| r.has_address(flight.tuple.dst));
        if !has_address {
            self.end_flight(flight, PacketVerdict::NoNeighbor);
            return;
        }
        let (connection, kind, tuple) = (flight.trace.connection, flight.trace.kind, flight.tuple);
        // If a Pod calls itself through a Service, it is both ends: the packet's direction decides which.
        let verdict = match kind.is_reply() {
            true => self.client_receives_at(Place::Pod(pod), connection, kind, (tuple, flight.inner)),
            false => self.server_receives(connection, kind, pod, tuple),
        };
        self.deliver(flight, verdict);
    }

    /// A reply is accepted only by the socket whose tuple it matches: a reply for which NAT was not reversed
    /// matches none.
    pub(super) fn client_receives_at(
        &mut self,
        place: Place,
        connection: ConnectionId,
        kind: PacketKind,
        (tuple, quoted): (Tuple, Option<Tuple>),
    ) -> PacketVerdict {
        let Some(live) = self.traffic.connections.get(&connection) else {
            return PacketVerdict::NotExpected;
        };
        // A socket is found by the packet that an error quotes (__udp4_lib_err, tcp_v4_err).
        if kind.is_error() {
            let socket = live.lookup.as_ref().map(|lookup| lookup.tuple()).or(live.record.tuple);
            return match live.record.source == place && (quoted.is_none() || quoted == socket) {
                true => self.client_receives(connection, kind),
                false => PacketVerdict::NotExpected,
            };
        }
        if let PacketKind::DnsAnswer(family) = kind {
            return match live.record.source == place {
                true => self.resolver_receives(connection, family, tuple),
                false => PacketVerdict::NotExpected,
            };
        }
        let own = live.record.tuple.map(Tuple::reversed) == Some(tuple);
        let waits = live.record.ended.is_none();
        match live.record.source == place && own {
            true => self.client_receives(connection, kind),
            false if waits => PacketVerdict::NotRewritten,
            false => PacketVerdict::NotExpected,
        }
    }

    /// A kernel answers a ping (net/ipv4/icmp.c, icmp_echo), whatever processes it has.
    pub(super) fn echo(&mut self, connection: ConnectionId, at: Place, tuple: Tuple) -> PacketVerdict {
        self.send(connection, PacketKind::EchoReply, at, tuple.reversed());
        PacketVerdict::Delivered
    }

    fn deliver(&mut self, mut flight: Box<Flight>, verdict: PacketVerdict) {
        let kind = match verdict {
            PacketVerdict::Delivered | PacketVerdict::NotExpected | PacketVerdict::NotRewritten => {
                HopKind::Delivered
            }
            PacketVerdict::RejectedByRule
            | PacketVerdict::DroppedByRule
            | PacketVerdict::NothingListens
            | PacketVerdict::NoNeighbor
            | PacketVerdict::NoRoute
            | PacketVerdict::NodeIsOff
            | PacketVerdict::NoHealthyNode
            | PacketVerdict::ConntrackLost
            | PacketVerdict::ServerGone
            | PacketVerdict::NoSuchPort
            | PacketVerdict::TtlExceeded
            | PacketVerdict::NoSuchService
            | PacketVerdict::NotBalanced => HopKind::Refused,
        };
        self.hop(&mut flight, kind, Box::default(), None, None);
        self.end_flight_here(*flight, verdict);
    }

    /// The packet ends at the end of its link, without a hop there.
    pub(super) fn end_flight(&mut self, mut flight: Box<Flight>, verdict: PacketVerdict) {
        self.hop(&mut flight, HopKind::Dropped, Box::default(), None, None);
        self.end_flight_here(*flight, verdict);
    }

    pub(super) fn end_flight_here(&mut self, flight: Flight, verdict: PacketVerdict) {
        let connection = flight.trace.connection;
        let mut trace = flight.trace;
        trace.ended = Some((self.clock.now(), verdict));
        trace.lost = self.loss_of(&trace);
        let trace = Arc::new(trace);
        self.note_packet(&trace);
        self.digest(&[trace.id.0, verdict as u64]);
        // Losing the last packet of a finished connection is not a failure.
        let is_over = self.traffic.connections.get(&connection).is_none_or(|l| l.record.ended.is_some());
        if verdict.is_failure() && !(trace.kind.closes() && is_over) {
            self.traffic.keep_failure(trace.clone(), flight.rules_bytes);
        }
        if let Some(live) = self.traffic.connections.get_mut(&connection) {
            let of_lookup = trace.kind.is_lookup() || (trace.kind.is_error() && live.record.tuple.is_none());
            let packets = match of_lookup {
                true => &mut live.record.lookup,
                false => &mut live.record.packets,
            };
            if packets.len() >= crate::trace::ConnectionRecord::MAX_PACKETS {
                packets.remove(0);
            }
            packets.push(trace.clone());
            live.rules_bytes += flight.rules_bytes;
        }
        self.packet_ended(connection, &trace);
    }

    /// Who sees no lookups sees that one was lost.
    fn note_packet(&mut self, trace: &PacketTrace) {
        let resolves = || self.traffic.connections.get(&trace.connection).is_some_and(|l| l.is_resolving());
        let of_lookup = trace.kind.is_lookup() || (trace.kind.is_error() && resolves());
        match of_lookup && trace.lost.is_none() {
            true => self.changes.lookups = true,
            false => self.changes.traffic = true,
        }
    }

    fn loss_of(&self, trace: &PacketTrace) -> Option<Lost> {
        let class = LossClass::of(trace)?;
        // A retransmitted packet follows the conntrack entry of the first one.
        let began_so = || {
            let live = self.traffic.connections.get(&trace.connection);
            live.is_some_and(|l| l.record.stale_rule.is_some())
        };
        let stale_rule = !trace.kind.is_reply() && !is_established(trace) && began_so();
        Some(Lost { class, stale_rule })
    }

    pub(super) fn hop(
        &mut self,
        flight: &mut Flight,
        kind: HopKind,
        hits: Box<[RuleHit]>,
        before: Option<Tuple>,
        node: Option<Uid>,
    ) {
        let before = before.unwrap_or(flight.tuple);
        let machine = node.filter(|_| !hits.is_empty()).and_then(|n| self.machines.get_mut(&n));
        let rules = machine.and_then(|machine| {
            machine.count(before, &hits);
            let family = Family::of(before.dst);
            let proxier = machine.proxy.proxiers.get(family)?;
            if self.traffic.is_first_to_pass(machine.uid, family, proxier.synced_at) {
                flight.rules_bytes += proxier.rules_bytes();
            }
            machine.rules(family).cloned()
        });
        let place = match (node, flight.trace.segments.last()) {
            (Some(node), _) => Place::Node(node),
            (None, Some(segment)) => segment.to,
            (None, None) => flight.to,
        };
        flight.trace.hops.push(Hop {
            at: self.clock.now(),
            place,
            kind,
            before,
            after: flight.tuple,
            hits,
            rules,
            stale: false,
        });
    }
}
