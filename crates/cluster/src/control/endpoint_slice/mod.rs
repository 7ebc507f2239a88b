//! Pods and Services -> EndpointSlices. Source: pkg/controller/endpointslice (endpointslice_controller.go),
//! staging/src/k8s.io/endpointslice (reconciler.go, utils.go).

mod mirroring;
mod pack;
mod ports;
mod topology_hints;

use litemap::LiteMap;
use std::net::IpAddr;
use std::sync::Arc;

pub(crate) use ports::find_port;
pub use topology_hints::topology_mode_is_auto;

use crate::api::{
    AddressType, Endpoint, EndpointPort, EndpointSlice, Kind, Labels, Meta, NsName, OwnerRef, Pod, Service,
    ServiceType, Str,
};
use crate::sim::{LogEntry, World};
use netfilter::{Family, PerFamily};
use pack::{Contents, Written, pack};

const SERVICE_NAME: &str = "kubernetes.io/service-name";
const CONTROLLER: &str = "endpointslice-controller.k8s.io";

/// Endpoints by the family of their addresses, and by their ports.
type Groups = LiteMap<(Family, Vec<EndpointPort>), Vec<Endpoint>>;

impl World {
    pub(crate) fn reconcile_endpoint_slices(&mut self, key: &NsName) {
        let Some(service) = self.store.services.get(key).cloned() else { return };
        if !is_managed(&service) {
            return;
        }
        let mut wanted = self.wanted_endpoints(&service);
        self.hint_by_cpu(&service, &mut wanted);
        let labels = slice_labels(&service);
        let families = self.ip_families(&service);
        self.remove_slices_of_other_families(&service, families);
        for family in families.families() {
            let address_type = AddressType::Ip(family);
            let of_family = |slice: &&Arc<EndpointSlice>| slice.address_type == address_type;
            let existing: Vec<Arc<EndpointSlice>> =
                self.slices_of(&service).iter().filter(of_family).cloned().collect();
            let groups = wanted.iter().filter(|((of, _), _)| *of == family);
            let groups = groups.map(|((_, ports), endpoints)| (ports.clone(), endpoints.clone()));
            for written in pack(&existing, groups.collect()) {
                self.write_slice(&service, address_type, &labels, written);
            }
        }
    }

    /// reconciler.go, Reconcile: of a family that the Service has given up.
    fn remove_slices_of_other_families(&mut self, service: &Service, families: PerFamily<()>) {
        for slice in self.slices_of(service) {
            let is_supported = match slice.address_type {
                AddressType::Ip(family) => families.get(family).is_some(),
                AddressType::Fqdn => false,
            };
            if !is_supported {
                self.remove_object::<EndpointSlice>(&slice.meta.key());
                self.record(LogEntry::SliceChanged { service: service.meta.key() });
            }
        }
    }

    /// Endpoints of one family share their hints, whatever their ports.
    fn hint_by_cpu(&self, service: &Service, groups: &mut Groups) {
        if !topology_mode_is_auto(service) {
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
            let node = pod.spec.node_name.as_ref().and_then(|name| self.store.node(name));
            if node.is_none() && !service.spec.publish_not_ready_addresses {
                // reconciler.go, reconcileByAddressType: its node is gone, so the Pod soon will be.
                continue;
            }
            let zone = node.and_then(|node| node.zone());
            let ports = ports::resolve(service, pod);
            for (family, address) in addresses.iter().filter(|(family, _)| families.get(*family).is_some()) {
                let endpoint = endpoint(service, pod, *address, zone);
                groups.entry((family, ports.clone())).or_default().push(endpoint);
            }
        }
        groups
    }

