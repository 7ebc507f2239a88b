//! How long a node's kube-proxy takes over its rules, in a cluster of many Services.

use cluster::node::kube_proxy::{ProxyMode, build_rules, endpoints_map, service_port_map};

use crate::clock::Clock;
use crate::objects;

/// Milliseconds for all rules of one node, from nothing but the objects.
pub fn from_nothing(mode: ProxyMode, services: u32, endpoints: u32) -> f64 {
    let (seen, cfg) = (objects::seen(services, endpoints), objects::config(1));
    let start = Clock::start();
    let services = service_port_map(&seen.services, cfg.family);
    let endpoints = endpoints_map(&seen.slices, &cfg.node_name, cfg.family);
    let rules = build_rules(mode, &cfg, &services, &endpoints);
    let seconds = start.seconds();
    assert!(rules.rule_count() > seen.services.len(), "there are rules for every Service");
    seconds * 1_000.0
}
