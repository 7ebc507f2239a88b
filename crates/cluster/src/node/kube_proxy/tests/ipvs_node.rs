//! IPVS between conntrack and NAT: whole round trips through one node.

use std::net::IpAddr;

use super::fixture::{
    CLIENT, CLUSTER_IP as VIP, NODE_IP, POD, Seen, config, endpoint, ip, port, service, slice,
};
use crate::node::kube_proxy::{ProxyMode, build_rules, leftover_rules};
use crate::sim::{Chance, Span, Time};
use netfilter::{
    Context, Family, Hook, IcmpCode, IpvsDrop, Kind, Protocol, Route, Rules, Skb, Stack, TcpFlags, Traversal,
    Tuple, Verdict,
};

const A: &str = "10.244.1.5";
const B: &str = "10.244.2.6";

struct Node {
    stack: Stack,
    now: Time,
}

fn tuple(src: &str, src_port: u16, dst: &str, dst_port: u16) -> Tuple {
    Tuple { src: ip(src), src_port, dst: ip(dst), dst_port, protocol: Protocol::Tcp }
}

fn rules(mode: ProxyMode, endpoints: &[&str]) -> Rules {
    let ports = [port("http", Protocol::Tcp, 80, 30080), port("dns", Protocol::Udp, 80, 0)];
    let mut web = service("web", VIP, &ports);
    web.spec.type_ = crate::api::ServiceType::NodePort;
    let endpoints: Vec<_> = endpoints.iter().map(|e| endpoint(e, None)).collect();
    let targets = [("http", Protocol::Tcp, 8080), ("dns", Protocol::Udp, 5353)];
    let seen = Seen::default().with(web).slice(slice("web", &targets, &endpoints));
    seen.rules_of(mode, &config())
}

impl Node {
    fn new(endpoints: &[&str]) -> Node {
        let mut stack = Stack::new(vec![ip(NODE_IP)], Family::V4);
        stack.set_rules(rules(ProxyMode::Ipvs, endpoints));
        Node { stack, now: Time::ZERO }
    }

    fn pass(&mut self, mut skb: Skb, from_here: bool) -> (Traversal, Skb) {
        let bound: Vec<IpAddr> =
            [NODE_IP, VIP].iter().map(|a| ip(a)).filter(|a| self.stack.has_address(*a)).collect();
        let route = |t: &Tuple| if bound.contains(&t.dst) { Route::Local } else { Route::Out(ip(NODE_IP)) };
        let node = Chance::subject("worker-1");
        let mut cx = Context { now: self.now, chance: Chance::new(5), flow: 0, node, trace: None };
        let traversal = match from_here {
            true => self.stack.send(&mut skb, &mut cx, route),
            false => self.stack.receive(&mut skb, &mut cx, route),
        };
        (traversal, skb)
    }

    fn tcp(&mut self, tuple: Tuple, flags: TcpFlags) -> (Traversal, Tuple) {
        let (traversal, skb) = self.pass(Skb::tcp(tuple, flags), false);
        (traversal, skb.tuple)
    }

    /// SYN, SYN-ACK, ACK. Returns the tuple that the endpoint sees.
    fn open(&mut self, tuple: Tuple) -> Tuple {
        let (traversal, sent) = self.tcp(tuple, TcpFlags::SYN);
        assert_eq!(traversal, Traversal::Out, "{tuple:?} is sent on");
        assert_eq!(self.tcp(sent.reversed(), TcpFlags::SYN_ACK), (Traversal::Out, tuple.reversed()));
        assert_eq!(self.tcp(tuple, TcpFlags::ACK), (Traversal::Out, sent));
        sent
    }

    fn conntrack(&self) -> Vec<String> {
        self.stack.conntrack.entries(self.now).map(|e| e.line(self.now).to_string()).collect()
    }
}

