//! How long a node's kube-proxy takes over its rules, in a cluster of many Services.

use std::sync::Arc;

use cluster::api::EndpointSlice;
use cluster::node::kube_proxy::{
    ProxyMode, Synced, build_rules, changed_objects, clean_stale_entries, ports, update_ports,
};
use netfilter::{Family, Stack};

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
    let known = ports((&seen.services, &seen.slices), &cfg.node_name, cfg.family);
    let mut synced = Synced::from_nothing(mode, &cfg, known);
    let mut stack = Stack::new(cfg.node_ips.clone(), Family::V4);
    stack.set_rules(synced.rules.clone());
    let start = Clock::start();
    for change in 1..=CHANGES {
        let mut slices = seen.slices.clone();
        let at = change * slices.len() / (CHANGES + 1);
        let slice = slices.iter().nth(at).expect("there are more slices than changes");
        let mut slice = EndpointSlice::clone(slice);
        slice.endpoints[0].ready = false;
        slices.insert(slice.meta.key(), Arc::new(slice));
        let (old, new) = ((&seen.services, &seen.slices), (&seen.services, &slices));
        let changed = changed_objects(old, new, false);
        assert_eq!(changed.len(), 1, "one Service has changed");
        let mut updated = synced.ports.clone();
        update_ports(&mut updated, &changed, new, &cfg.node_name, cfg.family);
        synced = synced.next(mode, &cfg, updated);
        stack.set_rules(synced.rules.clone());
        clean_stale_entries(&mut stack.conntrack, &synced.ports);
        seen.slices = slices;
    }
    start.seconds() * 1_000.0 / CHANGES as f64
}