    fn write_slice(
        &mut self,
        service: &Service,
        address_type: AddressType,
        labels: &Labels,
        written: Written<Arc<EndpointSlice>>,
    ) {
        match written {
            Written::Update(slice, Contents { ports, endpoints }) => {
                let same = slice.endpoints == endpoints && slice.ports == ports;
                if same && slice.meta.labels == *labels {
                    return;
                }
                if !same {
                    self.record(LogEntry::SliceChanged { service: service.meta.key() });
                }
                self.update_object::<EndpointSlice>(&slice.meta.key(), |s| {
                    s.meta.labels = labels.clone();
                    s.meta.generation += u32::from(!same);
                    s.ports = ports;
                    s.endpoints = endpoints;
                });
            }
            // reconciler.go: nor for a Service that is Terminating.
            Written::Create(_) if service.meta.deleted.is_some() => {}
            Written::Create(Contents { ports, endpoints }) => {
                let owner = OwnerRef::new(Kind::Service, &service.meta);
                let mut meta = self.slice_meta(&service.meta, owner);
                meta.labels = labels.clone();
                let (key, service) = (service.meta.key(), service.meta.name.clone());
                // In a namespace that goes nobody needs it any more (endpointslice_controller.go, syncService).
                let slice = EndpointSlice { meta, service, address_type, ports, endpoints };
                if self.create_object(slice).is_ok() {
                    self.record(LogEntry::SliceChanged { service: key });
                }
            }
            Written::Delete(slice) => {
                self.remove_object::<EndpointSlice>(&slice.meta.key());
            }
        }
    }

    /// The metadata of a new slice for the Service or Endpoints of that name, without labels.
    fn slice_meta(&mut self, of: &Meta, owner: OwnerRef) -> Meta {
        let base = format!("{}-", of.name);
        Meta {
            name: self.generate_name::<EndpointSlice>(of, &base),
            generate_name: Some(base.as_str().into()),
            namespace: of.namespace.clone(),
            owner: Some(owner),
            ..Meta::default()
        }
    }
}

/// endpointslice_controller.go, syncService: the slices of a Service that has no selector any more, or has become an
/// ExternalName, stay as they are (ES-02).
pub(super) fn is_managed(service: &Service) -> bool {
    service.spec.selector.is_some() && service.spec.type_ != ServiceType::ExternalName
}

/// util/controller_utils.go, ShouldPodBeInEndpoints, with terminating Pods included.
fn belongs(pod: &Pod) -> bool {
    !pod.status.phase.is_terminal()
}

/// utils.go, setEndpointSliceLabels: the Service's own, but for those that are the controller's.
fn slice_labels(service: &Service) -> Labels {
    let own = |key: &str| ![SERVICE_NAME, EndpointSlice::MANAGED_BY, EndpointSlice::HEADLESS].contains(&key);
    let kept = service.meta.labels.iter().filter(|(key, _)| own(key));
    let mut labels: Labels = kept.map(|(key, value)| (key.clone(), value.clone())).collect();
    labels.insert(SERVICE_NAME.into(), service.meta.name.clone());
    labels.insert(EndpointSlice::MANAGED_BY.into(), CONTROLLER.into());
    if service.spec.headless {
        labels.insert(EndpointSlice::HEADLESS.into(), "".into());
    }
    labels
}

/// utils.go, podToEndpoint: the truth table of ready, serving and terminating.
fn endpoint(service: &Service, pod: &Pod, address: IpAddr, zone: Option<&Str>) -> Endpoint {
    let terminating = pod.meta.deleted.is_some();
    let serving = pod.status.is_ready();
    let ready = service.spec.publish_not_ready_addresses || (serving && !terminating);
    Endpoint {
        address,
        other_addresses: Vec::new(),
        ready,
        serving,
        terminating,
        node: pod.spec.node_name.clone(),
        zone: zone.cloned(),
        hostname: published_hostname(service, pod),
        target: Some((pod.meta.name.clone(), pod.meta.uid)),
        zone_hints: zone_hints(service, ready, zone),
        node_hints: node_hints(service, ready, pod),
    }
}

/// util/controller_utils.go, ShouldSetHostname.
pub(super) fn published_hostname(service: &Service, pod: &Pod) -> Option<Str> {
    let named = pod.spec.subdomain.as_ref() == Some(&service.meta.name);
    pod.spec.hostname.clone().filter(|_| named)
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
