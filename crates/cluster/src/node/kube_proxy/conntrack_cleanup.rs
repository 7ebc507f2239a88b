//! Deletes connections of UDP Services whose endpoint is gone (pkg/proxy/conntrack/cleanup.go).
//!
//! Otherwise a UDP client's packets would go to a dead endpoint for as long as it keeps sending. TCP
//! needs no such cleanup, and kube-proxy does none.

use litemap::LiteMap;
use std::net::{IpAddr, SocketAddr};

use super::{EndpointInfo, Ports, ServicePortInfo};
use netfilter::{Conntrack, Entry, Family, Protocol};

/// CleanStaleEntries: deletes the UDP entries whose original destination is an address of a Service,
/// or a NodePort on any address, and whose reply source is not a serving endpoint of that Service.
/// Policies and topology do not matter; serving terminating endpoints count as serving; entries of a
/// Service without any serving endpoint are kept. Returns how many entries it deleted.
///
/// kube-proxy runs it after a sync in which endpoints changed.
pub fn clean_stale_entries(conntrack: &mut Conntrack, ports: &Ports) -> u32 {
    let targets = Targets::new(ports);
    conntrack.delete(|entry| targets.are_stale(entry))
}

/// The serving endpoints behind each address, and behind each family's NodePorts: kube-proxy lists the entries of one
/// family at a time (ListEntries).
#[derive(Default)]
struct Targets<'a> {
    by_address: LiteMap<(IpAddr, u16), &'a [EndpointInfo]>,
    by_node_port: LiteMap<(Family, u16), &'a [EndpointInfo]>,
}

impl<'a> Targets<'a> {
    fn new(ports: &'a Ports) -> Targets<'a> {
        let mut targets = Targets::default();
        for port in ports.values().filter(|port| port.service.name.protocol == Protocol::Udp) {
            if port.endpoints.iter().any(|e| e.serving) {
                targets.add(&port.service, &port.endpoints);
            }
        }
        targets
    }

    fn add(&mut self, service: &ServicePortInfo, endpoints: &'a [EndpointInfo]) {
        let others = service.load_balancer_vips.iter().chain(&service.external_ips);
        for ip in [service.cluster_ip].iter().chain(others) {
            self.by_address.insert((*ip, service.port), endpoints);
        }
        if service.node_port != 0 {
            let family = Family::of(service.cluster_ip);
            self.by_node_port.insert((family, service.node_port), endpoints);
        }
    }

    fn are_stale(&self, entry: &Entry) -> bool {
        if entry.original.protocol != Protocol::Udp {
            return false;
        }
        let target = SocketAddr::new(entry.reply.src, entry.reply.src_port);
        let is_gone =
            |endpoints: &&[EndpointInfo]| !endpoints.iter().any(|e| e.serving && e.address == target);
        let address = (entry.original.dst, entry.original.dst_port);
        let node_port = (Family::of(entry.original.dst), entry.original.dst_port);
        self.by_address.get(&address).is_some_and(is_gone)
            || self.by_node_port.get(&node_port).is_some_and(is_gone)
    }
}
