//! What a node does with a packet: it passes the hooks of the node's kernel, and is sent on, stopped, or answered.

use super::ConnectionId;
use super::journey::Flight;
use super::routing::Route;
use crate::api::Uid;
use crate::sim::World;
use crate::trace::{HopKind, PacketKind, PacketVerdict, Place, dropped, rejected};
use netfilter::{
    Chunk, Context, Echo, Family, Host, IcmpCode, IcmpError, IpvsDrop, Kind, Protocol, RejectWith, RuleHit,
    Skb, Stack, TcpFlags, Traversal, Tuple, Verdict,
};

/// net.ipv4.ip_default_ttl.
const INITIAL_TTL: usize = 64;

/// A node's rules that a packet usually matches, at most.
const USUAL_HITS: usize = 16;

/// The result of passing a node's hooks.
struct Passed {
    node: Uid,
    before: Tuple,
    traversal: Traversal,
    /// The route that it was given last.
    route: Route,
    hits: Box<[RuleHit]>,
    stale: bool,
}

/// A node of the World, and the connection that a packet on it belongs to.
struct Machine<'a> {
    world: &'a mut World,
    node: Uid,
    connection: ConnectionId,
    /// The last one that was looked up.
    route: Route,
}

impl Host for Machine<'_> {
    fn stack(&mut self) -> &mut Stack {
        let machine = self.world.machines.get_mut(&self.node);
        &mut machine.expect("a packet crosses nodes that are there").stack
    }

    fn route(&mut self, tuple: &Tuple) -> netfilter::Route {
        self.route = self.world.route(self.node, self.connection, tuple.dst);
        match self.route {
            Route::Local => netfilter::Route::Local,
            Route::To(_) | Route::NoNeighbour => {
                let family = Family::of(tuple.dst);
                netfilter::Route::Out(self.world.out_address(self.node, &self.route, family))
            }
        }
    }
}

impl World {
    /// A packet arrives on one of the node's links.
    pub(super) fn receive_at_node(&mut self, node: Uid, mut flight: Box<Flight>) {
        if self.machines.get(&node).is_none_or(|m| !m.power) {
            self.hop(&mut flight, HopKind::Dropped, Box::default(), None, None);
            self.end_flight_here(*flight, PacketVerdict::NodeIsOff);
            return;
        }
        self.traverse_node(node, flight, false);
    }

    /// A packet from a link or from a local process passes the node's hooks and is sent on.
    pub(super) fn traverse_node(&mut self, node: Uid, mut flight: Box<Flight>, sent_here: bool) {
        // ip_forward: each node decrements the TTL. The ICMP "time exceeded" to the sender is not simulated.
        if flight.trace.hops.iter().filter(|hop| matches!(hop.place, Place::Node(_))).count() >= INITIAL_TTL {
            self.end_flight(flight, PacketVerdict::TtlExceeded);
            return;
        }
        let mut hits = Vec::with_capacity(USUAL_HITS);
        let before = flight.tuple;
        let undecided = self.is_undecided(node, &flight);
        let mut skb = skb_of(&flight);
        skb.in_interface = if sent_here { "" } else { in_interface(&flight) };
        let connection = flight.trace.connection;
        let mut cx = Context {
            now: self.clock.now(),
            chance: self.chance,
            flow: self.flow_of(connection, flight.trace.kind),
            node: self.machines.get(&node).map_or(0, |m| m.subject),
            trace: Some(&mut hits),
        };
        let machine = &mut Machine { world: self, node, connection, route: Route::Local };
        let traversal = match sent_here {
            true => netfilter::send(machine, &mut skb, &mut cx),
            false => netfilter::receive(machine, &mut skb, &mut cx),
        };
        let route = machine.route;
        // Copied, since the trace keeps them: in as much memory as they need.
        let hits = hits.as_slice().into();
        flight.tuple = skb.tuple;
        flight.inner = quoted(&skb);
        let stale = undecided && self.is_stale_decision(node, &before, &flight.tuple);
        self.after_hooks(Passed { node, before, traversal, route, hits, stale }, flight);
    }

    /// Keys the random draws of rules for a packet.
    fn flow_of(&self, connection: ConnectionId, kind: PacketKind) -> u64 {
        let Some(live) = self.traffic.connections.get(&connection) else { return connection.0 };
        let lookup = live.lookup.as_ref().filter(|_| kind.is_lookup());
        lookup.map_or(live.flow, |lookup| lookup.flow(live.flow))
    }

