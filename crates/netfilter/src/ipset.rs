//! Sets of addresses and ports that one rule can match (net/netfilter/ipset).

use std::fmt::{self, Display, Formatter};
use std::net::IpAddr;

use super::ruleset::Family;
use crate::{Cidr, Protocol, Str, Tuple};

/// The index of a set in [`super::IpvsRules::sets`], and of its name in [`super::RuleSet::set_names`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SetId(pub u32);

/// What a set's members are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetType {
    HashIp,
    HashIpPort,
    HashIpPortIp,
    HashIpPortNet,
    BitmapPort,
}

impl SetType {
    pub fn as_str(self) -> &'static str {
        match self {
            SetType::HashIp => "hash:ip",
            SetType::HashIpPort => "hash:ip,port",
            SetType::HashIpPortIp => "hash:ip,port,ip",
            SetType::HashIpPortNet => "hash:ip,port,net",
            SetType::BitmapPort => "bitmap:port",
        }
    }
}

/// A member. The set's type determines which of these forms its members have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SetEntry {
    Ip(IpAddr),
    IpPort(IpAddr, Protocol, u16),
    IpPortIp(IpAddr, Protocol, u16, IpAddr),
    IpPortNet(IpAddr, Protocol, u16, Cidr),
    Port(u16),
}

/// Which parts of a packet `--match-set` compares, in the order in which it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetEnds {
    /// `dst`
    Dst,
    /// `dst,dst`
    DstDst,
    /// `src,dst`
    SrcDst,
    /// `dst,dst,src`
    DstDstSrc,
}

impl SetEnds {
    pub fn as_str(self) -> &'static str {
        match self {
            SetEnds::Dst => "dst",
            SetEnds::DstDst => "dst,dst",
            SetEnds::SrcDst => "src,dst",
            SetEnds::DstDstSrc => "dst,dst,src",
        }
    }
}

/// A named set. Its members are sorted, each of them once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IpSet {
    pub name: Str,
    pub kind: SetType,
    pub family: Family,
    entries: Vec<SetEntry>,
}

impl IpSet {
    pub fn new(name: Str, kind: SetType, family: Family) -> IpSet {
        IpSet { name, kind, family, entries: Vec::new() }
    }

    pub fn entries(&self) -> &[SetEntry] {
        &self.entries
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Sets all members at once, so that a large set is sorted only once.
    pub fn fill(&mut self, mut entries: Vec<SetEntry>) {
        entries.sort_by(Ord::cmp);
        entries.dedup();
        self.entries = entries;
    }

    /// Whether the set has the part of the packet that `ends` names. A packet without ports, such as an ICMP
    /// error (`protocol` is `None`), is in no set with ports: ip_set_get_ip4_port returns its own protocol
    /// number, while members have TCP's or UDP's.
    pub fn holds(&self, ends: SetEnds, tuple: &Tuple, protocol: Option<Protocol>) -> bool {
        let first = if ends == SetEnds::SrcDst { tuple.src } else { tuple.dst };
        match (self.kind, protocol) {
            (SetType::HashIp, _) => self.contains(&SetEntry::Ip(first)),
            (_, None) => false,
            // ip_set_get_ip_port reads ports of TCP and UDP only. The rule matches one of the two by `-p`.
            (SetType::BitmapPort, Some(Protocol::Sctp | Protocol::Icmp)) => false,
            (SetType::BitmapPort, Some(Protocol::Tcp | Protocol::Udp)) => {
                self.contains(&SetEntry::Port(tuple.dst_port))
            }
            (SetType::HashIpPort, Some(protocol)) => {
                self.contains(&SetEntry::IpPort(first, protocol, tuple.dst_port))
            }
            (SetType::HashIpPortIp, Some(protocol)) => {
                self.contains(&SetEntry::IpPortIp(first, protocol, tuple.dst_port, tuple.src))
            }
            (SetType::HashIpPortNet, Some(protocol)) => self.has_net(first, protocol, tuple),
        }
    }

    fn contains(&self, entry: &SetEntry) -> bool {
        self.entries.binary_search(entry).is_ok()
    }

    fn has_net(&self, address: IpAddr, protocol: Protocol, tuple: &Tuple) -> bool {
        self.entries.iter().any(|entry| match entry {
            SetEntry::IpPortNet(ip, p, port, net) => {
                (*ip, *p, *port) == (address, protocol, tuple.dst_port) && net.contains(tuple.src)
            }
            SetEntry::Ip(_) | SetEntry::IpPort(..) | SetEntry::IpPortIp(..) | SetEntry::Port(_) => false,
        })
    }
}

/// As `ipset restore` reads it. The sizes are ipset's defaults.
impl Display for IpSet {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let family = match self.family {
            Family::V4 => "inet",
            Family::V6 => "inet6",
        };
        write!(f, "create {} {} ", self.name, self.kind.as_str())?;
        match self.kind {
            SetType::BitmapPort => f.write_str("range 0-65535\n")?,
            SetType::HashIp | SetType::HashIpPort | SetType::HashIpPortIp | SetType::HashIpPortNet => {
                writeln!(f, "family {family} hashsize 1024 maxelem 65536")?
            }
        }
        for entry in &self.entries {
            writeln!(f, "add {} {entry}", self.name)?;
        }
        Ok(())
    }
}

