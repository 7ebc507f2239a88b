//! kube-proxy's IPVS backend (pkg/proxy/ipvs/proxier.go, syncProxyRules; deprecated since 1.35).

mod chains;
mod describe;
mod servers;
mod sets;

use std::sync::Arc;

use super::mode::Proxier;
use super::{Ports, ProxyConfig, categorize};
use crate::net::netfilter::{IpvsRules, RuleSet, Rules};

pub(super) static PROXIER: Proxier =
    Proxier { name: "ipvs", build: |cfg, ports, _| Rules::from(Arc::new(build(cfg, ports))) };

/// What a full sync writes, for the Services and EndpointSlices that this node has seen.
///
/// Where a Service's policy is Local and this node has no endpoint for it, it falls back to those
/// of the whole cluster (syncEndpoint; iptables and nftables drop): C-10.
pub fn build(cfg: &ProxyConfig, ports: &Ports) -> IpvsRules {
    let mut sets = sets::Sets::default();
    let mut servers = servers::Servers::new(cfg);
    for port in ports.values() {
        let (service, all) = (&port.service, &port.endpoints);
        let categorized = categorize(all, service, &cfg.node_name, cfg.zone.as_deref());
        sets.add_hairpins(service, all);
        let wanted = servers.add(service, all, &categorized);
        sets.add(cfg, service, &wanted);
    }
    let (servers, addresses) = servers.finish();
    sets.add_bound(&addresses);
    let node_access = std::mem::take(&mut sets.no_node_access);
    let mut tables = RuleSet::empty(cfg.family);
    let sets = sets.finish(cfg.family);
    tables.set_names = sets.iter().map(|set| set.name.clone()).collect();
    chains::write(cfg, &sets, &node_access, &mut tables);
    IpvsRules { tables: Arc::new(tables), sets, addresses, servers }
}