#[test]
fn a_pod_sees_the_address_that_it_asked() {
    let mut node = Node::new(&[A]);
    let asked = tuple(POD, 40_000, VIP, 80);
    assert_eq!(node.open(asked), tuple(POD, 40_000, A, 8080));
    // Conntrack knows where the answer comes from, and that it has nothing to rewrite.
    let lines = node.conntrack();
    assert!(lines[0].contains("dst=10.96.0.41") && lines[0].contains("src=10.244.1.5"), "{lines:?}");
    let entry = node.stack.conntrack.entries(node.now).next().expect("it is tracked");
    assert!(!entry.is_dnat() && !entry.is_snat());
}

#[test]
fn a_client_outside_is_masqueraded_and_finds_back() {
    let mut node = Node::new(&[A]);
    let sent = node.open(tuple(CLIENT, 40_000, NODE_IP, 30080));
    assert_eq!((sent.src, sent.dst, sent.dst_port), (ip(NODE_IP), ip(A), 8080));
    assert!(node.stack.conntrack.entries(node.now).all(|e| e.is_snat() && !e.is_dnat()));
}

#[test]
fn the_node_itself_calls_with_the_virtual_address_and_is_masqueraded() {
    let mut node = Node::new(&[A]);
    let (traversal, skb) = node.pass(Skb::tcp(tuple(VIP, 40_000, VIP, 80), TcpFlags::SYN), true);
    assert_eq!(traversal, Traversal::Out);
    assert_eq!((skb.tuple.src, skb.tuple.dst), (ip(NODE_IP), ip(A)));
    let (traversal, answer) = node.tcp(skb.tuple.reversed(), TcpFlags::SYN_ACK);
    assert_eq!((traversal, answer), (Traversal::Local, tuple(VIP, 80, VIP, 40_000)));
}

/// crosses_local_route_boundary: the packet is dropped, and the sender gets no error.
#[test]
fn a_loopback_address_does_not_leave_the_node() {
    for (endpoint, expected) in [(A, Traversal::NoRoute), (NODE_IP, Traversal::Local)] {
        let mut node = Node::new(&[endpoint]);
        let (traversal, _) =
            node.pass(Skb::tcp(tuple("127.0.0.1", 40_000, NODE_IP, 30080), TcpFlags::SYN), true);
        assert_eq!(traversal, expected, "{endpoint}");
    }
}

#[test]
fn an_error_about_the_real_server_is_the_virtual_servers() {
    let mut node = Node::new(&[A]);
    let asked = Tuple { protocol: Protocol::Udp, ..tuple(POD, 40_000, VIP, 80) };
    let (_, sent) = node.pass(Skb::datagram(asked), false);
    assert_eq!((sent.tuple.dst, sent.tuple.dst_port), (ip(A), 5353));
    let error = Skb::icmp_error(&sent.tuple, ip(A), IcmpCode::PortUnreachable);
    let (traversal, error) = node.pass(error, false);
    let Kind::IcmpError(quoted) = error.kind else { panic!("it is an error still") };
    assert_eq!(traversal, Traversal::Out);
    assert_eq!((error.tuple.src, error.tuple.dst, quoted.inner), (ip(VIP), ip(POD), asked));
    // An error that the node sends itself, because no machine has the real server's address.
    let own = Skb::icmp_error(&sent.tuple, ip(NODE_IP), IcmpCode::HostUnreachable);
    let (_, own) = node.pass(own, true);
    let Kind::IcmpError(quoted) = own.kind else { panic!("it is an error still") };
    assert_eq!(quoted.inner, asked);
}

/// ip_vs_conn_expire deletes the conntrack entry too; later packets of the connection match no entry.
#[test]
fn a_quiet_connection_ends_in_both_tables() {
    let mut node = Node::new(&[A]);
    let asked = tuple(POD, 40_000, VIP, 80);
    node.open(asked);
    node.now = node.now + Span::from_secs(900);
    let (traversal, after) = node.tcp(asked, TcpFlags::ACK);
    assert_eq!((traversal, after), (Traversal::Local, asked), "a process of the node's own answers: a reset");
    let answers: Vec<IpAddr> = node.stack.conntrack.entries(node.now).map(|e| e.reply.src).collect();
    assert_eq!(answers, [ip(VIP)], "conntrack has begun anew: no answer is awaited from {A}");
}