/// pkg/proxy/ipvs/ipset, Entry.String.
impl Display for SetEntry {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            SetEntry::Ip(ip) => write!(f, "{ip}"),
            SetEntry::IpPort(ip, protocol, port) => write!(f, "{ip},{}:{port}", protocol.lower()),
            SetEntry::IpPortIp(ip, protocol, port, other) => {
                write!(f, "{ip},{}:{port},{other}", protocol.lower())
            }
            SetEntry::IpPortNet(ip, protocol, port, net) => {
                write!(f, "{ip},{}:{port},{net}", protocol.lower())
            }
            SetEntry::Port(port) => write!(f, "{port}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn tuple(src: &str, dst: &str, dst_port: u16) -> Tuple {
        Tuple { src: ip(src), src_port: 40_000, dst: ip(dst), dst_port, protocol: Protocol::Tcp }
    }

    fn set(kind: SetType, entries: &[SetEntry]) -> IpSet {
        let mut set = IpSet::new("S".into(), kind, Family::V4);
        set.fill(entries.to_vec());
        set
    }

    #[test]
    fn a_packet_is_compared_as_the_rule_says() {
        use Protocol::{Sctp, Tcp, Udp};
        let a = ip("10.96.0.1");
        let member = SetEntry::IpPort(a, Tcp, 80);
        let hairpin = SetEntry::IpPortIp(a, Tcp, 80, a);
        let range = SetEntry::IpPortNet(a, Tcp, 80, "203.0.113.0/25".parse().unwrap());
        let to = |src| tuple(src, "10.96.0.1", 80);
        let cases = [
            (SetType::HashIp, SetEntry::Ip(a), SetEnds::Dst, to("10.0.0.1"), None, true),
            (SetType::HashIp, SetEntry::Ip(a), SetEnds::Dst, tuple("10.96.0.1", "10.0.0.1", 80), None, false),
            (SetType::HashIpPort, member, SetEnds::DstDst, to("10.0.0.1"), Some(Tcp), true),
            (SetType::HashIpPort, member, SetEnds::DstDst, to("10.0.0.1"), Some(Udp), false),
            (SetType::HashIpPort, member, SetEnds::DstDst, to("10.0.0.1"), None, false),
            (SetType::HashIpPort, member, SetEnds::SrcDst, to("10.0.0.1"), Some(Tcp), false),
            (SetType::HashIpPort, member, SetEnds::SrcDst, to("10.96.0.1"), Some(Tcp), true),
            (SetType::HashIpPortIp, hairpin, SetEnds::DstDstSrc, to("10.96.0.1"), Some(Tcp), true),
            (SetType::HashIpPortIp, hairpin, SetEnds::DstDstSrc, to("10.0.0.1"), Some(Tcp), false),
            (SetType::HashIpPortNet, range, SetEnds::DstDstSrc, to("203.0.113.9"), Some(Tcp), true),
            (SetType::HashIpPortNet, range, SetEnds::DstDstSrc, to("203.0.113.200"), Some(Tcp), false),
            (SetType::BitmapPort, SetEntry::Port(80), SetEnds::Dst, to("10.0.0.1"), Some(Udp), true),
            (SetType::BitmapPort, SetEntry::Port(80), SetEnds::Dst, to("10.0.0.1"), Some(Sctp), false),
            (SetType::BitmapPort, SetEntry::Port(81), SetEnds::Dst, to("10.0.0.1"), Some(Tcp), false),
        ];
        for (kind, entry, ends, tuple, protocol, expected) in cases {
            let found = set(kind, &[entry]).holds(ends, &tuple, protocol);
            assert_eq!(found, expected, "{entry} {} {tuple:?} {protocol:?}", ends.as_str());
        }
    }

    #[test]
    fn a_set_is_written_as_ipset_restore_reads_it() {
        let a = SetEntry::IpPort(ip("10.96.0.10"), Protocol::Udp, 53);
        let b = SetEntry::IpPort(ip("10.96.0.1"), Protocol::Tcp, 443);
        assert_eq!(
            set(SetType::HashIpPort, &[a, b, a]).to_string(),
            "create S hash:ip,port family inet hashsize 1024 maxelem 65536\n\
             add S 10.96.0.1,tcp:443\n\
             add S 10.96.0.10,udp:53\n"
        );
        let ports = set(SetType::BitmapPort, &[SetEntry::Port(30080)]).to_string();
        assert_eq!(ports, "create S bitmap:port range 0-65535\nadd S 30080\n");
    }
}
