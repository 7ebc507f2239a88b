//! `v1` Service: what needs no knowledge of the cluster (core validation.go, ValidateService).

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::endpoint_ip::endpoint_ip;
use super::{forbid, listed, meta, name, out_of_range, probe, quoted, repeated, unsupported, violates};
use crate::api::diagnostic::clip;
use crate::api::field::{Error, Path};
use crate::api::{
    DiagnosticKind, Format, IpFamilyPolicy, Meta, NameRule, Rule, Service, ServicePort, ServiceSpec,
    ServiceType, SessionAffinity, TrafficPolicy,
};
use netfilter::{Cidr, Family, Protocol};

/// The values of `trafficDistribution` that 1.36 takes.
const DISTRIBUTIONS: &[&str] = &["PreferClose", "PreferSameZone", "PreferSameNode"];

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
        // Whoever gives addresses says what is wrong with it.
        load_balancer_ip: _,
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
    addresses_of_families(cluster_ips, ip_families, &path, &mut errors);
    self::external_ips(external_ips, &path.child("externalIPs"), &mut errors);
    if type_ == ServiceType::ExternalName {
        self::external_name(external_name.as_deref(), &path.child("externalName"), &mut errors);
    }
    affinity(*session_affinity, &path, &mut errors);
    if external_traffic_policy.is_some() && !spec.is_externally_accessible() {
        let policy = quoted(external_traffic_policy.map_or("", TrafficPolicy::as_str));
        violates(
            &path.child("externalTrafficPolicy"),
            policy,
            Rule::ExternalPolicyNeedsExternal,
            &mut errors,
        );
    }
    let policy_is_local = *external_traffic_policy == Some(TrafficPolicy::Local);
    if *health_check_node_port != 0 && !(type_ == ServiceType::LoadBalancer && policy_is_local) {
        let port = health_check_node_port.to_string();
        violates(&path.child("healthCheckNodePort"), port, Rule::HealthPortNeedsLocal, &mut errors);
    }
    let class = path.child("loadBalancerClass");
    if let Some(text) = load_balancer_class {
        name(&class, text, NameRule::QualifiedName, &mut errors);
    }
    if type_ != ServiceType::LoadBalancer {
        let ranges = path.renamed("loadBalancerSourceRanges", "LoadBalancerSourceRanges");
        let allocate = path.child("allocateLoadBalancerNodePorts");
        for (is_set, path) in [
            (!load_balancer_source_ranges.is_empty(), ranges),
            (load_balancer_class.is_some(), class),
            (allocate_load_balancer_node_ports.is_some(), allocate),
        ] {
            if is_set {
                forbid(&path, Rule::NeedsLoadBalancer, &mut errors);
            }
        }
    }
    annotated_ranges(meta, type_, &mut errors);
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
    let (mut names, mut taken) = (BTreeSet::new(), TakenPorts::default());
    for (index, port) in ports.iter().enumerate() {
        let path = path.item(index);
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
        port_numbers(port, &mut taken, type_, &path, errors);
    }
}

/// What earlier ports of a Service have: two protocols may have the same.
#[derive(Default)]
struct TakenPorts {
    ports: BTreeSet<(Protocol, u16)>,
    node_ports: BTreeSet<(Protocol, u16)>,
}

/// validateServicePort, and which numbers are taken.
fn port_numbers(
    port: &ServicePort,
    taken: &mut TakenPorts,
    type_: ServiceType,
    path: &Path<'_>,
    errors: &mut Vec<Error>,
) {
    let ServicePort { name: _, protocol, port: number, target_port, node_port, app_protocol } = port;
    let duplicate = |number: u16, is_node_port| DiagnosticKind::DuplicatePort {
        number,
        protocol: protocol.as_str(),
        is_node_port,
    };
    if let Some(protocol) = app_protocol {
        name(&path.child("appProtocol"), protocol, NameRule::QualifiedName, errors);
    }
    if *number == 0 {
        errors.push(path.child("port").error(out_of_range(0, 1, 65_535)));
    }
    probe::port(target_port, &path.child("targetPort"), errors);
    if *number != 0 && !taken.ports.insert((*protocol, *number)) {
        errors.push(path.error(duplicate(*number, false)));
    }
    if *node_port == 0 {
        return;
    }
    let path = path.child("nodePort");
    if type_ == ServiceType::ClusterIP {
        forbid(&path, Rule::NodePortOnClusterIp, errors);
    }
    if !taken.node_ports.insert((*protocol, *node_port)) {
        errors.push(path.error(duplicate(*node_port, true)));
    }
}

