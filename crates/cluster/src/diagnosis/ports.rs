//! Ports that Services and probes ask of Pods that do not declare them, and what those are taken for.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::Serialize;

use crate::api::{App, NsName, ObjectRef, Pod, ProbeKind, Service, Str};
use crate::control::find_port;
use crate::node::kubelet::{PortAssumption, port_number};
use crate::sim::World;

/// A port that no container declares, or of which it was said whether it is served.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AskedPort {
    pub port: u16,
    pub by: AskedBy,
    /// Whose Pods are asked: a Pod, or what controls it and is controlled by nobody.
    pub of: ObjectRef,
    pub taken_for: PortAssumption,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum AskedBy {
    Service(NsName),
    Probe { container: Str, kind: ProbeKind },
}

impl World {
    /// What a Pod's own probes and the Services that select it ask of it.
    pub fn ports_asked_of(&self, pod: &Pod) -> Vec<AskedPort> {
        let mut all = Vec::new();
        for container in pod.spec.containers.iter().chain(pod.spec.sidecars()) {
            let probes = [
                (ProbeKind::Startup, &container.startup),
                (ProbeKind::Liveness, &container.liveness),
                (ProbeKind::Readiness, &container.readiness),
            ];
            for (kind, probe) in probes {
                let port = probe.as_ref().and_then(|probe| port_number(container, probe.handler.port()?));
                let by = AskedBy::Probe { container: container.name.clone(), kind };
                all.extend(port.and_then(|port| self.asked(pod, port, by)));
            }
        }
        for service in self.store().services_that_select(pod) {
            all.extend(self.asked_by(service, pod));
        }
        all
    }

    /// What a Service asks of the Pods that it selects: what is asked alike of several Pods of a workload, once.
    pub fn ports_asked_by(&self, service: &Service) -> Vec<AskedPort> {
        each_once(self.store().pods_selected_by(service).flat_map(|pod| self.asked_by(service, pod)))
    }

    /// What is asked of any Pod: what is asked alike of several Pods of a workload, once.
    pub fn asked_ports(&self) -> Vec<AskedPort> {
        each_once(self.store().pods.iter().flat_map(|pod| self.ports_asked_of(pod)))
    }

    fn asked_by(&self, service: &Service, pod: &Pod) -> Vec<AskedPort> {
        let by = || AskedBy::Service(service.meta.key());
        let ports = service.spec.ports.iter().filter_map(|port| find_port(port, pod));
        let ports: BTreeSet<u16> = ports.collect();
        ports.into_iter().filter_map(|port| self.asked(pod, port, by())).collect()
    }

    /// `None` for a port that is declared.
    fn asked(&self, pod: &Pod, port: u16, by: AskedBy) -> Option<AskedPort> {
        let taken_for = self.port_assumption(pod, port);
        let of = || self.controllers_of(pod).pop().expect("the Pod is one of them");
        match taken_for {
            PortAssumption::Declared => None,
            PortAssumption::AskedByProbe
            | PortAssumption::AnyPort
            | PortAssumption::ServedByApp
            | PortAssumption::NotServed
            | PortAssumption::RefusedByApp => Some(AskedPort { port, by, of: of(), taken_for }),
        }
    }

    /// What to say of the programs of a workload, or of one Pod, so that the port is served, or is not: what was said
    /// of them before stays. `None` if it has no Pod.
    pub fn app_with_port(&self, of: &ObjectRef, port: u16, is_served: bool) -> Option<App> {
        let its = |pod: &&Arc<Pod>| self.controllers_of(pod).contains(of);
        let pods: Vec<&Arc<Pod>> = self.store().pods.iter().filter(its).collect();
        // Not all of them need be asked it.
        let is_asked = |pod: &&&Arc<Pod>| self.ports_asked_of(pod).iter().any(|asked| asked.port == port);
        let pod = pods.iter().find(is_asked).or(pods.first())?;
        Some(self.app_of_pod_with_port(pod, of, port, is_served))
    }
}

/// Pods of one workload need not be alike: labels are changed, templates are rolled out.
fn each_once(asked: impl Iterator<Item = AskedPort>) -> Vec<AskedPort> {
    let mut all: Vec<AskedPort> = Vec::new();
    for asked in asked {
        if !all.contains(&asked) {
            all.push(asked);
        }
    }
    all
}
