//! A node with a Service of some endpoints, and packets for it.

use std::net::IpAddr;
use std::sync::Arc;

use super::fixture::{Seen, config, endpoint, ip, port, service, slice};
use crate::node::kube_proxy::ProxyConfig;
use crate::sim::{Chance, Time};
use netfilter::{
    Cx, Family, IcmpCode, Passage, Protocol, Route, RuleSet, Rules, Skb, Stack, TcpFlags, Tuple,
};

pub const NODE_IP: &str = "192.168.50.11";
pub const VIP: &str = "10.96.0.41";
pub const POD: &str = "10.244.7.2";

/// The rules for a Service with TCP and UDP port 80 and these endpoints.
pub fn rules(endpoints: &[&str], cfg: &ProxyConfig) -> Arc<RuleSet> {
    let ports = [port("http", Protocol::Tcp, 80, 30080), port("dns", Protocol::Udp, 80, 0)];
    let mut web = service("web", VIP, &ports);
    web.spec.type_ = crate::api::ServiceType::NodePort;
    let endpoints: Vec<_> = endpoints.iter().map(|e| endpoint(e, None)).collect();
    let targets = [("http", Protocol::Tcp, 8080), ("dns", Protocol::Udp, 5353)];
    Arc::new(Seen::default().with(web).slice(slice("web", &targets, &endpoints)).rules(cfg))
}

pub struct Node {
    pub stack: Stack,
    pub now: Time,
    pub flow: u64,
}

impl Node {
    pub fn new(endpoints: &[&str]) -> Node {
        Node::configured(endpoints, &config())
    }

    pub fn configured(endpoints: &[&str], cfg: &ProxyConfig) -> Node {
        let mut stack = Stack::new(vec![ip(NODE_IP)], Family::V4);
        stack.set_rules(Rules::Iptables(rules(endpoints, cfg)));
        Node { stack, now: Time::ZERO, flow: 0 }
    }

    /// Lets a packet come in and go wherever it goes.
    pub fn pass(&mut self, skb: Skb) -> (Passage, Skb) {
        let mut skb = skb;
        let node = Chance::subject("worker-1");
        let mut cx = Cx { now: self.now, chance: Chance::new(5), flow: self.flow, node, trace: None };
        let here = ip(NODE_IP);
        let route = |tuple: &Tuple| if tuple.dst == here { Route::Local } else { Route::Out(here) };
        let passage = self.stack.receive(&mut skb, &mut cx, route);
        (passage, skb)
    }

    pub fn tcp(&mut self, tuple: Tuple, flags: TcpFlags) -> (Passage, Tuple) {
        let (passage, skb) = self.pass(Skb::tcp(tuple, flags));
        (passage, skb.tuple)
    }

    /// SYN, SYN-ACK, ACK; says what the endpoint's end looks like.
    pub fn open(&mut self, tuple: Tuple) -> Tuple {
        let (passage, sent) = self.tcp(tuple, TcpFlags::SYN);
        assert_eq!(passage, Passage::Out);
        let (_, answered) = self.tcp(sent.reversed(), TcpFlags::SYN_ACK);
        assert_eq!(answered, tuple.reversed(), "the client sees the address that it asked");
        let (_, third) = self.tcp(tuple, TcpFlags::ACK);
        assert_eq!(third, sent);
        sent
    }

    pub fn error(&mut self, about: &Tuple, from: &str) -> (Passage, Skb) {
        self.pass(Skb::icmp_error(about, ip(from), IcmpCode::PortUnreachable))
    }

    pub fn lines(&self) -> Vec<String> {
        self.stack.conntrack.entries(self.now).map(|e| e.line(self.now).to_string()).collect()
    }
}

pub fn tuple(src: &str, src_port: u16, dst: &str, dst_port: u16) -> Tuple {
    let (src, dst): (IpAddr, IpAddr) = (ip(src), ip(dst));
    Tuple { src, src_port, dst, dst_port, protocol: Protocol::Tcp }
}
