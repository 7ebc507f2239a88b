//! `v1` Service: what needs no knowledge of the cluster (core validation.go, ValidateService).

use std::collections::BTreeSet;

use super::{forbid, meta, name};
use crate::api::decode::special_range;
use crate::api::diagnostic::clip;
use crate::api::field::{Error, Path};
use crate::api::{
    DiagnosticKind, NameRule, Rule, Service, ServicePort, ServiceSpec, ServiceType, SessionAffinity,
    TargetPort, TrafficPolicy,
};

/// RFC 1123 since 1.36, a digit first is allowed (RelaxedServiceNameValidation, KEP-5311).
pub fn validate(service: &Service) -> Vec<Error> {
    let mut errors = meta::validate::<Service>(&service.meta);
    let (spec, path) = (&service.spec, Path::new("spec"));
    if let Some(selector) = &spec.selector {
        meta::labels(selector, &path.child("selector"), &mut errors);
    }
    ports(spec, &path.child("ports"), &mut errors);
    addresses(spec, &path, &mut errors);
    external_name(spec, &path.child("externalName"), &mut errors);
    affinity(spec, &path, &mut errors);
    external_policy(spec, &path, &mut errors);
    load_balancer(spec, &path, &mut errors);
    distribution(spec, &path.child("trafficDistribution"), &mut errors);
    errors
}

fn ports(spec: &ServiceSpec, path: &Path<'_>, errors: &mut Vec<Error>) {
    if spec.ports.is_empty() && !spec.headless && spec.type_ != ServiceType::ExternalName {
        errors.push(path.error(DiagnosticKind::Required));
    }
    let mut names = BTreeSet::new();
    for (index, port) in spec.ports.iter().enumerate() {
        let (path, earlier) = (path.item(index), &spec.ports[..index]);
        let name_path = path.child("name");
        if port.name.is_empty() {
            if spec.ports.len() > 1 {
                errors.push(name_path.error(DiagnosticKind::Required));
            }
        } else {
            name(&name_path, &port.name, NameRule::Dns1123Label, errors);
            if !names.insert(&port.name) {
                errors.push(name_path.error(DiagnosticKind::Duplicate { value: clip(&port.name) }));
            }
        }
        port_numbers(port, earlier, spec.type_, &path, errors);
    }
}

/// validateServicePort, and which numbers `earlier` ports of the Service have taken.
fn port_numbers(
    port: &ServicePort,
    earlier: &[ServicePort],
    type_: ServiceType,
    path: &Path<'_>,
    errors: &mut Vec<Error>,
) {
    let duplicate = |number: u16| {
        let value = format!("{number}/{}", port.protocol.as_str());
        DiagnosticKind::Duplicate { value: value.into() }
    };
    let same = |other: &&ServicePort| other.protocol == port.protocol;
    if let TargetPort::Name(target) = &port.target_port {
        name(&path.child("targetPort"), target, NameRule::PortName, errors);
    }
    if earlier.iter().filter(same).any(|other| other.port == port.port) {
        errors.push(path.error(duplicate(port.port)));
    }
    if port.node_port == 0 {
        return;
    }
    let node_port = path.child("nodePort");
    if type_ == ServiceType::ClusterIP {
        forbid(&node_port, Rule::NodePortOnClusterIp, errors);
    }
    if earlier.iter().filter(same).any(|other| other.node_port == port.node_port) {
        errors.push(node_port.error(duplicate(port.node_port)));
    }
}

