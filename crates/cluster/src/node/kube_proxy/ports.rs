//! What kube-proxy keeps of each service port from one sync to the next: the port itself with its
//! endpoints (pkg/proxy, ServicePortMap and EndpointsMap, kept current by ServiceChangeTracker and
//! EndpointsChangeTracker).

use std::sync::Arc;

use super::{
    EndpointInfo, EndpointsMap, ProxyConfig, ServicePortInfo, ServicePortMap, ServicePortName, endpoints_map,
    service_port_map,
};
use crate::api::{Endpoint, EndpointSlice, NsName, Service};
use crate::store::{IndexKey, Objects};
use litemap::LiteMap;
use netfilter::{Family, Protocol};
use std::collections::BTreeSet;

/// Everything that the rules of one service port depend on, except kube-proxy's configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    pub service: ServicePortInfo,
    /// Sorted as upstream sorts them.
    pub endpoints: Vec<EndpointInfo>,
}

/// By name. If a port's `Arc` is the same as at the last sync, its rules are the same too.
pub type Ports = LiteMap<Arc<ServicePortName>, Arc<Port>>;

/// The Services and EndpointSlices that a kube-proxy has seen.
pub type Seen<'a> = (&'a Objects<Service>, &'a Objects<EndpointSlice>);

/// The ports of all Services that the kube-proxy of a node has seen, in one family.
pub fn ports((services, slices): Seen<'_>, node_name: &str, family: Family) -> Ports {
    join(service_port_map(&mut services.iter(), family), endpoints_map(&mut slices.iter(), node_name, family))
}

/// Whether there are more endpoints than largeClusterEndpointsThreshold: kube-proxy then writes no comments for
/// endpoints, and deletes unused chains only from time to time (I-06).
pub(crate) fn is_large_cluster(cfg: &ProxyConfig, ports: &Ports) -> bool {
    let endpoints: usize = ports.values().map(|port| port.endpoints.len()).sum();
    endpoints > cfg.large_cluster_endpoints as usize
}

/// The same, as far as it is known before the ports are: an endpoint that is in two slices counts twice.
pub(crate) fn sees_large_cluster(cfg: &ProxyConfig, (services, slices): Seen<'_>) -> bool {
    let count = |slice: &EndpointSlice| {
        let ports = slice.ports.iter().filter(|port| port.port != 0).count();
        let endpoints = slice.endpoints.iter().filter(|e| Family::of(e.address) == cfg.family).count();
        ports * endpoints
    };
    let is_proxied = |slice: &EndpointSlice| {
        super::is_watched(slice)
            && services.get(&slice.service_key()).is_some_and(|service| super::is_proxied(service))
    };
    let counts = slices.iter().map(|slice| (slice, count(slice)));
    let mut proxied = counts.filter(|(slice, count)| *count > 0 && is_proxied(slice));
    let mut all = 0;
    // In a large cluster the first of them are enough to know.
    proxied.any(|(_, count)| {
        all += count;
        all > cfg.large_cluster_endpoints as usize
    })
}

/// The ports of some Services only.
pub(crate) fn ports_of(
    names: &BTreeSet<NsName>,
    (services, slices): Seen<'_>,
    node_name: &str,
    family: Family,
) -> Ports {
    let mut slices = names.iter().flat_map(|name| slices.by_index(IndexKey::Service(name.clone())));
    let mut services = names.iter().filter_map(|name| services.get(name));
    join(service_port_map(&mut services, family), endpoints_map(&mut slices, node_name, family))
}

fn join(services: ServicePortMap, mut endpoints: EndpointsMap) -> Ports {
    let with_endpoints = |(name, service): (Arc<ServicePortName>, ServicePortInfo)| {
        let endpoints = endpoints.get_mut(&*name).map(std::mem::take).unwrap_or_default();
        (name, Arc::new(Port { service, endpoints }))
    };
    services.into_iter().map(with_endpoints).collect()
}

