//! `v1` Service.

use std::net::IpAddr;

use super::field_cursor::FieldCursor;
use super::{meta, node, pod, service_port};
use crate::api::diagnostics::Diagnostics;
use crate::api::validate::listed as listed_as_json;
use crate::api::{
    DiagnosticKind, IpFamilyPolicy, Rule, Service, ServiceSpec, ServiceType, SessionAffinity, TrafficPolicy,
};
use netfilter::{Cidr, Family};

pub fn decode(root: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Service {
    // The API server clears the status of an object that is created.
    Service {
        meta: meta::decode::<Service>(root),
        spec: spec(&root.field("spec"), diagnostics),
        ingress: Vec::new(),
    }
}

fn spec(cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> ServiceSpec {
    let type_ = type_of(&cursor.field("type"), diagnostics);
    let (headless, cluster_ips) = cluster_ips(cursor, diagnostics);
    let text = |field| cursor.field(field).text().cloned();
    let health_port = cursor.field("healthCheckNodePort").number(diagnostics, 0, 65_535);
    ServiceSpec {
        type_,
        selector: Some(cursor.field("selector").labels()).filter(|labels| !labels.is_empty()),
        ports: service_port::decode(&cursor.field("ports"), diagnostics),
        headless,
        cluster_ips,
        ip_families: ip_families(&cursor.field("ipFamilies"), diagnostics),
        ip_family_policy: ip_family_policy(&cursor.field("ipFamilyPolicy"), diagnostics),
        external_ips: external_ips(&cursor.field("externalIPs"), diagnostics),
        external_name: text("externalName"),
        session_affinity: affinity(cursor, diagnostics),
        external_traffic_policy: policy(&cursor.field("externalTrafficPolicy"), diagnostics),
        internal_traffic_policy: policy(&cursor.field("internalTrafficPolicy"), diagnostics)
            .unwrap_or_default(),
        load_balancer_source_ranges: source_ranges(
            &cursor.field("loadBalancerSourceRanges").shown_as("LoadBalancerSourceRanges"),
            diagnostics,
        ),
        load_balancer_class: text("loadBalancerClass"),
        load_balancer_ip: text("loadBalancerIP"),
        health_check_node_port: health_port.unwrap_or(0),
        publish_not_ready_addresses: cursor.field("publishNotReadyAddresses").bool().unwrap_or(false),
        allocate_load_balancer_node_ports: cursor.field("allocateLoadBalancerNodePorts").bool(),
        traffic_distribution: cursor.field("trafficDistribution").str().cloned(),
    }
}

fn type_of(cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> ServiceType {
    const ALLOWED: &[&str] = &["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
    match pod::one_of(cursor, ALLOWED, diagnostics) {
        Some("NodePort") => ServiceType::NodePort,
        Some("LoadBalancer") => ServiceType::LoadBalancer,
        Some("ExternalName") => ServiceType::ExternalName,
        _ => ServiceType::ClusterIP,
    }
}

/// `clusterIP` and `clusterIPs` express the same thing (ValidateServiceClusterIPsRelatedFields). Returns whether the
/// Service is headless, and the requested addresses.
fn cluster_ips(spec: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> (bool, Vec<IpAddr>) {
    let one = spec.field("clusterIP").shown_as("clusterIPs[0]");
    let many = spec.field("clusterIPs");
    let first = one.text().map_or("", |s| s);
    let listed = many.strings();
    let why = match listed.first() {
        Some(_) if first.is_empty() => Some(Rule::ClusterIpsWithoutFirst),
        Some(written) if &**written != first => Some(Rule::ClusterIpsFirst),
        Some(_) if first == "None" && listed.len() > 1 => Some(Rule::HeadlessWithOthers),
        Some(_) | None => None,
    };
    if let Some(why) = why {
        let value = listed_as_json(&listed).into();
        many.error(diagnostics, DiagnosticKind::Violates { value, why });
    }
    if first == "None" {
        return (true, Vec::new());
    }
    let ips = match many.len() {
        0 => one.text().and_then(|_| node::address(&one, diagnostics)).into_iter().collect(),
        _ => (0..many.len()).filter_map(|i| node::address(&many.item(i), diagnostics)).collect(),
    };
    (false, ips)
}

/// Which of them the cluster has, it says itself when it takes the Service, or not (`control/service_families.rs`).
fn ip_families(list: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Vec<Family> {
    let family = |i| match pod::one_of(&list.item(i), &["IPv4", "IPv6"], diagnostics)? {
        "IPv6" => Some(Family::V6),
        _ => Some(Family::V4),
    };
    (0..list.len()).filter_map(family).collect()
}

fn ip_family_policy(cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Option<IpFamilyPolicy> {
    const ALLOWED: &[&str] = &["PreferDualStack", "RequireDualStack", "SingleStack"];
    match pod::one_of(cursor, ALLOWED, diagnostics)? {
        "PreferDualStack" => Some(IpFamilyPolicy::PreferDualStack),
        "RequireDualStack" => Some(IpFamilyPolicy::RequireDualStack),
        _ => Some(IpFamilyPolicy::SingleStack),
    }
}

fn external_ips(list: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Vec<IpAddr> {
    (0..list.len()).filter_map(|i| node::address(&list.item(i), diagnostics)).collect()
}

/// A time-out with an affinity other than ClientIP is dropped (core/v1 defaults.go, SetDefaults_Service).
fn affinity(spec: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> SessionAffinity {
    let config = spec.field("sessionAffinityConfig");
    let kind = pod::one_of(&spec.field("sessionAffinity"), &["ClientIP", "None"], diagnostics);
    if kind != Some("ClientIP") {
        return SessionAffinity::None;
    }
    let client_ip = config.field("clientIP");
    let (min, max) = SessionAffinity::TIMEOUTS_S;
    match client_ip.field("timeoutSeconds").number(diagnostics, i64::from(min), i64::from(max)) {
        Some(timeout_s) => SessionAffinity::ClientIP { timeout_s },
        None => SessionAffinity::default_client_ip(),
    }
}

fn policy(cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Option<TrafficPolicy> {
    match pod::one_of(cursor, &["Cluster", "Local"], diagnostics)? {
        "Local" => Some(TrafficPolicy::Local),
        _ => Some(TrafficPolicy::Cluster),
    }
}

fn source_ranges(list: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Vec<Cidr> {
    (0..list.len()).filter_map(|i| node::strict_cidr(&list.item(i), diagnostics)).collect()
}
