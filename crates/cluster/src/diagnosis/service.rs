//! Why a Service has no endpoint that could be called.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::Serialize;

use super::NotReady;
use crate::api::{
    EndpointSlice, NearMiss, ObjectRef, Pod, Service, ServicePort, ServiceType, Str, TargetPort, near_miss,
    selects,
};
use crate::control::find_port;
use crate::sim::World;

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum NoEndpoints {
    /// It has no selector, and nobody wrote any for it.
    NoSelector,
    /// Its selector matches no Pod. `nearest`: the label that was probably meant, and whose it is.
    NoPod { nearest: Option<(NearMiss, ObjectRef)> },
    /// Nor does it match a Pod, but an object that is only kept would make some.
    NotSimulated { maker: ObjectRef },
    /// This workload's Pods would match, and there are none. `replicas`: how many it wants, if it says.
    NoneMade { workload: ObjectRef, replicas: Option<u32> },
    /// It has so many Pods, and none is ready: how many for which reason, the commonest first.
    NoneReady { pods: u32, why: Vec<(u32, NotReady)> },
    /// Ready Pods have no port of this name; they have those.
    NoSuchPort { name: Str, has: Vec<Str> },
    /// So many Pods are ready, and their EndpointSlice is not written yet.
    NotWritten { ready: u32 },
}

/// More names than anybody reads.
const MOST_PORTS: usize = 6;

impl World {
    /// `None` for a Service whose ports all have an endpoint that is ready, and for an ExternalName, which needs none.
    pub fn no_endpoints(&self, service: &Service) -> Option<NoEndpoints> {
        if service.spec.type_ == ServiceType::ExternalName || self.has_endpoints(service) {
            return None;
        }
        let Some(selector) = service.spec.selector.as_ref().filter(|selector| !selector.is_empty()) else {
            return Some(NoEndpoints::NoSelector);
        };
        let pods: Vec<&Arc<Pod>> = self.store().pods_selected_by(service).collect();
        if pods.is_empty() {
            return Some(self.no_pod(&service.meta.namespace, selector));
        }
        let mut ready = Vec::new();
        let mut why: Vec<(u32, NotReady)> = Vec::new();
        for pod in &pods {
            let Some(reason) = self.not_ready(pod) else {
                ready.push(&***pod);
                continue;
            };
            match why.iter_mut().find(|(_, known)| *known == reason) {
                Some((count, _)) => *count += 1,
                None => why.push((1, reason)),
            }
        }
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        if !ready.is_empty() {
            let not_written = NoEndpoints::NotWritten { ready: count(ready.len()) };
            return Some(missing_port(service, &ready).unwrap_or(not_written));
        }
        why.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
        Some(NoEndpoints::NoneReady { pods: count(pods.len()), why })
    }

    /// Whether a ready endpoint is listed for each of its ports.
    fn has_endpoints(&self, service: &Service) -> bool {
        let is_its = |slice: &&Arc<EndpointSlice>| {
            slice.service == service.meta.name && slice.meta.namespace == service.meta.namespace
        };
        let slices = self.store().slices.iter().filter(is_its);
        let with_ready = slices.filter(|slice| slice.endpoints.iter().any(|endpoint| endpoint.ready));
        let (mut any, mut names) = (false, BTreeSet::new());
        for slice in with_ready {
            any = true;
            names.extend(slice.ports.iter().map(|port| &port.name));
        }
        any && service.spec.ports.iter().all(|port| names.contains(&port.name))
    }

    fn no_pod(&self, namespace: &str, selector: &crate::api::Labels) -> NoEndpoints {
        let templates = self.templates(namespace);
        if let Some(found) = templates.iter().find(|template| selects(selector, template.labels)) {
            return NoEndpoints::NoneMade { workload: found.of.clone(), replicas: found.replicas };
        }
        if let Some(maker) = self.maker(namespace, selector) {
            return NoEndpoints::NotSimulated { maker };
        }
        let found = near_miss(selector, templates.iter().map(|template| template.labels));
        NoEndpoints::NoPod { nearest: found.map(|(at, miss)| (miss, templates[at].of.clone())) }
    }
}

/// The first of its ports whose name none of these Pods has.
fn missing_port(service: &Service, ready: &[&Pod]) -> Option<NoEndpoints> {
    let is_missing = |port: &&ServicePort| ready.iter().all(|pod| find_port(port, pod).is_none());
    let port = service.spec.ports.iter().find(is_missing)?;
    let name = match &port.target_port {
        TargetPort::Name(name) => name.clone(),
        TargetPort::Number(_) => return None,
    };
    let containers = ready.iter().flat_map(|pod| pod.spec.containers.iter().chain(pod.spec.sidecars()));
    let names = containers.flat_map(|container| &container.ports).filter_map(|port| port.name.clone());
    let has: BTreeSet<Str> = names.collect();
    Some(NoEndpoints::NoSuchPort { name, has: has.into_iter().take(MOST_PORTS).collect() })
}
