//! The model's side: the same network, its nodes' stacks those of `packetyard-cluster`. The wires
//! and the processes are the harness's own, so that a mistake in the simulation's has no echo here.

use std::collections::BTreeSet;
use std::net::IpAddr;

use cluster::sim::{Chance, Span, Time};
use netfilter::{
    Context, Ct, Family, IcmpCode, Kind, Protocol, RejectWith, Rules, Skb, Stack, TcpFlags, Traversal, Tuple,
    Verdict,
};

use crate::outcome::{Answer, Outcome, Refusal};
use crate::plan::{self, Place, TCP_PORTS, UDP_PORTS};
use crate::topology::{Next, Topology};

/// More nodes than a packet crosses unless it goes round in a circle.
const MAX_HOPS: u32 = 16;

/// The whole network at one moment. Cloning it is trying something.
#[derive(Clone)]
pub struct Net {
    pub topology: Topology,
    /// Where the process has stopped: nothing listens.
    pub stopped: BTreeSet<Place>,
    stacks: Vec<Stack>,
    pub now: Time,
    /// The subject of the next connection's draws.
    pub flow: u64,
    /// How many connections reached an endpoint and failed then, so that nobody can tell which.
    pub unseen_choices: u32,
    /// Datagrams whose destination a node rewrote and whose sender heard nothing, by node, and as that node's
    /// conntrack has them. The kernel may have chosen another endpoint to which nothing comes.
    pub hidden: BTreeSet<(u8, Tuple)>,
    /// Where the last first packet was rewritten.
    rewritten: Vec<(u8, Tuple)>,
    chance: Chance,
}

/// Who sends, and, from outside, the node by which the packets come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    pub place: Place,
    pub via: u8,
}

/// A client's socket and the one it talks to.
#[derive(Clone, Copy, Debug)]
pub struct Connection {
    origin: Origin,
    tuple: Tuple,
    pub server: Place,
    /// As the server sees the client's packets.
    arrived: Tuple,
}

/// Where a packet ended.
#[expect(clippy::large_enum_variant, reason = "there is one at a time")]
enum End {
    At(Place, Skb),
    Nowhere,
}

impl Net {
    pub fn new(family: Family, nodes: u8, seed: u64) -> Net {
        let addresses = |node| vec![plan::node_ip(family, node), plan::bridge_ip(family, node)];
        let stack = |node| {
            let mut stack = Stack::new(addresses(node), family);
            let remembered = Span::from_secs(plan::UDP_TIMEOUT_S);
            stack.conntrack.timeouts.udp = remembered;
            stack.conntrack.timeouts.udp_stream = remembered;
            stack
        };
        Net {
            topology: Topology { family, nodes, unplugged: BTreeSet::new() },
            stopped: BTreeSet::new(),
            stacks: (0..nodes).map(stack).collect(),
            now: Time::ZERO,
            flow: 0,
            unseen_choices: 0,
            hidden: BTreeSet::new(),
            rewritten: Vec::new(),
            chance: Chance::new(seed),
        }
    }

    pub fn stack(&mut self, node: u8) -> &mut Stack {
        &mut self.stacks[usize::from(node)]
    }

    pub fn set_rules(&mut self, node: u8, rules: &Rules) {
        self.stack(node).set_rules(rules.clone());
    }

    /// Sends one question and waits for its answer, over TCP with a connection of its own.
    pub fn ask(&mut self, origin: Origin, tuple: Tuple) -> Outcome {
        match self.open(origin, tuple) {
            Err(outcome) => outcome,
            Ok(connection) => {
                let outcome = self.ask_again(&connection);
                if tuple.protocol == Protocol::Tcp {
                    self.close(&connection);
                }
                outcome
            }
        }
    }

    /// TCP: SYN, SYN-ACK, ACK. UDP: nothing yet, but for where the first datagram would go.
    pub fn open(&mut self, origin: Origin, tuple: Tuple) -> Result<Connection, Outcome> {
        if tuple.protocol == Protocol::Udp {
            return Ok(Connection { origin, tuple, server: origin.place, arrived: tuple });
        }
        let (server, arrived) = self.reach(origin, tuple, TcpFlags::SYN)?;
        if !self.listens(server, &arrived) {
            return Err(self.refuse(origin, tuple, server, arrived));
        }
        let connection = Connection { origin, tuple, server, arrived };
        self.finish_handshake(&connection).inspect_err(|_| self.unseen_choices += 1)?;
        Ok(connection)
    }

