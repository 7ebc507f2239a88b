//! `v1` Endpoints of a manifest.

use std::net::{IpAddr, Ipv4Addr};

use super::field_cursor::FieldCursor;
use super::{meta, node, slice};
use crate::api::diagnostics::Diagnostics;
use crate::api::{DiagnosticKind, EndpointAddress, EndpointSubset, Endpoints};

pub fn decode(root: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Endpoints {
    let meta = meta::decode::<Endpoints>(root);
    let list = root.field("subsets");
    Endpoints { meta, subsets: (0..list.len()).map(|i| subset(&list.item(i), diagnostics)).collect() }
}

fn subset(cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> EndpointSubset {
    EndpointSubset {
        addresses: addresses(&cursor.field("addresses"), diagnostics),
        not_ready_addresses: addresses(&cursor.field("notReadyAddresses"), diagnostics),
        ports: slice::ports(&cursor.field("ports"), false, diagnostics),
    }
}

fn addresses(list: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Vec<EndpointAddress> {
    (0..list.len()).map(|i| address(&list.item(i), diagnostics)).collect()
}

/// An unreadable address becomes one that nobody has, so that the next is found at its place.
fn address(cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> EndpointAddress {
    let ip = cursor.field("ip");
    if !ip.is_set() {
        ip.error(diagnostics, DiagnosticKind::Required);
    }
    let text = |name: &str| cursor.field(name).text().cloned();
    EndpointAddress {
        ip: node::address(&ip, diagnostics).unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)),
        hostname: text("hostname"),
        node: text("nodeName"),
        target: slice::target(&cursor.field("targetRef")),
    }
}
