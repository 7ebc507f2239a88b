//! kube-proxy's iptables backend (pkg/proxy/iptables/proxier.go).

use std::collections::BTreeMap;
use std::sync::Arc;

use super::ProxyConfig;
use crate::api::{EndpointSlice, NsName, Service};
use crate::net::netfilter::RuleSet;

/// The rules that a full sync writes, for the Services and EndpointSlices that this node has seen.
pub fn build(
    cfg: &ProxyConfig,
    services: &BTreeMap<NsName, Arc<Service>>,
    slices: &BTreeMap<NsName, Arc<EndpointSlice>>,
) -> RuleSet {
    let _ = (services, slices);
    RuleSet::empty(cfg.family)
}
