//! `discovery.k8s.io/v1` EndpointSlice, written by hand (discovery validation.go).

use super::endpoint_ip::check_endpoint_ip;
use super::spot::Spot;
use super::{meta, node, pod};
use crate::api::findings::Findings;
use crate::api::{DiagnosticKind, Endpoint, EndpointPort, EndpointSlice, Rule, Severity, Str, Uid};

pub fn decode(root: &Spot<'_>, findings: &mut Findings) -> EndpointSlice {
    let meta = meta::decode::<EndpointSlice>(root, findings);
    let family = root.field("addressType");
    pod::required(&family, findings);
    let type_ = pod::one_of(&family, &["FQDN", "IPv4", "IPv6"], findings);
    let list = root.field("endpoints");
    let ports = ports(&root.field("ports"), findings);
    let endpoints = match type_ {
        Some("FQDN") => {
            let field = "addressType".into();
            family.report(findings, Severity::Info, DiagnosticKind::FieldNotSimulated { field });
            Vec::new()
        }
        type_ => (0..list.len()).filter_map(|i| endpoint(&list.item(i), type_, findings)).collect(),
    };
    let service = meta.labels.get("kubernetes.io/service-name").cloned().unwrap_or_else(|| "".into());
    EndpointSlice { meta, service, ports, endpoints }
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

fn endpoint(spot: &Spot<'_>, type_: Option<&str>, findings: &mut Findings) -> Option<Endpoint> {
    let addresses = spot.field("addresses");
    if addresses.len() == 0 {
        addresses.error(findings, DiagnosticKind::Required);
    }
    let mut address = None;
    for i in 0..addresses.len() {
        let item = addresses.item(i);
        let Some(ip) = node::address(&item, findings) else { continue };
        if type_.is_some_and(|t| (t == "IPv4") != ip.is_ipv4()) {
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
