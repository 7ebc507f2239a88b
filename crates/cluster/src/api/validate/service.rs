//! `v1` Service: what needs no knowledge of the cluster (core validation.go, ValidateService).

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::endpoint_ip::endpoint_ip;
use super::{forbid, meta, name, out_of_range, unsupported};
use crate::api::diagnostic::clip;
use crate::api::field::{Error, Path};
use crate::api::{
    DiagnosticKind, IpFamilyPolicy, NameRule, Rule, Service, ServicePort, ServiceSpec, ServiceType,
    SessionAffinity, TargetPort, TrafficPolicy,
};
use netfilter::Family;

/// The values of `trafficDistribution` that 1.36 takes.
const DISTRIBUTIONS: &[&str] = &["PreferClose", "PreferSameNode", "PreferSameZone"];

/// RFC 1123 since 1.36, a digit first is allowed (RelaxedServiceNameValidation, KEP-5311).
///
/// No field is passed over by a `..`: one that is added is checked here, or said to be right whatever it is.
pub fn validate(service: &Service) -> Vec<Error> {
    let Service { meta, spec, ingress: _ } = service;
    let ServiceSpec {
        type_,
        selector,
        ports,
        headless,
        cluster_ips,
        ip_families,
        ip_family_policy,
        external_ips,
        external_name,
        session_affinity,
        external_traffic_policy,
        internal_traffic_policy: _,
        load_balancer_source_ranges,
        load_balancer_class,
        health_check_node_port,
        publish_not_ready_addresses: _,
        allocate_load_balancer_node_ports,
        traffic_distribution,
    } = spec;
    let (type_, path) = (*type_, Path::new("spec"));
    let mut errors = meta::validate::<Service>(meta);
    if let Some(selector) = selector {
        meta::labels(selector, &path.child("selector"), &mut errors);
    }
    let needs_ports = !headless && type_ != ServiceType::ExternalName;
    self::ports(ports, needs_ports, type_, &path.child("ports"), &mut errors);
    self::cluster_ips(cluster_ips, *headless, type_, &path, &mut errors);
    families(ip_families, *ip_family_policy, type_, &path, &mut errors);
    self::external_ips(external_ips, &path.child("externalIPs"), &mut errors);
    if type_ == ServiceType::ExternalName {
        self::external_name(external_name.as_deref(), &path.child("externalName"), &mut errors);
    }
    affinity(*session_affinity, &path, &mut errors);
    if external_traffic_policy.is_some() && !spec.is_externally_accessible() {
        forbid(&path.child("externalTrafficPolicy"), Rule::ExternalPolicyNeedsExternal, &mut errors);
    }
    let policy_is_local = *external_traffic_policy == Some(TrafficPolicy::Local);
    if *health_check_node_port != 0 && !(type_ == ServiceType::LoadBalancer && policy_is_local) {
        forbid(&path.child("healthCheckNodePort"), Rule::HealthPortNeedsLocal, &mut errors);
    }
    let class = path.child("loadBalancerClass");
    if let Some(text) = load_balancer_class {
        name(&class, text, NameRule::QualifiedName, &mut errors);
    }
    if type_ != ServiceType::LoadBalancer {
        let ranges = path.child("loadBalancerSourceRanges");
        let allocate = path.child("allocateLoadBalancerNodePorts");
        for (is_set, path, rule) in [
            (!load_balancer_source_ranges.is_empty(), ranges, Rule::SourceRangesNeedLoadBalancer),
            (load_balancer_class.is_some(), class, Rule::ClassNeedsLoadBalancer),
            (allocate_load_balancer_node_ports.is_some(), allocate, Rule::AllocateNeedsLoadBalancer),
        ] {
            if is_set {
                forbid(&path, rule, &mut errors);
            }
        }
    }
    let distribution = path.child("trafficDistribution");
    unsupported(&distribution, traffic_distribution.as_deref(), DISTRIBUTIONS, &mut errors);
    errors
}

