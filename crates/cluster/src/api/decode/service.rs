//! `v1` Service.

use std::net::IpAddr;

use super::spot::Spot;
use super::{meta, node, pod, service_port};
use crate::api::findings::Findings;
use crate::api::{
    DiagnosticKind, Rule, Service, ServiceSpec, ServiceType, SessionAffinity, Severity, TrafficPolicy,
};
use netfilter::Cidr;

pub fn decode(root: &Spot<'_>, findings: &mut Findings) -> Service {
    // The server empties the status of what it is asked to create.
    Service {
        meta: meta::decode::<Service>(root),
        spec: spec(&root.field("spec"), findings),
        ingress: Vec::new(),
    }
}

fn spec(spot: &Spot<'_>, findings: &mut Findings) -> ServiceSpec {
    let type_ = type_of(&spot.field("type"), findings);
    let (headless, cluster_ips) = cluster_ips(spot, findings);
    families(spot, type_, findings);
    let text = |field| spot.field(field).text().cloned();
    let health_port = spot.field("healthCheckNodePort").int_in(findings, 0, 65_535);
    ServiceSpec {
        type_,
        selector: Some(spot.field("selector").labels()).filter(|labels| !labels.is_empty()),
        ports: service_port::decode(&spot.field("ports"), findings),
        headless,
        cluster_ips,
        external_ips: external_ips(&spot.field("externalIPs"), findings),
        external_name: text("externalName"),
        session_affinity: affinity(spot, findings),
        external_traffic_policy: policy(&spot.field("externalTrafficPolicy"), findings),
        internal_traffic_policy: policy(&spot.field("internalTrafficPolicy"), findings).unwrap_or_default(),
        load_balancer_source_ranges: source_ranges(&spot.field("loadBalancerSourceRanges"), findings),
        load_balancer_class: text("loadBalancerClass"),
        health_check_node_port: health_port.and_then(|port| u16::try_from(port).ok()).unwrap_or(0),
        publish_not_ready_addresses: spot.field("publishNotReadyAddresses").bool().unwrap_or(false),
        allocate_load_balancer_node_ports: spot.field("allocateLoadBalancerNodePorts").bool(),
        traffic_distribution: spot.field("trafficDistribution").str().cloned(),
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

/// `clusterIP` and `clusterIPs` are two fields of one thing (ValidateServiceClusterIPsRelatedFields): whether the
/// Service is headless, and the addresses asked for.
fn cluster_ips(spec: &Spot<'_>, findings: &mut Findings) -> (bool, Vec<IpAddr>) {
    let one = spec.field("clusterIP");
    let many = spec.field("clusterIPs");
    let first = one.text().map_or("", |s| s);
    let listed = many.strings();
    if listed.first().is_some_and(|l| &**l != first) || (first == "None" && listed.len() > 1) {
        forbid(&many, Rule::ClusterIpsMismatch, findings);
    }
    if first == "None" {
        return (true, Vec::new());
    }
    let ips = match many.len() {
        0 => one.text().and_then(|_| node::address(&one, findings)).into_iter().collect(),
        _ => (0..many.len()).filter_map(|i| node::address(&many.item(i), findings)).collect(),
    };
    (false, ips)
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
    (0..list.len()).filter_map(|i| node::address(&list.item(i), findings)).collect()
}

/// A time-out beside another affinity is what the type cannot hold.
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
    let (min, max) = SessionAffinity::TIMEOUTS_S;
    let timeout = client_ip.field("timeoutSeconds").int_in(findings, i64::from(min), i64::from(max));
    match timeout.and_then(|s| u32::try_from(s).ok()) {
        Some(timeout_s) => SessionAffinity::ClientIP { timeout_s },
        None => SessionAffinity::default_client_ip(),
    }
}

fn policy(spot: &Spot<'_>, findings: &mut Findings) -> Option<TrafficPolicy> {
    match pod::one_of(spot, &["Cluster", "Local"], findings)? {
        "Local" => Some(TrafficPolicy::Local),
        _ => Some(TrafficPolicy::Cluster),
    }
}

fn source_ranges(list: &Spot<'_>, findings: &mut Findings) -> Vec<Cidr> {
    (0..list.len()).filter_map(|i| node::cidr(&list.item(i), findings)).collect()
}