    fn finish_handshake(&mut self, connection: &Connection) -> Result<(), Outcome> {
        self.answer(connection, Skb::tcp(connection.arrived.reversed(), TcpFlags::SYN_ACK))?;
        self.send_on(connection, TcpFlags::ACK)
    }

    /// A question and its answer on a connection that is open, or from a socket for datagrams.
    pub fn ask_again(&mut self, connection: &Connection) -> Outcome {
        let asked = match connection.tuple.protocol {
            Protocol::Tcp => self.ask_stream(connection),
            Protocol::Udp | Protocol::Sctp | Protocol::Icmp => {
                self.ask_datagram(connection.origin, connection.tuple)
            }
        };
        asked.unwrap_or_else(|outcome| outcome)
    }

    fn ask_stream(&mut self, connection: &Connection) -> Result<Outcome, Outcome> {
        self.send_on(connection, TcpFlags::ACK)?;
        self.answer(connection, Skb::tcp(connection.arrived.reversed(), TcpFlags::ACK))?;
        Ok(Outcome::Answered(answer_of(connection)))
    }

    fn ask_datagram(&mut self, origin: Origin, tuple: Tuple) -> Result<Outcome, Outcome> {
        let answered = self.try_datagram(origin, tuple);
        let rewritten = std::mem::take(&mut self.rewritten);
        if matches!(answered, Err(Outcome::Silence)) {
            self.hidden.extend(rewritten);
        }
        answered
    }

    fn try_datagram(&mut self, origin: Origin, tuple: Tuple) -> Result<Outcome, Outcome> {
        let (server, arrived) = self.reach(origin, tuple, TcpFlags::default())?;
        if !self.listens(server, &arrived) {
            return Err(self.refuse(origin, tuple, server, arrived));
        }
        let connection = Connection { origin, tuple, server, arrived };
        match self.answer(&connection, Skb::datagram(arrived.reversed())) {
            Ok(()) => Ok(Outcome::Answered(answer_of(&connection))),
            Err(_) => Ok(Outcome::AnswerLost(answer_of(&connection))),
        }
    }

    /// The server's process stops: its kernel says FIN, and answers what still comes with a RST.
    pub fn server_stops(&mut self, connection: &Connection) {
        let fin = Skb::tcp(connection.arrived.reversed(), TcpFlags::FIN_ACK);
        if self.answer(connection, fin).is_ok() {
            // The client's kernel acknowledges; whether that arrives changes nothing.
            let _ = self.send_on(connection, TcpFlags::ACK);
        }
    }

    /// What a client hears that goes on writing after [`Net::server_stops`].
    pub fn ask_stopped_server(&mut self, connection: &Connection) -> Outcome {
        if let Err(outcome) = self.send_on(connection, TcpFlags::ACK) {
            return outcome;
        }
        let reset = Skb::tcp(connection.arrived.reversed(), TcpFlags::RST_ACK);
        match self.answer(connection, reset) {
            Ok(()) => Outcome::Refused(Refusal::Reset),
            Err(outcome) => outcome,
        }
    }

    fn close(&mut self, connection: &Connection) {
        if self.send_on(connection, TcpFlags::FIN_ACK).is_ok() {
            let fin = Skb::tcp(connection.arrived.reversed(), TcpFlags::FIN_ACK);
            if self.answer(connection, fin).is_ok() {
                let _ = self.send_on(connection, TcpFlags::ACK);
            }
        }
    }

    /// A first packet: to whom it comes, and as what.
    fn reach(&mut self, origin: Origin, tuple: Tuple, flags: TcpFlags) -> Result<(Place, Tuple), Outcome> {
        let first = match tuple.protocol {
            Protocol::Tcp => Skb::tcp(tuple, flags),
            Protocol::Udp | Protocol::Sctp | Protocol::Icmp => Skb::datagram(tuple),
        };
        self.rewritten.clear();
        let end = self.transmit(origin, first);
        match end {
            End::At(place, skb) if !is_error(&skb) && !is_reset(&skb) => Ok((place, skb.tuple)),
            End::At(place, skb) => Err(outcome_of_reply(origin, tuple, place, &skb)),
            End::Nowhere => Err(Outcome::Silence),
        }
    }

    /// A later packet of the client's must come to the same socket.
    fn send_on(&mut self, connection: &Connection, flags: TcpFlags) -> Result<(), Outcome> {
        match self.transmit(connection.origin, Skb::tcp(connection.tuple, flags)) {
            End::At(place, skb) if place == connection.server && skb.tuple == connection.arrived => Ok(()),
            // An error on the way is a soft one for a connection that is open: it goes on waiting.
            End::At(..) | End::Nowhere => Err(Outcome::Silence),
        }
    }

