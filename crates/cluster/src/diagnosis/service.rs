//! Why a Service has no endpoint that could be called.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::Serialize;

use super::{NotMade, NotReady};
use crate::api::{
    ContainerPort, EndpointSlice, Labels, Name, NearMiss, NsName, ObjectRef, Pod, Service, ServicePort,
    ServiceType, Str, TargetPort, near_miss, selects,
};
use crate::control::find_port;
use crate::sim::World;

/// What a Service lacks to be called, where, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MissingEndpoints {
    /// The ports at which no endpoint is ready; empty if none is at any.
    pub ports: Vec<PortName>,
    /// So many are terminating there and serve on: kube-proxy goes on with them, since no other is ready.
    pub serving: u32,
    pub why: NoEndpoints,
}

/// How a port of a Service is told from the others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PortName {
    pub port: u16,
    /// Empty when it has none.
    pub name: Str,
}

impl PortName {
    fn of(port: &ServicePort) -> PortName {
        PortName { port: port.port, name: port.name.clone() }
    }
}

/// Why no endpoint is ready.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum NoEndpoints {
    /// It has no selector, and nobody wrote one that is ready. `unlabelled`: an EndpointSlice of its namespace names no
    /// Service.
    NoSelector { unlabelled: Option<Name> },
    /// Nor a selector, and what was written for it has ports of other names, which decide to which port an endpoint
    /// belongs.
    OtherPorts { name: Str, has: Vec<Str> },
    /// Its selector matches no Pod. `nearest`: the label that was probably meant, and whose it is. `elsewhere`: another
    /// namespace, and how many Pods there have its labels.
    NoPod { nearest: Option<(NearMiss, ObjectRef)>, elsewhere: Option<(Name, u32)> },
    /// Nor does it match a Pod, but an object that is only kept would make some.
    NotSimulated { maker: ObjectRef },
    /// This workload's Pods would match, and there are none.
    NoneMade { workload: ObjectRef, why: NotMade },
    /// So many of its Pods, `of` all, have the port, and none of them is ready: how many for which reason, the
    /// commonest first; restarts are those of the first of them.
    NoneReady { pods: u32, of: u32, why: Vec<(u32, NotReady)> },
    /// The `targetPort` of this port is the name of none of its Pods' ports; they have those.
    NoSuchPort { port: PortName, name: Str, has: Vec<Str> },
    /// So many Pods are ready, and their EndpointSlice is not written yet.
    NotWritten { ready: u32 },
}

/// More names than anybody reads.
const MOST_PORTS: usize = 6;

impl World {
    /// Nothing for a Service whose ports all have an endpoint that is ready, and for an ExternalName, which needs none.
    pub fn missing_endpoints(&self, service: &Service) -> Vec<MissingEndpoints> {
        if service.spec.type_ == ServiceType::ExternalName {
            return Vec::new();
        }
        let slices: Vec<&Arc<EndpointSlice>> = self.store().slices_for(&service.meta.key()).collect();
        let ports = &service.spec.ports;
        if ports.is_empty() {
            let missing = self.missing_at(service, &slices, None);
            return missing
                .map(|(serving, why)| MissingEndpoints { ports: Vec::new(), serving, why })
                .into_iter()
                .collect();
        }
        let mut all: Vec<MissingEndpoints> = Vec::new();
        for port in ports {
            let Some((serving, why)) = self.missing_at(service, &slices, Some(port)) else { continue };
            match all.iter_mut().find(|known| known.serving == serving && known.why == why) {
                Some(known) => known.ports.push(PortName::of(port)),
                None => all.push(MissingEndpoints { ports: vec![PortName::of(port)], serving, why }),
            }
        }
        if let [missing] = &mut all[..]
            && missing.ports.len() == ports.len()
        {
            missing.ports.clear();
        }
        all
    }

    /// `None` for a port at which an endpoint is ready; else how many serve on, and why there is no better one.
    fn missing_at(
        &self,
        service: &Service,
        slices: &[&Arc<EndpointSlice>],
        port: Option<&ServicePort>,
    ) -> Option<(u32, NoEndpoints)> {
        let is_listed = |slice: &&&Arc<EndpointSlice>| {
            port.is_none_or(|port| slice.ports.iter().any(|listed| listed.name == port.name))
        };
        let mut serving = BTreeSet::new();
        for endpoint in slices.iter().filter(is_listed).flat_map(|slice| &slice.endpoints) {
            if endpoint.ready {
                return None;
            }
            if endpoint.serving && endpoint.terminating {
                // A Pod of two families has two addresses.
                let pod = endpoint.target.as_ref().map(|(_, uid)| *uid);
                serving.insert((pod, pod.is_none().then_some(endpoint.address)));
            }
        }
        Some((count(serving.len()), self.why_none_is_ready(service, port)))
    }

