//! Connections, from the client's side: its socket, what it sends, and what comes back to it.
//!
//! One request takes five packets: SYN, SYN-ACK, the request (with the ACK), the answer (which
//! closes the server's side), and the client's last ACK. Bare ACKs are not simulated; nor are
//! windows, nor data larger than a packet. SCTP takes five as well: INIT, INIT ACK, the request with the cookie, the
//! answer with the cookie's ACK, and SHUTDOWN. UDP and a ping take two; a one-way sender's datagram is alone.

use super::balancer::Proxied;
use super::client::Origin;
use super::destination::Destination;
use super::lookup::PendingLookup;
use super::{Client, ClientId, ConnectionId, PacketId};
use crate::api::Uid;
use crate::sim::{Chance, Purpose, Span, Time, World};
use crate::trace::{ConnectionRecord, Lost, Outcome, PacketKind, PacketVerdict, Place};
use netfilter::{Protocol, Tuple};

/// A connection under way.
#[derive(Clone, Debug)]
pub struct Live {
    pub record: ConnectionRecord,
    /// Keys every random draw of rules for this connection.
    pub flow: u64,
    pub state: SocketState,
    /// Of its name, as long as that is under way.
    pub(super) lookup: Option<Box<PendingLookup>>,
    /// Its client's, which keys its draws.
    pub(super) subject: u64,
    /// Its number among its client's requests.
    pub(super) ordinal: u64,
    /// The node that the load balancer chose for it.
    pub(crate) balanced_to: Option<Uid>,
    /// Its tuples, if a load balancer with `ipMode: Proxy` handles it.
    pub(super) proxied: Option<Proxied>,
    /// The container, in its Pod, that accepted it.
    pub(super) server_container: u32,
    /// The tuple that the server's socket has.
    pub(super) server_tuple: Option<Tuple>,
    /// The server's end is closed; the client's may still be open.
    pub(super) server_closed: bool,
    pub(super) timeout: Span,
    pub(super) keep_alive: bool,
    pub(super) protocol: Protocol,
    /// The client waits for no answer: each request ends with its datagram.
    pub(super) one_way: bool,
    pub(super) request_began: Time,
    pub(crate) in_flight: u32,
    /// The memory of rule sets that its packets were the first to pass.
    pub(super) rules_bytes: u64,
    /// How its last lost packet was lost.
    pub(super) lost: Option<(PacketVerdict, Lost)>,
}

impl Live {
    /// How many of its packets are on their way.
    pub fn in_flight(&self) -> u32 {
        self.in_flight
    }

    /// Whether it is a lookup of its name that is under way.
    pub fn is_resolving(&self) -> bool {
        self.state == SocketState::Resolving
    }

