//! `discovery.k8s.io/v1` EndpointSlice of a manifest (discovery validation.go).

use super::endpoint_ip::check_endpoint_ip;
use super::field_cursor::FieldCursor;
use super::{meta, node, pod};
use crate::api::diagnostics::Diagnostics;
use crate::api::{
    AddressType, DiagnosticKind, Endpoint, EndpointPort, EndpointSlice, Rule, Severity, Str, Uid,
};
use netfilter::Family;

pub fn decode(root: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> EndpointSlice {
    let meta = meta::decode::<EndpointSlice>(root);
    let address_type = address_type(&root.field("addressType"), diagnostics);
    let list = root.field("endpoints");
    let ports = ports(&root.field("ports"), diagnostics);
    let endpoints = match address_type {
        Some(AddressType::Fqdn) => Vec::new(),
        Some(AddressType::Ip(family)) => endpoints(&list, Some(family), diagnostics),
        None => endpoints(&list, None, diagnostics),
    };
    let service = meta.labels.get("kubernetes.io/service-name").cloned().unwrap_or_else(|| "".into());
    // Without an addressType there is an error, so the value does not matter.
    let address_type = address_type.unwrap_or(AddressType::Ip(Family::V4));
    EndpointSlice { meta, service, address_type, ports, endpoints }
}

fn address_type(cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Option<AddressType> {
    pod::required(cursor, diagnostics);
    match pod::one_of(cursor, &["FQDN", "IPv4", "IPv6"], diagnostics)? {
        "IPv4" => Some(AddressType::Ip(Family::V4)),
        "IPv6" => Some(AddressType::Ip(Family::V6)),
        _ => {
            let field = "addressType".into();
            cursor.report(diagnostics, Severity::Info, DiagnosticKind::FieldNotSimulated { field });
            Some(AddressType::Fqdn)
        }
    }
}

fn endpoints(list: &FieldCursor<'_>, family: Option<Family>, diagnostics: &mut Diagnostics) -> Vec<Endpoint> {
    (0..list.len()).filter_map(|i| endpoint(&list.item(i), family, diagnostics)).collect()
}

/// Upstream a port without a number means all ports; that is not simulated.
fn ports(list: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Vec<EndpointPort> {
    let mut out = Vec::new();
    for i in 0..list.len() {
        let item = list.item(i);
        let name = item.field("name").str().cloned().unwrap_or_else(|| "".into());
        let protocol = pod::protocol(&item.field("protocol"), diagnostics);
        let port = item.field("port").int_in(diagnostics, 1, 65535).and_then(|n| u16::try_from(n).ok());
        if let (Some(protocol), Some(port)) = (protocol, port) {
            out.push(EndpointPort { name, protocol, port });
        }
    }
    out
}

fn endpoint(
    cursor: &FieldCursor<'_>,
    family: Option<Family>,
    diagnostics: &mut Diagnostics,
) -> Option<Endpoint> {
    let addresses = cursor.field("addresses");
    if addresses.len() == 0 {
        addresses.error(diagnostics, DiagnosticKind::Required);
    }
    let mut address = None;
    for i in 0..addresses.len() {
        let item = addresses.item(i);
        let Some(ip) = node::address(&item, diagnostics) else { continue };
        if family.is_some_and(|family| family != Family::of(ip)) {
            item.error(diagnostics, DiagnosticKind::Forbidden { why: Rule::FamilyMismatch });
        }
        check_endpoint_ip(&item, ip, diagnostics);
        // kube-proxy takes the first (endpointslicecache.go, addEndpoints).
        address = address.or(Some(ip));
    }
    let conditions = cursor.field("conditions");
    let target = cursor.field("targetRef");
    let hints = cursor.field("hints");
    let text = |name: &str| cursor.field(name).text().cloned();
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

fn names(list: &FieldCursor<'_>) -> Vec<Str> {
    (0..list.len()).filter_map(|i| list.item(i).field("name").text().cloned()).collect()
}

/// A uid that this server made; 0 for any other.
fn uid(cursor: &FieldCursor<'_>) -> Uid {
    let digits = cursor.str().and_then(|t| t.strip_prefix("00000000-0000-4000-8000-"));
    Uid(digits.and_then(|d| u32::from_str_radix(d, 16).ok()).unwrap_or(0))
}
