//! Pods and Services -> Endpoints, the older form of EndpointSlices. kube-proxy does not read them. Source:
//! pkg/controller/endpoint (endpoints_controller.go), pkg/api/v1/endpoints (util.go).

use litemap::LiteMap;
use std::collections::BTreeMap;

use super::endpoint_slice::{find_port, is_managed, published_hostname};
use crate::api::{
    EndpointAddress, EndpointPort, EndpointSlice, EndpointSubset, Endpoints, Labels, Meta, NsName, Pod,
    Service,
};
use crate::sim::World;
use netfilter::Family;

const MANAGED_BY: &str = "endpoints.kubernetes.io/managed-by";

impl World {
    pub(crate) fn reconcile_endpoints(&mut self, key: &NsName) {
        let Some(service) = self.store.services.get(key).cloned() else {
            self.remove_object::<Endpoints>(key);
            return;
        };
        if !is_managed(&service) {
            return;
        }
        let family = self.ip_families(&service).primary_family();
        let (labels, subsets) = (labels(&service), self.wanted_subsets(&service, family));
        match self.store.endpoints.get(key) {
            Some(old) if old.subsets == subsets && old.meta.labels == labels => {}
            Some(_) => {
                self.update_object::<Endpoints>(key, |endpoints| {
                    endpoints.meta.labels = labels;
                    endpoints.subsets = subsets;
                });
            }
            None => {
                let meta = Meta {
                    name: key.name.clone(),
                    namespace: key.namespace.clone(),
                    labels,
                    ..Meta::default()
                };
                // In a namespace that goes nobody needs them any more.
                let _ = self.create_object(Endpoints { meta, subsets });
            }
        }
    }

    /// Of the Service's first family only (endpoints_controller.go, podToEndpointAddressForService).
    fn wanted_subsets(&self, service: &Service, family: Family) -> Vec<EndpointSubset> {
        let mut single = Vec::new();
        for pod in self.store.pods_selected_by(service).filter(|pod| belongs(pod)) {
            let Some(ip) = pod.status.pod_ips.and_then(|ips| ips.get(family).copied()) else { continue };
            let address = EndpointAddress {
                ip,
                node: pod.spec.node_name.clone(),
                hostname: published_hostname(service, pod).filter(|_| service.spec.headless),
                target: Some((pod.meta.name.clone(), pod.meta.uid)),
            };
            let ready = service.spec.publish_not_ready_addresses || pod.status.is_ready();
            let mut add = |ports: Vec<EndpointPort>| {
                let (addresses, not_ready_addresses) = match ready {
                    true => (vec![address.clone()], Vec::new()),
                    false => (Vec::new(), vec![address.clone()]),
                };
                single.push(EndpointSubset { addresses, not_ready_addresses, ports });
            };
            if service.spec.ports.is_empty() && service.spec.headless {
                add(Vec::new());
            }
            for port in &service.spec.ports {
                let Some(number) = find_port(port, pod) else { continue };
                add(vec![EndpointPort {
                    name: port.name.clone(),
                    protocol: port.protocol,
                    port: number,
                    app_protocol: port.app_protocol.clone(),
                }]);
            }
        }
        repack(&single)
    }
}

/// util/controller_utils.go, ShouldPodBeInEndpoints, without terminating Pods.
fn belongs(pod: &Pod) -> bool {
    pod.meta.deleted.is_none() && !pod.status.phase.is_terminal()
}

fn labels(service: &Service) -> Labels {
    let mut labels = service.meta.labels.clone();
    labels.remove(EndpointSlice::HEADLESS);
    if service.spec.headless {
        labels.insert(EndpointSlice::HEADLESS.into(), "".into());
    }
    labels.insert(MANAGED_BY.into(), "endpoint-controller".into());
    labels
}

/// Of each address, whether it is ready; by its text, the order in which upstream sorts.
type Addresses = BTreeMap<String, (EndpointAddress, bool)>;

/// util.go, RepackSubsets: one subset for all ports that have the same addresses, an address that is ready and not
/// being ready. Upstream orders subsets by a hash; here their ports do.
pub(super) fn repack(subsets: &[EndpointSubset]) -> Vec<EndpointSubset> {
    let mut by_port: LiteMap<Option<EndpointPort>, Addresses> = LiteMap::new();
    for subset in subsets {
        let ports: Vec<Option<EndpointPort>> = match subset.ports.as_slice() {
            [] => vec![None],
            ports => ports.iter().cloned().map(Some).collect(),
        };
        for port in ports {
            let addresses = by_port.entry(port).or_default();
            let ready = subset.addresses.iter().map(|address| (address, true));
            for (address, ready) in ready.chain(subset.not_ready_addresses.iter().map(|a| (a, false))) {
                let known = addresses.entry(address.ip.to_string()).or_insert((address.clone(), ready));
                known.1 |= ready;
            }
        }
    }
    let mut repacked: Vec<(Addresses, Vec<EndpointPort>)> = Vec::new();
    for (port, addresses) in by_port {
        match repacked.iter_mut().find(|(same, _)| *same == addresses) {
            Some((_, ports)) => ports.extend(port),
            None => repacked.push((addresses, port.into_iter().collect())),
        }
    }
    repacked.into_iter().map(|(addresses, ports)| subset(addresses, ports)).collect()
}

fn subset(addresses: Addresses, ports: Vec<EndpointPort>) -> EndpointSubset {
    let (ready, unready): (Vec<_>, Vec<_>) = addresses.into_values().partition(|(_, ready)| *ready);
    let addresses = |of: Vec<(EndpointAddress, bool)>| of.into_iter().map(|(address, _)| address).collect();
    EndpointSubset { addresses: addresses(ready), not_ready_addresses: addresses(unready), ports }
}
