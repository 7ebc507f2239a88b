//! A router that balances traffic to a virtual address over some servers, and packets for it.

use std::net::{IpAddr, SocketAddr};

use crate::{
    AddressMatch, Chain, Chance, Context, CtStates, End, Family, IcmpCode, MarkOp, Match, Probability,
    Protocol, RejectWith, Route, Rule, RuleSet, Rules, Skb, Stack, Target, TcpFlags, Time, Traversal, Tuple,
};

/// The router's own address.
pub const ROUTER: &str = "192.168.50.11";
/// The virtual address.
pub const VIP: &str = "10.96.0.41";
/// A client in a network behind the router.
pub const INSIDE: &str = "10.244.7.2";
/// Traffic to this port of the router goes to the servers too, and is masqueraded.
pub const ROUTER_PORT: u16 = 30080;

const MASQUERADE_MARK: u32 = 0x4000;

/// TCP and UDP traffic to port 80 of the virtual address goes to these servers; without any it is rejected.
/// INVALID packets are not forwarded.
pub fn rules(servers: &[&str]) -> RuleSet {
    let mut rules = RuleSet::empty(Family::V4);
    let forward = rules.filter.find("FORWARD").expect("a built-in chain");
    let postrouting = rules.nat.find("POSTROUTING").expect("a built-in chain");
    let invalid = Match::CtState { any_of: CtStates::INVALID, invert: false };
    rules.filter.append(forward, Rule::new(&[invalid], Target::Drop));
    let marked = Match::Mark { value: MASQUERADE_MARK, mask: MASQUERADE_MARK, invert: false };
    rules.nat.append(postrouting, Rule::new(&[marked], Target::Masquerade { random_fully: true }));
    for (protocol, port) in [(Protocol::Tcp, 8080), (Protocol::Udp, 5353)] {
        let to_vip = [
            Match::Destination(AddressMatch::host(ip(VIP))),
            Match::Protocol(protocol),
            Match::DestinationPort(80),
        ];
        if servers.is_empty() {
            let reject = Target::Reject(RejectWith::PortUnreachable);
            rules.filter.append(forward, Rule::new(&to_vip, reject));
        } else {
            spread(&mut rules, servers, protocol, port, &to_vip);
        }
    }
    rules
}

/// As usual with `-m statistic`: the first server takes one in n, the next one in n - 1 of the rest.
fn spread(rules: &mut RuleSet, servers: &[&str], protocol: Protocol, port: u16, to_vip: &[Match]) {
    let prerouting = rules.nat.find("PREROUTING").expect("a built-in chain");
    let mut chain = Chain::new(format!("SERVERS-{}", protocol.as_str()).into());
    for (ordinal, server) in (0..).zip(servers) {
        let left = servers.len() as u32 - ordinal;
        let chosen = Match::Statistic { probability: Probability::one_in(left), ordinal };
        let to = Target::Dnat(SocketAddr::new(ip(server), port));
        chain.append(Rule::new(&[Match::Protocol(protocol), chosen], to));
    }
    let servers = rules.nat.declare(chain);
    rules.nat.append(prerouting, Rule::new(to_vip, Target::Jump(servers)));
    let mut from_outside = Chain::new(format!("OUTSIDE-{}", protocol.as_str()).into());
    from_outside.append(Rule::new(&[], Target::Mark(MarkOp::Or(MASQUERADE_MARK))));
    from_outside.append(Rule::new(&[], Target::Jump(servers)));
    let from_outside = rules.nat.declare(from_outside);
    let to_router =
        [Match::Local(End::Destination), Match::Protocol(protocol), Match::DestinationPort(ROUTER_PORT)];
    rules.nat.append(prerouting, Rule::new(&to_router, Target::Jump(from_outside)));
}

pub struct Router {
    pub stack: Stack,
    pub now: Time,
    pub flow: u64,
}

impl Router {
    pub fn new(servers: &[&str]) -> Router {
        let mut router = Router { stack: Stack::new(vec![ip(ROUTER)], Family::V4), now: Time::ZERO, flow: 0 };
        router.set_rules(rules(servers));
        router
    }

    pub fn set_rules(&mut self, rules: RuleSet) {
        self.stack.set_rules(Rules::Iptables(rules.into()));
    }

    /// Sends a packet through the router.
    pub fn pass(&mut self, skb: Skb) -> (Traversal, Skb) {
        let mut skb = skb;
        let node = Chance::subject("router");
        let mut cx = Context { now: self.now, chance: Chance::new(5), flow: self.flow, node, trace: None };
        let here = ip(ROUTER);
        let route = |tuple: &Tuple| if tuple.dst == here { Route::Local } else { Route::Out(here) };
        let traversal = self.stack.receive(&mut skb, &mut cx, route);
        (traversal, skb)
    }

    pub fn tcp(&mut self, tuple: Tuple, flags: TcpFlags) -> (Traversal, Tuple) {
        let (traversal, skb) = self.pass(Skb::tcp(tuple, flags));
        (traversal, skb.tuple)
    }

    /// SYN, SYN-ACK, ACK. Returns the tuple that the server sees.
    pub fn open(&mut self, tuple: Tuple) -> Tuple {
        let (traversal, sent) = self.tcp(tuple, TcpFlags::SYN);
        assert_eq!(traversal, Traversal::Out);
        let (_, answered) = self.tcp(sent.reversed(), TcpFlags::SYN_ACK);
        assert_eq!(answered, tuple.reversed(), "the client sees the address that it asked");
        let (_, third) = self.tcp(tuple, TcpFlags::ACK);
        assert_eq!(third, sent);
        sent
    }

    pub fn error(&mut self, about: &Tuple, from: &str) -> (Traversal, Skb) {
        self.pass(Skb::icmp_error(about, ip(from), IcmpCode::PortUnreachable))
    }

    pub fn lines(&self) -> Vec<String> {
        self.stack.conntrack.entries(self.now).map(|e| e.line(self.now).to_string()).collect()
    }
}

pub fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

pub fn tuple(src: &str, src_port: u16, dst: &str, dst_port: u16) -> Tuple {
    Tuple { src: ip(src), src_port, dst: ip(dst), dst_port, protocol: Protocol::Tcp }
}
