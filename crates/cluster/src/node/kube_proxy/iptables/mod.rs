//! kube-proxy's iptables backend (pkg/proxy/iptables/proxier.go, syncProxyRules).

mod assemble;
mod cni;
mod describe;
mod endpoint_rules;
mod fixed;
mod service_rules;

use crate::ordered::Map;
use std::sync::Arc;

pub(super) use cni::masquerade as cni_masquerade;
pub(super) use describe::{choices, chosen, rules_of};
pub(super) use fixed::{loopback, marked};

use super::mode::Proxier;
use super::{ProxyConfig, ServicePortMap, categorize, endpoints_map, service_port_map};
use crate::api::{EndpointSlice, NsName, Service};
use crate::net::netfilter::{RuleSet, Rules};
use crate::node::kube_proxy::EndpointsMap;

pub(super) static PROXIER: Proxier = Proxier {
    name: "iptables",
    build: |cfg, services, endpoints| Rules::from(Arc::new(build_from(cfg, services, endpoints))),
};

/// The rules that a full sync writes, for the Services and EndpointSlices that this node has seen.
pub fn build(
    cfg: &ProxyConfig,
    services: &Map<NsName, Arc<Service>>,
    slices: &Map<NsName, Arc<EndpointSlice>>,
) -> RuleSet {
    let services = service_port_map(services, cfg.family);
    let endpoints = endpoints_map(slices, &cfg.node_name, cfg.family);
    build_from(cfg, &services, &endpoints)
}

/// The rules that are not kube-proxy's.
pub fn of_others(cfg: &ProxyConfig) -> RuleSet {
    let mut rules = RuleSet::empty(cfg.family);
    cni::masquerade(cfg, &mut rules);
    rules
}

/// As [`build`], from what kube-proxy keeps of them.
///
/// Not written: nfacct matches (their counters are not simulated) and the canary chains by which
/// kube-proxy notices that somebody flushed its rules.
pub fn build_from(cfg: &ProxyConfig, services: &ServicePortMap, endpoints: &EndpointsMap) -> RuleSet {
    let of = |name| endpoints.get(name).map_or(&[][..], Vec::as_slice);
    let total: usize = services.keys().map(|name| of(&**name).len()).sum();
    let writer = service_rules::Writer {
        cfg,
        // I-06, largeClusterMode: comments would be a good part of what the kernel has to keep.
        with_comments: total <= cfg.large_cluster_endpoints as usize,
    };
    let mut rules = fixed::top_level(cfg);
    for (name, service) in services {
        let endpoints = of(&**name);
        let categorized = categorize(endpoints, service, &cfg.node_name, cfg.zone.as_deref());
        assemble::add(&mut rules, writer.service(service, endpoints, &categorized));
    }
    fixed::node_ports_last(cfg, &mut rules);
    cni::masquerade(cfg, &mut rules);
    rules
}