/// ValidateServiceClusterIPsRelatedFields, and the external addresses.
fn addresses(spec: &ServiceSpec, path: &Path<'_>, errors: &mut Vec<Error>) {
    let cluster_ip = path.child("clusterIP");
    match spec.type_ {
        ServiceType::ExternalName if spec.headless || !spec.cluster_ips.is_empty() => {
            forbid(&cluster_ip, Rule::FieldOnExternalName, errors);
        }
        ServiceType::NodePort | ServiceType::LoadBalancer if spec.headless => {
            forbid(&cluster_ip, Rule::HeadlessNeedsClusterIpType, errors);
        }
        ServiceType::ClusterIP
        | ServiceType::NodePort
        | ServiceType::LoadBalancer
        | ServiceType::ExternalName => {}
    }
    let one_family = |ips: &[std::net::IpAddr]| ips.len() == 2 && ips[0].is_ipv4() == ips[1].is_ipv4();
    if spec.cluster_ips.len() > 2 || one_family(&spec.cluster_ips) {
        forbid(&path.child("clusterIPs"), Rule::FamilyMismatch, errors);
    }
    for (index, ip) in spec.external_ips.iter().enumerate() {
        if let Some(range) = special_range(*ip) {
            let value = ip.to_string().into();
            let message = DiagnosticKind::SpecialAddress { value, range };
            errors.push(path.child("externalIPs").item(index).error(message));
        }
    }
}

fn external_name(spec: &ServiceSpec, path: &Path<'_>, errors: &mut Vec<Error>) {
    if spec.type_ != ServiceType::ExternalName {
        return;
    }
    match spec.external_name.as_deref() {
        None | Some("") => errors.push(path.error(DiagnosticKind::Required)),
        // It may be written with the root's dot.
        Some(written) => {
            let bare = written.strip_suffix('.').unwrap_or(written);
            name(path, bare, NameRule::Dns1123Subdomain, errors);
        }
    }
}

fn affinity(spec: &ServiceSpec, path: &Path<'_>, errors: &mut Vec<Error>) {
    let SessionAffinity::ClientIP { timeout_s } = spec.session_affinity else { return };
    let (min, max) = SessionAffinity::TIMEOUTS_S;
    if !(min..=max).contains(&timeout_s) {
        let (value, min, max) = (timeout_s.to_string().into(), i64::from(min), i64::from(max));
        let (config, message) =
            (path.child("sessionAffinityConfig"), DiagnosticKind::OutOfRange { value, min, max });
        errors.push(config.child("clientIP").child("timeoutSeconds").error(message));
    }
}

fn external_policy(spec: &ServiceSpec, path: &Path<'_>, errors: &mut Vec<Error>) {
    let policy = spec.external_traffic_policy;
    if policy.is_some() && !spec.is_externally_accessible() {
        forbid(&path.child("externalTrafficPolicy"), Rule::ExternalPolicyNeedsExternal, errors);
    }
    let is_local = spec.type_ == ServiceType::LoadBalancer && policy == Some(TrafficPolicy::Local);
    if spec.health_check_node_port != 0 && !is_local {
        forbid(&path.child("healthCheckNodePort"), Rule::HealthPortNeedsLocal, errors);
    }
}

fn load_balancer(spec: &ServiceSpec, path: &Path<'_>, errors: &mut Vec<Error>) {
    let class = path.child("loadBalancerClass");
    if let Some(text) = &spec.load_balancer_class {
        name(&class, text, NameRule::QualifiedName, errors);
    }
    if spec.type_ == ServiceType::LoadBalancer {
        return;
    }
    if !spec.load_balancer_source_ranges.is_empty() {
        forbid(&path.child("loadBalancerSourceRanges"), Rule::SourceRangesNeedLoadBalancer, errors);
    }
    if spec.load_balancer_class.is_some() {
        forbid(&class, Rule::ClassNeedsLoadBalancer, errors);
    }
    if spec.allocate_load_balancer_node_ports.is_some() {
        forbid(&path.child("allocateLoadBalancerNodePorts"), Rule::AllocateNeedsLoadBalancer, errors);
    }
}

/// The three values that 1.36 takes.
fn distribution(spec: &ServiceSpec, path: &Path<'_>, errors: &mut Vec<Error>) {
    const ALLOWED: &[&str] = &["PreferClose", "PreferSameNode", "PreferSameZone"];
    if let Some(text) = spec.traffic_distribution.as_deref().filter(|text| !ALLOWED.contains(text)) {
        errors.push(path.error(DiagnosticKind::Unsupported { value: clip(text), allowed: ALLOWED }));
    }
}
