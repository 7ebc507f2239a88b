//! kube-proxy's IPVS backend (pkg/proxy/ipvs/proxier.go, syncProxyRules; deprecated since 1.35).

mod chains;
mod describe;
mod servers;
mod sets;

use std::sync::Arc;

pub(super) use describe::{endpoint_choices, port_summary, rule_role, rules_of, selection_reason};

pub(super) use servers::RealServers;

use super::{Ports, ProxyConfig, Reuse};
use netfilter::{IpvsRules, RuleSet};

/// What a full sync writes, and the real servers of each service port, for the Services and EndpointSlices
/// that this node has seen.
///
/// If a Service's policy is Local and this node has no endpoint for it, the endpoints of the whole cluster
/// are used instead (syncEndpoint; modes iptables and nftables drop): C-10.
pub fn build(cfg: &ProxyConfig, ports: &Ports, reuse: &Reuse<'_>) -> (IpvsRules, Vec<RealServers>) {
    let last = reuse.last().map_or(&[][..], |last| &last.real_servers);
    let mut real_servers = Vec::with_capacity(ports.len());
    let mut sets = sets::Sets::default();
    let mut servers = servers::Servers::new(cfg);
    for (at, port) in ports.values().enumerate() {
        let known = reuse.place(at).and_then(|at| last.get(at)).cloned();
        let behind = known.unwrap_or_else(|| servers::real_servers_of(cfg, port));
        sets.add_hairpins(&port.service, &port.endpoints);
        let wanted = servers.add(&port.service, &behind);
        sets.add(cfg, &port.service, &wanted);
        real_servers.push(behind);
    }
    let (servers, addresses) = servers.finish();
    sets.add_bound(&addresses);
    let node_access = std::mem::take(&mut sets.no_node_access);
    let mut tables = RuleSet::empty(cfg.family);
    let sets = sets.finish(cfg.family);
    tables.set_names = sets.iter().map(|set| set.name.clone()).collect();
    chains::write(cfg, &sets, &node_access, &mut tables);
    let interface = "kube-ipvs0".into();
    (IpvsRules { tables: Arc::new(tables), sets, interface, addresses, servers }, real_servers)
}