fn ports(
    ports: &[ServicePort],
    is_required: bool,
    type_: ServiceType,
    path: &Path<'_>,
    errors: &mut Vec<Error>,
) {
    if ports.is_empty() && is_required {
        errors.push(path.error(DiagnosticKind::Required));
    }
    let mut names = BTreeSet::new();
    for (index, port) in ports.iter().enumerate() {
        let (path, earlier) = (path.item(index), &ports[..index]);
        let name_path = path.child("name");
        if port.name.is_empty() {
            if ports.len() > 1 {
                errors.push(name_path.error(DiagnosticKind::Required));
            }
        } else {
            name(&name_path, &port.name, NameRule::Dns1123Label, errors);
            if !names.insert(&port.name) {
                errors.push(name_path.error(DiagnosticKind::Duplicate { value: clip(&port.name) }));
            }
        }
        port_numbers(port, earlier, type_, &path, errors);
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
    let ServicePort { name: _, protocol, port: number, target_port, node_port, app_protocol: _ } = port;
    let duplicate = |number: u16| {
        let value = format!("{number}/{}", protocol.as_str());
        DiagnosticKind::Duplicate { value: value.into() }
    };
    let same = |other: &&ServicePort| other.protocol == *protocol;
    if *number == 0 {
        errors.push(path.child("port").error(out_of_range(0, 1, 65_535)));
    }
    if let TargetPort::Name(target) = target_port {
        name(&path.child("targetPort"), target, NameRule::PortName, errors);
    }
    if *number != 0 && earlier.iter().filter(same).any(|other| other.port == *number) {
        errors.push(path.error(duplicate(*number)));
    }
    if *node_port == 0 {
        return;
    }
    let path = path.child("nodePort");
    if type_ == ServiceType::ClusterIP {
        forbid(&path, Rule::NodePortOnClusterIp, errors);
    }
    if earlier.iter().filter(same).any(|other| other.node_port == *node_port) {
        errors.push(path.error(duplicate(*node_port)));
    }
}

/// ValidateServiceClusterIPsRelatedFields.
fn cluster_ips(ips: &[IpAddr], headless: bool, type_: ServiceType, path: &Path<'_>, errors: &mut Vec<Error>) {
    let cluster_ip = path.child("clusterIP");
    match type_ {
        ServiceType::ExternalName if headless || !ips.is_empty() => {
            forbid(&cluster_ip, Rule::FieldOnExternalName, errors);
        }
        ServiceType::NodePort | ServiceType::LoadBalancer if headless => {
            forbid(&cluster_ip, Rule::HeadlessNeedsClusterIpType, errors);
        }
        ServiceType::ClusterIP
        | ServiceType::NodePort
        | ServiceType::LoadBalancer
        | ServiceType::ExternalName => {}
    }
    let is_one_family = ips.len() == 2 && ips[0].is_ipv4() == ips[1].is_ipv4();
    if ips.len() > 2 || is_one_family {
        forbid(&path.child("clusterIPs"), Rule::FamilyMismatch, errors);
    }
}

/// ValidateServiceClusterIPsRelatedFields.
fn families(
    families: &[Family],
    policy: Option<IpFamilyPolicy>,
    type_: ServiceType,
    path: &Path<'_>,
    errors: &mut Vec<Error>,
) {
    let list = path.child("ipFamilies");
    if type_ == ServiceType::ExternalName {
        for (is_set, path) in [(policy.is_some(), path.child("ipFamilyPolicy")), (!families.is_empty(), list)]
        {
            if is_set {
                forbid(&path, Rule::FieldOnExternalName, errors);
            }
        }
    }
    if families.len() > 2 || (families.len() == 2 && families[0] == families[1]) {
        forbid(&list, Rule::FamilyMismatch, errors);
    }
}

fn external_ips(ips: &[IpAddr], path: &Path<'_>, errors: &mut Vec<Error>) {
    for (index, ip) in ips.iter().enumerate() {
        endpoint_ip(*ip, &path.item(index), errors);
    }
}

fn external_name(written: Option<&str>, path: &Path<'_>, errors: &mut Vec<Error>) {
    match written {
        None | Some("") => errors.push(path.error(DiagnosticKind::Required)),
        // It may be written with the root's dot.
        Some(written) => {
            let bare = written.strip_suffix('.').unwrap_or(written);
            name(path, bare, NameRule::Dns1123Subdomain, errors);
        }
    }
}

fn affinity(affinity: SessionAffinity, path: &Path<'_>, errors: &mut Vec<Error>) {
    let SessionAffinity::ClientIP { timeout_s } = affinity else { return };
    let (min, max) = SessionAffinity::TIMEOUTS_S;
    if !(min..=max).contains(&timeout_s) {
        let config = path.child("sessionAffinityConfig");
        let message = out_of_range(timeout_s, min, max);
        errors.push(config.child("clientIP").child("timeoutSeconds").error(message));
    }
}
