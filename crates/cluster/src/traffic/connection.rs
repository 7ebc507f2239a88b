//! Connections: a client's socket, the server's, and the timers between them.
//!
//! One request takes five packets: SYN, SYN-ACK, the request (with the ACK), the answer (which
//! closes the server's side), and the client's last ACK. Bare ACKs are not simulated; nor are
//! windows, nor data larger than a packet. SCTP takes five as well: INIT, INIT ACK, the request with the cookie, the
//! answer with the cookie's ACK, and SHUTDOWN. UDP and a ping take two; a one-way sender's datagram is alone.

use super::balancer::Proxied;
use super::client::{Destination, Origin};
use super::lookup::LookingUp;
use super::{Client, ClientId, ConnectionId, PacketId, Stats};
use crate::api::{NsName, Uid};
use crate::node::kubelet::Process;
use crate::sim::{Chance, ConnectionTimer, Event, Purpose, Span, Time, World};
use crate::trace::{ConnectionRecord, Lost, Outcome, PacketKind, PacketTrace, PacketVerdict, Place};
use netfilter::{Protocol, Tuple};

/// A connection under way.
#[derive(Clone, Debug)]
pub struct Live {
    pub record: ConnectionRecord,
    /// Keys every random draw of rules for this connection.
    pub flow: u64,
    pub state: SocketState,
    /// Of its name, as long as that is under way.
    pub(super) lookup: Option<Box<LookingUp>>,
    /// Its client's, which keys its draws.
    subject: u64,
    /// Its number among its client's requests.
    ordinal: u64,
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
    timeout: Span,
    pub(super) keep_alive: bool,
    protocol: Protocol,
    /// The client waits for no answer: each request ends with its datagram.
    one_way: bool,
    request_began: Time,
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
/// net.ipv4.tcp_syn_retries and tcp_retries2, limited to what can happen before a client's time-out.
const MAX_RETRANSMITS: u32 = 15;

/// How a one-way sender's request ended.
fn of_datagram(verdict: PacketVerdict) -> Outcome {
    match verdict.is_failure() {
        true => Outcome::NotReceived { lost: verdict },
        false => Outcome::Delivered,
    }
}

/// The packet that asks for an answer.
fn request(protocol: Protocol) -> PacketKind {
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
        self.traffic.connections.insert(id, live);
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
            self.traffic.connections.values().any(has_it)
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

    pub(super) fn plan_give_up(&mut self, connection: ConnectionId, request: u32) {
        let waits = |live: &&Live| !live.one_way || live.state == SocketState::Resolving;
        let Some(live) = self.traffic.connections.get(&connection).filter(waits) else { return };
        let give_up = self.clock.now() + live.timeout;
        self.schedule(give_up, Event::Connection { connection, request, timer: ConnectionTimer::GiveUp });
    }

    /// RFC 6298: each retransmission waits twice as long. A SYN has a fixed first time-out; that of a segment depends
    /// on the round-trip time of the handshake (net/ipv4/tcp_input.c, tcp_set_rto). SCTP's INIT waits three times as
    /// long (RFC 9260, RTO.Initial), and its data as long as a SYN (RTO.Min).
    fn plan_retransmit(&mut self, connection: ConnectionId, attempt: u32) {
        let Some(live) = self.traffic.connections.get(&connection) else { return };
        let syn = live.state == SocketState::SynSent;
        let first = match (live.record.tuple.map(|tuple| tuple.protocol), syn) {
            (Some(Protocol::Tcp), true) => self.timing.tcp_initial_rto,
            (Some(Protocol::Tcp), false) => self.timing.tcp_rto,
            (Some(Protocol::Sctp), true) => self.timing.tcp_initial_rto.times(3),
            (Some(Protocol::Sctp), false) => self.timing.tcp_initial_rto,
            (Some(Protocol::Udp | Protocol::Icmp) | None, _) => return,
        };
        if first >= live.timeout {
            return;
        }
        let request = live.record.requests;
        let wait = Span(first.0.saturating_mul(1 << (attempt - 1).min(30)));
        let timer = ConnectionTimer::Retransmit { attempt, syn };
        self.schedule(self.clock.now() + wait, Event::Connection { connection, request, timer });
    }

    pub(crate) fn connection_timer(
        &mut self,
        connection: ConnectionId,
        request: u32,
        timer: ConnectionTimer,
    ) {
        let Some(live) = self.traffic.connections.get(&connection) else { return };
        let waits =
            matches!(live.state, SocketState::Resolving | SocketState::SynSent | SocketState::Waiting);
        if !waits || live.record.requests != request {
            return;
        }
        match timer {
            ConnectionTimer::GiveUp => {
                let lost = live.lost.map(|(verdict, _)| verdict);
                let outcome = match live.state == SocketState::Resolving {
                    true => Outcome::NoDns { lost },
                    false => Outcome::TimedOut { lost },
                };
                self.end_connection(connection, outcome);
            }
            ConnectionTimer::Retransmit { attempt, syn }
                if attempt <= MAX_RETRANSMITS && syn == (live.state == SocketState::SynSent) =>
            {
                let kind = if syn { PacketKind::Syn } else { PacketKind::Request };
                if let Some(tuple) = live.record.tuple {
                    self.send(connection, kind, live.record.source, tuple);
                    self.plan_retransmit(connection, attempt + 1);
                }
            }
            ConnectionTimer::Retransmit { .. } => {}
            ConnectionTimer::Lookup { name, attempt } => self.lookup_timed_out(connection, name, attempt),
        }
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

    /// A packet reached a Pod. What it does depends on the process, and on whether this Pod is
    /// the one that took the connection.
    pub(crate) fn server_receives(
        &mut self,
        connection: ConnectionId,
        kind: PacketKind,
        pod: Uid,
        tuple: Tuple,
    ) -> PacketVerdict {
        let datagram = !tuple.protocol.connects();
        let Some(live) = self.traffic.connections.get(&connection) else {
            return PacketVerdict::NotExpected;
        };
        let (mine, one_way) = (live.record.server.as_ref().is_some_and(|(_, uid)| *uid == pod), live.one_way);
        let process = self.process_in(pod, live.server_container);
        match kind {
            PacketKind::Syn | PacketKind::Request if kind == PacketKind::Syn || datagram => {
                let Some(container) = self.listener(pod, tuple.dst_port) else {
                    let no = if datagram { PacketKind::PortUnreachable } else { PacketKind::Reset };
                    self.send(connection, no, Place::Pod(pod), tuple.reversed());
                    return PacketVerdict::NothingListens;
                };
                self.accept(connection, (pod, container), tuple);
                if one_way {
                    return PacketVerdict::Delivered;
                }
                if datagram {
                    self.plan_answer(connection);
                } else {
                    self.send(connection, PacketKind::SynAck, Place::Pod(pod), tuple.reversed());
                }
            }
            PacketKind::Request if mine && process != Process::Stopped => self.plan_answer(connection),
            PacketKind::Request => {
                self.send(connection, PacketKind::Reset, Place::Pod(pod), tuple.reversed());
                return PacketVerdict::NothingListens;
            }
            PacketKind::DnsQuery(family) => {
                return self.dns_server_receives(connection, family, pod, tuple);
            }
            PacketKind::EchoRequest => {
                self.accept(connection, (pod, 0), tuple);
                self.count_answered(connection, pod);
                return self.echo(connection, Place::Pod(pod), tuple);
            }
            // The server closes its end too, unless its response or the end of its process has done so.
            PacketKind::Fin if mine => {
                if live.keep_alive {
                    self.close_server(connection);
                }
            }
            PacketKind::Syn
            | PacketKind::SynAck
            | PacketKind::Response
            | PacketKind::Fin
            | PacketKind::ServerFin
            | PacketKind::Reset
            | PacketKind::PortUnreachable
            | PacketKind::HostUnreachable
            | PacketKind::EchoReply
            | PacketKind::DnsAnswer(_) => return PacketVerdict::NotExpected,
        }
        PacketVerdict::Delivered
    }

    fn accept(&mut self, connection: ConnectionId, (pod, container): (Uid, u32), tuple: Tuple) {
        let key = self.pods.get(&pod).map(|r| r.key.clone());
        let Some(live) = self.traffic.connections.get_mut(&connection) else { return };
        live.record.server = key.map(|key| (key, pod));
        live.record.server_saw = Some((tuple.src, tuple.src_port));
        live.server_container = container;
        live.server_tuple = Some(tuple);
    }

    fn plan_answer(&mut self, connection: ConnectionId) {
        let Some(live) = self.traffic.connections.get(&connection) else { return };
        let request = live.record.requests;
        self.schedule(self.clock.now() + self.timing.app_answer, Event::Answer { connection, request });
    }

    /// The app sends its response, to the client address that the server's socket has.
    pub(crate) fn app_answers(&mut self, connection: ConnectionId, request: u32) {
        let Some(live) = self.traffic.connections.get(&connection) else { return };
        let (Some((_, pod)), Some(tuple)) = (live.record.server.as_ref(), live.server_tuple) else { return };
        let pod = *pod;
        let has_address = self.pods.get(&pod).is_some_and(|runtime| runtime.has_address(tuple.dst));
        let alive = has_address && self.process_in(pod, live.server_container) != Process::Stopped;
        if !alive || live.record.requests != request {
            return;
        }
        self.count_answered(connection, pod);
        self.send(connection, PacketKind::Response, Place::Pod(pod), tuple.reversed());
    }

    /// The Pod that has the connection answers its present request.
    fn count_answered(&mut self, connection: ConnectionId, pod: Uid) {
        let Some(live) = self.traffic.connections.get(&connection) else { return };
        let (began, server) = (live.request_began, live.record.server.clone());
        if let Some((key, _)) = server {
            self.stats_of(began).answered(pod, &key);
        }
    }

    /// The connection ends for the client, successfully or not.
    pub(crate) fn end_connection(&mut self, connection: ConnectionId, outcome: Outcome) {
        let now = self.clock.now();
        let Some(live) = self.traffic.connections.get_mut(&connection) else { return };
        if live.record.ended.is_some() {
            return;
        }
        live.record.ended = Some((now, outcome));
        live.record.lost = live.lost.filter(|_| outcome.is_loss()).map(|(_, lost)| lost);
        live.state = SocketState::Closed;
        live.lookup = None;
        let lost = live.record.lost;
        let began = live.request_began;
        let (client, id, service) =
            (live.record.client_name.clone(), live.record.client, live.record.service.clone());
        if let Some(client) = self.traffic.clients.get_mut(&id) {
            client.open = client.open.saturating_sub(1);
        }
        self.count(&client, service.as_ref(), outcome, began);
        if let Some(lost) = lost {
            self.count_lost(&client, service.as_ref(), lost, began);
        }
        self.archive_when_quiet(connection);
    }

    /// The counts that a request belongs to, by when it began.
    fn stats_of(&mut self, began: Time) -> &mut Stats {
        let is_counted = self.clients_began() && self.origin().is_some_and(|origin| began >= origin);
        if is_counted { &mut self.traffic.stats } else { &mut self.traffic.stats_before }
    }

    fn count_lost(&mut self, client: &str, service: Option<&(NsName, Uid)>, lost: Lost, began: Time) {
        let stats = self.stats_of(began);
        if let Some(counts) = stats.clients.get_mut(client) {
            counts.count_lost(lost);
        }
        if let Some(counts) = service.and_then(|(key, _)| stats.services.get_mut(key)) {
            counts.count_lost(lost);
        }
    }

    /// A request that ends now.
    fn count(&mut self, client: &str, service: Option<&(NsName, Uid)>, outcome: Outcome, began: Time) {
        self.changes.traffic = true;
        let latency = self.clock.now().since(began);
        let stats = self.stats_of(began);
        if let Some(counts) = stats.clients.get_mut(client) {
            counts.count(outcome, latency);
        }
        if let Some((key, _)) = service {
            let counts = stats.services.entry(key.clone()).or_default();
            counts.sent += 1;
            counts.count(outcome, latency);
        }
    }

    /// One of the connection's packets has ended.
    pub(crate) fn packet_ended(&mut self, connection: ConnectionId, trace: &PacketTrace) {
        let Some(live) = self.traffic.connections.get_mut(&connection) else { return };
        live.in_flight = live.in_flight.saturating_sub(1);
        if live.one_way && trace.kind == PacketKind::Request {
            self.datagram_ended(connection, trace);
            self.archive_when_quiet(connection);
            return;
        }
        // A lost ICMP error does not count as a loss of its own.
        let lost = trace.lost.filter(|_| !trace.kind.is_error());
        if let (Some((_, verdict)), Some(lost)) = (trace.ended, lost) {
            live.lost = Some((verdict, lost));
            // The client had timed out before it was known how its packet ended.
            let ended = live.record.ended.map(|(_, outcome)| outcome);
            let waited = matches!(ended, Some(Outcome::TimedOut { .. }))
                || matches!(ended, Some(Outcome::NoDns { .. })) && trace.kind.is_lookup();
            if waited && live.record.lost.is_none() {
                live.record.lost = Some(lost);
                let (client, service) = (live.record.client_name.clone(), live.record.service.clone());
                let began = live.request_began;
                self.count_lost(&client, service.as_ref(), lost, began);
            }
        }
        self.archive_when_quiet(connection);
    }

    /// A request of a one-way sender ended with its datagram.
    fn datagram_ended(&mut self, connection: ConnectionId, trace: &PacketTrace) {
        let Some(live) = self.traffic.connections.get_mut(&connection) else { return };
        let (Some((_, verdict)), Some(sent)) = (trace.ended, trace.hops.first()) else { return };
        live.record.lost = trace.lost;
        let outcome = of_datagram(verdict);
        live.record.answered += u32::from(outcome == Outcome::Delivered);
        let (client, service) = (live.record.client_name.clone(), live.record.service.clone());
        let server = live.record.server.clone().filter(|_| outcome == Outcome::Delivered);
        self.count(&client, service.as_ref(), outcome, sent.at);
        if let Some((key, pod)) = server {
            self.stats_of(sent.at).answered(pod, &key);
        }
        if let Some(lost) = trace.lost {
            self.count_lost(&client, service.as_ref(), lost, sent.at);
        }
    }

    pub(super) fn archive_when_quiet(&mut self, connection: ConnectionId) {
        let quiet = |live: &Live| live.record.ended.is_some() && live.in_flight == 0;
        if self.traffic.connections.get(&connection).is_some_and(quiet)
            && let Some(live) = self.traffic.connections.remove(&connection)
        {
            self.traffic.archive(live);
        }
    }

    /// A packet of a live connection, in flight or ended.
    pub fn packet(&self, id: PacketId) -> Option<&crate::trace::PacketTrace> {
        if let Some(flight) = self.traffic.flights.get(&id) {
            return Some(&flight.trace);
        }
        let live = self.traffic.connections.values().map(|l| &l.record);
        let ended = self.traffic.finished.iter().rev().map(|r| &**r);
        let packets = live.chain(ended).flat_map(|r| r.lookup.iter().chain(&r.packets));
        packets.into_iter().find(|p| p.id == id).map(|p| &**p)
    }
}
