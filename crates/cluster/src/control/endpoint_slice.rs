//! Pods and Services -> EndpointSlices. Source: staging/src/k8s.io/endpointslice (reconciler.go,
//! utils.go), util/controller_utils.go (ShouldPodBeInEndpoints).

use litemap::LiteMap;
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use super::names::generate;
use super::topology_hints;
use crate::api::{
    AddressType, Endpoint, EndpointPort, EndpointSlice, Kind, Meta, NsName, OwnerRef, Phase, Pod, Service,
    ServicePort, ServiceType, Str, TargetPort, Uid,
};
use crate::sim::{LogEntry, World};
use netfilter::Family;

/// kube-controller-manager --max-endpoints-per-slice.
const MAX_ENDPOINTS_PER_SLICE: usize = 100;

/// The resolved ports of a Pod's endpoints.
type Ports = Vec<EndpointPort>;

/// Endpoints by the family of their addresses, and by their ports.
type Groups = LiteMap<(Family, Ports), Vec<Endpoint>>;

impl World {
    pub(crate) fn reconcile_endpoint_slices(&mut self, key: &NsName) {
        let Some(service) = self.store.services.get(key).cloned() else { return };
        let service = &*service;
        if !is_managed(service) {
            for slice in self.slices_of(service) {
                self.remove_object::<EndpointSlice>(&slice.meta.key());
            }
            return;
        }
        let mut wanted = self.wanted_endpoints(service);
        self.hint_by_cpu(service, &mut wanted);
        for family in self.ip_families(service).families() {
            if !wanted.keys().any(|(of, _)| *of == family) {
                // A placeholder slice, so that a watcher can distinguish "no endpoints" from "not yet written".
                wanted.insert((family, Vec::new()), Vec::new());
            }
        }
        let existing = self.slices_of(service);
        let mut kept: BTreeSet<NsName> = BTreeSet::new();
        for ((family, ports), endpoints) in wanted {
            let address_type = AddressType::Ip(family);
            let same_group = |s: &&Arc<EndpointSlice>| s.ports == ports && s.address_type == address_type;
            let group: Vec<Arc<EndpointSlice>> = existing
                .iter()
                .filter(|s| !kept.contains(&s.meta.key()))
                .filter(same_group)
                .cloned()
                .collect();
            for (slice, endpoints) in pack(group, endpoints) {
                kept.insert(self.write_slice(service, slice, (address_type, &ports), endpoints));
            }
        }
        for slice in existing.iter().filter(|s| !kept.contains(&s.meta.key())) {
            self.remove_object::<EndpointSlice>(&slice.meta.key());
        }
    }

    /// Endpoints of one family share their hints, whatever their ports.
    fn hint_by_cpu(&self, service: &Service, groups: &mut Groups) {
        if !topology_hints::topology_mode_is_auto(service) {
            return;
        }
        let zones = topology_hints::cpu_by_zone(self.store.nodes.iter().map(|n| &**n));
        for family in self.ip_families(service).families() {
            let mut endpoints: Vec<&mut Endpoint> =
                groups.iter_mut().filter(|((of, _), _)| *of == family).flat_map(|(_, group)| group).collect();
            topology_hints::assign(&mut endpoints, zones.as_ref());
        }
    }

    fn slices_of(&self, service: &Service) -> Vec<Arc<EndpointSlice>> {
        let owned = self.store.slices_of(service.meta.uid);
        owned.filter(|slice| slice.service == service.meta.name).cloned().collect()
    }

    /// Endpoints by address family and resolved ports (ES-03, ES-04).
    fn wanted_endpoints(&self, service: &Service) -> Groups {
        let mut groups = Groups::new();
        let families = self.ip_families(service);
        for pod in self.store.pods_selected_by(service) {
            let Some(addresses) = pod.status.pod_ips.filter(|_| belongs(pod)) else { continue };
            let ports = resolve_ports(service, pod);
            for (family, address) in addresses.iter().filter(|(family, _)| families.get(*family).is_some()) {
                let endpoint = self.endpoint(service, pod, *address);
                groups.entry((family, ports.clone())).or_default().push(endpoint);
            }
        }
        groups
    }

