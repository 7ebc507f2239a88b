//! What the CNI plugin portmap is told of a Pod (containernetworking/plugins, plugins/meta/portmap): which of its ports
//! can be called at the node (`hostPort`).

use std::net::IpAddr;

use crate::api::{Pod, Uid};
use netfilter::{Cidr, Family, PerFamily, Protocol};

/// The mappings of one Pod in one family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortMap {
    pub pod: Uid,
    /// The Pod's own address.
    pub address: IpAddr,
    /// The part of the Pod range that the address is from: a sender in it is masqueraded, since its reply would not
    /// come this way.
    pub range: Cidr,
    pub entries: Vec<PortMapEntry>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortMapEntry {
    /// None: each of the node's addresses.
    pub host_ip: Option<IpAddr>,
    pub host_port: u16,
    pub container_port: u16,
    pub protocol: Protocol,
}

impl PortMap {
    /// `None` if the Pod has no `hostPort` in that family.
    pub(crate) fn of(pod: &Pod, addresses: &PerFamily<IpAddr>, range: Cidr) -> Option<PortMap> {
        let family = Family::of(range.address());
        let address = *addresses.get(family)?;
        let ports = pod.spec.sidecars().chain(&pod.spec.containers).flat_map(|container| &container.ports);
        let entries = ports.filter(|port| port.host_port != 0).filter_map(|port| {
            let host_ip: Option<IpAddr> = match &port.host_ip {
                Some(ip) if !ip.is_empty() => Some(ip.parse().ok()?),
                Some(_) | None => None,
            };
            let is_of_family = host_ip.is_none_or(|ip| Family::of(ip) == family);
            is_of_family.then(|| PortMapEntry {
                host_ip: host_ip.filter(|ip| !ip.is_unspecified()),
                host_port: port.host_port,
                container_port: port.container_port,
                protocol: port.protocol,
            })
        });
        let entries: Vec<PortMapEntry> = entries.collect();
        (!entries.is_empty()).then_some(PortMap { pod: pod.meta.uid, address, range, entries })
    }
}
