//! Which of a service port's endpoints this node may use, and for what (pkg/proxy/topology.go).

use super::endpoints::EndpointInfo;
use super::service_port::ServicePortInfo;

/// What [`categorize`] returns. Endpoints are given by index.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Categorized {
    /// The endpoints for policy Cluster; `None` if the port never uses that policy.
    pub cluster: Option<Vec<usize>>,
    /// The endpoints for policy Local; `None` if the port never uses that policy, or has no endpoint for it.
    pub local: Option<Vec<usize>>,
    /// All endpoints that this node may send to.
    pub reachable: Vec<usize>,
    /// Is there any usable endpoint, on any node?
    pub has_any: bool,
}

/// By which hints policy Cluster selects endpoints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TopologyMode {
    All,
    SameZone,
    SameNode,
}

/// CategorizeEndpoints. Usable endpoints are the ready ones or, if there is none, those that are serving
/// and terminating. This is decided for each policy separately.
pub fn categorize(
    endpoints: &[EndpointInfo],
    service: &ServicePortInfo,
    node_name: &str,
    zone: Option<&str>,
) -> Categorized {
    let mut found = Categorized::default();
    if endpoints.is_empty() {
        return found;
    }
    if service.uses_cluster_endpoints() {
        let mode = topology_mode(endpoints, node_name, zone);
        let allowed = |e: &EndpointInfo| e.ready && is_available(e, mode, node_name, zone);
        let cluster = or_else(pick(endpoints, allowed), || pick(endpoints, is_last_resort));
        found.has_any = !cluster.is_empty();
        found.cluster = Some(cluster);
    }
    if !service.uses_local_endpoints() {
        found.reachable = found.cluster.clone().unwrap_or_default();
        return found;
    }
    found.has_any |= endpoints.iter().any(|e| e.ready || is_last_resort(e));
    let local_ready = pick(endpoints, |e| e.local && e.ready);
    let local = or_else(local_ready, || pick(endpoints, |e| e.local && is_last_resort(e)));
    found.reachable = union(found.cluster.as_deref().unwrap_or_default(), &local);
    found.local = (!local.is_empty()).then_some(local);
    found
}

/// topologyModeFromHints: if one ready endpoint has no hint, the mode is not used at all.
pub fn topology_mode(endpoints: &[EndpointInfo], node_name: &str, zone: Option<&str>) -> TopologyMode {
    let ready = || endpoints.iter().filter(|e| e.ready);
    if ready().next().is_none() {
        return TopologyMode::All;
    }
    let for_node = |e: &EndpointInfo| e.node_hints.iter().any(|hint| &**hint == node_name);
    if ready().all(|e| !e.node_hints.is_empty()) && ready().any(for_node) {
        return TopologyMode::SameNode;
    }
    let for_zone = |e: &EndpointInfo| is_hinted_for_zone(e, zone);
    if ready().all(|e| !e.zone_hints.is_empty()) && ready().any(for_zone) {
        return TopologyMode::SameZone;
    }
    TopologyMode::All
}

fn is_available(e: &EndpointInfo, mode: TopologyMode, node_name: &str, zone: Option<&str>) -> bool {
    match mode {
        TopologyMode::All => true,
        TopologyMode::SameZone => is_hinted_for_zone(e, zone),
        TopologyMode::SameNode => e.node_hints.iter().any(|hint| &**hint == node_name),
    }
}

/// A node without a zone, and one whose zone label is empty, has no zone.
fn is_hinted_for_zone(e: &EndpointInfo, zone: Option<&str>) -> bool {
    zone.is_some_and(|zone| e.zone_hints.iter().any(|hint| &**hint == zone))
}

fn is_last_resort(e: &EndpointInfo) -> bool {
    !e.ready && e.serving && e.terminating
}

fn pick(endpoints: &[EndpointInfo], wanted: impl Fn(&EndpointInfo) -> bool) -> Vec<usize> {
    endpoints.iter().enumerate().filter(|(_, e)| wanted(e)).map(|(i, _)| i).collect()
}

fn or_else(first: Vec<usize>, second: impl FnOnce() -> Vec<usize>) -> Vec<usize> {
    if first.is_empty() { second() } else { first }
}

/// Upstream merges through a map, whose order is random; here the endpoints keep their order.
fn union(a: &[usize], b: &[usize]) -> Vec<usize> {
    let mut all = [a, b].concat();
    all.sort_by(usize::cmp);
    all.dedup();
    all
}
