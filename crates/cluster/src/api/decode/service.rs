//! `v1` Service: what needs no knowledge of the cluster (core validation.go, ValidateService;
//! defaults.go, SetDefaults_Service). Allocation is the store's job.

use std::net::IpAddr;

use super::endpoint_ip::check_endpoint_ip;
use super::spot::Spot;
use super::{meta, names, node, pod, service_port};
use crate::api::findings::Findings;
use crate::api::{
    DiagnosticKind, NameRule, Rule, Service, ServiceSpec, ServiceType, SessionAffinity, Severity, Str,
    TrafficPolicy,
};
use netfilter::Cidr;

pub fn decode(root: &Spot<'_>, findings: &mut Findings) -> Service {
    // RFC 1123 since 1.36, a digit first is allowed (RelaxedServiceNameValidation, KEP-5311).
    let meta = meta::decode::<Service>(root, findings);
    // The server empties the status of what it is asked to create.
    Service { meta, spec: spec(&root.field("spec"), findings), ingress: Vec::new() }
}

fn spec(spot: &Spot<'_>, findings: &mut Findings) -> ServiceSpec {
    let type_ = type_of(&spot.field("type"), findings);
    let (headless, cluster_ips) = cluster_ips(spot, type_, findings);
    let external_ips = external_ips(&spot.field("externalIPs"), findings);
    let external = is_external(type_, &external_ips);
    let external_traffic_policy = external_policy(&spot.field("externalTrafficPolicy"), external, findings);
    families(spot, type_, findings);
    let selector = spot.field("selector");
    let labels = meta::labels(&selector, findings);
    ServiceSpec {
        type_,
        selector: (!labels.is_empty()).then_some(labels),
        ports: service_port::decode(spot, type_, headless, findings),
        headless,
        cluster_ips,
        external_ips,
        external_name: external_name(&spot.field("externalName"), type_, findings),
        session_affinity: affinity(spot, findings),
        external_traffic_policy,
        internal_traffic_policy: policy(&spot.field("internalTrafficPolicy"), findings),
        load_balancer_source_ranges: source_ranges(spot, type_, findings),
        load_balancer_class: class(&spot.field("loadBalancerClass"), type_, findings),
        health_check_node_port: health_port(spot, type_, external_traffic_policy, findings),
        publish_not_ready_addresses: spot.field("publishNotReadyAddresses").bool().unwrap_or(false),
        allocate_load_balancer_node_ports: allocate(spot, type_, findings),
        traffic_distribution: distribution(&spot.field("trafficDistribution"), findings),
    }
}

fn forbid(spot: &Spot<'_>, why: Rule, findings: &mut Findings) {
    spot.error(findings, DiagnosticKind::Forbidden { why });
}

fn type_of(spot: &Spot<'_>, findings: &mut Findings) -> ServiceType {
    const ALLOWED: &[&str] = &["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
    match pod::one_of(spot, ALLOWED, findings) {
        Some("NodePort") => ServiceType::NodePort,
        Some("LoadBalancer") => ServiceType::LoadBalancer,
        Some("ExternalName") => ServiceType::ExternalName,
        _ => ServiceType::ClusterIP,
    }
}

/// pkg/api/v1/service, ExternallyAccessible.
fn is_external(type_: ServiceType, external_ips: &[IpAddr]) -> bool {
    match type_ {
        ServiceType::NodePort | ServiceType::LoadBalancer => true,
        ServiceType::ClusterIP => !external_ips.is_empty(),
        ServiceType::ExternalName => false,
    }
}

/// `clusterIP` and `clusterIPs` (ValidateServiceClusterIPsRelatedFields): whether the Service is
/// headless, and the addresses asked for.
fn cluster_ips(spec: &Spot<'_>, type_: ServiceType, findings: &mut Findings) -> (bool, Vec<IpAddr>) {
    let one = spec.field("clusterIP");
    let many = spec.field("clusterIPs");
    let first = one.text().map_or("", |s| s);
    if type_ == ServiceType::ExternalName {
        for spot in [&one, &many] {
            if spot.text().is_some() || spot.len() > 0 {
                forbid(spot, Rule::FieldOnExternalName, findings);
            }
        }
        return (false, Vec::new());
    }
    let listed = many.strings();
    if listed.first().is_some_and(|l| &**l != first) || (first == "None" && listed.len() > 1) {
        forbid(&many, Rule::ClusterIpsMismatch, findings);
    }
    if first == "None" {
        if type_ != ServiceType::ClusterIP {
            forbid(&one, Rule::HeadlessNeedsClusterIpType, findings);
        }
        return (true, Vec::new());
    }
    (false, listed_ips(&one, &many, findings))
}

fn listed_ips(one: &Spot<'_>, many: &Spot<'_>, findings: &mut Findings) -> Vec<IpAddr> {
    if many.len() == 0 {
        return one.text().and_then(|_| node::address(one, findings)).into_iter().collect();
    }
    let ips: Vec<IpAddr> = (0..many.len()).filter_map(|i| node::address(&many.item(i), findings)).collect();
    let same_family = ips.len() == 2 && ips[0].is_ipv4() == ips[1].is_ipv4();
    if many.len() > 2 || same_family {
        forbid(many, Rule::FamilyMismatch, findings);
    }
    ips
}

/// Only one family, the cluster's, is simulated. Which one that is, only the whole text says: `api/families.rs`.
fn families(spec: &Spot<'_>, type_: ServiceType, findings: &mut Findings) {
    const POLICIES: &[&str] = &["PreferDualStack", "RequireDualStack", "SingleStack"];
    let policy_spot = spec.field("ipFamilyPolicy");
    let list = spec.field("ipFamilies");
    let policy = pod::one_of(&policy_spot, POLICIES, findings);
    for spot in [&policy_spot, &list] {
        if type_ == ServiceType::ExternalName && (spot.text().is_some() || spot.len() > 0) {
            forbid(spot, Rule::FieldOnExternalName, findings);
        }
    }
    let families: Vec<_> =
        (0..list.len()).map(|i| pod::one_of(&list.item(i), &["IPv4", "IPv6"], findings)).collect();
    if families.len() > 2 || (families.len() == 2 && families[0] == families[1]) {
        forbid(&list, Rule::FamilyMismatch, findings);
    }
    let mut note = |spot: &Spot<'_>, field: &str| {
        let field = field.into();
        spot.report(findings, Severity::Info, DiagnosticKind::FieldNotSimulated { field });
    };
    if matches!(policy, Some("PreferDualStack" | "RequireDualStack")) {
        note(&policy_spot, "ipFamilyPolicy");
    }
    if families.len() > 1 {
        note(&list, "ipFamilies");
    }
}

