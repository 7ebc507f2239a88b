//! The ports of a Pod's endpoints, as its containers resolve a Service's target ports.

use crate::api::{EndpointPort, Pod, Service, ServicePort, TargetPort};

pub(super) fn resolve(service: &Service, pod: &Pod) -> Vec<EndpointPort> {
    let port = |port: &ServicePort| {
        Some(EndpointPort {
            name: port.name.clone(),
            protocol: port.protocol,
            port: find_port(port, pod)?,
            app_protocol: port.app_protocol.clone(),
        })
    };
    let mut ports: Vec<EndpointPort> = service.spec.ports.iter().filter_map(port).collect();
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