/// Updates `ports` if only these Services and their EndpointSlices have changed since it was made.
pub fn update_ports(
    ports: &mut Ports,
    changed: &BTreeSet<NsName>,
    seen: Seen<'_>,
    node_name: &str,
    family: Family,
) {
    if !changed.is_empty() {
        ports.retain(|name, _| !changed.contains(&name.service));
        ports.extend(ports_of(changed, seen, node_name, family));
    }
}

/// Services that have changed, themselves or in their EndpointSlices; with `all`, every Service.
pub fn changed_objects(old: Seen<'_>, new: Seen<'_>, all: bool) -> BTreeSet<NsName> {
    let mut changed = BTreeSet::new();
    differing(old.0, new.0, all, |old, new| {
        changed.extend(old.into_iter().chain(new).map(|service| service.meta.key()));
    });
    differing(old.1, new.1, all, |old, new| {
        changed.extend(old.into_iter().chain(new).map(|slice| slice.service_key()));
    });
    changed
}

/// Services of which an endpoint chain, or one of their own, may not be needed any more. Left out are those that are
/// the same but for more endpoints: most changes while Pods start are of this kind.
pub(crate) fn services_with_stale_chains(old: Seen<'_>, new: Seen<'_>, all: bool) -> BTreeSet<NsName> {
    let mut found = BTreeSet::new();
    differing(old.0, new.0, all, |old, _| found.extend(old.map(|service| service.meta.key())));
    differing(old.1, new.1, all, |old, new| {
        let lost = old.filter(|old| all || new.is_none_or(|new| !has_only_gained(old, new)));
        found.extend(lost.map(|slice| slice.service_key()));
    });
    found
}

/// True only if it is certain: with hints, or while endpoints terminate, more endpoints may mean that others are not
/// chosen any more.
fn has_only_gained(old: &EndpointSlice, new: &EndpointSlice) -> bool {
    let is_kept = |(at, endpoint): (usize, &Endpoint)| {
        // It mostly stays in its place.
        let has = |slice: &EndpointSlice| {
            slice.endpoints.get(at) == Some(endpoint) || slice.endpoints.contains(endpoint)
        };
        let is_unused = !endpoint.ready && !endpoint.serving;
        let is_plain =
            !endpoint.terminating && endpoint.zone_hints.is_empty() && endpoint.node_hints.is_empty();
        is_unused || (is_plain && has(new))
    };
    let is_same = old.service == new.service && old.ports == new.ports;
    old.endpoints.is_empty() || (is_same && old.endpoints.iter().enumerate().all(is_kept))
}

/// Whether any Service whose EndpointSlices have changed had or has an endpoint behind a UDP port
/// (pkg/proxy/endpointschangetracker.go, EndpointsMap.Update: ConntrackCleanupRequired).
pub fn udp_endpoints_changed(
    old: &Objects<EndpointSlice>,
    new: &Objects<EndpointSlice>,
    family: Family,
) -> bool {
    let is_udp = |slice: &&Arc<EndpointSlice>| {
        slice.ports.iter().any(|port| port.protocol == Protocol::Udp && port.port != 0)
            && slice.endpoints.iter().any(|endpoint| Family::of(endpoint.address) == family)
            && super::is_watched(slice)
    };
    let with_udp = old.iter().chain(new.iter()).filter(is_udp);
    // Few of a cluster's Services have any.
    let with_udp: BTreeSet<NsName> = with_udp.map(|slice| slice.service_key()).collect();
    let mut has_changed = false;
    if !with_udp.is_empty() {
        differing(old, new, false, |old, new| {
            has_changed |= old.into_iter().chain(new).any(|slice| with_udp.contains(&slice.service_key()));
        });
    }
    has_changed
}

/// Calls `note` with the old and the new object of each name that was added, removed or replaced; with `all`, of every
/// name that is in either.
fn differing<'a, V>(
    old: &'a Objects<V>,
    new: &'a Objects<V>,
    all: bool,
    mut note: impl FnMut(Option<&'a V>, Option<&'a V>),
) {
    if all {
        old.iter().for_each(|old| note(Some(old), None));
        new.iter().for_each(|new| note(None, Some(new)));
    } else {
        Objects::differing(old, new, |old, new| note(old.map(|o| &**o), new.map(|o| &**o)));
    }
}