    /// Of a one-way sender, whose socket stays open: how its last datagrams ended, newest first.
    pub fn datagrams(&self) -> impl Iterator<Item = (Time, Outcome)> {
        let requests =
            self.record.packets.iter().rev().filter(|p| self.one_way && p.kind == PacketKind::Request);
        requests.filter_map(|packet| packet.ended).map(|(at, verdict)| (at, of_datagram(verdict)))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SocketState {
    /// There is no socket yet: DNS is asked for the address.
    Resolving,
    SynSent,
    /// Waits for the response to its request.
    Waiting,
    /// Open, without a request.
    Idle,
    Closed,
}

/// net.ipv4.ip_local_port_range.
const EPHEMERAL_FIRST: u16 = 32_768;
const EPHEMERAL_COUNT: u64 = 28_232;

/// How a one-way sender's request ended.
pub(super) fn of_datagram(verdict: PacketVerdict) -> Outcome {
    match verdict.is_failure() {
        true => Outcome::NotReceived { lost: verdict },
        false => Outcome::Delivered,
    }
}

/// The packet that asks for an answer.
pub(super) fn request(protocol: Protocol) -> PacketKind {
    match protocol {
        Protocol::Tcp | Protocol::Udp | Protocol::Sctp => PacketKind::Request,
        Protocol::Icmp => PacketKind::EchoRequest,
    }
}

impl World {
    pub(crate) fn open_connection(
        &mut self,
        client: &Client,
        origin: Origin,
        ordinal: u64,
        destination: Destination,
    ) {
        let id = self.new_connection(client, origin.place, ordinal);
        self.connect(id, origin, destination);
    }

    /// A request that has its destination now sends its first packet.
    pub(super) fn connect(
        &mut self,
        id: ConnectionId,
        origin: Origin,
        Destination { address, port, resolved }: Destination,
    ) {
        let Some(live) = self.traffic.connections.get(&id) else { return };
        let (protocol, ordinal) = (live.protocol, live.ordinal);
        let waited = live.state == SocketState::Resolving;
        let mut tuple = Tuple { src: origin.address, src_port: 0, dst: address, dst_port: port, protocol };
        tuple.src_port = self.free_port_for(id, tuple, ordinal);
        let at_home = matches!(origin.place, Place::Node(_)) && address.is_loopback();
        let to_node =
            port != 0 && (at_home || self.machines.values().any(|m| m.addresses.contains(&address)));
        let service = self.store.services.iter().find_map(|s| {
            let own = s.spec.cluster_ips.contains(&address)
                || s.ingress.iter().any(|i| i.ip == address)
                || s.spec.external_ips.contains(&address)
                || (to_node && s.spec.ports.iter().any(|p| p.node_port == port));
            own.then(|| (s.meta.key(), s.meta.uid))
        });
        let (first, state) = match protocol.connects() {
            true => (PacketKind::Syn, SocketState::SynSent),
            false => (request(protocol), SocketState::Waiting),
        };
        if let Some(live) = self.traffic.connections.get_mut(&id) {
            (live.record.tuple, live.record.resolved, live.record.service) = (Some(tuple), resolved, service);
            // What became of its lookup has no part in what becomes of it.
            (live.lost, live.record.stale_rule) = (None, None);
            live.state = if live.one_way { SocketState::Idle } else { state };
        }
        self.send(id, first, origin.place, tuple);
        // Whoever waited for DNS has begun to wait before.
        if !waited {
            self.plan_give_up(id, 1);
        }
        self.plan_retransmit(id, 1);
    }

    pub(super) fn new_connection(&mut self, client: &Client, source: Place, ordinal: u64) -> ConnectionId {
        self.traffic.next_connection += 1;
        let id = ConnectionId(self.traffic.next_connection);
        let record = ConnectionRecord {
            id,
            client: client.id,
            client_name: client.spec.name.clone(),
            source,
            target: client.spec.to.clone(),
            service: None,
            resolved: None,
            tuple: None,
            server: None,
            server_saw: None,
            started: self.clock.now(),
            requests: 1,
            answered: 0,
            ended: None,
            lost: None,
            stale_rule: None,
            lookup: Vec::new(),
            packets: Vec::new(),
        };
        let live = Live {
            record,
            flow: Chance::join(client.subject, ordinal),
            state: SocketState::SynSent,
            lookup: None,
            subject: client.subject,
            ordinal,
            protocol: client.spec.protocol,
            balanced_to: None,
            proxied: None,
            server_container: 0,
            server_tuple: None,
            server_closed: false,
            timeout: client.spec.timeout.unwrap_or(self.timing.client_timeout),
            keep_alive: client.spec.keep_alive,
            one_way: client.spec.one_way,
            request_began: self.clock.now(),
            in_flight: 0,
            rules_bytes: 0,
            lost: None,
        };
        self.traffic.connections.insert(id, Box::new(live));
        if let Some(client) = self.traffic.clients.get_mut(&client.id) {
            client.open += 1;
        }
        let now = self.clock.now();
        self.stats_of(now).clients.entry(client.spec.name.clone()).or_default().sent += 1;
        self.changes.traffic = true;
        id
    }

    /// A request fails before any packet is sent, because its name or target has no address.
    pub(crate) fn fail_at_once(&mut self, client: &Client, place: Place, ordinal: u64, outcome: Outcome) {
        let id = self.new_connection(client, place, ordinal);
        if let Some(super::Target::WayIn { service, .. }) = &client.target {
            let found = self.store.services.get(service).map(|s| (service.clone(), s.meta.uid));
            if let Some(live) = self.traffic.connections.get_mut(&id) {
                live.record.service = found;
            }
        }
        self.end_connection(id, outcome);
    }

    /// net/ipv4/inet_hashtables.c, __inet_hash_connect: starts at a keyed offset and takes one port after the
    /// other, so that a port is reused only after all others. `ordinal`: how many sockets of its kind its client had
    /// before.
    pub(super) fn free_port_for(&self, connection: ConnectionId, tuple: Tuple, ordinal: u64) -> u16 {
        let subject = self.traffic.connections.get(&connection).map_or(0, |live| live.subject);
        let offset = self.chance.below(Purpose::EphemeralPort, subject, 0, EPHEMERAL_COUNT);
        let start = offset + ordinal % EPHEMERAL_COUNT;
        let port = |i: u64| EPHEMERAL_FIRST + ((start + i) % EPHEMERAL_COUNT) as u16;
        let taken = |port: u16| {
            let wanted = Tuple { src_port: port, ..tuple };
            let has_it = |live: &Live| {
                live.record.tuple == Some(wanted)
                    || live.lookup.as_ref().is_some_and(|lookup| lookup.tuple() == wanted)
            };
            self.traffic.connections.values().any(|live| has_it(live))
        };
        (0..EPHEMERAL_COUNT).map(port).find(|p| !taken(*p)).unwrap_or(EPHEMERAL_FIRST)
    }

    /// Sends a client's next request from the socket that it kept. True if there is one, even if it is busy: then
    /// nothing is sent this time.
    pub(crate) fn reuse_connection(&mut self, client: ClientId, source: Place) -> bool {
        let found = self.traffic.connections.iter_mut().map(|(_, live)| live).find(|l| {
            l.record.client == client && l.record.source == source && l.state != SocketState::Closed
        });
        let Some(live) = found else { return false };
        if live.state != SocketState::Idle {
            return true;
        }
        live.state = if live.one_way { SocketState::Idle } else { SocketState::Waiting };
        live.record.requests += 1;
        live.request_began = self.clock.now();
        let (id, request, tuple) = (live.record.id, live.record.requests, live.record.tuple);
        let name = live.record.client_name.clone();
        let now = self.clock.now();
        self.stats_of(now).clients.entry(name).or_default().sent += 1;
        self.changes.traffic = true;
        if let Some(tuple) = tuple {
            self.send(id, self::request(tuple.protocol), source, tuple);
            self.plan_give_up(id, request);
            self.plan_retransmit(id, 1);
        }
        true
    }

    /// A packet reached the client that the connection belongs to.
    pub(crate) fn client_receives(&mut self, connection: ConnectionId, kind: PacketKind) -> PacketVerdict {
        let Some(live) = self.traffic.connections.get_mut(&connection) else {
            return PacketVerdict::NotExpected;
        };
        let (source, tuple) = (live.record.source, live.record.tuple);
        let handshake = live.state == SocketState::SynSent;
        let open = live.state != SocketState::Closed;
        let (protocol, resolves) = (tuple.map(|tuple| tuple.protocol), live.state == SocketState::Resolving);
        let datagram = protocol.is_some_and(|protocol| !protocol.connects());
        let lost = live.lost.map(|(verdict, _)| verdict);
        match kind {
            PacketKind::PortUnreachable | PacketKind::HostUnreachable if resolves => {
                self.lookup_refused(connection)
            }
            // What the error says is the next send's result, which nobody reads.
            PacketKind::PortUnreachable | PacketKind::HostUnreachable if live.one_way => {}
            // sctp_v4_err: a soft error, also of an INIT.
            PacketKind::PortUnreachable | PacketKind::HostUnreachable if protocol == Some(Protocol::Sctp) => {
            }
            PacketKind::SynAck if handshake => {
                live.state = SocketState::Waiting;
                if let Some(tuple) = tuple {
                    self.send(connection, PacketKind::Request, source, tuple);
                    self.plan_retransmit(connection, 1);
                }
            }
            PacketKind::Response | PacketKind::EchoReply if live.state == SocketState::Waiting => {
                self.answered(connection);
            }
            PacketKind::ServerFin => return self.server_has_closed(connection),
            PacketKind::Reset if handshake => self.end_connection(connection, Outcome::Refused { lost }),
            PacketKind::Reset if open => self.end_connection(connection, Outcome::Reset),
            PacketKind::PortUnreachable if handshake || (datagram && open) => {
                self.end_connection(connection, Outcome::Refused { lost })
            }
            // tcp_v4_err: fatal while connecting; once established it is a soft error, which is ignored.
            PacketKind::HostUnreachable if handshake || (datagram && open) => {
                self.end_connection(connection, Outcome::HostUnreachable)
            }
            PacketKind::Syn
            | PacketKind::SynAck
            | PacketKind::Request
            | PacketKind::Response
            | PacketKind::Fin
            | PacketKind::Reset
            | PacketKind::PortUnreachable
            | PacketKind::HostUnreachable
            | PacketKind::EchoRequest
            | PacketKind::EchoReply
            | PacketKind::DnsQuery(_)
            | PacketKind::DnsAnswer(_) => return PacketVerdict::NotExpected,
        }
        PacketVerdict::Delivered
    }

    fn answered(&mut self, connection: ConnectionId) {
        let Some(live) = self.traffic.connections.get_mut(&connection) else { return };
        live.record.answered += 1;
        let began = live.request_began;
        if live.keep_alive {
            live.state = SocketState::Idle;
            let (client, service) = (live.record.client_name.clone(), live.record.service.clone());
            self.count(&client, service.as_ref(), Outcome::Delivered, began);
            return;
        }
        let (source, tuple) = (live.record.source, live.record.tuple);
        if let Some(tuple) = tuple.filter(|t| t.protocol.connects()) {
            self.send(connection, PacketKind::Fin, source, tuple);
        }
        self.end_connection(connection, Outcome::Delivered);
    }

    /// A packet of a live connection, in flight or ended.
    pub fn packet(&self, id: PacketId) -> Option<&crate::trace::PacketTrace> {
        if let Some(flight) = self.traffic.flights.get(&id) {
            return Some(&flight.trace);
        }
        let live = self.traffic.connections.values().map(|l| &l.record);
        let ended = self.traffic.finished.iter().rev().map(|r| &**r);
        live.chain(ended).flat_map(ConnectionRecord::all_packets).find(|p| p.id == id).map(|p| &**p)
    }
}
