//! Addresses that can be an endpoint's, and a Service's external one (core validation.go, ValidateEndpointIP).

use std::net::IpAddr;

use crate::api::field::{Error, Path};
use crate::api::{DiagnosticKind, SpecialRange};

pub fn endpoint_ip(ip: IpAddr, path: &Path<'_>, errors: &mut Vec<Error>) {
    if let Some(range) = special_range(ip) {
        errors.push(path.error(DiagnosticKind::SpecialAddress { value: ip.to_string().into(), range }));
    }
}

/// No address is in two ranges. As upstream, it accepts multicast beyond link scope, and treats an IPv4-mapped IPv6
/// address as IPv4.
fn special_range(ip: IpAddr) -> Option<SpecialRange> {
    let ip = ip.to_canonical();
    let (link_local, multicast) = match ip {
        IpAddr::V4(ip) => (ip.is_link_local(), ip.octets()[..3] == [224, 0, 0]),
        IpAddr::V6(ip) => (ip.is_unicast_link_local(), ip.segments()[0] & 0xff0f == 0xff02),
    };
    if ip.is_unspecified() {
        Some(SpecialRange::Unspecified)
    } else if ip.is_loopback() {
        Some(SpecialRange::Loopback)
    } else if link_local {
        Some(SpecialRange::LinkLocal)
    } else {
        multicast.then_some(SpecialRange::LinkLocalMulticast)
    }
}
