//! What is written for IPv4, in IPv6.

use std::net::{IpAddr, Ipv6Addr};

use super::fixture::Seen;
use crate::api::AddressType;
use crate::node::kube_proxy::ProxyConfig;
use netfilter::{Cidr, Family};

/// `10.244.1.5` becomes `fd00::a:f4:1:5`: a group for each number.
pub fn six(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(a) if a.is_loopback() => Ipv6Addr::LOCALHOST.into(),
        IpAddr::V4(a) => {
            let [a, b, c, d] = a.octets().map(u16::from);
            Ipv6Addr::new(0xfd00, 0, 0, 0, a, b, c, d).into()
        }
        IpAddr::V6(_) => address,
    }
}

pub fn prefix(prefix: Cidr) -> Cidr {
    if prefix.address().is_loopback() {
        return Cidr::host(Ipv6Addr::LOCALHOST.into());
    }
    let (groups, bits) = (prefix.length() / 8, prefix.length() % 8);
    let length = match (groups, bits) {
        (0, 0) => 0,
        (_, 0) => 64 + 16 * groups,
        (_, bits) => 64 + 16 * groups + 8 + bits,
    };
    Cidr::new(if length == 0 { Ipv6Addr::UNSPECIFIED.into() } else { six(prefix.address()) }, length).unwrap()
}

pub fn config(cfg: ProxyConfig) -> ProxyConfig {
    ProxyConfig {
        family: Family::V6,
        node_ips: cfg.node_ips.into_iter().map(six).collect(),
        cluster_cidr: cfg.cluster_cidr.map(prefix),
        service_cidrs: cfg.service_cidrs.into_iter().map(prefix).collect(),
        node_port_addresses: cfg.node_port_addresses.into_iter().map(prefix).collect(),
        cni_masquerade_cidr: cfg.cni_masquerade_cidr.map(prefix),
        ..cfg
    }
}

pub fn seen(mut seen: Seen) -> Seen {
    seen.change_services(|service| {
        let spec = &mut service.spec;
        let ingress = service.ingress.iter_mut().map(|ingress| &mut ingress.ip);
        let addresses = spec.cluster_ips.iter_mut().chain(&mut spec.external_ips).chain(ingress);
        addresses.for_each(|ip| *ip = six(*ip));
        spec.load_balancer_source_ranges.iter_mut().for_each(|range| *range = prefix(*range));
    });
    seen.change_slices(|slice| {
        slice.address_type = AddressType::Ip(Family::V6);
        slice.endpoints.iter_mut().for_each(|endpoint| endpoint.address = six(endpoint.address));
    });
    seen
}