    /// utils.go, podToEndpoint: the truth table of ready, serving and terminating.
    fn endpoint(&self, service: &Service, pod: &Pod, address: IpAddr) -> Endpoint {
        let terminating = pod.meta.deleted.is_some();
        let serving = pod.status.is_ready();
        let ready = service.spec.publish_not_ready_addresses || (serving && !terminating);
        let node = pod.spec.node_name.clone();
        let zone = node.as_ref().and_then(|n| self.store.node(n)).and_then(|n| n.zone().cloned());
        let named = pod.spec.subdomain.as_ref() == Some(&service.meta.name);
        Endpoint {
            address,
            other_addresses: Vec::new(),
            ready,
            serving,
            terminating,
            node,
            zone: zone.clone(),
            hostname: pod.spec.hostname.clone().filter(|_| named),
            target: Some((pod.meta.name.clone(), pod.meta.uid)),
            zone_hints: zone_hints(service, ready, zone.as_ref()),
            node_hints: node_hints(service, ready, pod),
        }
    }

    fn write_slice(
        &mut self,
        service: &Service,
        slice: Option<Arc<EndpointSlice>>,
        (address_type, ports): (AddressType, &[EndpointPort]),
        endpoints: Vec<Endpoint>,
    ) -> NsName {
        match slice {
            Some(slice) if slice.endpoints == endpoints => slice.meta.key(),
            Some(slice) => {
                let key = slice.meta.key();
                self.record(LogEntry::SliceChanged { service: service.meta.key() });
                self.update_object::<EndpointSlice>(&key, |s| s.endpoints = endpoints);
                key
            }
            None => {
                self.record(LogEntry::SliceChanged { service: service.meta.key() });
                self.create_slice(service, address_type, ports.to_vec(), endpoints)
            }
        }
    }

    fn create_slice(
        &mut self,
        service: &Service,
        address_type: AddressType,
        ports: Ports,
        endpoints: Vec<Endpoint>,
    ) -> NsName {
        let base = format!("{}-", service.meta.name);
        let ordinal = self.next_name_ordinal(service.meta.uid);
        let name = (0..)
            .map(|attempt| generate(self.chance, &base, Uid(ordinal), attempt))
            .find(|name| self.store.slices.get(&NsName::new(&service.meta.namespace, name)).is_none())
            .expect("27^5 names cannot all be taken");
        let mut labels = service.meta.labels.clone();
        labels.insert("kubernetes.io/service-name".into(), service.meta.name.clone());
        labels.insert(
            "endpointslice.kubernetes.io/managed-by".into(),
            "endpointslice-controller.k8s.io".into(),
        );
        if service.spec.headless {
            labels.insert("service.kubernetes.io/headless".into(), "".into());
        }
        let meta = Meta {
            name: name.as_str().into(),
            namespace: service.meta.namespace.clone(),
            labels,
            owner: Some(OwnerRef {
                kind: Kind::Service,
                name: service.meta.name.clone(),
                uid: service.meta.uid,
            }),
            ..Meta::default()
        };
        let service = service.meta.name.clone();
        self.create_object(EndpointSlice { meta, service, address_type, ports, endpoints }).meta.key()
    }
}

/// ES-02: no selector, no slices; nor for ExternalName.
fn is_managed(service: &Service) -> bool {
    service.spec.selector.is_some() && service.spec.type_ != ServiceType::ExternalName
}

/// ShouldPodBeInEndpoints, with terminating Pods included.
fn belongs(pod: &Pod) -> bool {
    !matches!(pod.status.phase, Phase::Failed | Phase::Succeeded)
}

fn resolve_ports(service: &Service, pod: &Pod) -> Ports {
    let mut ports: Ports = service
        .spec
        .ports
        .iter()
        .filter_map(|port| {
            let number = find_port(port, pod)?;
            Some(EndpointPort { name: port.name.clone(), protocol: port.protocol, port: number })
        })
        .collect();
    ports.sort_by(Ord::cmp);
    ports
}