    /// The server's packet must come to the client's socket.
    fn answer(&mut self, connection: &Connection, skb: Skb) -> Result<(), Outcome> {
        let from = Origin { place: connection.server, via: connection.origin.via };
        match self.transmit(from, skb) {
            End::At(place, skb) if place == connection.origin.place => {
                if skb.tuple == connection.tuple.reversed() {
                    return Ok(());
                }
                self.unexpected(connection.origin, &skb);
                Err(Outcome::Silence)
            }
            End::At(..) | End::Nowhere => Err(Outcome::Silence),
        }
    }

    /// A packet for a socket that does not exist: its receiver's kernel says so.
    fn unexpected(&mut self, at: Origin, skb: &Skb) {
        let answer = match skb.tuple.protocol {
            Protocol::Tcp => Skb::tcp(skb.tuple.reversed(), TcpFlags::RST),
            Protocol::Udp | Protocol::Sctp | Protocol::Icmp => {
                Skb::icmp_error(&skb.tuple, skb.tuple.dst, IcmpCode::PortUnreachable)
            }
        };
        self.transmit(at, answer);
    }

    /// Nothing listens: the server's kernel says so, and the client may hear it.
    fn refuse(&mut self, origin: Origin, tuple: Tuple, server: Place, arrived: Tuple) -> Outcome {
        let answer = match tuple.protocol {
            Protocol::Tcp => Skb::tcp(arrived.reversed(), TcpFlags::RST_ACK),
            Protocol::Udp | Protocol::Sctp | Protocol::Icmp => {
                Skb::icmp_error(&arrived, arrived.dst, IcmpCode::PortUnreachable)
            }
        };
        match self.transmit(Origin { place: server, via: origin.via }, answer) {
            End::At(place, skb) => outcome_of_reply(origin, tuple, place, &skb),
            End::Nowhere => Outcome::Silence,
        }
    }

    /// A packet's way, node by node, until somebody has it.
    fn transmit(&mut self, from: Origin, mut skb: Skb) -> End {
        // A Pod's packet to its own address does not leave its namespace, in which there is no rule.
        if self.has(from.place, skb.tuple.dst) {
            return End::At(from.place, skb);
        }
        if self.has_no_neighbor(from.place, skb.tuple.dst) {
            let error = Skb::icmp_error(&skb.tuple, skb.tuple.src, IcmpCode::HostUnreachable);
            return End::At(from.place, error);
        }
        let to = skb.tuple.dst;
        let (mut node, mut sends) = match from.place {
            Place::Pod(node, _) => (node, false),
            Place::Node(node) => (node, true),
            Place::Outside => (from.via, false),
        };
        for _ in 0..MAX_HOPS {
            let before = skb.tuple;
            let traversal = self.traverse_node(node, sends, &mut skb);
            if skb.tuple.dst != before.dst {
                self.rewritten.push((node, before));
            }
            match traversal {
                Traversal::Local => return End::At(Place::Node(node), skb),
                Traversal::Out => {}
                Traversal::Stopped(_, Verdict::Drop(_)) => {
                    // Whom it was for is known to the node alone.
                    self.unseen_choices += u32::from(skb.tuple.dst != to);
                    return End::Nowhere;
                }
                Traversal::Stopped(_, Verdict::Reject(_, with)) => return self.reject(node, &skb, with),
                Traversal::Stopped(_, Verdict::Accept | Verdict::Lost(_) | Verdict::Ipvs(..))
                | Traversal::NoRoute => return End::Nowhere,
            }
            match self.topology.next(node, skb.tuple.dst) {
                // ip_route_input_slow: a martian, for it claims to come from here. IPv6 does not ask.
                Next::Pod(pod) if skb.tuple.src.is_ipv4() && self.has(pod, skb.tuple.src) => {
                    return End::Nowhere;
                }
                Next::Pod(pod) => return End::At(pod, skb),
                Next::Outside => return End::At(Place::Outside, skb),
                Next::NoNeighbor => return self.send_icmp_error(node, &skb, IcmpCode::HostUnreachable),
                Next::Node(other) => (node, sends) = (other, false),
                Next::DefaultGateway | Next::Here => return End::Nowhere,
            }
        }
        End::Nowhere
    }

    fn has(&self, pod: Place, address: IpAddr) -> bool {
        matches!(pod, Place::Pod(..)) && plan::address_of(self.topology.family, pod) == address
    }

