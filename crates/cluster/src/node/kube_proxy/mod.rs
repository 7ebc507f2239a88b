//! kube-proxy: from the Services and EndpointSlices that a node has seen to the rules it writes.

mod categorize;
mod config;
mod conntrack_cleanup;
mod endpoints;
mod hash;
pub mod iptables;
mod service_port;
#[cfg(test)]
pub(crate) mod tests;

pub use categorize::{Categorized, TopologyMode, categorize, topology_mode};
pub use config::ProxyConfig;
pub use conntrack_cleanup::clean_stale_entries;
pub use endpoints::{EndpointInfo, EndpointsMap, endpoints_map};
pub use hash::{port_proto_hash, service_port_endpoint_chain_name};
pub use service_port::{ServicePortInfo, ServicePortMap, service_port_map};

use crate::api::Labels;

/// kube-proxy watches only objects without these labels (cmd/kube-proxy/app/server.go, the label
/// selector of its informers). Quirk: on an ordinary Service the second one switches it off.
fn is_ignored(labels: &Labels) -> bool {
    labels.contains_key("service.kubernetes.io/service-proxy-name")
        || labels.contains_key("service.kubernetes.io/headless")
}
