//! `v1` Endpoints (core validation.go, ValidateEndpoints).

use super::endpoint_ip::endpoint_ip;
use super::{forbid, meta, name};
use crate::api::field::{Error, Path};
use crate::api::{DiagnosticKind, EndpointAddress, EndpointSubset, Endpoints, NameRule, Rule};

pub fn validate(endpoints: &Endpoints) -> Vec<Error> {
    let mut errors = meta::validate::<Endpoints>(&endpoints.meta);
    let list = Path::new("subsets");
    for (index, subset) in endpoints.subsets.iter().enumerate() {
        self::subset(subset, &list.item(index), &mut errors);
    }
    errors
}

fn subset(subset: &EndpointSubset, path: &Path<'_>, errors: &mut Vec<Error>) {
    if subset.addresses.is_empty() && subset.not_ready_addresses.is_empty() {
        forbid(path, Rule::NoAddresses, errors);
    }
    addresses(&subset.addresses, &path.child("addresses"), errors);
    addresses(&subset.not_ready_addresses, &path.child("notReadyAddresses"), errors);
    let ports = path.child("ports");
    for (index, port) in subset.ports.iter().enumerate() {
        let path = ports.item(index);
        let path = path.child("name");
        if port.name.is_empty() && subset.ports.len() > 1 {
            errors.push(path.error(DiagnosticKind::Required));
        } else if !port.name.is_empty() {
            name(&path, &port.name, NameRule::Dns1123Label, errors);
        }
    }
}

fn addresses(addresses: &[EndpointAddress], path: &Path<'_>, errors: &mut Vec<Error>) {
    for (index, address) in addresses.iter().enumerate() {
        let path = path.item(index);
        endpoint_ip(address.ip, &path.child("ip"), errors);
        if let Some(hostname) = &address.hostname {
            name(&path.child("hostname"), hostname, NameRule::Dns1123Label, errors);
        }
        if let Some(node) = &address.node {
            name(&path.child("nodeName"), node, NameRule::Dns1123Subdomain, errors);
        }
    }
}
