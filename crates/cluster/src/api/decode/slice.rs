//! `discovery.k8s.io/v1` EndpointSlice, written by hand (discovery validation.go).

use super::endpoint_ip::check_endpoint_ip;
use super::spot::Spot;
use super::{meta, node, pod};
use crate::api::findings::Findings;
use crate::api::{
    AddressType, DiagnosticKind, Endpoint, EndpointPort, EndpointSlice, Rule, Severity, Str, Uid,
};
use netfilter::Family;

pub fn decode(root: &Spot<'_>, findings: &mut Findings) -> EndpointSlice {
    let meta = meta::decode::<EndpointSlice>(root);
    let address_type = address_type(&root.field("addressType"), findings);
    let list = root.field("endpoints");
    let ports = ports(&root.field("ports"), findings);
    let endpoints = match address_type {
        Some(AddressType::Fqdn) => Vec::new(),
        Some(AddressType::Ip(family)) => endpoints(&list, Some(family), findings),
        None => endpoints(&list, None, findings),
    };
    let service = meta.labels.get("kubernetes.io/service-name").cloned().unwrap_or_else(|| "".into());
    // What has none is in error, and goes nowhere.
    let address_type = address_type.unwrap_or(AddressType::Ip(Family::V4));
    EndpointSlice { meta, service, address_type, ports, endpoints }
}

fn address_type(spot: &Spot<'_>, findings: &mut Findings) -> Option<AddressType> {
    pod::required(spot, findings);
    match pod::one_of(spot, &["FQDN", "IPv4", "IPv6"], findings)? {
        "IPv4" => Some(AddressType::Ip(Family::V4)),
        "IPv6" => Some(AddressType::Ip(Family::V6)),
        _ => {
            let field = "addressType".into();
            spot.report(findings, Severity::Info, DiagnosticKind::FieldNotSimulated { field });
            Some(AddressType::Fqdn)
        }
    }
}

fn endpoints(list: &Spot<'_>, family: Option<Family>, findings: &mut Findings) -> Vec<Endpoint> {
    (0..list.len()).filter_map(|i| endpoint(&list.item(i), family, findings)).collect()
}

/// A port without a number means every port upstream; nothing here can lead there.
fn ports(list: &Spot<'_>, findings: &mut Findings) -> Vec<EndpointPort> {
    let mut out = Vec::new();
    for i in 0..list.len() {
        let item = list.item(i);
        let name = item.field("name").str().cloned().unwrap_or_else(|| "".into());
        let protocol = pod::protocol(&item.field("protocol"), findings);
        let port = item.field("port").int_in(findings, 1, 65535).and_then(|n| u16::try_from(n).ok());
        if let (Some(protocol), Some(port)) = (protocol, port) {
            out.push(EndpointPort { name, protocol, port });
        }
    }
    out
}

fn endpoint(spot: &Spot<'_>, family: Option<Family>, findings: &mut Findings) -> Option<Endpoint> {
    let addresses = spot.field("addresses");
    if addresses.len() == 0 {
        addresses.error(findings, DiagnosticKind::Required);
    }
    let mut address = None;
    for i in 0..addresses.len() {
        let item = addresses.item(i);
        let Some(ip) = node::address(&item, findings) else { continue };
        if family.is_some_and(|family| family != Family::of(ip)) {
            item.error(findings, DiagnosticKind::Forbidden { why: Rule::FamilyMismatch });
        }
        check_endpoint_ip(&item, ip, findings);
        // kube-proxy takes the first (endpointslicecache.go, addEndpoints).
        address = address.or(Some(ip));
    }
    let conditions = spot.field("conditions");
    let target = spot.field("targetRef");
    let hints = spot.field("hints");
    let text = |name: &str| spot.field(name).text().cloned();
    // Unset conditions read as true, true and false (kube-proxy, endpointslicecache.go).
    Some(Endpoint {
        address: address?,
        ready: conditions.field("ready").bool().unwrap_or(true),
        serving: conditions.field("serving").bool().unwrap_or(true),
        terminating: conditions.field("terminating").bool().unwrap_or(false),
        node: text("nodeName"),
        zone: text("zone"),
        hostname: text("hostname"),
        target: target.field("name").text().map(|name| (name.clone(), uid(&target.field("uid")))),
        zone_hints: names(&hints.field("forZones")),
        node_hints: names(&hints.field("forNodes")),
    })
}

fn names(list: &Spot<'_>) -> Vec<Str> {
    (0..list.len()).filter_map(|i| list.item(i).field("name").text().cloned()).collect()
}

/// A uid of this server's own making; 0 for a foreign one.
fn uid(spot: &Spot<'_>) -> Uid {
    let digits = spot.str().and_then(|t| t.strip_prefix("00000000-0000-4000-8000-"));
    Uid(digits.and_then(|d| u32::from_str_radix(d, 16).ok()).unwrap_or(0))
}
