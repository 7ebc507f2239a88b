//! The address plan of every testbed: who is where, and under which address. Clusters differ in what
//! they do with it, never in the plan, so that one testbed serves them all, one after the other.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use netfilter::{Cidr, Family};

/// How many nodes a testbed has; a cluster may use fewer.
pub const NODES: u8 = 4;
/// How many Pods each node has.
pub const PODS: u8 = 4;
/// Where every Pod and every node (on its primary address) listens.
pub const TCP_PORTS: [u16; 2] = [8080, 8443];
pub const UDP_PORTS: [u16; 2] = [5353, 5354];
/// Where nothing listens anywhere.
pub const CLOSED_PORT: u16 = 9999;

/// How long conntrack remembers a datagram, in seconds: longer than any cluster takes, so that a
/// busy machine changes nothing.
pub const UDP_TIMEOUT_S: u64 = 600;

/// Who sends, and who answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// A Pod, by its node and its number there.
    Pod(u8, u8),
    Node(u8),
    /// A person outside the cluster.
    Outside,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Pod(node, pod) => write!(f, "pod-{node}-{pod}"),
            Place::Node(node) => write!(f, "node-{node}"),
            Place::Outside => f.write_str("outside"),
        }
    }
}

impl FromStr for Place {
    type Err = ();

    fn from_str(text: &str) -> Result<Place, ()> {
        let number = |text: &str| text.parse::<u8>().map_err(|_| ());
        if text == "outside" {
            return Ok(Place::Outside);
        }
        if let Some(node) = text.strip_prefix("node-") {
            return Ok(Place::Node(number(node)?));
        }
        let (node, pod) = text.strip_prefix("pod-").and_then(|rest| rest.split_once('-')).ok_or(())?;
        Ok(Place::Pod(number(node)?, number(pod)?))
    }
}

pub fn node_name(node: u8) -> String {
    format!("node-{node}")
}

fn v4(a: u8, b: u8, c: u8, d: u8) -> IpAddr {
    Ipv4Addr::new(a, b, c, d).into()
}

fn v6(segments: [u16; 8]) -> IpAddr {
    Ipv6Addr::from(segments).into()
}

/// An address of the segment that joins the nodes and the outside.
fn on_segment(family: Family, host: u8) -> IpAddr {
    match family {
        Family::V4 => v4(192, 168, 50, host),
        Family::V6 => v6([0x2001, 0xdb8, 0x50, 0, 0, 0, 0, host.into()]),
    }
}

/// A node's primary address.
pub fn node_ip(family: Family, node: u8) -> IpAddr {
    on_segment(family, 11 + node)
}

/// The nodes' default gateway, which lies outside and forwards nothing.
pub fn router_ip(family: Family) -> IpAddr {
    on_segment(family, 1)
}

fn in_pod_range(family: Family, node: u8, host: u8) -> IpAddr {
    match family {
        Family::V4 => v4(10, 244, node, host),
        Family::V6 => v6([0xfd00, 0x10, 0x244, node.into(), 0, 0, 0, host.into()]),
    }
}

/// The address of a node's bridge: its Pods' default gateway.
pub fn bridge_ip(family: Family, node: u8) -> IpAddr {
    in_pod_range(family, node, 1)
}

pub fn pod_ip(family: Family, node: u8, pod: u8) -> IpAddr {
    in_pod_range(family, node, 2 + pod)
}

/// An address of a node's PodCIDR that no Pod has.
pub fn vacant_ip(family: Family, node: u8) -> IpAddr {
    in_pod_range(family, node, 200)
}

pub fn pod_prefix_length(family: Family) -> u8 {
    match family {
        Family::V4 => 24,
        Family::V6 => 64,
    }
}

/// A node's PodCIDR.
pub fn pod_range(family: Family, node: u8) -> Cidr {
    prefix(in_pod_range(family, node, 0), pod_prefix_length(family))
}

/// The cluster CIDR.
pub fn all_pods(family: Family) -> Cidr {
    match family {
        Family::V4 => prefix(v4(10, 244, 0, 0), 16),
        Family::V6 => prefix(in_pod_range(family, 0, 0), 48),
    }
}

/// The prefix of the nodes' segment.
pub fn segment(family: Family) -> Cidr {
    match family {
        Family::V4 => prefix(on_segment(family, 0), 24),
        Family::V6 => prefix(on_segment(family, 0), 64),
    }
}

/// The two addresses that a person outside may use.
pub fn client_ip(family: Family, which: u8) -> IpAddr {
    match family {
        Family::V4 => v4(203, 0, 113, [7, 200][usize::from(which % 2)]),
        Family::V6 => v6([0x2600, 0x5200, 0, 0, 0, 0, 0, [7, 0x200][usize::from(which % 2)]]),
    }
}

pub fn cluster_ip(family: Family, service: u8) -> IpAddr {
    match family {
        Family::V4 => v4(10, 96, 0, 10 + service),
        Family::V6 => v6([0xfd00, 0x10, 0x96, 0, 0, 0, 0, 0x10 + u16::from(service)]),
    }
}

/// The ServiceCIDR.
pub fn service_range(family: Family) -> Cidr {
    prefix(cluster_ip(family, 0), if family == Family::V4 { 16 } else { 112 })
}

/// An address of the cloud's, for load balancers and external IPs.
pub fn public_ip(family: Family, number: u8) -> IpAddr {
    match family {
        Family::V4 => v4(198, 51, 100, 10 + number),
        Family::V6 => v6([0x2001, 0xdb8, 0x51, 0, 0, 0, 0, 0x10 + u16::from(number)]),
    }
}

pub fn loopback(family: Family) -> IpAddr {
    match family {
        Family::V4 => Ipv4Addr::LOCALHOST.into(),
        Family::V6 => Ipv6Addr::LOCALHOST.into(),
    }
}

pub fn prefix(address: IpAddr, length: u8) -> Cidr {
    Cidr::new(address, length).unwrap_or(Cidr::host(address))
}

pub fn address_of(family: Family, place: Place) -> IpAddr {
    match place {
        Place::Pod(node, pod) => pod_ip(family, node, pod),
        Place::Node(node) => node_ip(family, node),
        Place::Outside => client_ip(family, 0),
    }
}

/// The source that a node's kernel picks towards a destination (ip_route_output_key): the address
/// of the interface by which the packet would leave before any rule rewrites it.
pub fn source_on_node(family: Family, node: u8, to: IpAddr) -> IpAddr {
    if to.is_loopback() {
        return loopback(family);
    }
    let own = [node_ip(family, node), bridge_ip(family, node)];
    match own.contains(&to) {
        true => to,
        false if pod_range(family, node).contains(to) => bridge_ip(family, node),
        false => node_ip(family, node),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read_as_they_are_written() {
        for place in [Place::Pod(2, 3), Place::Node(1), Place::Outside] {
            assert_eq!(place.to_string().parse(), Ok(place));
        }
        assert_eq!("pod-1".parse::<Place>(), Err(()));
    }
}
