//! `discovery.k8s.io/v1` EndpointSlice (discovery validation.go, validateEndpoints).

use super::endpoint_ip::endpoint_ip;
use super::{forbid, meta};
use crate::api::field::{Error, Path};
use crate::api::{AddressType, Endpoint, EndpointSlice, Rule};
use netfilter::Family;

pub fn validate(slice: &EndpointSlice) -> Vec<Error> {
    let mut errors = meta::validate::<EndpointSlice>(&slice.meta);
    match slice.address_type {
        AddressType::Ip(family) => {
            let list = Path::new("endpoints");
            for (index, endpoint) in slice.endpoints.iter().enumerate() {
                addresses(endpoint, family, &list.item(index).child("addresses"), &mut errors);
            }
        }
        AddressType::Fqdn => {}
    }
    errors
}

fn addresses(endpoint: &Endpoint, family: Family, path: &Path<'_>, errors: &mut Vec<Error>) {
    let all = std::iter::once(&endpoint.address).chain(&endpoint.other_addresses);
    for (index, ip) in all.enumerate() {
        let path = path.item(index);
        if family != Family::of(*ip) {
            forbid(&path, Rule::FamilyMismatch, errors);
        }
        endpoint_ip(*ip, &path, errors);
    }
}
