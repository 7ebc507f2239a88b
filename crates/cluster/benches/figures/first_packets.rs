//! How many first packets a second the network model can carry: each begins a new connection from
//! a Pod to a ClusterIP, through all hooks of two nodes, and leaves an entry in both connection
//! tables, which forget it after conntrack's own time-out for an unanswered SYN.

use cluster::ordered::Map;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use cluster::api::{
    Endpoint, EndpointPort, EndpointSlice, Meta, NsName, Service, ServicePort, ServiceSpec, TargetPort,
};
use cluster::net::netfilter::{Conntrack, Cx, Family, IpvsRules, Passage, Route, Skb, Stack, TcpFlags};
use cluster::net::{Protocol, Tuple};
use cluster::node::kube_proxy::{ProxyConfig, ProxyMode, build_rules, endpoints_map, service_port_map};
use cluster::sim::{Chance, Span, Time};

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
            let mut cx = Cx { now, chance, flow, node: node.name, trace: None };
            skb = Skb::tcp(skb.tuple, TcpFlags::SYN);
            through &= stack.receive(&mut skb, &mut cx, |tuple| node.route(tuple)) == Passage::Out;
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
    ipvs: Option<Arc<IpvsRules>>,
}

impl Routing {
    fn of(n: u8, stack: &Stack) -> Routing {
        let name = Chance::subject(&format!("node-{n}"));
        Routing { name, out: stack.addresses[0], ipvs: stack.rules().ipvs().cloned() }
    }

    fn route(&self, tuple: &Tuple) -> Route {
        let is_ours = self.ipvs.as_ref().is_some_and(|rules| rules.binds(tuple.dst));
        if is_ours { Route::Local } else { Route::Out(self.out) }
    }
}

/// Time on a processor, where the system tells it (Linux): on a machine that others use too, it is
/// what this thread used. Else time as it passes.
enum Clock {
    Processor(u64),
    #[expect(clippy::disallowed_types, reason = "a benchmark measures real time")]
    Wall(std::time::Instant),
}

impl Clock {
    fn start() -> Clock {
        #[expect(clippy::disallowed_types, reason = "a benchmark measures real time")]
        let wall = || Clock::Wall(std::time::Instant::now());
        processor_time().map_or_else(wall, Clock::Processor)
    }

    fn seconds(&self) -> f64 {
        match self {
            Clock::Processor(from) => processor_time().map_or(0.0, |to| (to - from) as f64 / 1e9),
            Clock::Wall(from) => from.elapsed().as_secs_f64(),
        }
    }
}

/// This thread's, in nanoseconds.
fn processor_time() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split(' ').next()?.parse().ok()
}

fn node(mode: ProxyMode, n: u8, services: u32, endpoints: u32) -> Stack {
    let ip: IpAddr = [192, 168, 0, n].into();
    let cfg = ProxyConfig {
        node_name: format!("node-{n}").into(),
        node_ips: vec![ip],
        cluster_cidr: "10.244.0.0/16".parse().ok(),
        service_cidrs: "10.96.0.0/12".parse().into_iter().collect(),
        cni_masquerade_cidr: "10.244.0.0/16".parse().ok(),
        ..ProxyConfig::default()
    };
    let mut stack = Stack::new(vec![ip, [10, 244, n, 1].into()], Family::V4);
    let objects: Vec<_> = (0..services).map(|s| (service(s), slice(s, endpoints))).collect();
    let services: Map<_, _> = objects.iter().map(|(s, _)| (s.meta.key(), Arc::new(s.clone()))).collect();
    let slices: Map<_, _> = objects.iter().map(|(_, s)| (s.meta.key(), Arc::new(s.clone()))).collect();
    let services = service_port_map(&services, cfg.family);
    let endpoints = endpoints_map(&slices, &cfg.node_name, cfg.family);
    stack.set_rules(build_rules(mode, &cfg, &services, &endpoints));
    stack.conntrack = Conntrack::default();
    stack
}

fn cluster_ip(service: u32) -> IpAddr {
    Ipv4Addr::from(0x0a60_0001 + service).into()
}

fn tuple(flow: u64, services: u32) -> Tuple {
    let pod = (flow / 60_000 % 200) as u8;
    Tuple {
        src: [10, 244, 1, 10 + pod].into(),
        src_port: 1024 + (flow % 60_000) as u16,
        dst: cluster_ip((flow % u64::from(services)) as u32),
        dst_port: 80,
        protocol: Protocol::Tcp,
    }
}

fn meta(name: String) -> Meta {
    Meta { name: name.into(), namespace: "default".into(), ..Meta::default() }
}

fn service(n: u32) -> Service {
    let port = ServicePort {
        name: "http".into(),
        protocol: Protocol::Tcp,
        port: 80,
        target_port: TargetPort::Number(8080),
        node_port: 0,
    };
    let spec = ServiceSpec { ports: vec![port], cluster_ips: vec![cluster_ip(n)], ..ServiceSpec::default() };
    Service { meta: meta(format!("svc-{n}")), spec, ingress: Vec::new() }
}

fn slice(n: u32, endpoints: u32) -> EndpointSlice {
    let endpoint = |e: u32| Endpoint {
        address: Ipv4Addr::from(0x0af4_0200 + (n * endpoints + e)).into(),
        ready: true,
        serving: true,
        terminating: false,
        node: Some("node-2".into()),
        zone: None,
        hostname: None,
        target: None,
        zone_hints: Vec::new(),
        node_hints: Vec::new(),
    };
    EndpointSlice {
        meta: meta(format!("svc-{n}-abcde")),
        service: NsName::new("default", &format!("svc-{n}")).name,
        ports: vec![EndpointPort { name: "http".into(), protocol: Protocol::Tcp, port: 8080 }],
        endpoints: (0..endpoints).map(endpoint).collect(),
    }
}
