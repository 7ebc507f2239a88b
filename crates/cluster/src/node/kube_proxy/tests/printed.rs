//! What the interpreters of printed rules share: their packet, and its way through the hooks of a node. They
//! follow every possible branch, and share no code with the evaluator.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};

use crate::node::kube_proxy::ProxyConfig;
use netfilter::{Protocol, Tuple};

/// A connection's first packet, on one of its possible branches.
#[derive(Clone, Debug)]
pub struct Packet<'a> {
    /// The node's addresses; MASQUERADE takes the first.
    node: &'a [IpAddr],
    /// Those of kube-ipvs0.
    dummy: &'a [IpAddr],
    pub tuple: Tuple,
    /// The one that it came in by; empty for one of the node's own.
    pub interface: &'static str,
    pub mark: u32,
    pub dnat: bool,
    pub masqueraded: bool,
    /// A rule of the hook accepted it.
    pub accepted: bool,
    /// The virtual server by which IPVS gave it a real one (`skb->ipvs_property`).
    pub balanced: Option<Virtual>,
    /// IPVS took it out of the hook, and sends it to a real server elsewhere.
    pub sent_on: bool,
    /// `DROP` or `REJECT`, once a rule said so; `REFUSED` or `NO ROUTE`, once IPVS did.
    pub stopped: Option<&'static str>,
    /// The lists and sets of session affinity that hold its source.
    pub noted: BTreeSet<String>,
    /// The destination NAT of this connection was decided, so the nat chains are not asked again.
    destination_bound: bool,
    source_bound: bool,
}

/// A virtual server of IPVS.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Virtual {
    pub protocol: Protocol,
    pub at: SocketAddr,
}

impl Packet<'_> {
    /// Addresses of a dummy interface are local even while it is down: fib_add_ifaddr
    /// (net/ipv4/fib_frontend.c) adds their routes before it checks whether the interface is up.
    pub fn is_here(&self, address: IpAddr) -> bool {
        address.is_loopback() || self.node.contains(&address) || self.dummy.contains(&address)
    }

    /// ip_vs_nat_xmit (net/netfilter/ipvs/ip_vs_xmit.c). Conntrack's NAT knows nothing of it.
    pub fn balance(&mut self, by: Virtual, to: SocketAddr) {
        self.balanced = Some(by);
        (self.tuple.dst, self.tuple.dst_port) = (to.ip(), to.port());
    }

    pub fn rewrite(&mut self, to: SocketAddr) {
        (self.tuple.dst, self.tuple.dst_port) = (to.ip(), to.port());
        self.dnat = true;
    }

    pub fn masquerade(&mut self) {
        self.tuple.src = self.node[0];
        self.masqueraded = true;
    }

    fn is_bound(&self, hook: &str) -> bool {
        match hook {
            "prerouting" | "output" => self.dnat || self.destination_bound,
            _ => self.masqueraded || self.source_bound,
        }
    }

    fn bind(&mut self, hook: &str) {
        match hook {
            "prerouting" | "output" => self.destination_bound = true,
            "postrouting" => self.source_bound = true,
            _ => {}
        }
    }
}

/// An address, or a prefix as it is written.
#[derive(Clone, Copy, Debug)]
pub struct Prefix {
    address: IpAddr,
    length: u32,
}

impl Prefix {
    pub fn read(text: &str) -> Option<Prefix> {
        let (address, length) = text.split_once('/').unwrap_or((text, ""));
        let address: IpAddr = address.parse().ok()?;
        let whole = if address.is_ipv4() { 32 } else { 128 };
        let length = if length.is_empty() { whole } else { length.parse().ok()? };
        assert!(length <= whole, "{text}");
        Some(Prefix { address, length })
    }

    pub fn has(&self, address: IpAddr) -> bool {
        assert_eq!(self.address.is_ipv4(), address.is_ipv4(), "{self:?} stands among rules of one family");
        let whole = if address.is_ipv4() { 32 } else { 128 };
        (0..self.length).all(|bit| is_set(self.address, whole - 1 - bit) == is_set(address, whole - 1 - bit))
    }
}

fn is_set(address: IpAddr, bit: u32) -> bool {
    match address {
        IpAddr::V4(address) => u32::from(address) >> bit & 1 == 1,
        IpAddr::V6(address) => u128::from(address) >> bit & 1 == 1,
    }
}

/// A chain that a hook leads to.
pub struct Base {
    pub priority: i32,
    /// Whether it is a nat chain: those see a connection's first packet, until one of them has rewritten it.
    pub nat: bool,
    pub name: String,
}

/// Rules, read from text.
pub trait Printed {
    /// The base chains of `prerouting`, `input`, ... in the order in which they were made.
    fn bases(&self, hook: &str) -> Vec<Base>;

    /// All that may become of a packet in a base chain, in the order of the rules.
    fn run<'a>(&self, base: &Base, packet: Packet<'a>) -> Vec<Packet<'a>>;
}

