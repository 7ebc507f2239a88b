//! kube-proxy's nftables backend (pkg/proxy/nftables/proxier.go, setupNFTables and syncProxyRules), as
//! Kubernetes 1.36 has it: masquerading of ClusterIPs is one rule for all Services, hairpins are a set,
//! and endpoints have chains of their own only for session affinity.

mod describe;
mod endpoint_rules;
mod fixed;
mod names;
mod service_rules;

pub use names::{service_port_chain_name_base, service_port_endpoint_chain_name_base};

use std::sync::Arc;

use super::mode::Proxier;
use super::{EndpointsMap, ProxyConfig, ServicePortMap, categorize, iptables};
use crate::net::netfilter::Rules;
use crate::net::netfilter::nft::Table;

pub(super) static PROXIER: Proxier = Proxier {
    name: "nftables",
    build: |cfg, services, endpoints| {
        let table = build_from(cfg, services, endpoints);
        Rules::from((Arc::new(table), Arc::new(iptables::of_others(cfg))))
    },
};

/// The table that a full sync writes.
///
/// Not written: the chains of Services that are gone, which kube-proxy empties at once and deletes a
/// second later, for old kernels' sake. Nothing leads to them.
pub fn build_from(cfg: &ProxyConfig, services: &ServicePortMap, endpoints: &EndpointsMap) -> Table {
    let (mut table, fixed) = fixed::top_level(cfg);
    for (name, service) in services {
        let endpoints = endpoints.get(&**name).map_or(&[][..], Vec::as_slice);
        let found = categorize(endpoints, service, &cfg.node_name, cfg.zone.as_deref());
        service_rules::write(&mut table, &fixed, cfg, service, endpoints, &found);
    }
    table
}
