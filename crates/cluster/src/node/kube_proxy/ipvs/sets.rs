//! The ipsets that the rules match (pkg/proxy/ipvs/ipset.go).

use std::net::IpAddr;

use super::servers::Wanted;
use crate::api::Str;
use crate::node::kube_proxy::{EndpointInfo, ProxyConfig, ServicePortInfo};
use netfilter::{Family, IpSet, Protocol, ServerKey, SetEntry, SetId, SetType};

/// `ipsetInfo`: each set's index in the rule set, its name, its type, and the comment of the rules that
/// match it.
macro_rules! sets {
    ($(($id:ident, $at:literal, $name:literal, $kind:ident, $comment:literal),)*) => {
        $(pub(super) const $id: SetId = SetId($at);)*
        const INFO: &[(&str, SetType, &str)] = &[$(($name, SetType::$kind, $comment)),*];
    };
}

sets! {
    (LOOP_BACK, 0, "KUBE-LOOP-BACK", HashIpPortIp,
        "Kubernetes endpoints dst ip:port, source ip for solving hairpin purpose"),
    (CLUSTER_IP, 1, "KUBE-CLUSTER-IP", HashIpPort,
        "Kubernetes service cluster ip + port for masquerade purpose"),
    (EXTERNAL_IP, 2, "KUBE-EXTERNAL-IP", HashIpPort,
        "Kubernetes service external ip + port for masquerade and filter purpose"),
    (EXTERNAL_IP_LOCAL, 3, "KUBE-EXTERNAL-IP-LOCAL", HashIpPort,
        "Kubernetes service external ip + port with externalTrafficPolicy=local"),
    (LOAD_BALANCER, 4, "KUBE-LOAD-BALANCER", HashIpPort, "Kubernetes service lb portal"),
    (LOAD_BALANCER_FW, 5, "KUBE-LOAD-BALANCER-FW", HashIpPort,
        "Kubernetes service load balancer ip + port for load balancer with sourceRange"),
    (LOAD_BALANCER_LOCAL, 6, "KUBE-LOAD-BALANCER-LOCAL", HashIpPort,
        "Kubernetes service load balancer ip + port with externalTrafficPolicy=local"),
    (LOAD_BALANCER_SOURCE_IP, 7, "KUBE-LOAD-BALANCER-SOURCE-IP", HashIpPortIp,
        "Kubernetes service load balancer ip + port + source IP for packet filter purpose"),
    (LOAD_BALANCER_SOURCE_CIDR, 8, "KUBE-LOAD-BALANCER-SOURCE-CIDR", HashIpPortNet,
        "Kubernetes service load balancer ip + port + source cidr for packet filter purpose"),
    (NODE_PORT_TCP, 9, "KUBE-NODE-PORT-TCP", BitmapPort,
        "Kubernetes nodeport TCP port for masquerade purpose"),
    (NODE_PORT_LOCAL_TCP, 10, "KUBE-NODE-PORT-LOCAL-TCP", BitmapPort,
        "Kubernetes nodeport TCP port with externalTrafficPolicy=local"),
    (NODE_PORT_UDP, 11, "KUBE-NODE-PORT-UDP", BitmapPort,
        "Kubernetes nodeport UDP port for masquerade purpose"),
    (NODE_PORT_LOCAL_UDP, 12, "KUBE-NODE-PORT-LOCAL-UDP", BitmapPort,
        "Kubernetes nodeport UDP port with externalTrafficPolicy=local"),
    (NODE_PORT_SCTP, 13, "KUBE-NODE-PORT-SCTP-HASH", HashIpPort,
        "Kubernetes nodeport SCTP port for masquerade purpose with type 'hash ip:port'"),
    (NODE_PORT_LOCAL_SCTP, 14, "KUBE-NODE-PORT-LOCAL-SCTP-HASH", HashIpPort,
        "Kubernetes nodeport SCTP port with externalTrafficPolicy=local with type 'hash ip:port'"),
    (HEALTH_CHECK_NODE_PORT, 15, "KUBE-HEALTH-CHECK-NODE-PORT", BitmapPort,
        "Kubernetes health check node port"),
    (IPVS_IPS, 16, "KUBE-IPVS-IPS", HashIp, "Addresses on the ipvs interface"),
}

/// The comment of rules that match a set.
pub(super) fn comment(set: SetId) -> &'static str {
    INFO.get(set.0 as usize).map_or("", |(_, _, comment)| comment)
}

/// What the sets will hold.
#[derive(Default)]
pub(super) struct Sets {
    entries: [Vec<SetEntry>; INFO.len()],
    /// Load balancer addresses that this node itself may not call.
    pub no_node_access: Vec<ServerKey>,
}

impl Sets {
    fn put(&mut self, set: SetId, entry: SetEntry) {
        if let Some(entries) = self.entries.get_mut(set.0 as usize) {
            entries.push(entry);
        }
    }

