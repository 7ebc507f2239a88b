//! Virtual servers, and their addresses on kube-ipvs0.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use crate::node::kube_proxy::{Categorized, EndpointInfo, Port, ProxyConfig, ServicePortInfo, categorize};
use netfilter::{Family, ServerKey, VirtualServer};

/// The real servers of one service port.
#[derive(Clone, Debug)]
pub struct RealServers {
    /// For its ClusterIP.
    pub internal: Arc<[SocketAddr]>,
    /// For its other addresses.
    pub external: Arc<[SocketAddr]>,
}

pub(super) struct Servers<'a> {
    cfg: &'a ProxyConfig,
    /// The node's own addresses, those that NodePorts are open on.
    node_port_ips: Vec<IpAddr>,
    /// Each with whether its address is added to kube-ipvs0.
    all: Vec<(VirtualServer, bool)>,
}

/// What was made for one service port.
pub(super) struct Wanted {
    /// The addresses on which its NodePort is open. If there is none, upstream skips the rest of the service
    /// port, including its health check port.
    pub node_port_ips: Vec<IpAddr>,
}

impl<'a> Servers<'a> {
    pub fn new(cfg: &'a ProxyConfig) -> Servers<'a> {
        Servers { cfg, node_port_ips: node_port_ips(cfg), all: Vec::new() }
    }

    /// "Build IPVS rules for each service", without the sets.
    pub fn add(&mut self, service: &ServicePortInfo, behind: &RealServers) -> Wanted {
        let RealServers { internal, external } = behind;
        self.put(service, (service.cluster_ip, service.port), internal, true);
        for ip in service.external_ips.iter().chain(&service.load_balancer_vips) {
            // An address that the node already has is not added to the dummy interface.
            let bound = !self.cfg.node_ips.contains(ip);
            self.put(service, (*ip, service.port), external, bound);
        }
        let node_port_ips = if service.node_port == 0 { Vec::new() } else { self.node_port_ips.clone() };
        for ip in &node_port_ips {
            self.put(service, (*ip, service.node_port), external, false);
        }
        Wanted { node_port_ips }
    }

    /// The servers by key, and kube-ipvs0's addresses.
    ///
    /// If two service ports share an external address and port, the later one gets it; upstream, the one that
    /// Go's map order happens to visit last.
    pub fn finish(self) -> (Vec<VirtualServer>, Vec<IpAddr>) {
        let mut all = self.all;
        all.sort_by_key(|(server, _)| server.key);
        let mut bound: Vec<IpAddr> =
            all.iter().filter(|(_, bound)| *bound).map(|(s, _)| s.key.address).collect();
        bound.dedup();
        let mut servers: Vec<VirtualServer> = Vec::with_capacity(all.len());
        for (server, _) in all {
            match servers.last_mut().filter(|last| last.key == server.key) {
                Some(earlier) => *earlier = server,
                None => servers.push(server),
            }
        }
        (servers, bound)
    }

    fn put(
        &mut self,
        service: &ServicePortInfo,
        (address, port): (IpAddr, u16),
        real_servers: &Arc<[SocketAddr]>,
        bound: bool,
    ) {
        let key = ServerKey { address, port, protocol: service.name.protocol };
        let server = VirtualServer {
            key,
            scheduler: self.cfg.ipvs_scheduler,
            persistence_s: service.affinity_s,
            real_servers: real_servers.clone(),
            owner: service.owner.clone(),
        };
        self.all.push((server, bound));
    }
}

/// The real servers of one service port.
pub(super) fn real_servers_of(cfg: &ProxyConfig, port: &Port) -> RealServers {
    let Port { service, endpoints } = port;
    let found = categorize(endpoints, service, &cfg.node_name, cfg.zone.as_deref());
    RealServers {
        internal: real_servers(endpoints, &found, service.internal_policy_local),
        external: real_servers(endpoints, &found, service.external_policy_local),
    }
}

/// syncEndpoint: for policy Local the local endpoints or, if this node has none, those of policy Cluster. A
/// port with internalTrafficPolicy Local that is not reachable from outside has no endpoints of policy
/// Cluster either, and so no real server (ServicePort.UsesClusterEndpoints).
fn real_servers(endpoints: &[EndpointInfo], found: &Categorized, local_only: bool) -> Arc<[SocketAddr]> {
    let local = found.local.as_ref().filter(|local| local_only && !local.is_empty());
    let chosen = local.or(found.cluster.as_ref());
    chosen.into_iter().flatten().map(|at| endpoints[*at].address).collect()
}

/// GetAllLocalAddressesExcept(kube-ipvs0), or those of them in `nodePortAddresses`. Loopback is never
/// included: in this mode NodePorts are not open on 127.0.0.1.
fn node_port_ips(cfg: &ProxyConfig) -> Vec<IpAddr> {
    let own = |ip: &&IpAddr| Family::of(**ip) == cfg.family && !ip.is_loopback();
    let prefixes = cfg.node_port_addresses.iter().filter(|c| Family::of(c.address()) == cfg.family);
    let all = prefixes.clone().next().is_none() || prefixes.clone().any(|c| c.length() == 0);
    let open = |ip: &&IpAddr| all || prefixes.clone().any(|prefix| prefix.contains(**ip));
    cfg.node_ips.iter().filter(own).filter(open).copied().collect()
}
