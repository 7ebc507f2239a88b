//! `discovery.k8s.io/v1` EndpointSlice of a manifest.

use std::net::{IpAddr, Ipv4Addr};

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
    let ports = ports(&root.field("ports"), true, diagnostics);
    let endpoints = match address_type {
        Some(AddressType::Fqdn) => Vec::new(),
        Some(AddressType::Ip(_)) | None => {
            (0..list.len()).map(|i| endpoint(&list.item(i), diagnostics)).collect()
        }
    };
    let service = meta.labels.get("kubernetes.io/service-name").cloned().unwrap_or_else(|| "".into());
    // Without an addressType there is an error, and nothing is asked of the addresses.
    let address_type = address_type.unwrap_or(AddressType::Fqdn);
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

/// Of one endpoint (discovery validation.go, maxAddresses).
const MAX_ADDRESSES: u32 = 100;

/// Upstream a port without a number means all ports; that is not simulated.
pub fn ports(list: &FieldCursor<'_>, is_slice: bool, diagnostics: &mut Diagnostics) -> Vec<EndpointPort> {
    let mut out = Vec::new();
    for i in 0..list.len() {
        let item = list.item(i);
        let name = item.field("name").str().cloned().unwrap_or_else(|| "".into());
        let protocol = pod::protocol(&item.field("protocol"), diagnostics);
        let port = item.field("port");
        let port = match is_slice {
            // Nothing is asked of it there; one that no packet can have is left out.
            true => port.int().filter(|n| (1..=65_535).contains(n)),
            false => port.int_in(diagnostics, 1, 65_535),
        };
        let port = port.and_then(|n| u16::try_from(n).ok());
        if let (Some(protocol), Some(port)) = (protocol, port) {
            let app_protocol = item.field("appProtocol").text().cloned();
            out.push(EndpointPort { name, protocol, port, app_protocol });
        }
    }
    out
}

/// An endpoint without a readable address has one that none has, so that the next is found at its place.
fn endpoint(cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Endpoint {
    let list = cursor.field("addresses");
    match list.len() {
        0 => list.error(diagnostics, DiagnosticKind::Forbidden { why: Rule::NoAddress }),
        count if count > MAX_ADDRESSES as usize => {
            list.error(diagnostics, DiagnosticKind::TooMany { count, limit: MAX_ADDRESSES });
        }
        _ => {}
    }
    let mut address =
        |i| node::address(&list.item(i), diagnostics).unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    let (first, others) = (address(0), (1..list.len()).map(address).collect());
    let conditions = cursor.field("conditions");
    let hints = cursor.field("hints");
    let text = |name: &str| cursor.field(name).text().cloned();
    // Unset conditions read as true, true and false (kube-proxy, endpointslicecache.go).
    Endpoint {
        address: first,
        other_addresses: others,
        ready: conditions.field("ready").bool().unwrap_or(true),
        serving: conditions.field("serving").bool().unwrap_or(true),
        terminating: conditions.field("terminating").bool().unwrap_or(false),
        node: text("nodeName"),
        zone: text("zone"),
        hostname: text("hostname"),
        target: target(&cursor.field("targetRef")),
        zone_hints: names(&hints.field("forZones")),
        node_hints: names(&hints.field("forNodes")),
    }
}

/// A Pod's name and uid.
pub fn target(cursor: &FieldCursor<'_>) -> Option<(Str, Uid)> {
    cursor.field("name").text().map(|name| (name.clone(), uid(&cursor.field("uid"))))
}

fn names(list: &FieldCursor<'_>) -> Vec<Str> {
    (0..list.len()).filter_map(|i| list.item(i).field("name").text().cloned()).collect()
}

/// A uid that this server made; 0 for any other.
fn uid(cursor: &FieldCursor<'_>) -> Uid {
    let digits = cursor.str().and_then(|t| t.strip_prefix("00000000-0000-4000-8000-"));
    Uid(digits.and_then(|d| u32::from_str_radix(d, 16).ok()).unwrap_or(0))
}