    /// "Handle traffic that loops back to the originator with SNAT": every endpoint on this node, ready or
    /// not.
    pub fn add_hairpins(&mut self, service: &ServicePortInfo, endpoints: &[EndpointInfo]) {
        for endpoint in endpoints.iter().filter(|e| e.local) {
            let (ip, port) = (endpoint.address.ip(), endpoint.address.port());
            self.put(LOOP_BACK, SetEntry::IpPortIp(ip, service.name.protocol, port, ip));
        }
    }

    pub fn add(&mut self, cfg: &ProxyConfig, service: &ServicePortInfo, wanted: &Wanted) {
        let protocol = service.name.protocol;
        let at = |ip: IpAddr| SetEntry::IpPort(ip, protocol, service.port);
        self.put(CLUSTER_IP, at(service.cluster_ip));
        let external = if service.external_policy_local { EXTERNAL_IP_LOCAL } else { EXTERNAL_IP };
        for ip in &service.external_ips {
            self.put(external, at(*ip));
        }
        for ip in &service.load_balancer_vips {
            self.put(LOAD_BALANCER, at(*ip));
            if service.external_policy_local {
                self.put(LOAD_BALANCER_LOCAL, at(*ip));
            }
            if !service.load_balancer_source_ranges.is_empty() {
                self.put(LOAD_BALANCER_FW, at(*ip));
                self.add_ranges(cfg, service, *ip);
            }
        }
        if service.node_port != 0 && wanted.node_port_ips.is_empty() {
            return;
        }
        self.add_node_port(service, &wanted.node_port_ips);
        if service.health_check_node_port != 0 {
            self.put(HEALTH_CHECK_NODE_PORT, SetEntry::Port(service.health_check_node_port));
        }
    }

    /// The sources that may call a load balancer's address. If the node itself calls it, that address is also
    /// the source, since kube-ipvs0 has it. So the node is allowed or denied separately (issue 119656).
    fn add_ranges(&mut self, cfg: &ProxyConfig, service: &ServicePortInfo, ip: IpAddr) {
        let (protocol, port) = (service.name.protocol, service.port);
        for range in &service.load_balancer_source_ranges {
            self.put(LOAD_BALANCER_SOURCE_CIDR, SetEntry::IpPortNet(ip, protocol, port, *range));
        }
        let ranges = &service.load_balancer_source_ranges;
        if cfg.node_ip().is_some_and(|node_ip| ranges.iter().any(|range| range.contains(node_ip))) {
            self.put(LOAD_BALANCER_SOURCE_IP, SetEntry::IpPortIp(ip, protocol, port, ip));
        } else {
            self.no_node_access.push(ServerKey { address: ip, port, protocol });
        }
    }

    fn add_node_port(&mut self, service: &ServicePortInfo, ips: &[IpAddr]) {
        let (all, local) = node_port_sets(service.name.protocol);
        let port = service.node_port;
        // The sets of TCP and UDP are bitmaps of ports, without a protocol.
        let entries: Vec<SetEntry> = match service.name.protocol == Protocol::Sctp {
            true => ips.iter().map(|ip| SetEntry::IpPort(*ip, Protocol::Sctp, port)).collect(),
            false if port == 0 => Vec::new(),
            false => vec![SetEntry::Port(port)],
        };
        for entry in entries {
            self.put(all, entry);
            if service.external_policy_local {
                self.put(local, entry);
            }
        }
    }

    /// The addresses of kube-ipvs0.
    pub fn add_bound(&mut self, addresses: &[IpAddr]) {
        addresses.iter().for_each(|ip| self.put(IPVS_IPS, SetEntry::Ip(*ip)));
    }

    pub fn finish(self, family: Family) -> Vec<IpSet> {
        let set = |((name, kind, _), entries): (&(&str, SetType, &str), Vec<SetEntry>)| {
            let mut set = IpSet::new(set_name(name, family), *kind, family);
            set.fill(entries);
            set
        };
        INFO.iter().zip(self.entries).map(set).collect()
    }
}

/// The names of IPv6 sets begin with `KUBE-6-`, and no set's is longer than the kernel allows
/// (IPSET_MAXNAMELEN): NewIPSet.
fn set_name(name: &str, family: Family) -> Str {
    if family == Family::V4 {
        return name.into();
    }
    let mut long = name.replacen("KUBE-", "KUBE-6-", 1);
    long.truncate(31);
    long.as_str().into()
}

/// The sets of a protocol's node ports: all, and those of policy Local.
pub fn node_port_sets(protocol: Protocol) -> (SetId, SetId) {
    match protocol {
        Protocol::Tcp => (NODE_PORT_TCP, NODE_PORT_LOCAL_TCP),
        Protocol::Udp => (NODE_PORT_UDP, NODE_PORT_LOCAL_UDP),
        Protocol::Sctp => (NODE_PORT_SCTP, NODE_PORT_LOCAL_SCTP),
        Protocol::Icmp => unreachable!("ICMP has no ports"),
    }
}
