//! First packets of connections, for tests of rules.

use std::net::IpAddr;

use super::families;
use super::fixture::{BLOCKED_CLIENT, CLIENT, LB_IP, NODE_IP, NODE_IP_ALT, POD, Seen, ip};
use crate::api::Service;
use crate::node::kube_proxy::ProxyConfig;
use netfilter::{Family, Protocol, Tuple};

/// A Pod here, one elsewhere, clients, a load balancer's address, another node, and the node itself.
const SOURCES: [&str; 9] =
    [POD, "10.244.9.9", CLIENT, BLOCKED_CLIENT, LB_IP, "192.168.50.12", NODE_IP, NODE_IP_ALT, "127.0.0.1"];
const HERE: [&str; 3] = [NODE_IP, NODE_IP_ALT, "127.0.0.1"];
/// Destinations that belong to no Service: a ClusterIP, a NodePort, a client's address, a Pod's.
const OTHERS: [(&str, u16); 4] = [("10.96.0.99", 80), (NODE_IP, 30999), (CLIENT, 80), ("10.244.1.3", 8080)];

/// Packets from everybody to everything, and from each endpoint of a Service to the Service itself, in
/// the configuration's family.
pub fn packets(seen: &Seen, cfg: &ProxyConfig) -> Vec<Tuple> {
    let everybody: Vec<IpAddr> = SOURCES.map(ip).to_vec();
    let mut packets = Vec::new();
    add(&mut packets, &everybody, &OTHERS.map(|(to, port)| (ip(to), port)));
    for service in seen.services.iter() {
        let slices = seen.slices.iter().filter(|slice| slice.service == service.meta.name);
        let endpoints = slices.flat_map(|slice| &slice.endpoints).map(|endpoint| endpoint.address);
        let sources: Vec<IpAddr> = everybody.iter().copied().chain(endpoints).collect();
        add(&mut packets, &sources, &targets(service));
    }
    if cfg.family == Family::V6 {
        for tuple in &mut packets {
            (tuple.src, tuple.dst) = (families::six(tuple.src), families::six(tuple.dst));
        }
    }
    packets
}

/// The packets with their destination address as source too: so the node calls an address of kube-ipvs0.
pub fn from_themselves(packets: &[Tuple]) -> Vec<Tuple> {
    let mut own: Vec<Tuple> = Vec::new();
    for tuple in packets.iter().map(|tuple| Tuple { src: tuple.dst, ..*tuple }) {
        if !own.contains(&tuple) {
            own.push(tuple);
        }
    }
    own
}

/// Destinations of a Service: its own ports and others, its NodePorts, its health check port.
fn targets(service: &Service) -> Vec<(IpAddr, u16)> {
    let spec = &service.spec;
    let ingress = service.ingress.iter().map(|ingress| &ingress.ip);
    let vips = spec.cluster_ips.iter().chain(&spec.external_ips).chain(ingress);
    let node_ports = spec.ports.iter().map(|port| port.node_port).chain([spec.health_check_node_port]);
    let on_nodes = node_ports.filter(|port| *port != 0);
    let mut all: Vec<_> = vips.flat_map(|ip| [80, 81, 31000].map(|port| (*ip, port))).collect();
    all.extend(on_nodes.flat_map(|port| HERE.map(|here| (ip(here), port))));
    all
}

fn add(packets: &mut Vec<Tuple>, sources: &[IpAddr], targets: &[(IpAddr, u16)]) {
    for &src in sources {
        for &(dst, dst_port) in targets {
            let packet = |protocol| Tuple { src, src_port: 40_000, dst, dst_port, protocol };
            packets.extend([Protocol::Tcp, Protocol::Udp].map(packet));
        }
    }
}
