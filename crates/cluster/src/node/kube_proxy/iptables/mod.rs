//! kube-proxy's iptables backend (pkg/proxy/iptables/proxier.go, syncProxyRules).

mod cni;
mod describe;
mod endpoint_rules;
mod fixed;
mod service_rules;

use std::sync::Arc;

pub(super) use cni::write as write_others;
pub(super) use describe::{endpoint_choices, port_summary, rule_role, rules_of, selection_reason};
pub(super) use fixed::{loopback, marked};
pub use service_rules::OwnChains;

use super::{Ports, ProxyConfig, Reuse, Synced, categorize, is_large_cluster};
use netfilter::RuleSet;

/// The kernel's counters that rules with `-m nfacct` name (pkg/proxy/metrics).
pub const NFACCT_INVALID_DROPPED: &str = "ct_state_invalid_dropped_pkts";
pub const NFACCT_LOCALHOST_ACCEPTED: &str = "localhost_nps_accepted_pkts";

/// The node's rules that are not kube-proxy's.
pub fn of_others(cfg: &ProxyConfig) -> RuleSet {
    let mut rules = RuleSet::empty(cfg.family);
    cni::write(cfg, &mut rules);
    rules
}

/// The rules that a sync writes, for the service ports that this node's kube-proxy knows. Rules of ports in
/// `reuse` are taken over from the last sync.
///
/// Not written: the canary chains by which kube-proxy notices that somebody flushed its rules.
pub fn build(cfg: &ProxyConfig, ports: &Ports, reuse: &Reuse<'_>) -> RuleSet {
    // I-06, largeClusterMode: comments would take a large part of the kernel memory for rules.
    let with_comments = !is_large_cluster(cfg, ports);
    let may_stay = |last: &&Synced| with_comments != is_large_cluster(cfg, &last.ports);
    let last = reuse.last().filter(may_stay).map(|last| last.rules.iptables().nat.groups());
    let writer = service_rules::Writer { cfg, with_comments };
    let mut rules = fixed::top_level(cfg);
    for (at, port) in ports.values().enumerate() {
        let written = reuse.place(at).and_then(|at| last?.get(at)).cloned();
        rules.add(written.unwrap_or_else(|| {
            let found = categorize(&port.endpoints, &port.service, &cfg.node_name, cfg.zone.as_deref());
            Arc::new(writer.service(&port.service, &port.endpoints, &found))
        }));
    }
    fixed::node_ports_last(cfg, &mut rules);
    cni::write(cfg, &mut rules);
    rules
}
