//! Addresses, prefixes and five-tuples.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use serde::{Deserialize, Serialize, Serializer};

use super::ruleset::Family;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[repr(u8)]
pub enum Protocol {
    #[default]
    Tcp,
    Udp,
    Sctp,
    /// Echo, in either family. It has no ports.
    Icmp,
}

impl Protocol {
    /// Those that a port can be of.
    pub const OF_PORTS: [Protocol; 3] = [Protocol::Tcp, Protocol::Udp, Protocol::Sctp];

    /// In capitals: `TCP`.
    pub fn as_str(self) -> &'static str {
        match self {
            Protocol::Tcp => "TCP",
            Protocol::Udp => "UDP",
            Protocol::Sctp => "SCTP",
            Protocol::Icmp => "ICMP",
        }
    }

    /// Whether a connection is opened before data are sent.
    pub fn connects(self) -> bool {
        match self {
            Protocol::Tcp | Protocol::Sctp => true,
            Protocol::Udp | Protocol::Icmp => false,
        }
    }

    /// IPPROTO_TCP and the like.
    pub fn number(self, family: Family) -> u8 {
        match (self, family) {
            (Protocol::Tcp, _) => 6,
            (Protocol::Udp, _) => 17,
            (Protocol::Sctp, _) => 132,
            (Protocol::Icmp, Family::V4) => 1,
            (Protocol::Icmp, Family::V6) => 58,
        }
    }

    /// As iptables and nft write it: `tcp`.
    pub fn lower(self) -> &'static str {
        match self {
            Protocol::Tcp => "tcp",
            Protocol::Udp => "udp",
            Protocol::Sctp => "sctp",
            Protocol::Icmp => "icmp",
        }
    }
}

/// A packet's five-tuple: what conntrack identifies a flow by, and what NAT rewrites. Of ICMP `src_port` is the
/// identifier of an echo request and `dst_port` that of its reply; the other one is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Tuple {
    pub src: IpAddr,
    pub src_port: u16,
    pub dst: IpAddr,
    pub dst_port: u16,
    pub protocol: Protocol,
}

impl Tuple {
    /// The tuple of the reply.
    pub fn reversed(self) -> Tuple {
        Tuple {
            src: self.dst,
            src_port: self.dst_port,
            dst: self.src,
            dst_port: self.src_port,
            protocol: self.protocol,
        }
    }

    /// `10.244.1.4:32768`; of ICMP, which has no ports, the address.
    pub fn source(&self) -> String {
        self.end(self.src, self.src_port)
    }

    /// The same of the other end.
    pub fn destination(&self) -> String {
        self.end(self.dst, self.dst_port)
    }

    fn end(&self, ip: IpAddr, port: u16) -> String {
        match self.protocol {
            Protocol::Tcp | Protocol::Udp | Protocol::Sctp => SocketAddr::new(ip, port).to_string(),
            Protocol::Icmp => ip.to_string(),
        }
    }
}

/// An address prefix, its host bits zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cidr {
    address: IpAddr,
    length: u8,
}

/// Why a text is not a valid prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CidrError {
    NoSlash,
    Address,
    Length,
}

impl Cidr {
    /// Host bits are cleared. A `length` above 32 (IPv6: 128) is an error.
    pub fn new(address: IpAddr, length: u8) -> Result<Cidr, CidrError> {
        let width = if address.is_ipv4() { 32 } else { 128 };
        if length > width {
            return Err(CidrError::Length);
        }
        Ok(Cidr { address: masked(address, length), length })
    }

    /// The prefix that holds this address and no other.
    pub const fn host(address: IpAddr) -> Cidr {
        let length = if address.is_ipv4() { 32 } else { 128 };
        Cidr { address, length }
    }

    pub fn address(self) -> IpAddr {
        self.address
    }

    pub fn length(self) -> u8 {
        self.length
    }

    pub fn contains(self, address: IpAddr) -> bool {
        self.address.is_ipv4() == address.is_ipv4() && masked(address, self.length) == self.address
    }

    /// The address `offset` above the network's own; `None` past the prefix's end.
    pub fn nth(self, offset: u64) -> Option<IpAddr> {
        let width: u32 = if self.address.is_ipv4() { 32 } else { 128 };
        let host_bits = width - u32::from(self.length);
        if host_bits < 64 && offset >= (1u64 << host_bits) {
            return None;
        }
        Some(match self.address {
            IpAddr::V4(a) => Ipv4Addr::from(u32::from(a) + u32::try_from(offset).ok()?).into(),
            IpAddr::V6(a) => Ipv6Addr::from(u128::from(a) + u128::from(offset)).into(),
        })
    }

