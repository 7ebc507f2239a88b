//! A packet's path: link by link, through each node's hooks, to its verdict.
//!
//! The network assumed: a bridge on each node, routes between nodes, no encapsulation.

use std::net::IpAddr;
use std::sync::Arc;

use super::{ConnectionId, PacketId};
use crate::api::{NsName, Uid};
use crate::sim::{Event, Purpose, Span, World};
use crate::trace::{
    Hop, HopKind, LossClass, Lost, PacketKind, PacketTrace, PacketVerdict, Place, Segment, dropped,
    is_established, rejected,
};
use netfilter::{
    Context, Family, Host, IcmpCode, IcmpError, IpvsDrop, Kind, Protocol, RejectWith, RuleHit, Skb, Stack,
    TcpFlags, Traversal, Tuple, Verdict,
};

/// net.ipv4.ip_default_ttl.
const INITIAL_TTL: usize = 64;

/// A packet on its way.
#[derive(Clone, Debug)]
pub struct Flight {
    pub trace: PacketTrace,
    pub tuple: Tuple,
    /// Whether the packet carries a FIN.
    closes: bool,
    /// The packet that an ICMP error quotes.
    pub inner: Option<Tuple>,
    pub to: Place,
    /// The memory of rule sets that it was the first packet to pass.
    rules_bytes: u64,
}

/// Where a node's routing table sends an address.
enum Route {
    /// To the node itself.
    Local,
    To(Place),
    /// On a connected network, but no machine or Pod has it.
    NoNeighbour,
}

/// The result of passing a node's hooks.
struct Passed {
    node: Uid,
    before: Tuple,
    traversal: Traversal,
    hits: Vec<RuleHit>,
    stale: bool,
}

/// A node of the World, and the connection that a packet on it belongs to.
struct Machine<'a> {
    world: &'a mut World,
    node: Uid,
    connection: ConnectionId,
}

impl Host for Machine<'_> {
    fn stack(&mut self) -> &mut Stack {
        let machine = self.world.machines.get_mut(&self.node);
        &mut machine.expect("a packet crosses nodes that are there").stack
    }

    fn route(&self, tuple: &Tuple) -> netfilter::Route {
        match self.world.route(self.node, self.connection, tuple.dst) {
            Route::Local => netfilter::Route::Local,
            route => {
                let family = Family::of(tuple.dst);
                netfilter::Route::Out(self.world.out_address(self.node, &route, family))
            }
        }
    }
}

impl World {
    /// A process or kernel at `from` sends a packet.
    pub(crate) fn send(&mut self, connection: ConnectionId, kind: PacketKind, from: Place, tuple: Tuple) {
        self.send_icmp(connection, kind, from, tuple, None);
    }