/// ValidateServiceClusterIPsRelatedFields.
fn cluster_ips(ips: &[IpAddr], headless: bool, type_: ServiceType, path: &Path<'_>, errors: &mut Vec<Error>) {
    let first = path.renamed("clusterIP", "clusterIPs[0]");
    match type_ {
        ServiceType::ExternalName if headless || !ips.is_empty() => {
            forbid(&path.renamed("clusterIP", "clusterIPs"), Rule::FieldOnExternalName, errors);
        }
        ServiceType::NodePort if headless => violates(&first, "\"None\"", Rule::HeadlessNodePort, errors),
        ServiceType::LoadBalancer if headless => {
            violates(&first, "\"None\"", Rule::HeadlessLoadBalancer, errors);
        }
        ServiceType::ClusterIP
        | ServiceType::NodePort
        | ServiceType::LoadBalancer
        | ServiceType::ExternalName => {}
    }
    let is_one_family = ips.len() == 2 && ips[0].is_ipv4() == ips[1].is_ipv4();
    for (is_wrong, why) in [(ips.len() > 2, Rule::UpToTwo), (is_one_family, Rule::OneIpPerFamily)] {
        if is_wrong {
            violates(&path.child("clusterIPs"), listed(ips), why, errors);
        }
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
    // There are two: of more, one is there twice.
    for (index, message) in repeated(families.iter().map(|family| family.as_str())) {
        errors.push(list.item(index).error(message));
    }
}

/// ValidateServiceClusterIPsRelatedFields: addresses stand in their families' order.
fn addresses_of_families(ips: &[IpAddr], families: &[Family], path: &Path<'_>, errors: &mut Vec<Error>) {
    for (index, (ip, family)) in
        ips.iter().zip(families).enumerate().filter(|(_, (ip, of))| Family::of(**ip) != **of)
    {
        let expected = format!("expected an {} value as indicated by `ipFamilies[{index}]`", family.as_str());
        let (value, expected) = (quoted(&ip.to_string()), expected.into());
        cluster_ip(path, index, DiagnosticKind::Invalid { value, expected }, errors);
    }
}

/// The first one may be written as `clusterIP` alone.
fn cluster_ip(spec: &Path<'_>, index: usize, message: DiagnosticKind, errors: &mut Vec<Error>) {
    errors.push(match index {
        0 => spec.renamed("clusterIP", "clusterIPs[0]").error(message),
        _ => spec.child("clusterIPs").item(index).error(message),
    });
}

/// The older form of `loadBalancerSourceRanges` (ValidateServiceSourceRanges).
fn annotated_ranges(meta: &Meta, type_: ServiceType, errors: &mut Vec<Error>) {
    const KEY: &str = "service.beta.kubernetes.io/load-balancer-source-ranges";
    let Some(ranges) = meta.annotations.get(KEY) else { return };
    let metadata = Path::new("metadata");
    let annotations = metadata.child("annotations");
    let path = annotations.child(KEY);
    if type_ != ServiceType::LoadBalancer {
        return forbid(&path, Rule::NeedsLoadBalancer, errors);
    }
    for range in ranges.split(',').map(str::trim).filter(|_| !ranges.trim().is_empty()) {
        if range.parse::<Cidr>().is_err() {
            errors.push(path.error(DiagnosticKind::BadFormat { value: clip(ranges), format: Format::Cidr }));
        }
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

impl ServiceSpec {
    /// ValidateServiceUpdate: what is different from `old` and may not be, after allocation.
    pub(crate) fn forbidden_changes(&self, old: &ServiceSpec) -> Vec<Error> {
        let (spec, mut errors) = (Path::new("spec"), Vec::new());
        changed_cluster_ips(self, old, &spec, &mut errors);
        changed_families(self, old, &spec, &mut errors);
        let (was, is) = (old.health_check_node_port, self.health_check_node_port);
        if was != 0 && is != 0 && was != is {
            forbid(&spec.child("healthCheckNodePort"), Rule::ImmutableForbidden, &mut errors);
        }
        errors
    }
}

/// validateUpgradeDowngradeClusterIPs: a second address may come and go.
fn changed_cluster_ips(new: &ServiceSpec, old: &ServiceSpec, spec: &Path<'_>, errors: &mut Vec<Error>) {
    if [new.type_, old.type_].contains(&ServiceType::ExternalName) {
        return;
    }
    let texts = |spec: &ServiceSpec| match spec.headless {
        true => vec!["None".to_string()],
        false => spec.cluster_ips.iter().map(ToString::to_string).collect(),
    };
    let (new, old) = (texts(new), texts(old));
    for (index, (is, was)) in new.iter().zip(&old).enumerate() {
        if is != was {
            let value = listed(&new).into();
            let message = DiagnosticKind::Violates { value, why: Rule::MayNotChange };
            cluster_ip(spec, index, message, errors);
        }
    }
}

/// validateUpgradeDowngradeIPFamilies: a second family may come and go; a headless Service may have others.
fn changed_families(new: &ServiceSpec, old: &ServiceSpec, spec: &Path<'_>, errors: &mut Vec<Error>) {
    if [new.type_, old.type_].contains(&ServiceType::ExternalName) || new.headless || old.headless {
        return;
    }
    // Upstream names the first one, whichever has changed.
    let path = spec.child("ipFamilies");
    for (is, was) in new.ip_families.iter().zip(&old.ip_families) {
        if is != was {
            let names: Vec<&str> = new.ip_families.iter().map(|family| family.as_str()).collect();
            violates(&path.item(0), listed(&names), Rule::MayNotChange, errors);
        }
    }
}