    /// On its own link a Pod asks for the address itself. When nobody answers, nothing is sent that a rule
    /// of the node's could meet.
    fn has_no_neighbor(&self, from: Place, to: IpAddr) -> bool {
        let Place::Pod(node, _) = from else { return false };
        let on_link = plan::pod_range(self.topology.family, node).contains(to);
        on_link && self.topology.next(node, to) == Next::NoNeighbor
    }

    /// Pods and nodes listen on their primary address only.
    fn listens(&self, place: Place, arrived: &Tuple) -> bool {
        let ports = match arrived.protocol {
            Protocol::Tcp => TCP_PORTS,
            Protocol::Udp | Protocol::Sctp | Protocol::Icmp => UDP_PORTS,
        };
        place != Place::Outside
            && !self.stopped.contains(&place)
            && arrived.dst == plan::address_of(self.topology.family, place)
            && ports.contains(&arrived.dst_port)
    }

    /// One node's part of the way.
    fn traverse_node(&mut self, node: u8, sends: bool, skb: &mut Skb) -> Traversal {
        // Neither travels from one node to another.
        (skb.mark, skb.ct) = (0, Ct::Unseen);
        let subject = Chance::subject(&plan::node_name(node));
        let mut cx =
            Context { now: self.now, chance: self.chance, flow: self.flow, node: subject, trace: None };
        let topology = &self.topology;
        let route = |tuple: &Tuple| topology.route(node, tuple.dst);
        let stack = &mut self.stacks[usize::from(node)];
        match sends {
            true => stack.send(skb, &mut cx, route),
            false => stack.receive(skb, &mut cx, route),
        }
    }

    fn reject(&mut self, node: u8, skb: &Skb, with: RejectWith) -> End {
        match with {
            RejectWith::PortUnreachable => self.send_icmp_error(node, skb, IcmpCode::PortUnreachable),
            RejectWith::TcpReset => {
                let reset = Skb::tcp(skb.tuple.reversed(), TcpFlags::RST_ACK);
                self.transmit(Origin { place: Place::Node(node), via: node }, reset)
            }
        }
    }

    /// RFC 1122: never an error about an error.
    fn send_icmp_error(&mut self, node: u8, skb: &Skb, code: IcmpCode) -> End {
        if is_error(skb) {
            return End::Nowhere;
        }
        let error = Skb::icmp_error(&skb.tuple, self.own_address(node, skb.tuple), code);
        self.transmit(Origin { place: Place::Node(node), via: node }, error)
    }

    /// __icmp_send: the address that the packet was for, if it is the node's; else the one of the
    /// interface towards its sender.
    fn own_address(&self, node: u8, about: Tuple) -> IpAddr {
        match self.topology.next(node, about.dst) {
            Next::Here => about.dst,
            Next::Pod(_) | Next::NoNeighbor | Next::Node(_) | Next::Outside | Next::DefaultGateway => {
                plan::source_on_node(self.topology.family, node, about.src)
            }
        }
    }
}

fn answer_of(connection: &Connection) -> Answer {
    let Tuple { src, src_port, dst_port, .. } = connection.arrived;
    Answer {
        by: connection.server,
        port: dst_port,
        saw: src,
        same_port: src_port == connection.tuple.src_port,
    }
}

/// What the client makes of the packet that came instead of an answer.
fn outcome_of_reply(origin: Origin, tuple: Tuple, place: Place, skb: &Skb) -> Outcome {
    if place != origin.place {
        return Outcome::Silence;
    }
    match skb.kind {
        // A socket is found by the packet that the error quotes.
        Kind::IcmpError(error) if error.inner == tuple => match error.code {
            IcmpCode::PortUnreachable => Outcome::Refused(Refusal::PortUnreachable),
            IcmpCode::HostUnreachable | IcmpCode::NetworkUnreachable => {
                Outcome::Refused(Refusal::HostUnreachable)
            }
        },
        Kind::Tcp(flags) if flags.has(TcpFlags::RST) && skb.tuple == tuple.reversed() => {
            Outcome::Refused(Refusal::Reset)
        }
        Kind::IcmpError(_) | Kind::Tcp(_) | Kind::Sctp(_) | Kind::Datagram | Kind::Echo(_) => {
            Outcome::Silence
        }
    }
}

fn is_error(skb: &Skb) -> bool {
    matches!(skb.kind, Kind::IcmpError(_))
}

fn is_reset(skb: &Skb) -> bool {
    matches!(skb.kind, Kind::Tcp(flags) if flags.has(TcpFlags::RST))
}
