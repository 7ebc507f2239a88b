//! Services.

use cluster::api::{
    CloudProvider, Kind, Labels, Name, NsName, ObjectRef, Service, ServiceType, TargetPort, Uid,
};
use cluster::diagnosis::{AskedPort, MissingEndpoints};
use cluster::sim::World;
use litemap::LiteMap;

use super::SystemObjects;

/// What a Service is for its callers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServiceForm {
    /// A virtual IP.
    Virtual,
    /// A name for its Pods' addresses.
    Headless,
    /// A name for another name.
    External,
}

#[derive(Clone, Debug, PartialEq)]
pub struct ServiceFacts {
    pub uid: Uid,
    pub key: NsName,
    pub form: ServiceForm,
    pub type_: ServiceType,
    /// `10.96.34.7`, `None` for headless; the target of an ExternalName.
    pub address: String,
    /// `80 → 8080`, for each port.
    pub ports: Vec<String>,
    pub node_port: Option<u16>,
    pub ingress: Option<String>,
    /// Whether somebody gives it one: a cloud, or whoever has an address pool.
    pub may_get_ingress: bool,
    /// For an address from a pool: whose speaker announces it (MetalLB).
    pub announced_by: Option<Announcer>,
    /// `app=web`
    pub selector: Vec<String>,
    pub ready: usize,
    pub endpoints: usize,
    /// At which of its ports none of them is ready, and why.
    pub missing: Vec<MissingEndpoints>,
    /// Ports that it asks of Pods which do not declare them.
    pub assumed: Vec<AskedPort>,
}

pub(super) fn all(world: &World, system: SystemObjects) -> Vec<ServiceFacts> {
    // In the order of creation, which is that of the manifest; the store sorts by name. The cluster's own come last.
    let object = |key: &NsName| ObjectRef::of_key(Kind::Service, key);
    let shown = world.store().services.iter().filter(|s| system.shows(world, &object(&s.meta.key())));
    let mut services: Vec<_> = shown.map(|service| facts(world, service)).collect();
    services.sort_by_cached_key(|s| (world.is_system(&object(&s.key)), s.uid));
    services
}

fn facts(world: &World, service: &Service) -> ServiceFacts {
    let spec = &service.spec;
    let key = service.meta.key();
    let form = match (spec.type_, spec.headless) {
        (ServiceType::ExternalName, _) => ServiceForm::External,
        (ServiceType::ClusterIP | ServiceType::NodePort | ServiceType::LoadBalancer, true) => {
            ServiceForm::Headless
        }
        (ServiceType::ClusterIP | ServiceType::NodePort | ServiceType::LoadBalancer, false) => {
            ServiceForm::Virtual
        }
    };
    let address = match form {
        ServiceForm::External => spec.external_name.as_deref().unwrap_or_default().to_owned(),
        ServiceForm::Headless | ServiceForm::Virtual => {
            spec.cluster_ips.first().map(ToString::to_string).unwrap_or_default()
        }
    };
    // One that still serves while it terminates is not counted as ready, as in `kubectl describe`.
    let pods: LiteMap<_, _> = world.store().endpoints_of(&key).map(|e| (e.address, e.ready)).collect();
    ServiceFacts {
        uid: service.meta.uid,
        form,
        type_: spec.type_,
        address,
        ports: spec.ports.iter().map(port_text).collect(),
        node_port: spec.ports.first().map(|p| p.node_port).filter(|port| *port != 0),
        may_get_ingress: world.config().cloud != CloudProvider::None,
        announced_by: announcer(world, &key),
        ingress: service.ingress.first().map(|i| i.ip.to_string()),
        selector: spec.selector.as_ref().map(label_texts).unwrap_or_default(),
        ready: pods.values().filter(|ready| **ready).count(),
        endpoints: pods.len(),
        missing: world.missing_endpoints(service),
        assumed: super::pods::assumed(world.ports_asked_by(service)),
        key,
    }
}

/// Whose speaker answers ARP for an address from the pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Announcer {
    Nobody,
    Node(Name),
}

fn announcer(world: &World, key: &NsName) -> Option<Announcer> {
    let assigned = world.pool().assigned.get(key)?;
    let node = assigned.node.and_then(|node| world.node_name(node));
    Some(node.map_or(Announcer::Nobody, |node| Announcer::Node(node.clone())))
}

fn port_text(port: &cluster::api::ServicePort) -> String {
    match &port.target_port {
        TargetPort::Number(target) if *target == port.port => port.port.to_string(),
        TargetPort::Number(target) => format!("{} → {target}", port.port),
        TargetPort::Name(name) => format!("{} → {name}", port.port),
    }
}

pub(super) fn label_texts(labels: &Labels) -> Vec<String> {
    labels.iter().map(|(key, value)| format!("{key}={value}")).collect()
}

#[cfg(test)]
mod tests {
    use crate::facts::{Facts, SystemObjects};
    use crate::testing::{WEB, run};

    #[test]
    fn the_clusters_own_services_come_last_where_they_are_shown() {
        let run = run(WEB, 3);
        let names = |system| {
            let facts = Facts::of(run.world(), system);
            facts.services.iter().map(|service| service.key.to_string()).collect::<Vec<String>>()
        };
        let own = ["default/web", "default/payment"];
        assert_eq!(names(SystemObjects::Hidden), own);
        assert_eq!(
            names(SystemObjects::Shown),
            [&own[..], &["default/kubernetes", "kube-system/kube-dns"]].concat()
        );
    }
}