/// The hooks are removed with the last virtual server, but connections still time out.
#[test]
fn a_connection_ends_though_its_virtual_server_is_gone() {
    let mut node = Node::new(&[A]);
    let asked = tuple(POD, 40_000, VIP, 80);
    node.open(asked);
    let nothing = build_rules(ProxyMode::Ipvs, &config(), &Default::default());
    node.stack.set_rules(nothing);
    node.now = node.now + Span::from_secs(900);
    node.tcp(asked, TcpFlags::ACK);
    let answers: Vec<IpAddr> = node.stack.conntrack.entries(node.now).map(|e| e.reply.src).collect();
    assert_eq!(answers, [ip(VIP)], "conntrack has begun anew: no answer is awaited from {A}");
}

#[test]
fn without_servers_the_client_is_told_and_nothing_is_tracked() {
    let mut node = Node::new(&[]);
    let (traversal, _) = node.tcp(tuple(POD, 40_000, VIP, 80), TcpFlags::SYN);
    let Traversal::Stopped(Hook::Input, Verdict::Ipvs(server, IpvsDrop::NoDestination)) = traversal else {
        panic!("IPVS refuses: {traversal:?}");
    };
    assert_eq!(server.to_string(), "-t 10.96.0.41:80");
    assert_eq!(node.conntrack(), Vec::<String>::new());
}

#[test]
fn an_open_connection_stays_where_it_is_whatever_the_rules_become() {
    let mut node = Node::new(&[A]);
    let asked = tuple(POD, 40_000, VIP, 80);
    let sent = node.open(asked);
    node.stack.set_rules(rules(ProxyMode::Ipvs, &[B]));
    assert_eq!(node.tcp(asked, TcpFlags::ACK), (Traversal::Out, sent));
    assert_eq!(node.open(tuple(POD, 40_001, VIP, 80)).dst, ip(B));
}

/// From iptables to IPVS: conntrack still DNATs the connection's packets, so they do not reach INPUT. From
/// IPVS to iptables: nothing rewrites them any more, and kube-ipvs0 does not exist.
#[test]
fn a_switch_of_modes_keeps_what_conntrack_rewrites_and_loses_what_ipvs_did() {
    let asked = tuple(POD, 40_000, VIP, 80);
    let mut node = Node::new(&[A]);
    node.stack.set_rules(rules(ProxyMode::Iptables, &[A]));
    let sent = node.open(asked);
    node.stack.set_rules(leftover_rules(&config()));
    node.stack.set_rules(rules(ProxyMode::Ipvs, &[B]));
    assert_eq!(node.tcp(asked, TcpFlags::ACK), (Traversal::Out, sent));

    let mut node = Node::new(&[A]);
    node.open(asked);
    node.stack.set_rules(leftover_rules(&config()));
    node.stack.set_rules(rules(ProxyMode::Iptables, &[A]));
    assert_eq!(node.tcp(asked, TcpFlags::ACK), (Traversal::Out, asked), "out by the default route");
    assert_eq!(node.open(tuple(POD, 40_001, VIP, 80)).dst, ip(A));
}

/// conn_reuse_mode=1: a closed connection's port may begin another at once.
#[test]
fn a_port_can_be_used_again() {
    let mut node = Node::new(&[A, B]);
    let asked = tuple(POD, 40_000, VIP, 80);
    let first = node.open(asked);
    node.tcp(first.reversed(), TcpFlags::RST_ACK);
    let second = node.open(asked);
    assert_ne!(first.dst, second.dst, "round robin goes on");
}
