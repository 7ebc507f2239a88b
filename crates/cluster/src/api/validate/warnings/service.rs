//! pkg/api/service/warnings.go, GetWarningsForService.

use super::{Warnings, field, of_address, of_each, of_prefix};
use crate::api::field::Path;
use crate::api::{ServerWarning, Service, ServiceType, Tree};

/// The name that `service.kubernetes.io/topology-mode` had.
const TOPOLOGY_AWARE_HINTS: &str = "service.kubernetes.io/topology-aware-hints";

/// `root`: the Service as written.
pub(super) fn of_service(service: &Service, root: Option<&Tree>, warnings: &mut Warnings) {
    let (spec, metadata) = (Path::new("spec"), Path::new("metadata"));
    if service.meta.annotations.get(TOPOLOGY_AWARE_HINTS).is_some() {
        let place = metadata.child("annotations");
        warnings.push(&place.child(TOPOLOGY_AWARE_HINTS), ServerWarning::DeprecatedTopologyHints);
    }
    let written = |key| field(field(root, "spec"), key);
    match written("clusterIPs").filter(|list| !list.items().is_empty()) {
        Some(list) => of_each(Some(list), &spec.child("clusterIPs"), of_address, warnings),
        // registry/core/service/strategy.go, NormalizeClusterIPs: by now it is the first one.
        None => {
            if let Some(first) = written("clusterIP").and_then(Tree::as_str) {
                of_address(first, &spec.renamed("clusterIP", "clusterIPs[0]"), warnings);
            }
        }
    }
    let (is_external_name, is_headless) = match service.spec.type_ {
        ServiceType::ClusterIP => (false, service.spec.headless),
        ServiceType::NodePort | ServiceType::LoadBalancer => (false, false),
        ServiceType::ExternalName => (true, false),
    };
    let external_ips = spec.child("externalIPs");
    let has_external_ips = !service.spec.external_ips.is_empty();
    let asks_for_address = service.spec.load_balancer_ip.is_some();
    if is_headless && asks_for_address {
        warnings.push(&spec.child("loadBalancerIP"), ServerWarning::IgnoredLoadBalancerIp);
    }
    if is_headless && has_external_ips {
        warnings.push(&external_ips, ServerWarning::IgnoredExternalIps);
    }
    if is_headless && service.spec.session_affinity != Default::default() {
        warnings.push(&spec.child("sessionAffinity"), ServerWarning::IgnoredAffinity);
    }
    of_each(written("externalIPs"), &external_ips, of_address, warnings);
    if has_external_ips && !is_headless && !is_external_name {
        warnings.push(&external_ips, ServerWarning::DeprecatedExternalIps);
    }
    if let Some(address) = &service.spec.load_balancer_ip {
        of_address(address, &spec.child("loadBalancerIP"), warnings);
    }
    let ranges = spec.child("loadBalancerSourceRanges");
    of_each(written("loadBalancerSourceRanges"), &ranges, of_prefix, warnings);
    if is_external_name && has_external_ips {
        warnings.push(&external_ips, ServerWarning::ExternalIpsOfExternalName);
    }
    if !is_external_name && service.spec.external_name.is_some() {
        warnings.push(&spec.child("externalName"), ServerWarning::IgnoredExternalName);
    }
    if service.spec.traffic_distribution.as_deref() == Some("PreferClose") {
        warnings.push(&spec.child("trafficDistribution"), ServerWarning::DeprecatedPreferClose);
    }
}
