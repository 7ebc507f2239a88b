//! kube-proxy's configuration, under the names of `KubeProxyConfiguration` where it has one.

use std::net::IpAddr;

use crate::api::{Name, Str};
use crate::net::PortMap;
use netfilter::{Cidr, Family, Scheduler};

/// The configuration of one node's kube-proxy, for one family. `Default` is upstream's default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProxyConfig {
    pub family: Family,
    pub node_name: Name,
    /// The node's addresses, the primary of each family first.
    pub node_ips: Vec<IpAddr>,
    /// The node's label `topology.kubernetes.io/zone`.
    pub zone: Option<Str>,
    /// The local-traffic detector: sources in this range are Pods. `None`: no detector.
    pub cluster_cidr: Option<Cidr>,
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
            zone: None,
            cluster_cidr: None,
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

    /// The local-traffic detector, if it is one of this family.
    pub(super) fn pods(&self) -> Option<Cidr> {
        self.cluster_cidr.filter(|cidr| Family::of(cidr.address()) == self.family)
    }

    /// The node's primary address of this family.
    pub(super) fn node_ip(&self) -> Option<IpAddr> {
        self.node_ips.iter().copied().find(|ip| Family::of(*ip) == self.family)
    }
}
