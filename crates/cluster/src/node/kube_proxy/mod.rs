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
mod mode;
pub mod nftables;
mod ports;
mod reuse;
mod sent;
mod service_port;
mod service_port_name;
mod sync;
#[cfg(test)]
pub(crate) mod tests;

pub use categorize::{Categorized, TopologyMode, categorize, topology_mode};
pub use checks::{is_kube_proxys, rule_problems};
pub use config::{PodInterface, ProxyConfig};
pub use conntrack_cleanup::clean_stale_entries;
pub use describe::{
    BlockReason, EndpointChoice, PortSummary, RuleRole, SelectionReason, endpoint_choices, port_summary,
    rule_role, rules_of, selection_reason,
};
pub use endpoints::{EndpointInfo, EndpointsMap, endpoints_map};
pub use hash::{EndpointChainNames, port_proto_hash};
pub(crate) use iptables::OwnChains;
pub use mode::ProxyMode;
pub use ports::{Port, Ports, Seen, changed_objects, ports, udp_endpoints_changed, update_ports};
pub(crate) use ports::{is_large_cluster, ports_of, sees_large_cluster, services_with_stale_chains};
pub use reuse::Reuse;
pub use sent::SentConnections;
pub use service_port::{ServicePortInfo, ServicePortMap, service_port_map};
pub use service_port_name::{ServicePortName, service_port_of};
pub use sync::{LazySynced, Synced, build_rules, leftover_rules};

use crate::api::{EndpointSlice, Service, Str};
use netfilter::Rules;

/// Leaves a Service to another proxy (pkg/proxy/apis/well_known_labels.go).
const SERVICE_PROXY_NAME: &str = "service.kubernetes.io/service-proxy-name";

/// The unused chains that kube-proxy does not delete at once when `rules` replace `before`: those in `kept`, and
/// those of `before` that `rules` do not use. Only mode nftables has them; a large cluster in mode iptables keeps
/// unused chains by another rule (I-06).
pub(crate) fn stale_chains(rules: &Rules, before: &Rules, kept: &[Str]) -> Vec<Str> {
    match rules {
        Rules::Nftables { table, .. } => nftables::stale_chains(table, before.nftables(), kept),
        Rules::Iptables(_) | Rules::Ipvs(_) => Vec::new(),
    }
}

/// Whether kube-proxy watches a Service (C-08; cmd/kube-proxy/app/server.go, the selectors of its informers), and then
/// has rules for it (pkg/proxy/util/utils.go, ShouldSkipService). The headless label means nothing on a Service.
fn is_proxied(service: &Service) -> bool {
    service.has_virtual_ip() && !service.meta.labels.contains_key(SERVICE_PROXY_NAME)
}

/// Whether kube-proxy watches an EndpointSlice: whose proxy the Service is left to is not asked of the slice.
fn is_watched(slice: &EndpointSlice) -> bool {
    !slice.meta.labels.contains_key(EndpointSlice::HEADLESS)
}
