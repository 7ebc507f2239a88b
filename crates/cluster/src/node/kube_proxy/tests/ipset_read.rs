//! Reads what is printed for `ipset restore`, as strictly as ipset and the kernel do, and says what is in a set.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::printed::Prefix;
use super::restore::End;
use netfilter::{Protocol, Tuple};

/// The sets, by name.
#[derive(Default, Debug)]
pub struct Sets(BTreeMap<String, Set>);

#[derive(Debug)]
pub struct Set {
    kind: Kind,
    six: bool,
    written: BTreeSet<String>,
    members: Vec<Member>,
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum Kind {
    Ip,
    IpPort,
    IpPortIp,
    IpPortNet,
    Port,
}

#[derive(Default, Debug)]
struct Member {
    address: Option<IpAddr>,
    port: u16,
    /// `None`, for ports alone.
    protocol: Option<String>,
    third: Option<Prefix>,
}

impl Sets {
    /// `six`: the sets are for rules of IPv6.
    pub fn read(text: &str, six: bool) -> Sets {
        let mut sets = Sets::default();
        for line in text.lines() {
            match line.split(' ').collect::<Vec<_>>()[..] {
                ["create", name, kind, ref options @ ..] => sets.create(name, Set::new(kind, options, six)),
                ["add", name, member] => {
                    sets.0.get_mut(name).unwrap_or_else(|| panic!("made before: {line}")).add(member);
                }
                _ => panic!("no such line: {line}"),
            }
        }
        sets
    }

    pub fn get(&self, name: &str) -> Option<&Set> {
        self.0.get(name)
    }

    fn create(&mut self, name: &str, set: Set) {
        // IPSET_MAXNAMELEN, with the zero at the end (include/uapi/linux/netfilter/ipset/ip_set.h).
        assert!((1..32).contains(&name.len()), "{name}");
        assert!(self.0.insert(name.to_owned(), set).is_none(), "made once: {name}");
    }
}

impl Set {
    fn new(kind: &str, options: &[&str], six: bool) -> Set {
        let kind = match kind {
            "hash:ip" => Kind::Ip,
            "hash:ip,port" => Kind::IpPort,
            "hash:ip,port,ip" => Kind::IpPortIp,
            "hash:ip,port,net" => Kind::IpPortNet,
            "bitmap:port" => Kind::Port,
            other => panic!("no such type: {other}"),
        };
        let family = if six { "inet6" } else { "inet" };
        match *options {
            ["range", "0-65535"] if kind == Kind::Port => {}
            // A set of the other family matches no packet of this one (ip_set_test).
            ["family", own, "hashsize", size, "maxelem", most] if kind != Kind::Port => {
                assert_eq!(own, family);
                assert!([size, most].iter().all(|number| number.parse().is_ok_and(|n: u32| n > 0)));
            }
            _ => panic!("options of {kind:?}: {options:?}"),
        }
        Set { kind, six, written: BTreeSet::new(), members: Vec::new() }
    }

    /// How many parts a member has.
    pub fn parts(&self) -> usize {
        match self.kind {
            Kind::Ip | Kind::Port => 1,
            Kind::IpPort => 2,
            Kind::IpPortIp | Kind::IpPortNet => 3,
        }
    }

    fn add(&mut self, text: &str) {
        let member = match (self.kind, &text.split(',').collect::<Vec<_>>()[..]) {
            (Kind::Ip, [address]) => Member { address: Some(self.address(address)), ..Member::default() },
            (Kind::Port, [port]) => Member { port: number(port), ..Member::default() },
            (Kind::IpPort, [address, port]) => self.of_port(address, port),
            (Kind::IpPortIp, [address, port, other]) => {
                self.address(other);
                Member { third: Prefix::read(other), ..self.of_port(address, port) }
            }
            (Kind::IpPortNet, [address, port, net]) => {
                Member { third: Some(self.net(net)), ..self.of_port(address, port) }
            }
            (kind, _) => panic!("a member of {kind:?}: {text}"),
        };
        assert!(self.written.insert(text.to_owned()), "added once: {text}");
        self.members.push(member);
    }

    fn address(&self, text: &str) -> IpAddr {
        let address: IpAddr = text.parse().unwrap_or_else(|_| panic!("an address: {text}"));
        assert_eq!(address.is_ipv6(), self.six, "of the set's family: {text}");
        address
    }

    /// hash_ipportnet4_uadt (net/netfilter/ipset/ip_set_hash_ipportnet.c): a prefix of length 0 is an error.
    fn net(&self, text: &str) -> Prefix {
        let (address, length) = text.split_once('/').unwrap_or_else(|| panic!("a prefix: {text}"));
        self.address(address);
        assert_ne!(length, "0", "{text}");
        Prefix::read(text).unwrap()
    }

    fn of_port(&self, address: &str, port: &str) -> Member {
        let (protocol, port) = port.split_once(':').unwrap_or_else(|| panic!("with a protocol: {port}"));
        assert!(["tcp", "udp", "sctp"].contains(&protocol), "{protocol}");
        let protocol = Some(protocol.to_owned());
        Member { address: Some(self.address(address)), port: number(port), protocol, third: None }
    }

    /// Whether the set has the packet. `ends`: what `--match-set` compares with each part of a member.
    pub fn has(&self, ends: &[End], tuple: &Tuple) -> bool {
        let address = |end: End| if end == End::Source { tuple.src } else { tuple.dst };
        let port = |end: End| if end == End::Source { tuple.src_port } else { tuple.dst_port };
        self.members.iter().any(|member| match (self.kind, ends) {
            (Kind::Ip, [end]) => member.address == Some(address(*end)),
            // ip_set_get_ip_port (net/netfilter/ipset/ip_set_getport.c) gives TCP's and UDP's alone.
            (Kind::Port, [end]) => member.port == port(*end) && tuple.protocol != Protocol::Sctp,
            (_, [first, second, third @ ..]) => {
                let own = member.protocol.as_deref() == Some(tuple.protocol.lower());
                let at = member.address == Some(address(*first)) && member.port == port(*second);
                own && at && third.iter().zip(&member.third).all(|(end, prefix)| prefix.has(address(*end)))
            }
            _ => panic!("{ends:?} of {:?}", self.kind),
        })
    }
}

fn number(text: &str) -> u16 {
    let number = text.parse().unwrap_or_else(|_| panic!("a port: {text}"));
    assert_ne!(number, 0, "a port: {text}");
    number
}
