//! What kube-proxy keeps of each service port from one sync to the next: the port itself with its
//! endpoints (pkg/proxy, ServicePortMap and EndpointsMap, kept current by ServiceChangeTracker and
//! EndpointsChangeTracker).

use std::cmp::Ordering;
use std::sync::Arc;

use super::{EndpointInfo, ProxyConfig, ServicePortInfo, ServicePortName, endpoints_map, service_port_map};
use crate::api::{EndpointSlice, NsName, Service};
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
pub type Objects<'a> = (&'a LiteMap<NsName, Arc<Service>>, &'a LiteMap<NsName, Arc<EndpointSlice>>);

/// The ports of all Services that the kube-proxy of a node has seen, in one family.
pub fn ports(objects: Objects<'_>, node_name: &str, family: Family) -> Ports {
    ports_of(&|_| true, objects, node_name, family)
}

/// Whether there are more endpoints than largeClusterEndpointsThreshold: kube-proxy then writes no comments for
/// endpoints, and deletes unused chains only from time to time (I-06).
pub(crate) fn is_large_cluster(cfg: &ProxyConfig, ports: &Ports) -> bool {
    let endpoints: usize = ports.values().map(|port| port.endpoints.len()).sum();
    endpoints > cfg.large_cluster_endpoints as usize
}

/// The ports of some Services only.
pub(crate) fn ports_of(
    wanted: &dyn Fn(&NsName) -> bool,
    (services, slices): Objects<'_>,
    node_name: &str,
    family: Family,
) -> Ports {
    let mut endpoints = endpoints_map(slices, wanted, node_name, family);
    let with_endpoints = |(name, service): (Arc<ServicePortName>, ServicePortInfo)| {
        let endpoints = endpoints.get_mut(&*name).map(std::mem::take).unwrap_or_default();
        (name, Arc::new(Port { service, endpoints }))
    };
    service_port_map(services, wanted, family).into_iter().map(with_endpoints).collect()
}

/// Updates `ports` if only these Services and their EndpointSlices have changed since it was made.
pub fn update_ports(
    ports: &mut Ports,
    changed: &BTreeSet<NsName>,
    objects: Objects<'_>,
    node_name: &str,
    family: Family,
) {
    if !changed.is_empty() {
        ports.retain(|name, _| !changed.contains(&name.service));
        ports.extend(ports_of(&|service| changed.contains(service), objects, node_name, family));
    }
}

/// Services that have changed, themselves or in their EndpointSlices; with `all`, every Service.
pub fn changed_objects(old: Objects<'_>, new: Objects<'_>, all: bool) -> BTreeSet<NsName> {
    let mut changed = BTreeSet::new();
    differing(old.0, new.0, all, |key, _| {
        changed.insert(key.clone());
    });
    differing(old.1, new.1, all, |key, slice| {
        changed.insert(NsName { namespace: key.namespace.clone(), name: slice.service.clone() });
    });
    changed
}

/// Whether any Service whose EndpointSlices have changed had or has an endpoint behind a UDP port
/// (pkg/proxy/endpointschangetracker.go, EndpointsMap.Update: ConntrackCleanupRequired).
pub fn udp_endpoints_changed(
    old: &LiteMap<NsName, Arc<EndpointSlice>>,
    new: &LiteMap<NsName, Arc<EndpointSlice>>,
    family: Family,
) -> bool {
    let mut changed = BTreeSet::new();
    differing(old, new, false, |key, slice| {
        changed.insert(NsName { namespace: key.namespace.clone(), name: slice.service.clone() });
    });
    let is_udp = |slice: &EndpointSlice| {
        slice.ports.iter().any(|port| port.protocol == Protocol::Udp && port.port != 0)
            && slice.endpoints.iter().any(|endpoint| Family::of(endpoint.address) == family)
            && !super::is_ignored(&slice.meta.labels)
    };
    !changed.is_empty()
        && old.iter().chain(new.iter()).any(|(key, slice)| {
            let service = || NsName { namespace: key.namespace.clone(), name: slice.service.clone() };
            is_udp(slice) && changed.contains(&service())
        })
}

/// Calls `note` with the old and the new object for each that was added, removed or replaced.
fn differing<V>(
    old: &LiteMap<NsName, Arc<V>>,
    new: &LiteMap<NsName, Arc<V>>,
    all: bool,
    mut note: impl FnMut(&NsName, &V),
) {
    let (mut old, mut new) = (old.iter(), new.iter());
    let (mut was, mut is) = (old.next(), new.next());
    loop {
        // Most objects are unchanged, and comparing pointers is cheaper than comparing names.
        let same = matches!((was, is), (Some((_, a)), Some((_, b))) if Arc::ptr_eq(a, b));
        let order = match (was, is) {
            (None, None) => return,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            _ if same => Ordering::Equal,
            (Some((a, _)), Some((b, _))) => a.cmp(b),
        };
        let found = if order == Ordering::Greater { is } else { was };
        if let Some((key, object)) = found.filter(|_| all || !same) {
            note(key, object);
        }
        if let (Ordering::Equal, Some((key, object))) = (order, is.filter(|_| !same)) {
            note(key, object);
        }
        if order != Ordering::Greater {
            was = old.next();
        }
        if order != Ordering::Less {
            is = new.next();
        }
    }
}
