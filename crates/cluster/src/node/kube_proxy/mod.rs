//! kube-proxy: from the Services and EndpointSlices that a node has seen to the rules it writes.

mod categorize;
mod checks;
mod config;
mod conntrack_cleanup;
mod describe;
mod endpoints;
mod hash;
pub mod iptables;
pub mod ipvs;
mod kept;
mod mode;
pub mod nftables;
mod ports;
mod sent;
mod service_port;
mod service_port_name;
#[cfg(test)]
pub(crate) mod tests;

pub use categorize::{Categorized, TopologyMode, categorize, topology_mode};
pub use checks::{is_kube_proxys, rule_problems};
pub use config::ProxyConfig;
pub use conntrack_cleanup::clean_stale_entries;
pub use describe::{
    BlockReason, EndpointChoice, PortSummary, RuleRole, SelectionReason, endpoint_choices, port_summary,
    rule_role, rules_of, selection_reason,
};
pub use endpoints::{EndpointInfo, EndpointsMap, endpoints_map};
pub use hash::{port_proto_hash, service_port_endpoint_chain_name};
pub use kept::Kept;
pub use mode::ProxyMode;
pub(crate) use ports::ports_of;
pub use ports::{Objects, Port, Ports, changed_objects, ports, udp_endpoints_changed, update_ports};
pub use sent::SentConnections;
pub use service_port::{ServicePortInfo, ServicePortMap, service_port_map};
pub use service_port_name::{ServicePortName, service_port_of};

use std::sync::Arc;

use crate::api::{Labels, Str};
use crate::net::netfilter::Rules;

/// The rules that a full sync writes in a mode, for the service ports that kube-proxy knows.
pub fn build_rules(mode: ProxyMode, cfg: &ProxyConfig, ports: &Ports) -> Rules {
    rebuild_rules(mode, cfg, ports, &Kept::NOTHING)
}

/// The same rules, of which some are there already (I-06: "only for changed services").
pub fn rebuild_rules(mode: ProxyMode, cfg: &ProxyConfig, ports: &Ports, kept: &Kept<'_>) -> Rules {
    checked(match mode {
        ProxyMode::Iptables => Rules::Iptables(Arc::new(iptables::build(cfg, ports, kept))),
        ProxyMode::Ipvs => Rules::Ipvs(Arc::new(ipvs::build(cfg, ports, kept))),
        ProxyMode::Nftables => Rules::Nftables {
            table: Arc::new(nftables::build(cfg, ports, kept)),
            iptables: Arc::new(iptables::of_others(cfg)),
        },
    })
}

/// Whoever tests anything tests this too: jumps lead somewhere, and every chain is led to.
fn checked(rules: Rules) -> Rules {
    #[cfg(any(test, debug_assertions))]
    {
        let problems = rule_problems(&rules);
        assert!(problems.is_empty(), "rules that break an invariant: {problems:#?}\n{rules}");
    }
    rules
}

/// The chains that kube-proxy keeps a while when `rules` come in place of `before`: those that were `kept` already,
/// and those of `before` that `rules` do without. In mode iptables it keeps none by this rule, but those of a large
/// cluster (I-06).
pub(crate) fn stale_chains(rules: &Rules, before: &Rules, kept: &[Str]) -> Vec<Str> {
    match rules {
        Rules::Nftables { table, .. } => nftables::stale_chains(table, before.nftables(), kept),
        Rules::Iptables(_) | Rules::Ipvs(_) => Vec::new(),
    }
}

/// What is left on a node when a kube-proxy of another mode has cleaned up: the rules of others
/// (cmd/kube-proxy/app/server_linux.go, platformCleanup).
///
/// From iptables to IPVS and back upstream removes nothing by itself, since both modes share
/// chains; its documentation has the operator run `kube-proxy --cleanup` in between, and so it is
/// done here.
pub fn leftover_rules(cfg: &ProxyConfig) -> Rules {
    checked(Rules::Iptables(Arc::new(iptables::of_others(cfg))))
}

/// kube-proxy watches only objects without these labels (cmd/kube-proxy/app/server.go, the label
/// selector of its informers). Quirk: on an ordinary Service the second one switches it off.
fn is_ignored(labels: &Labels) -> bool {
    labels.contains_key("service.kubernetes.io/service-proxy-name")
        || labels.contains_key("service.kubernetes.io/headless")
}