/// utils.go, FindPort: a number is used as it is; a name is looked up, with the protocol, in the containers and
/// then in the sidecars. If a name is not found, the port is left out without an error.
pub(crate) fn find_port(port: &ServicePort, pod: &Pod) -> Option<u16> {
    match &port.target_port {
        TargetPort::Number(number) => Some(*number),
        TargetPort::Name(name) => pod
            .spec
            .containers
            .iter()
            .chain(pod.spec.sidecars())
            .flat_map(|c| &c.ports)
            .find(|p| p.name.as_ref() == Some(name) && p.protocol == port.protocol)
            .map(|p| p.container_port),
    }
}

/// trafficdist.go: every ready endpoint gets a hint for its own zone. `PreferClose` is the old name of
/// `PreferSameZone`.
fn zone_hints(service: &Service, ready: bool, zone: Option<&Str>) -> Vec<Str> {
    let prefers = matches!(distribution(service), Some("PreferClose" | "PreferSameZone" | "PreferSameNode"));
    zone.filter(|_| ready && prefers).cloned().into_iter().collect()
}

fn node_hints(service: &Service, ready: bool, pod: &Pod) -> Vec<Str> {
    let prefers = distribution(service) == Some("PreferSameNode");
    pod.spec.node_name.clone().filter(|_| ready && prefers).into_iter().collect()
}

fn distribution(service: &Service) -> Option<&str> {
    service.spec.traffic_distribution.as_deref()
}

/// Distributes endpoints over slices: an endpoint stays in its slice; then free places are filled; then new
/// slices are created (reconciler.go, reconcileByPortMapping).
fn pack(
    slices: Vec<Arc<EndpointSlice>>,
    endpoints: Vec<Endpoint>,
) -> Vec<(Option<Arc<EndpointSlice>>, Vec<Endpoint>)> {
    let mut left: LiteMap<IpAddr, Vec<Endpoint>> = LiteMap::new();
    for endpoint in endpoints {
        left.entry(endpoint.address).or_default().push(endpoint);
    }
    let mut packed: Vec<(Option<Arc<EndpointSlice>>, Vec<Endpoint>)> = Vec::new();
    for slice in slices {
        let mut held = Vec::new();
        for old in &slice.endpoints {
            held.extend(left.remove(&old.address).into_iter().flatten());
        }
        packed.push((Some(slice), held));
    }
    let mut rest = left.into_iter().flat_map(|(_, group)| group);
    for (_, held) in &mut packed {
        let room = MAX_ENDPOINTS_PER_SLICE.saturating_sub(held.len());
        held.extend(rest.by_ref().take(room));
    }
    loop {
        let chunk: Vec<Endpoint> = rest.by_ref().take(MAX_ENDPOINTS_PER_SLICE).collect();
        if chunk.is_empty() {
            break;
        }
        packed.push((None, chunk));
    }
    // An empty slice is deleted, unless it is the only one (the placeholder).
    let any = packed.iter().any(|(_, held)| !held.is_empty());
    let mut placeholder = !any;
    packed.retain(|(_, held)| !held.is_empty() || std::mem::take(&mut placeholder));
    if packed.is_empty() {
        packed.push((None, Vec::new()));
    }
    packed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(last: u8) -> Endpoint {
        Endpoint {
            address: IpAddr::from([10, 0, 0, last]),
            other_addresses: Vec::new(),
            ready: true,
            serving: true,
            terminating: false,
            node: None,
            zone: None,
            hostname: None,
            target: None,
            zone_hints: Vec::new(),
            node_hints: Vec::new(),
        }
    }

    #[test]
    fn an_endpoint_stays_in_its_slice_and_slices_hold_a_hundred() {
        let old = Arc::new(EndpointSlice {
            meta: Meta::default(),
            service: "web".into(),
            address_type: AddressType::Ip(Family::V4),
            ports: Vec::new(),
            endpoints: vec![endpoint(250)],
        });
        let endpoints = (0..=250).map(endpoint).collect();
        let packed = pack(vec![old], endpoints);
        let sizes: Vec<usize> = packed.iter().map(|(_, e)| e.len()).collect();
        assert_eq!(sizes, [100, 100, 51]);
        assert!(packed[0].0.is_some());
        assert_eq!(packed[0].1[0], endpoint(250));
    }

    #[test]
    fn no_endpoints_leave_one_placeholder() {
        assert_eq!(pack(Vec::new(), Vec::new()), [(None, Vec::new())]);
    }
}