/// By which interface packets from an address come: the bridge of the node's Pods, or the one towards other machines.
pub fn interface(node: &[IpAddr], dummy: &[IpAddr], source: IpAddr) -> &'static str {
    let is_here = source.is_loopback() || node.contains(&source) || dummy.contains(&source);
    let pods = Prefix::read(if source.is_ipv4() { "10.244.0.0/16" } else { "fd00:10:244::/48" });
    match (is_here, pods.is_some_and(|pods| pods.has(source))) {
        (true, _) => "",
        (false, true) => "cni0",
        (false, false) => "eth0",
    }
}

/// What may become of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Traced {
    pub outcome: Outcome,
    pub noted: BTreeSet<String>,
}

/// The endpoint, `DROP`, `REJECT`, `REFUSED`, `NO ROUTE`, `ACCEPT` or nothing; and whether the source is rewritten.
pub type Outcome = (String, bool);

/// A node with printed rules.
pub struct Host<'a> {
    pub cfg: &'a ProxyConfig,
    /// The addresses of kube-ipvs0.
    pub dummy: &'a [IpAddr],
    /// Chains of the same priority run in this order.
    pub rules: Vec<&'a dyn Printed>,
}

impl Host<'_> {
    /// Every path that a first packet may take, in the order of the rules. `noted`: the affinity lists and sets
    /// that hold its source already.
    pub fn trace(&self, tuple: &Tuple, noted: &BTreeSet<String>) -> Vec<Traced> {
        let packet = Packet {
            node: &self.cfg.node_ips,
            dummy: self.dummy,
            tuple: *tuple,
            interface: interface(&self.cfg.node_ips, self.dummy, tuple.src),
            mark: 0,
            dnat: false,
            masqueraded: false,
            accepted: false,
            balanced: None,
            sent_on: false,
            stopped: None,
            noted: noted.clone(),
            destination_bound: false,
            source_bound: false,
        };
        let from_here = packet.is_here(tuple.src);
        let start = if from_here { "output" } else { "prerouting" };
        let routed = self.at(start, packet).into_iter();
        let mut all: Vec<Traced> = Vec::new();
        for traced in routed.flat_map(|packet| self.onwards(packet, from_here)).map(traced) {
            if !all.contains(&traced) {
                all.push(traced);
            }
        }
        all
    }

    /// From the node to itself a packet goes over loopback: out, and in again.
    fn onwards<'p>(&self, packet: Packet<'p>, from_here: bool) -> Vec<Packet<'p>> {
        let hooks: &[&str] = match (from_here, packet.is_here(packet.tuple.dst)) {
            (true, true) => &["postrouting", "prerouting", "input"],
            (true, false) => &["postrouting"],
            (false, true) => &["input"],
            (false, false) => &["forward", "postrouting"],
        };
        self.along(hooks, packet)
    }

    fn along<'p>(&self, hooks: &[&str], packet: Packet<'p>) -> Vec<Packet<'p>> {
        let after = |packets: Vec<Packet<'p>>, hook: &&str| {
            let loops = |packet: &Packet| *hook == "prerouting" && packet.interface.is_empty();
            let arrive = |packet: Packet<'p>| match loops(&packet) {
                true => Packet { interface: "lo", ..packet },
                false => packet,
            };
            packets.into_iter().map(arrive).flat_map(|packet| self.at(hook, packet)).collect()
        };
        hooks.iter().fold(vec![packet], after)
    }

    /// A packet that IPVS sends on passes LOCAL_OUT, whichever hook it was taken from, and then leaves:
    /// ip_vs_nat_send_or_cont (net/netfilter/ipvs/ip_vs_xmit.c).
    fn at<'p>(&self, hook: &str, packet: Packet<'p>) -> Vec<Packet<'p>> {
        let rest: &[&str] = if hook == "input" { &["output", "postrouting"] } else { &["output"] };
        let onwards = |packet: Packet<'p>| match packet.sent_on {
            true => self.along(rest, Packet { sent_on: false, ..packet }),
            false => vec![packet],
        };
        self.through(hook, packet).into_iter().flat_map(onwards).collect()
    }

    fn through<'p>(&self, hook: &str, packet: Packet<'p>) -> Vec<Packet<'p>> {
        let all =
            self.rules.iter().flat_map(|rules| rules.bases(hook).into_iter().map(move |base| (rules, base)));
        let mut bases: Vec<_> = all.collect();
        bases.sort_by_key(|(_, base)| base.priority);
        let mut packets = vec![Packet { accepted: false, ..packet }];
        for (rules, base) in bases {
            let is_past = |packet: &Packet| packet.stopped.is_some() || packet.sent_on;
            let one = |packet: Packet<'p>| match is_past(&packet) || base.nat && packet.is_bound(hook) {
                true => vec![packet],
                false => rules.run(&base, packet),
            };
            packets = packets.into_iter().flat_map(one).collect();
        }
        packets.iter_mut().for_each(|packet| packet.bind(hook));
        packets
    }
}

fn traced(packet: Packet) -> Traced {
    let output = match packet.stopped {
        Some(what) => what.to_owned(),
        None if packet.dnat || packet.balanced.is_some() => {
            SocketAddr::new(packet.tuple.dst, packet.tuple.dst_port).to_string()
        }
        None if packet.accepted => "ACCEPT".to_owned(),
        None => String::new(),
    };
    let masqueraded = packet.masqueraded && packet.stopped.is_none();
    Traced { outcome: (output, masqueraded), noted: packet.noted }
}