fn external_ips(list: &Spot<'_>, findings: &mut Findings) -> Vec<IpAddr> {
    let mut out = Vec::new();
    for i in 0..list.len() {
        let item = list.item(i);
        let Some(ip) = node::address(&item, findings) else { continue };
        check_endpoint_ip(&item, ip, findings);
        out.push(ip);
    }
    out
}

fn external_name(spot: &Spot<'_>, type_: ServiceType, findings: &mut Findings) -> Option<Str> {
    if type_ != ServiceType::ExternalName {
        return spot.text().cloned();
    }
    let name = pod::required(spot, findings);
    // It may be written with the root's dot.
    let bare = name.strip_suffix('.').unwrap_or(&name);
    if !name.is_empty() {
        names::check(spot, bare, NameRule::Dns1123Subdomain, findings);
    }
    Some(name)
}

fn affinity(spec: &Spot<'_>, findings: &mut Findings) -> SessionAffinity {
    let config = spec.field("sessionAffinityConfig");
    let kind = pod::one_of(&spec.field("sessionAffinity"), &["ClientIP", "None"], findings);
    if kind != Some("ClientIP") {
        if config.is_set() {
            forbid(&config, Rule::AffinityTimeoutNeedsClientIp, findings);
        }
        return SessionAffinity::None;
    }
    let client_ip = config.field("clientIP");
    let timeout = client_ip.field("timeoutSeconds").int_in(findings, 1, 86_400);
    match timeout.and_then(|s| u32::try_from(s).ok()) {
        Some(timeout_s) => SessionAffinity::ClientIP { timeout_s },
        None => SessionAffinity::default_client_ip(),
    }
}

fn policy(spot: &Spot<'_>, findings: &mut Findings) -> TrafficPolicy {
    match pod::one_of(spot, &["Cluster", "Local"], findings) {
        Some("Local") => TrafficPolicy::Local,
        _ => TrafficPolicy::Cluster,
    }
}

fn external_policy(spot: &Spot<'_>, external: bool, findings: &mut Findings) -> TrafficPolicy {
    if !external && spot.text().is_some() {
        forbid(spot, Rule::ExternalPolicyNeedsExternal, findings);
        return TrafficPolicy::Cluster;
    }
    policy(spot, findings)
}

fn source_ranges(spec: &Spot<'_>, type_: ServiceType, findings: &mut Findings) -> Vec<Cidr> {
    let list = spec.field("loadBalancerSourceRanges");
    if list.len() > 0 && type_ != ServiceType::LoadBalancer {
        forbid(&list, Rule::SourceRangesNeedLoadBalancer, findings);
    }
    (0..list.len()).filter_map(|i| node::cidr(&list.item(i), findings)).collect()
}

fn class(spot: &Spot<'_>, type_: ServiceType, findings: &mut Findings) -> Option<Str> {
    let class = spot.text()?;
    if type_ != ServiceType::LoadBalancer {
        forbid(spot, Rule::ClassNeedsLoadBalancer, findings);
    }
    names::check(spot, class, NameRule::QualifiedName, findings);
    Some(class.clone())
}

fn health_port(spec: &Spot<'_>, type_: ServiceType, policy: TrafficPolicy, findings: &mut Findings) -> u16 {
    let spot = spec.field("healthCheckNodePort");
    let Some(port) = spot.int_in(findings, 0, 65535).and_then(|p| u16::try_from(p).ok()) else { return 0 };
    if port != 0 && (type_ != ServiceType::LoadBalancer || policy != TrafficPolicy::Local) {
        forbid(&spot, Rule::HealthPortNeedsLocal, findings);
    }
    port
}

fn allocate(spec: &Spot<'_>, type_: ServiceType, findings: &mut Findings) -> bool {
    let spot = spec.field("allocateLoadBalancerNodePorts");
    if spot.is_set() && type_ != ServiceType::LoadBalancer {
        forbid(&spot, Rule::AllocateNeedsLoadBalancer, findings);
    }
    type_ == ServiceType::LoadBalancer && spot.bool().unwrap_or(true)
}

/// The three values that 1.36 takes.
fn distribution(spot: &Spot<'_>, findings: &mut Findings) -> Option<Str> {
    const ALLOWED: &[&str] = &["PreferClose", "PreferSameNode", "PreferSameZone"];
    if spot.str().is_some_and(|s| s.is_empty()) {
        pod::unsupported(spot, ALLOWED, findings);
    }
    pod::one_of(spot, ALLOWED, findings).map(Into::into)
}
