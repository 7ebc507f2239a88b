//! kube-proxy's configuration, under the names of `KubeProxyConfiguration` where it has one.

use std::net::IpAddr;

use crate::api::{Name, Str};
use crate::net::PortMap;
use netfilter::{
    AddressMatch, Cidr, End, Family, InterfaceMatch, InterfaceName, Match, Scheduler, nft::Statement,
};

/// `detectLocal.bridgeInterface`, or `detectLocal.interfaceNamePrefix`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PodInterface {
    pub name: InterfaceName,
    pub is_prefix: bool,
}

/// What tells a node's own Pods from others (pkg/proxy/util/localdetector.go).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LocalDetector {
    Cidr(Cidr),
    Interface(PodInterface),
}

impl LocalDetector {
    /// IfLocal and IfNotLocal.
    pub fn matches(self, is_local: bool) -> Match {
        match self {
            LocalDetector::Cidr(cidr) => Match::Source(addresses(cidr, is_local)),
            LocalDetector::Interface(interface) => Match::InInterface(interfaces(interface, is_local)),
        }
    }

    /// IfLocalNFT and IfNotLocalNFT.
    pub fn statement(self, is_local: bool) -> Statement {
        match self {
            LocalDetector::Cidr(cidr) => Statement::Address(End::Source, addresses(cidr, is_local)),
            LocalDetector::Interface(interface) => Statement::InInterface(interfaces(interface, is_local)),
        }
    }
}

fn addresses(cidr: Cidr, is_local: bool) -> AddressMatch {
    if is_local { AddressMatch::within(cidr) } else { AddressMatch::outside(cidr) }
}

fn interfaces(PodInterface { name, is_prefix }: PodInterface, is_local: bool) -> InterfaceMatch {
    InterfaceMatch { name, is_prefix, invert: !is_local }
}

/// The configuration of one node's kube-proxy, for one family. `Default` is upstream's default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProxyConfig {
    pub family: Family,
    pub node_name: Name,
    /// The node's addresses, the primary of each family first.
    pub node_ips: Vec<IpAddr>,
    /// `bindAddress`: the node's primary address of its family, in kube-proxy's eyes.
    pub bind_address: Option<IpAddr>,
    /// The node's label `topology.kubernetes.io/zone`.
    pub zone: Option<Str>,
    /// The local-traffic detector: sources in this range are Pods. `None`: no detector.
    pub cluster_cidr: Option<Cidr>,
    /// The local-traffic detector instead: what comes in by this interface, or by all that begin so, is from Pods.
    pub pod_interface: Option<PodInterface>,
    /// `iptables.masqueradeAll`
    pub masquerade_all: bool,
    /// `iptables.masqueradeBit`
    pub masquerade_bit: u8,
    /// Whether the kernel supports MASQUERADE's `--random-fully`.
    pub random_fully: bool,
    /// Whether the kernel has nfnetlink_acct: mode iptables then counts some packets with it.
    pub nfacct: bool,
    /// The ServiceCIDRs: mode nftables drops traffic to addresses in them that no Service has.
    pub service_cidrs: Vec<Cidr>,
    /// `nodePortAddresses`; empty: all local addresses, or, in mode nftables, the primary one.
    pub node_port_addresses: Vec<Cidr>,
    /// `iptables.localhostNodePorts`
    pub localhost_node_ports: bool,
    /// The sysctl `nf_conntrack_tcp_be_liberal`.
    pub tcp_be_liberal: bool,
    /// With more endpoints than this, their rules are written without comments (largeClusterEndpointsThreshold).
    pub large_cluster_endpoints: u32,
    /// `ipvs.scheduler`
    pub ipvs_scheduler: Scheduler,
    /// Not of kube-proxy: the CNI plugin masquerades traffic that leaves this range.
    pub cni_masquerade_cidr: Option<Cidr>,
    /// Not of kube-proxy: what the CNI plugin portmap has mapped, the latest first.
    pub port_maps: Vec<PortMap>,
}

impl Default for ProxyConfig {
    fn default() -> ProxyConfig {
        ProxyConfig {
            family: Family::V4,
            node_name: "".into(),
            node_ips: Vec::new(),
            bind_address: None,
            zone: None,
            cluster_cidr: None,
            pod_interface: None,
            masquerade_all: false,
            masquerade_bit: 14,
            random_fully: true,
            nfacct: true,
            service_cidrs: Vec::new(),
            node_port_addresses: Vec::new(),
            localhost_node_ports: true,
            tcp_be_liberal: false,
            large_cluster_endpoints: 1000,
            ipvs_scheduler: Scheduler::Rr,
            cni_masquerade_cidr: None,
            port_maps: Vec::new(),
        }
    }
}

impl ProxyConfig {
    /// The masquerade mark. 0 for a bit above 31, which upstream refuses.
    pub(super) fn mark(&self) -> u32 {
        1u32.checked_shl(u32::from(self.masquerade_bit)).unwrap_or(0)
    }

    /// The local-traffic detector, if there is one for this family.
    pub(super) fn local_detector(&self) -> Option<LocalDetector> {
        let of_family = self.cluster_cidr.filter(|cidr| Family::of(cidr.address()) == self.family);
        self.pod_interface.map(LocalDetector::Interface).or(of_family.map(LocalDetector::Cidr))
    }

    /// The node's primary address of this family (cmd/kube-proxy/app/server.go, detectNodeIPs).
    pub fn node_ip(&self) -> Option<IpAddr> {
        let of_family = |ip: &IpAddr| Family::of(*ip) == self.family;
        let bound = self.bind_address.filter(|ip| of_family(ip) && !ip.is_unspecified());
        bound.or(self.node_ips.iter().copied().find(of_family))
    }
}
