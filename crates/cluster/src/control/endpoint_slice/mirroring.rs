//! Endpoints of a Service without a selector -> EndpointSlices. Source: pkg/controller/endpointslicemirroring
//! (endpointslicemirroring_controller.go, reconciler.go).

use std::sync::Arc;

use super::SERVICE_NAME;
use super::pack::{Contents, Written, pack};
use crate::api::{
    AddressType, Endpoint, EndpointAddress, EndpointPort, EndpointSlice, Endpoints, Kind, Labels, NsName,
    OwnerRef,
};
use crate::control::endpoints::repack;
use crate::sim::World;
use netfilter::Family;

/// Only Endpoints without it, or with another value than `true`, are mirrored.
const SKIP_MIRROR: &str = "endpointslice.kubernetes.io/skip-mirror";
/// kube-controller-manager --mirroring-max-endpoints-per-subset.
const MAX_ENDPOINTS_PER_SUBSET: usize = 1_000;

impl World {
    /// The slices that mirror the Endpoints of that name.
    pub(crate) fn reconcile_mirrored_slices(&mut self, key: &NsName) {
        let endpoints = self.store.endpoints.get(key).filter(|endpoints| should_mirror(endpoints));
        let selects_nobody = |key: &NsName| {
            self.store.services.get(key).is_some_and(|service| service.spec.selector.is_none())
        };
        let Some(endpoints) = endpoints.filter(|_| selects_nobody(key)).cloned() else {
            return self.remove_mirrored_slices(key);
        };
        let labels = mirrored_labels(&endpoints);
        for family in [Family::V4, Family::V6] {
            let address_type = AddressType::Ip(family);
            let mirrors = self.store.slices_of(endpoints.meta.uid);
            let existing: Vec<Arc<EndpointSlice>> =
                mirrors.filter(|slice| slice.address_type == address_type).cloned().collect();
            let groups = mirrored(&endpoints, family);
            let written = match (groups.is_empty(), existing.is_empty()) {
                (true, true) => continue,
                (true, false) => existing.into_iter().map(Written::Delete).collect(),
                (false, _) => pack(&existing, groups),
            };
            for written in written {
                self.write_mirror(&endpoints, address_type, &labels, written);
            }
        }
    }

    fn remove_mirrored_slices(&mut self, key: &NsName) {
        let mirrors = self.store.slices_for(key).filter(|slice| slice.is_mirrored());
        let mirrors: Vec<NsName> = mirrors.map(|slice| slice.meta.key()).collect();
        for slice in mirrors {
            self.remove_object::<EndpointSlice>(&slice);
        }
    }

    fn write_mirror(
        &mut self,
        endpoints: &Endpoints,
        address_type: AddressType,
        labels: &Labels,
        written: Written<Arc<EndpointSlice>>,
    ) {
        match written {
            Written::Update(slice, Contents { ports, endpoints: wanted }) => {
                let same = slice.endpoints == wanted && slice.ports == ports;
                if same && slice.meta.labels == *labels {
                    return;
                }
                self.update_object::<EndpointSlice>(&slice.meta.key(), |s| {
                    s.meta.labels = labels.clone();
                    s.meta.annotations = endpoints.meta.annotations.clone();
                    s.meta.generation += u32::from(!same);
                    s.ports = ports;
                    s.endpoints = wanted;
                });
            }
            // endpointslicemirroring/reconciler.go: none for what is Terminating.
            Written::Create(_) if endpoints.meta.deleted.is_some() => {}
            Written::Create(Contents { ports, endpoints: wanted }) => {
                let owner = OwnerRef::new(Kind::Endpoints, &endpoints.meta);
                let mut meta = self.slice_meta(&endpoints.meta, owner);
                meta.labels = labels.clone();
                meta.annotations = endpoints.meta.annotations.clone();
                let service = endpoints.meta.name.clone();
                // In a namespace that goes nobody needs it any more.
                let _ = self.create_object(EndpointSlice {
                    meta,
                    service,
                    address_type,
                    ports,
                    endpoints: wanted,
                });
            }
            Written::Delete(slice) => {
                self.remove_object::<EndpointSlice>(&slice.meta.key());
            }
        }
    }
}

/// endpointslicemirroring_controller.go, shouldMirror.
fn should_mirror(endpoints: &Endpoints) -> bool {
    let skips = endpoints.meta.labels.get(SKIP_MIRROR).is_some_and(|value| &**value == "true");
    !skips && !endpoints.meta.annotations.contains_key("control-plane.alpha.kubernetes.io/leader")
}

/// utils.go, newEndpointSlice: those of the Endpoints, and the controller's own.
fn mirrored_labels(endpoints: &Endpoints) -> Labels {
    let mut labels = endpoints.meta.labels.clone();
    labels.insert(SERVICE_NAME.into(), endpoints.meta.name.clone());
    labels.insert(EndpointSlice::MANAGED_BY.into(), EndpointSlice::MIRRORING.into());
    labels
}

/// The endpoints of one family by their ports.
fn mirrored(endpoints: &Endpoints, family: Family) -> Vec<(Vec<EndpointPort>, Vec<Endpoint>)> {
    let mut groups = Vec::new();
    for subset in repack(&endpoints.subsets) {
        let ready = subset.addresses.iter().map(|address| (address, true));
        let unready = subset.not_ready_addresses.iter().map(|address| (address, false));
        let of_family = ready.chain(unready).filter(|(address, _)| Family::of(address.ip) == family);
        let found: Vec<Endpoint> = of_family
            .take(MAX_ENDPOINTS_PER_SUBSET)
            .map(|(address, ready)| endpoint(address, ready))
            .collect();
        if !found.is_empty() {
            groups.push((subset.ports, found));
        }
    }
    groups
}

/// utils.go, addressToEndpoint: `serving` and `terminating` are not set, which kube-proxy reads as below.
fn endpoint(address: &EndpointAddress, ready: bool) -> Endpoint {
    Endpoint {
        address: address.ip,
        other_addresses: Vec::new(),
        ready,
        serving: ready,
        terminating: false,
        node: address.node.clone(),
        zone: None,
        hostname: address.hostname.clone(),
        target: address.target.clone(),
        zone_hints: Vec::new(),
        node_hints: Vec::new(),
    }
}
