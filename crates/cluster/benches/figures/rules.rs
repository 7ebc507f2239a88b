//! How long a node's kube-proxy takes over its rules, in a cluster of many Services.

use std::sync::Arc;

use cluster::net::netfilter::{Family, Stack};
use cluster::node::kube_proxy::{
    Kept, Ports, ProxyMode, build_rules, changed_objects, clean_stale_entries, ports, rebuild_rules,
    update_ports,
};

use crate::clock::Clock;
use crate::objects;

/// Milliseconds for all rules of one node, from nothing but the objects.
pub fn from_nothing(mode: ProxyMode, services: u32, endpoints: u32) -> f64 {
    let (seen, cfg) = (objects::seen(services, endpoints), objects::config(1));
    let start = Clock::start();
    let ports = ports((&seen.services, &seen.slices), &cfg.node_name, cfg.family);
    let rules = build_rules(mode, &cfg, &ports);
    let seconds = start.seconds();
    assert!(rules.rule_count() > seen.services.len(), "there are rules for every Service");
    seconds * 1_000.0
}

/// Milliseconds for a whole sync after one endpoint has changed: what has changed is found, the rules are
/// written and put into the node's kernel in place of the old ones.
pub fn one_change(mode: ProxyMode, services: u32, endpoints: u32) -> f64 {
    let (seen, cfg) = (objects::seen(services, endpoints), objects::config(1));
    let old = ports((&seen.services, &seen.slices), &cfg.node_name, cfg.family);
    let mut stack = Stack::new(cfg.node_ips.clone(), Family::V4);
    stack.set_rules(build_rules(mode, &cfg, &old));
    let (key, slice) = seen.slices.iter().nth(seen.slices.len() / 2).expect("there are slices");
    let mut slice = (**slice).clone();
    slice.endpoints[0].ready = false;
    let mut slices = seen.slices.clone();
    slices.insert(key.clone(), Arc::new(slice));
    let start = Clock::start();
    let changed = changed_objects((&seen.services, &seen.slices), (&seen.services, &slices));
    let mut new = Ports::clone(&old);
    update_ports(&mut new, &changed, (&seen.services, &slices), &cfg.node_name, cfg.family);
    let kept = Kept::of(stack.rules(), &old, &new);
    let rules = rebuild_rules(mode, &cfg, &new, &kept);
    stack.set_rules(rules);
    clean_stale_entries(&mut stack.conntrack, &new);
    let seconds = start.seconds();
    assert_eq!(changed.len(), 1, "one Service has changed");
    seconds * 1_000.0
}