    fn after_hooks(&mut self, passed: Passed, mut flight: Box<Flight>) {
        let Passed { node, before, traversal, route, hits, stale } = passed;
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
            (Traversal::Stopped(_, verdict), _) => self.stopped(node, *flight, verdict),
            (Traversal::Out, Route::To(to)) => {
                let takes = match to {
                    Place::Pod(_) => self.timing.pod_link,
                    Place::Outside(_) | Place::LoadBalancer(_) | Place::Node(_) | Place::Internet => {
                        self.timing.link
                    }
                };
                let start = self.clock.now() + self.timing.forwarding;
                self.transmit_at(start, flight, Place::Node(node), to, takes);
            }
            (Traversal::Out, Route::NoNeighbour) => self.resolve_neighbour(flight),
            (Traversal::NoRoute, _) => self.end_flight_here(*flight, PacketVerdict::NoRoute),
            (Traversal::Local | Traversal::Out, _) => self.reaches_node_itself(node, *flight),
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

    /// A packet for the node itself: for a client there, or for a Pod in its network namespace.
    fn reaches_node_itself(&mut self, node: Uid, flight: Flight) {
        let (connection, kind, tuple) = (flight.trace.connection, flight.trace.kind, flight.tuple);
        if kind == PacketKind::EchoRequest {
            self.end_flight_here(flight, PacketVerdict::Delivered);
            self.echo(connection, Place::Node(node), tuple);
            return;
        }
        if kind.is_reply() {
            let verdict = self.client_receives_at(Place::Node(node), connection, kind, (tuple, flight.inner));
            self.end_flight_here(flight, verdict);
            return;
        }
        if let Some(pod) = self.host_network_server(node, connection, tuple.dst_port) {
            let verdict = self.server_receives(connection, kind, pod, tuple);
            self.end_flight_here(flight, verdict);
            return;
        }
        self.end_flight_here(flight, PacketVerdict::NothingListens);
        let answer = if tuple.protocol.connects() { PacketKind::Reset } else { PacketKind::PortUnreachable };
        self.send(connection, answer, Place::Node(node), tuple.reversed());
    }

    /// The Pod in the node's network namespace that has the connection, or else one that listens on the port.
    fn host_network_server(&self, node: Uid, connection: ConnectionId, port: u16) -> Option<Uid> {
        let pods = &self.machines.get(&node)?.host_network_pods;
        let live = self.traffic.connections.get(&connection);
        let server = live.and_then(|live| live.record.server.as_ref()).map(|(_, uid)| *uid);
        let has_it = |uid: &&Uid| Some(**uid) == server;
        let listens = |uid: &&Uid| self.listener(**uid, port).is_some();
        pods.iter().find(has_it).or_else(|| pods.iter().find(listens)).copied()
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

    pub(super) fn send_error(
        &mut self,
        connection: ConnectionId,
        kind: PacketKind,
        node: Uid,
        failed: Tuple,
    ) {
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
}

/// The interface of a node by which a packet comes: the bridge of its Pods, under the CNI plugin bridge's default name,
/// or the one towards other machines.
fn in_interface(flight: &Flight) -> &'static str {
    match flight.trace.segments.last().map(|link| link.from) {
        Some(Place::Pod(_)) => "cni0",
        Some(Place::Outside(_) | Place::LoadBalancer(_) | Place::Node(_) | Place::Internet) | None => "eth0",
    }
}

fn skb_of(flight: &Flight) -> Skb {
    let error = |code| match flight.inner {
        Some(inner) => Kind::IcmpError(IcmpError { inner, code }),
        // An ICMP error from the destination itself quotes the packet as it arrived there.
        None => Kind::IcmpError(IcmpError { inner: flight.tuple.reversed(), code }),
    };
    let kind = match flight.trace.kind {
        PacketKind::PortUnreachable => error(IcmpCode::PortUnreachable),
        PacketKind::HostUnreachable => error(IcmpCode::HostUnreachable),
        PacketKind::EchoRequest => Kind::Echo(Echo::Request),
        PacketKind::EchoReply => Kind::Echo(Echo::Reply),
        kind @ (PacketKind::Syn
        | PacketKind::SynAck
        | PacketKind::Request
        | PacketKind::Response
        | PacketKind::Fin
        | PacketKind::ServerFin
        | PacketKind::Reset
        | PacketKind::DnsQuery(_)
        | PacketKind::DnsAnswer(_)) => match flight.tuple.protocol {
            Protocol::Tcp => Kind::Tcp(tcp_flags(kind, flight.closes)),
            Protocol::Sctp => Kind::Sctp(chunk(kind, flight.opens)),
            Protocol::Udp | Protocol::Icmp => Kind::Datagram,
        },
    };
    Skb::new(flight.tuple, kind)
}

fn tcp_flags(kind: PacketKind, closes: bool) -> TcpFlags {
    match kind {
        PacketKind::Syn => TcpFlags::SYN,
        PacketKind::SynAck => TcpFlags::SYN_ACK,
        PacketKind::Reset => TcpFlags::RST_ACK,
        PacketKind::Request
        | PacketKind::Response
        | PacketKind::Fin
        | PacketKind::ServerFin
        | PacketKind::PortUnreachable
        | PacketKind::HostUnreachable
        | PacketKind::EchoRequest
        | PacketKind::EchoReply
        | PacketKind::DnsQuery(_)
        | PacketKind::DnsAnswer(_) => {
            let flags = if kind.closes() { TcpFlags::ACK } else { TcpFlags::PSH_ACK };
            if closes { flags.with(TcpFlags::FIN) } else { flags }
        }
    }
}

/// The cookie and its acknowledgement stand before the data of the first request and its answer.
fn chunk(kind: PacketKind, opens: bool) -> Chunk {
    match kind {
        PacketKind::Syn => Chunk::Init,
        PacketKind::SynAck => Chunk::InitAck,
        PacketKind::Request if opens => Chunk::CookieEcho,
        PacketKind::Response if opens => Chunk::CookieAck,
        PacketKind::Fin | PacketKind::ServerFin => Chunk::Shutdown,
        PacketKind::Reset => Chunk::Abort,
        PacketKind::Request
        | PacketKind::Response
        | PacketKind::PortUnreachable
        | PacketKind::HostUnreachable
        | PacketKind::EchoRequest
        | PacketKind::EchoReply
        | PacketKind::DnsQuery(_)
        | PacketKind::DnsAnswer(_) => Chunk::Data,
    }
}

fn quoted(skb: &Skb) -> Option<Tuple> {
    match skb.kind {
        Kind::IcmpError(error) => Some(error.inner),
        Kind::Tcp(_) | Kind::Sctp(_) | Kind::Datagram | Kind::Echo(_) => None,
    }
}
