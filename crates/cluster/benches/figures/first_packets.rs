//! How many first packets a second the network model can carry: each begins a new connection from
//! a Pod to a ClusterIP, through all hooks of two nodes, and leaves an entry in both connection
//! tables, which forget it after conntrack's own time-out for an unanswered SYN.

use std::net::IpAddr;

use cluster::node::kube_proxy::{ProxyMode, build_rules, ports};
use cluster::sim::{Chance, Span, Time};
use netfilter::{
    Conntrack, Context, Family, IpvsRules, Protocol, Route, Skb, Stack, TcpFlags, Traversal, Tuple,
};

use crate::clock::Clock;
use crate::objects;

const FLOWS: u64 = 1_000_000;
/// Simulated time between two packets.
const BETWEEN: Span = Span::from_millis(1);

/// First packets per second of wall time, with this many Services of this many endpoints.
pub fn rate(mode: ProxyMode, services: u32, endpoints: u32) -> f64 {
    let mut nodes = [1, 2].map(|n| node(mode, n, services, endpoints));
    let routing = [1, 2].map(|n| Routing::of(n, &nodes[usize::from(n) - 1]));
    let chance = Chance::new(1);
    let mut now = Time::ZERO;
    let mut arrived = 0u64;
    let start = Clock::start();
    for flow in 0..FLOWS {
        now = now + BETWEEN;
        let mut skb = Skb::tcp(tuple(flow, services), TcpFlags::SYN);
        let mut through = true;
        for (stack, node) in nodes.iter_mut().zip(&routing) {
            let mut cx = Context { now, chance, flow, node: node.name, trace: None };
            skb = Skb::tcp(skb.tuple, TcpFlags::SYN);
            through &= stack.receive(&mut skb, &mut cx, |tuple| node.route(tuple)) == Traversal::Out;
        }
        arrived += u64::from(through && skb.tuple.dst_port == 8080);
    }
    let seconds = start.seconds();
    assert_eq!(arrived, FLOWS, "every packet is sent to an endpoint");
    FLOWS as f64 / seconds
}

/// A node's routing table.
struct Routing {
    name: u64,
    out: IpAddr,
    /// Its own addresses: in IPVS mode those of kube-ipvs0 are among them.
    ipvs: Option<IpvsRules>,
}

impl Routing {
    fn of(n: u8, stack: &Stack) -> Routing {
        let name = Chance::subject(&format!("node-{n}"));
        Routing { name, out: stack.addresses[0], ipvs: stack.hooks().primary().rules().ipvs().cloned() }
    }

    fn route(&self, tuple: &Tuple) -> Route {
        let is_ours = self.ipvs.as_ref().is_some_and(|rules| rules.binds(tuple.dst));
        if is_ours { Route::Local } else { Route::Out(self.out) }
    }
}

fn node(mode: ProxyMode, n: u8, services: u32, endpoints: u32) -> Stack {
    let cfg = objects::config(n);
    let mut stack = Stack::new(vec![cfg.node_ips[0], [10, 244, n, 1].into()], Family::V4);
    let seen = objects::seen(services, endpoints);
    let ports = ports((&seen.services, &seen.slices), &cfg.node_name, cfg.family);
    stack.set_rules(build_rules(mode, &cfg, &ports));
    stack.conntrack = Conntrack::default();
    stack
}

fn tuple(flow: u64, services: u32) -> Tuple {
    let pod = (flow / 60_000 % 200) as u8;
    Tuple {
        src: [10, 244, 1, 10 + pod].into(),
        src_port: 1024 + (flow % 60_000) as u16,
        dst: objects::cluster_ip((flow % u64::from(services)) as u32),
        dst_port: 80,
        protocol: Protocol::Tcp,
    }
}