    fn why_none_is_ready(&self, service: &Service, port: Option<&ServicePort>) -> NoEndpoints {
        let Some(selector) = service.spec.selector.as_ref().filter(|selector| !selector.is_empty()) else {
            return self.none_written(service, port);
        };
        let pods: Vec<&Arc<Pod>> = self.store().pods_selected_by(service).collect();
        if pods.is_empty() {
            return self.no_pod(service, selector);
        }
        let of = count(pods.len());
        let has_port = |pod: &&&Arc<Pod>| port.is_none_or(|port| find_port(port, pod).is_some());
        let with_port: Vec<&Arc<Pod>> = pods.iter().filter(has_port).copied().collect();
        if let (Some(port), []) = (port, &with_port[..])
            && let TargetPort::Name(name) = &port.target_port
        {
            return no_such_port(port, name, &pods);
        }
        let mut ready = 0;
        let mut why: Vec<(u32, NotReady)> = Vec::new();
        for pod in &with_port {
            match self.not_ready(pod) {
                None => ready += 1,
                Some(reason) => match why.iter_mut().find(|(_, known)| known.is_like(&reason)) {
                    Some((count, _)) => *count += 1,
                    None => why.push((1, reason)),
                },
            }
        }
        if ready > 0 {
            return NoEndpoints::NotWritten { ready };
        }
        why.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
        NoEndpoints::NoneReady { pods: count(with_port.len()), of, why }
    }

    fn none_written(&self, service: &Service, port: Option<&ServicePort>) -> NoEndpoints {
        let written =
            self.store().slices_for(&service.meta.key()).filter(|slice| !slice.endpoints.is_empty());
        let has: BTreeSet<&Str> = written.flat_map(|slice| &slice.ports).map(|port| &port.name).collect();
        match port.filter(|port| !has.is_empty() && !has.contains(&port.name)) {
            Some(port) => NoEndpoints::OtherPorts {
                name: port.name.clone(),
                has: has.into_iter().take(MOST_PORTS).cloned().collect(),
            },
            None => {
                let unnamed = NsName { namespace: service.meta.namespace.clone(), name: "".into() };
                let unlabelled = self.store().slices_for(&unnamed).next().filter(|_| has.is_empty());
                NoEndpoints::NoSelector { unlabelled: unlabelled.map(|slice| slice.meta.name.clone()) }
            }
        }
    }

    fn no_pod(&self, service: &Service, selector: &Labels) -> NoEndpoints {
        let namespace = &service.meta.namespace;
        let templates = self.templates(namespace);
        if let Some(found) = templates.iter().find(|template| selects(selector, template.labels)) {
            return NoEndpoints::NoneMade { workload: found.of.clone(), why: self.why_not_made(found) };
        }
        if let Some(maker) = self.maker(namespace, selector) {
            return NoEndpoints::NotSimulated { maker };
        }
        let is_selected =
            |labels: &Labels| self.store().services_that_select_labels(namespace, labels).next().is_some();
        let found = near_miss(selector, templates.iter().map(|template| template.labels), is_selected);
        let nearest = found.map(|(at, miss)| (miss, templates[at].of.clone()));
        let mut namespaces = self.store().namespaces.iter().map(|namespace| &namespace.meta.name);
        let elsewhere = namespaces.find_map(|other| {
            let pods = count(self.store().pods_selected_in(other, service).count());
            (pods > 0).then(|| (other.clone(), pods))
        });
        NoEndpoints::NoPod { nearest, elsewhere }
    }
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

fn no_such_port(port: &ServicePort, name: &Str, pods: &[&Arc<Pod>]) -> NoEndpoints {
    let containers = pods.iter().flat_map(|pod| pod.spec.containers.iter().chain(pod.spec.sidecars()));
    let of_container = |has: &ContainerPort| -> Option<Str> {
        let name = has.name.clone()?;
        // findPort compares both.
        let is_same = has.protocol == port.protocol;
        Some(if is_same { name } else { format!("{name} ({})", has.protocol.as_str()).as_str().into() })
    };
    let has: BTreeSet<Str> =
        containers.flat_map(|container| &container.ports).filter_map(of_container).collect();
    let has = has.into_iter().take(MOST_PORTS).collect();
    NoEndpoints::NoSuchPort { port: PortName::of(port), name: name.clone(), has }
}
