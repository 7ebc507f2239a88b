//! `discovery.k8s.io/v1` EndpointSlice (discovery validation.go, validateEndpoints).

use super::endpoint_ip::endpoint_ip;
use super::{meta, name, quoted, repeated, violates};
use crate::api::field::{Error, Path};
use crate::api::{AddressType, Endpoint, EndpointPort, EndpointSlice, NameRule, Rule};
use netfilter::Family;

pub fn validate(slice: &EndpointSlice) -> Vec<Error> {
    let mut errors = meta::validate::<EndpointSlice>(&slice.meta);
    let list = Path::new("endpoints");
    for (index, endpoint) in slice.endpoints.iter().enumerate() {
        let path = list.item(index);
        match slice.address_type {
            AddressType::Ip(family) => addresses(endpoint, family, &path.child("addresses"), &mut errors),
            AddressType::Fqdn => {}
        }
        self::endpoint(endpoint, &path, &mut errors);
    }
    ports(&slice.ports, &Path::new("ports"), &mut errors);
    errors
}

fn endpoint(endpoint: &Endpoint, path: &Path<'_>, errors: &mut Vec<Error>) {
    for (field, text, rule) in [
        ("nodeName", &endpoint.node, NameRule::Dns1123Subdomain),
        ("hostname", &endpoint.hostname, NameRule::Dns1123Label),
    ] {
        if let Some(text) = text {
            name(&path.child(field), text, rule, errors);
        }
    }
    let hints = path.child("hints");
    for (field, names) in [("forZones", &endpoint.zone_hints), ("forNodes", &endpoint.node_hints)] {
        let list = hints.child(field);
        for (index, message) in repeated(names.iter().map(|name| &**name)) {
            errors.push(list.item(index).child("name").error(message));
        }
    }
}

/// validatePorts: of the numbers nothing is asked.
fn ports(ports: &[EndpointPort], path: &Path<'_>, errors: &mut Vec<Error>) {
    for (index, port) in ports.iter().enumerate() {
        if !port.name.is_empty() {
            name(&path.item(index).child("name"), &port.name, NameRule::Dns1123Label, errors);
        }
        if let Some(protocol) = &port.app_protocol {
            name(&path.item(index).child("appProtocol"), protocol, NameRule::QualifiedName, errors);
        }
    }
    for (index, message) in repeated(ports.iter().map(|port| &*port.name)) {
        errors.push(path.item(index).child("name").error(message));
    }
}

fn addresses(endpoint: &Endpoint, family: Family, path: &Path<'_>, errors: &mut Vec<Error>) {
    let all = std::iter::once(&endpoint.address).chain(&endpoint.other_addresses);
    for (index, ip) in all.enumerate() {
        if family != Family::of(*ip) {
            let why = if family == Family::V4 { Rule::Ipv4Only } else { Rule::Ipv6Only };
            violates(path, quoted(&ip.to_string()), why, errors);
        }
        endpoint_ip(*ip, &path.item(index), errors);
    }
}