    fn send_icmp(
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
            hits: Vec::new(),
            rules: None,
            stale: false,
        };
        let (segments, hops) = (Vec::new(), vec![sent]);
        let trace = PacketTrace { id, connection, kind, segments, hops, ended: None, lost: None };
        let mut stays_open = false;
        if let Some(live) = self.traffic.connections.get_mut(&connection) {
            live.in_flight += 1;
            stays_open = live.keep_alive;
        }
        let closes = kind.closes() || (kind == PacketKind::Response && !stays_open);
        let mut flight = Flight { trace, tuple, closes, inner, to: from, rules_bytes: 0 };
        match from {
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

    /// From outside, the cloud's addresses and the nodes' are reachable; the cluster's own ranges are not. A
    /// Service's `externalIPs` are assumed to be routed to the nodes: each flow to one node with power, as by
    /// equal-cost multipath.
    pub(super) fn route_outside(&self, connection: ConnectionId, address: IpAddr) -> Place {
        if let Some(service) = self.balancer_at(address).and_then(|key| self.cloud.balancers.get(key)) {
            return Place::LoadBalancer(service.service);
        }
        if let Some(node) = self.machines.values().find(|m| m.addresses.contains(&address)) {
            return Place::Node(node.uid);
        }
        if !self.store.services.iter().any(|s| s.spec.external_ips.contains(&address)) {
            return Place::Internet;
        }
        let nodes: Vec<Uid> = self.machines.values().filter(|m| m.power).map(|m| m.uid).collect();
        self.node_for(connection, &nodes).map_or(Place::Internet, Place::Node)
    }

    /// One of the nodes, by the flow's hash.
    pub(super) fn node_for(&self, connection: ConnectionId, nodes: &[Uid]) -> Option<Uid> {
        let flow = self.traffic.connections.get(&connection).map_or(connection.0, |l| l.flow);
        let count = nodes.len() as u64;
        (count > 0).then(|| nodes[self.chance.below(Purpose::NodeChoice, flow, 0, count) as usize])
    }

    pub(super) fn transmit(&mut self, mut flight: Flight, from: Place, to: Place, takes: Span) {
        let end = self.clock.now() + takes;
        flight.trace.segments.push(Segment { from, to, start: self.clock.now(), end });
        flight.to = to;
        let packet = flight.trace.id;
        self.traffic.flights.insert(packet, flight);
        self.schedule(end, Event::Arrive { packet });
    }

    pub(crate) fn packet_arrives(&mut self, packet: PacketId) {
        let Some(flight) = self.traffic.flights.remove(&packet) else { return };
        self.changes.traffic = true;
        match flight.to {
            Place::Node(node) => self.receive_at_node(node, flight),
            Place::Pod(pod) => self.receive_at_pod(pod, flight),
            Place::LoadBalancer(service) => self.receive_at_balancer(service, flight),
            place @ Place::Outside(_) => {
                let (connection, kind) = (flight.trace.connection, flight.trace.kind);
                let verdict = self.client_receives_at(place, connection, kind, flight.tuple);
                self.deliver(flight, verdict);
            }
            Place::Internet => self.end_flight(flight, PacketVerdict::NoRoute),
        }
    }

    fn receive_at_pod(&mut self, pod: Uid, flight: Flight) {
        let has_address = self.pods.get(&pod).is_some_and(|r| r.has_address(flight.tuple.dst));
        if !has_address {
            self.end_flight(flight, PacketVerdict::NoNeighbor);
            return;
        }
        let (connection, kind, tuple) = (flight.trace.connection, flight.trace.kind, flight.tuple);
        // If a Pod calls itself through a Service, it is both ends: the packet's direction decides which.
        let verdict = match kind.is_reply() {
            true => self.client_receives_at(Place::Pod(pod), connection, kind, tuple),
            false => self.server_receives(connection, kind, pod, tuple),
        };
        self.deliver(flight, verdict);
    }

    /// A reply is accepted only by the socket whose tuple it matches: a reply for which NAT was not reversed
    /// matches none.
    fn client_receives_at(
        &mut self,
        place: Place,
        connection: ConnectionId,
        kind: PacketKind,
        tuple: Tuple,
    ) -> PacketVerdict {
        let Some(live) = self.traffic.connections.get(&connection) else {
            return PacketVerdict::NotExpected;
        };
        let own = live.record.tuple.map(Tuple::reversed) == Some(tuple);
        let waits = live.record.ended.is_none();
        match live.record.source == place && (kind.is_error() || own) {
            true => self.client_receives(connection, kind),
            false if waits && !kind.is_error() => PacketVerdict::NotRewritten,
            false => PacketVerdict::NotExpected,
        }
    }

    fn deliver(&mut self, mut flight: Flight, verdict: PacketVerdict) {
        let kind = match verdict {
            PacketVerdict::Delivered | PacketVerdict::NotExpected | PacketVerdict::NotRewritten => {
                HopKind::Delivered
            }
            _ => HopKind::Refused,
        };
        self.hop(&mut flight, kind, Vec::new(), None, None);
        self.end_flight_here(flight, verdict);
    }

    /// A packet arrives on one of the node's links.
    fn receive_at_node(&mut self, node: Uid, mut flight: Flight) {
        if self.machines.get(&node).is_none_or(|m| !m.power) {
            self.hop(&mut flight, HopKind::Dropped, Vec::new(), None, None);
            self.end_flight_here(flight, PacketVerdict::NodeIsOff);
            return;
        }
        self.traverse_node(node, flight, false);
    }

    /// A packet from a link or from a local process passes the node's hooks and is sent on.
    fn traverse_node(&mut self, node: Uid, mut flight: Flight, sent_here: bool) {
        // ip_forward: each node decrements the TTL. The ICMP "time exceeded" to the sender is not simulated.
        if flight.trace.hops.iter().filter(|hop| matches!(hop.place, Place::Node(_))).count() >= INITIAL_TTL {
            self.end_flight(flight, PacketVerdict::TtlExceeded);
            return;
        }
        let mut hits = Vec::new();
        let before = flight.tuple;
        let undecided = self.is_undecided(node, &flight);
        let mut skb = skb_of(&flight);
        let connection = flight.trace.connection;
        let mut cx = Context {
            now: self.clock.now(),
            chance: self.chance,
            flow: self.traffic.connections.get(&connection).map_or(connection.0, |l| l.flow),
            node: self.machines.get(&node).map_or(0, |m| m.subject),
            trace: Some(&mut hits),
        };
        let machine = &mut Machine { world: self, node, connection };
        let traversal = match sent_here {
            true => netfilter::send(machine, &mut skb, &mut cx),
            false => netfilter::receive(machine, &mut skb, &mut cx),
        };
        flight.tuple = skb.tuple;
        flight.inner = quoted(&skb);
        let stale = undecided && self.is_stale_decision(node, &before, &flight.tuple);
        self.after_hooks(Passed { node, before, traversal, hits, stale }, flight);
    }

    /// The address of the interface that a packet leaves by: the bridge's towards a Pod.
    fn out_address(&self, node: Uid, route: &Route, family: Family) -> IpAddr {
        let machine = &self.machines[&node];
        match route {
            Route::To(Place::Pod(_)) => *machine.cni.gateways().get_or_primary(family),
            _ => *machine.addresses.get_or_primary(family),
        }
    }

    fn route(&self, node: Uid, connection: ConnectionId, address: IpAddr) -> Route {
        let machine = &self.machines[&node];
        if machine.stack.has_address(address) {
            return Route::Local;
        }
        if machine.cni.contains(address) {
            let pod = machine.cni.owner(address);
            return pod.map_or(Route::NoNeighbour, |pod| Route::To(Place::Pod(pod)));
        }
        let holds = |m: &&crate::node::Machine| m.addresses.contains(&address) || m.cni.contains(address);
        if let Some(other) = self.machines.values().find(holds) {
            return if other.power { Route::To(Place::Node(other.uid)) } else { Route::NoNeighbour };
        }
        let outside = self.client_outside(connection, address);
        match (outside, self.balancer_at(address).and_then(|key| self.cloud.balancers.get(key))) {
            (Some(client), _) => Route::To(Place::Outside(client.id)),
            (None, Some(balancer)) => Route::To(Place::LoadBalancer(balancer.service)),
            // Addresses of deleted clients outside, and all others that are not part of the cluster.
            (None, None) => Route::To(self.route_outside(connection, address)),
        }
    }

    /// The client outside with an address. If several share it, the connection's own client comes first.
    pub(super) fn client_outside(&self, connection: ConnectionId, address: IpAddr) -> Option<&super::Client> {
        let clients = &self.traffic.clients;
        let own = self.traffic.connections.get(&connection).and_then(|l| clients.get(&l.record.client));
        own.into_iter().chain(clients.values()).find(|c| c.has_address(address))
    }

    fn after_hooks(&mut self, passed: Passed, mut flight: Flight) {
        let Passed { node, before, traversal, hits, stale } = passed;
        let route = match traversal {
            Traversal::Out => self.route(node, flight.trace.connection, flight.tuple.dst),
            Traversal::Local | Traversal::NoRoute | Traversal::Stopped(..) => Route::Local,
        };
        let kind = match (traversal, &route) {
            (Traversal::Out, Route::To(_)) => HopKind::Forwarded,
            (Traversal::Stopped(_, Verdict::Reject(..) | Verdict::Ipvs(_, IpvsDrop::NoDestination)), _) => {
                HopKind::Refused
            }
            (Traversal::Out, Route::NoNeighbour) | (Traversal::Stopped(..) | Traversal::NoRoute, _) => {
                HopKind::Dropped
            }
            (Traversal::Local | Traversal::Out, _) => HopKind::Delivered,
        };
        self.hop(&mut flight, kind, hits, Some(before), Some(node));
        if stale {
            self.note_stale_decision(node, &mut flight);
        }
        match (traversal, route) {
            (Traversal::Stopped(_, verdict), _) => self.stopped(node, flight, verdict),
            (Traversal::Out, Route::To(to)) => {
                let takes = match to {
                    Place::Pod(_) => self.timing.pod_link,
                    _ => self.timing.link,
                };
                self.travel_after(flight, Place::Node(node), to, takes);
            }
            (Traversal::Out, Route::NoNeighbour) => self.resolve_neighbor(flight),
            (Traversal::NoRoute, _) => self.end_flight_here(flight, PacketVerdict::NoRoute),
            (Traversal::Local | Traversal::Out, _) => self.reaches_node_itself(node, flight),
        }
    }

    /// A node's rules or kernel dropped or rejected the packet.
    fn stopped(&mut self, node: Uid, flight: Flight, verdict: Verdict) {
        match verdict {
            Verdict::Accept | Verdict::Lost(_) => self.end_flight_here(flight, PacketVerdict::ConntrackLost),
            Verdict::Drop(_) => {
                let verdict = dropped(&flight.trace);
                self.end_flight_here(flight, verdict);
            }
            Verdict::Reject(_, with) => self.reject(node, flight, with),
            Verdict::Ipvs(_, IpvsDrop::ServerGone) => self.end_flight_here(flight, PacketVerdict::ServerGone),
            Verdict::Ipvs(_, IpvsDrop::NoDestination) => {
                self.reject(node, flight, RejectWith::PortUnreachable)
            }
        }
    }

    /// Sends the packet on after the time that the hooks take.
    fn travel_after(&mut self, mut flight: Flight, from: Place, to: Place, takes: Span) {
        let start = self.clock.now() + self.timing.forwarding;
        let end = start + takes;
        flight.trace.segments.push(Segment { from, to, start, end });
        flight.to = to;
        let packet = flight.trace.id;
        self.traffic.flights.insert(packet, flight);
        self.schedule(end, Event::Arrive { packet });
    }

    /// A packet for the node itself. The only processes there are clients; none accepts connections.
    fn reaches_node_itself(&mut self, node: Uid, flight: Flight) {
        let (connection, kind, tuple) = (flight.trace.connection, flight.trace.kind, flight.tuple);
        if kind.is_reply() {
            let verdict = self.client_receives_at(Place::Node(node), connection, kind, tuple);
            self.end_flight_here(flight, verdict);
            return;
        }
        let tcp = tuple.protocol == Protocol::Tcp;
        self.end_flight_here(flight, PacketVerdict::NothingListens);
        let answer = if tcp { PacketKind::Reset } else { PacketKind::PortUnreachable };
        self.send(connection, answer, Place::Node(node), tuple.reversed());
    }

    /// REJECT: the node sends an ICMP error (icmp-port-unreachable, kube-proxy's default).
    fn reject(&mut self, node: Uid, flight: Flight, with: RejectWith) {
        let (connection, tuple) = (flight.trace.connection, flight.tuple);
        let verdict = rejected(&flight.trace);
        self.end_flight_here(flight, verdict);
        match with {
            RejectWith::TcpReset => {
                self.send(connection, PacketKind::Reset, Place::Node(node), tuple.reversed());
            }
            RejectWith::PortUnreachable => {
                self.send_error(connection, PacketKind::PortUnreachable, node, tuple);
            }
        }
    }

    fn send_error(&mut self, connection: ConnectionId, kind: PacketKind, node: Uid, failed: Tuple) {
        let Some(machine) = self.machines.get(&node) else { return };
        let tuple = Tuple {
            src: *machine.addresses.get_or_primary(Family::of(failed.src)),
            src_port: 0,
            dst: failed.src,
            dst_port: 0,
            protocol: failed.protocol,
        };
        self.send_icmp(connection, kind, Place::Node(node), tuple, Some(failed));
    }

    /// The packet waits in the node during ARP or neighbour discovery.
    fn resolve_neighbor(&mut self, flight: Flight) {
        let packet = flight.trace.id;
        let at = self.clock.now() + self.timing.neighbour_timeout;
        self.traffic.flights.insert(packet, flight);
        self.schedule(at, Event::NeighborTimeout { packet });
    }

    /// Packets that wait in a node are lost when it loses power.
    pub(super) fn drop_waiting_packets(&mut self, node: Uid) {
        let waits = |flight: &Flight| {
            flight
                .trace
                .hops
                .last()
                .is_some_and(|h| h.place == Place::Node(node) && h.kind == HopKind::Dropped)
        };
        let flights = &self.traffic.flights;
        let waiting: Vec<PacketId> = flights.iter().filter(|(_, f)| waits(f)).map(|(id, _)| *id).collect();
        for packet in waiting {
            if let Some(flight) = self.traffic.flights.remove(&packet) {
                self.end_flight_here(flight, PacketVerdict::NodeIsOff);
            }
        }
    }

    pub(crate) fn neighbor_timed_out(&mut self, packet: PacketId) {
        let Some(flight) = self.traffic.flights.remove(&packet) else { return };
        let place = flight.trace.hops.last().map(|h| h.place);
        let (connection, tuple, kind) = (flight.trace.connection, flight.tuple, flight.trace.kind);
        self.end_flight_here(flight, PacketVerdict::NoNeighbor);
        // RFC 1122: never an error about an error.
        if let (Some(Place::Node(node)), false) = (place, kind.is_error()) {
            self.send_error(connection, PacketKind::HostUnreachable, node, tuple);
        }
    }

    /// The packet ends at the end of its link, without a hop there.
    fn end_flight(&mut self, mut flight: Flight, verdict: PacketVerdict) {
        self.hop(&mut flight, HopKind::Dropped, Vec::new(), None, None);
        self.end_flight_here(flight, verdict);
    }

    pub(super) fn end_flight_here(&mut self, flight: Flight, verdict: PacketVerdict) {
        let connection = flight.trace.connection;
        let mut trace = flight.trace;
        trace.ended = Some((self.clock.now(), verdict));
        trace.lost = self.loss_of(&trace);
        let trace = Arc::new(trace);
        self.changes.traffic = true;
        self.digest(&[trace.id.0, verdict as u64]);
        // Losing the last packet of a finished connection is not a failure.
        let is_over = self.traffic.connections.get(&connection).is_none_or(|l| l.record.ended.is_some());
        if verdict.is_failure() && !(trace.kind.closes() && is_over) {
            self.traffic.keep_failure(trace.clone(), flight.rules_bytes);
        }
        if let Some(live) = self.traffic.connections.get_mut(&connection) {
            let packets = &mut live.record.packets;
            if packets.len() >= crate::trace::ConnectionRecord::PACKETS_KEPT {
                packets.remove(0);
            }
            packets.push(trace.clone());
            live.rules_bytes += flight.rules_bytes;
        }
        self.packet_ended(connection, &trace);
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
        hits: Vec<RuleHit>,
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

    /// The Service's endpoints as the control plane sees them now.
    pub fn service_endpoints(&self, service: &NsName) -> impl Iterator<Item = &crate::api::Endpoint> {
        let (namespace, name) = (service.namespace.clone(), service.name.clone());
        self.store
            .slices
            .iter()
            .filter(move |s| s.meta.namespace == namespace && s.service == name)
            .flat_map(|s| &s.endpoints)
    }
}

fn skb_of(flight: &Flight) -> Skb {
    let error = |code| match flight.inner {
        Some(inner) => Kind::IcmpError(IcmpError { inner, code }),
        // An ICMP error from the destination itself quotes the packet as it arrived there.
        None => Kind::IcmpError(IcmpError { inner: flight.tuple.reversed(), code }),
    };
    let tcp = flight.tuple.protocol == Protocol::Tcp;
    let kind = match flight.trace.kind {
        PacketKind::PortUnreachable => error(IcmpCode::PortUnreachable),
        PacketKind::HostUnreachable => error(IcmpCode::HostUnreachable),
        _ if !tcp => Kind::Datagram,
        PacketKind::Syn => Kind::Tcp(TcpFlags::SYN),
        PacketKind::SynAck => Kind::Tcp(TcpFlags::SYN_ACK),
        PacketKind::Request | PacketKind::Response | PacketKind::Fin | PacketKind::ServerFin => {
            let data = !flight.trace.kind.closes();
            let flags = if data { TcpFlags::PSH_ACK } else { TcpFlags::ACK };
            Kind::Tcp(if flight.closes { flags.with(TcpFlags::FIN) } else { flags })
        }
        PacketKind::Reset => Kind::Tcp(TcpFlags::RST_ACK),
    };
    Skb::new(flight.tuple, kind)
}

fn quoted(skb: &Skb) -> Option<Tuple> {
    match skb.kind {
        Kind::IcmpError(error) => Some(error.inner),
        _ => None,
    }
}
