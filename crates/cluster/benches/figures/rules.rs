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

/// So many changes, one after the other: the processor's time is told in steps of some milliseconds.
const CHANGES: usize = 50;

/// Milliseconds for a whole sync after one endpoint has changed: what has changed is found, the rules are
/// written and put into the node's kernel in place of the old ones.
pub fn one_change(mode: ProxyMode, services: u32, endpoints: u32) -> f64 {
    let (mut seen, cfg) = (objects::seen(services, endpoints), objects::config(1));
    let mut known = ports((&seen.services, &seen.slices), &cfg.node_name, cfg.family);
    let mut stack = Stack::new(cfg.node_ips.clone(), Family::V4);
    stack.set_rules(build_rules(mode, &cfg, &known));
    let start = Clock::start();
    for change in 1..=CHANGES {
        let mut slices = seen.slices.clone();
        let at = change * slices.len() / (CHANGES + 1);
        let (_, slice) = slices.iter_mut().nth(at).expect("there are more slices than changes");
        Arc::make_mut(slice).endpoints[0].ready = false;
        let (old, new) = ((&seen.services, &seen.slices), (&seen.services, &slices));
        let changed = changed_objects(old, new, false);
        assert_eq!(changed.len(), 1, "one Service has changed");
        let mut updated = Ports::clone(&known);
        update_ports(&mut updated, &changed, new, &cfg.node_name, cfg.family);
        let kept = Kept::of(stack.rules(), &known, &updated);
        let rules = rebuild_rules(mode, &cfg, &updated, &kept);
        stack.set_rules(rules);
        clean_stale_entries(&mut stack.conntrack, &updated);
        (known, seen.slices) = (updated, slices);
    }
    start.seconds() * 1_000.0 / CHANGES as f64
}
