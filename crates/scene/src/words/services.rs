//! A Service's card.

use cluster::api::ServiceType;

use super::NO_ADDRESS_YET;
use crate::facts::{Announcer, ServiceFacts, ServiceForm};

/// `2/3`
pub fn ready_only(service: &ServiceFacts) -> String {
    match (service.form, service.endpoints) {
        (ServiceForm::External, _) => String::new(),
        (ServiceForm::Virtual | ServiceForm::Headless, 0) => "none".to_owned(),
        (ServiceForm::Virtual | ServiceForm::Headless, n) => format!("{}/{n}", service.ready),
    }
}

pub fn type_name(type_: ServiceType) -> &'static str {
    type_.as_str()
}

/// The Service's type, with headless as a type of its own.
pub fn kind(service: &ServiceFacts) -> &'static str {
    match service.form {
        ServiceForm::Headless => "Headless",
        ServiceForm::Virtual | ServiceForm::External => type_name(service.type_),
    }
}

pub fn endpoints(service: &ServiceFacts) -> String {
    match (service.form, service.endpoints) {
        (ServiceForm::External, _) => "a name for another name".to_owned(),
        (ServiceForm::Virtual | ServiceForm::Headless, 0) => "no endpoints".to_owned(),
        (ServiceForm::Virtual | ServiceForm::Headless, n) => {
            format!("{} of {n} endpoints ready", service.ready)
        }
    }
}

pub fn endpoints_short(service: &ServiceFacts) -> String {
    match (service.form, service.endpoints) {
        (ServiceForm::External, _) => "a DNS name".to_owned(),
        (ServiceForm::Virtual | ServiceForm::Headless, 0) => "no endpoints".to_owned(),
        (ServiceForm::Virtual | ServiceForm::Headless, n) => format!("{} of {n} ready", service.ready),
    }
}

/// `10.96.34.7:80 → 8080`
pub fn address(service: &ServiceFacts) -> String {
    let port = service.ports.first().map_or("", String::as_str);
    match service.form {
        ServiceForm::Virtual if service.address.is_empty() => NO_ADDRESS_YET.to_owned(),
        ServiceForm::Virtual => {
            format!("{}:{port}{}", bracketed(&service.address), more_ports(service.ports.len()))
        }
        ServiceForm::Headless => "no virtual IP: a name for its Pods".to_owned(),
        ServiceForm::External => format!("→ {}", service.address),
    }
}

/// As an address stands before a port.
fn bracketed(address: &str) -> String {
    if address.contains(':') { format!("[{address}]") } else { address.to_owned() }
}

/// For cards that have no room for what the port leads to.
pub fn address_short(service: &ServiceFacts) -> String {
    let port = service.ports.first().map_or("", String::as_str);
    let port = port.split(' ').next().unwrap_or_default();
    match service.form {
        ServiceForm::Virtual if service.address.is_empty() => NO_ADDRESS_YET.to_owned(),
        ServiceForm::Virtual => format!("{}:{port}", bracketed(&service.address)),
        // Its kind stands below.
        ServiceForm::Headless => "no virtual IP".to_owned(),
        ServiceForm::External => format!("→ {}", service.address),
    }
}

fn more_ports(count: usize) -> String {
    if count > 1 { format!(" (+{})", count - 1) } else { String::new() }
}

/// The ways in from outside: `node port 30080`, `198.51.100.7`.
pub fn ways_in(service: &ServiceFacts) -> Option<String> {
    let node_port = service.node_port.map(|port| format!("node port {port}"));
    match (service.type_, &service.ingress) {
        (ServiceType::LoadBalancer, Some(ip)) => Some(match &service.announced_by {
            None => format!("from outside: {ip}"),
            Some(Announcer::Node(node)) => format!("from outside: {ip} ({node})"),
            Some(Announcer::Nobody) => format!("from outside: {ip} (no node)"),
        }),
        (ServiceType::LoadBalancer, None) if service.may_get_ingress => {
            Some("waiting for an address".to_owned())
        }
        (ServiceType::LoadBalancer, None) => Some(match node_port {
            Some(node_port) => format!("{node_port}, no cloud"),
            None => "no cloud".to_owned(),
        }),
        (ServiceType::NodePort, _) => node_port,
        (ServiceType::ClusterIP | ServiceType::ExternalName, _) => None,
    }
}

/// `trouble`: why it is empty, and what is assumed of its Pods.
pub fn service_label(service: &ServiceFacts, trouble: &[String]) -> String {
    let ways_in = ways_in(service).map(|way| format!(", {way}")).unwrap_or_default();
    let trouble: String = trouble.iter().map(|why| format!("; {why}")).collect();
    format!(
        "Service {}, {}, {}, {}{ways_in}{trouble}",
        service.key.name,
        type_name(service.type_),
        address(service),
        endpoints(service)
    )
}