    /// The subnet of this length with this index, counted from 0. `None` if it is not inside this prefix. For
    /// IPv6, `length` must be 64 or less.
    pub fn subnet(self, length: u8, index: u32) -> Option<Cidr> {
        let more = u32::from(length.checked_sub(self.length)?);
        if 1u32.checked_shl(more).is_some_and(|count| index >= count) {
            return None;
        }
        let address: IpAddr = match self.address {
            IpAddr::V4(a) => {
                let index = index.checked_shl(u32::from(32u8.checked_sub(length)?)).unwrap_or(0);
                Ipv4Addr::from(u32::from(a) + index).into()
            }
            IpAddr::V6(a) => {
                let index = u128::from(index) << 64u8.checked_sub(length)?;
                Ipv6Addr::from(u128::from(a) + (index << 64)).into()
            }
        };
        Some(Cidr { address, length })
    }

    /// How many addresses the prefix has; `u64::MAX` if there are more.
    pub fn size(self) -> u64 {
        let width: u32 = if self.address.is_ipv4() { 32 } else { 128 };
        1u64.checked_shl(width - u32::from(self.length)).unwrap_or(u64::MAX)
    }
}

fn masked(address: IpAddr, length: u8) -> IpAddr {
    match address {
        IpAddr::V4(a) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(length)).unwrap_or(0);
            Ipv4Addr::from(u32::from(a) & mask).into()
        }
        IpAddr::V6(a) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(length)).unwrap_or(0);
            Ipv6Addr::from(u128::from(a) & mask).into()
        }
    }
}

impl FromStr for Cidr {
    type Err = CidrError;

    fn from_str(text: &str) -> Result<Cidr, CidrError> {
        let (address, length) = text.split_once('/').ok_or(CidrError::NoSlash)?;
        let address = address.parse().map_err(|_| CidrError::Address)?;
        let length = length.parse().map_err(|_| CidrError::Length)?;
        Cidr::new(address, length)
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.length)
    }
}

impl Serialize for Cidr {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_contains_its_addresses_and_no_other() {
        let cidr: Cidr = "10.244.1.77/24".parse().unwrap();
        assert_eq!(cidr.to_string(), "10.244.1.0/24");
        assert!(cidr.contains("10.244.1.255".parse().unwrap()));
        assert!(!cidr.contains("10.244.2.0".parse().unwrap()));
        assert!(!cidr.contains("::1".parse().unwrap()));
        let all: Cidr = "0.0.0.0/0".parse().unwrap();
        assert!(all.contains("255.1.2.3".parse().unwrap()));
    }

    #[test]
    fn nth_stops_at_the_end() {
        let cidr: Cidr = "10.0.0.0/30".parse().unwrap();
        assert_eq!(cidr.nth(3), Some("10.0.0.3".parse().unwrap()));
        assert_eq!(cidr.nth(4), None);
        assert_eq!("0.0.0.0/0".parse::<Cidr>().unwrap().size(), 1 << 32);
        assert_eq!("fd00::/64".parse::<Cidr>().unwrap().size(), u64::MAX);
    }

    #[test]
    fn prefixes_are_cut_into_subnets() {
        let check = |prefix: &str, length: u8, index: u32, expected: Option<&str>| {
            let prefix: Cidr = prefix.parse().unwrap();
            assert_eq!(prefix.subnet(length, index).map(|c| c.to_string()).as_deref(), expected);
        };
        check("10.244.0.0/16", 24, 3, Some("10.244.3.0/24"));
        check("10.244.0.0/16", 24, 256, None);
        check("10.244.0.0/16", 12, 0, None);
        check("10.244.0.0/24", 24, 0, Some("10.244.0.0/24"));
        check("fd00:10:244::/56", 64, 3, Some("fd00:10:244:3::/64"));
        check("fd00:10:244::/56", 64, 256, None);
        check("fd00:10:244::/48", 56, 1, Some("fd00:10:244:100::/56"));
        check("0.0.0.0/0", 0, 0, Some("0.0.0.0/0"));
        check("10.244.0.0/31", 33, 1, None);
        check("10.244.0.0/32", 34, 1, None);
        check("fd00::/64", 66, 1, None);
    }

    #[test]
    fn what_is_no_prefix_says_why() {
        assert_eq!("10.0.0.0".parse::<Cidr>(), Err(CidrError::NoSlash));
        assert_eq!("10.0.0/8".parse::<Cidr>(), Err(CidrError::Address));
        assert_eq!("10.0.0.0/33".parse::<Cidr>(), Err(CidrError::Length));
    }
}
