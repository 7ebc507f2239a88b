//! kube-proxy's IPVS backend (pkg/proxy/ipvs/proxier.go, syncProxyRules; deprecated since 1.35).

mod chains;
mod describe;
mod servers;
mod sets;

use std::sync::Arc;

use super::mode::Proxier;
use super::{EndpointsMap, ProxyConfig, ServicePortMap, categorize};
use crate::net::netfilter::{IpvsRules, RuleSet, Rules};

pub(super) static PROXIER: Proxier = Proxier {
    name: "ipvs",
    build: |cfg, services, endpoints| Rules::from(Arc::new(build_from(cfg, services, endpoints))),
};

/// What a full sync writes, for the Services and EndpointSlices that this node has seen.
///
/// Where a Service's policy is Local and this node has no endpoint for it, it falls back to those
/// of the whole cluster (syncEndpoint; iptables and nftables drop): C-10.
pub fn build_from(cfg: &ProxyConfig, services: &ServicePortMap, endpoints: &EndpointsMap) -> IpvsRules {
    let mut sets = sets::Sets::default();
    let mut servers = servers::Servers::new(cfg);
    for (name, service) in services {
        let all = endpoints.get(&**name).map_or(&[][..], Vec::as_slice);
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
