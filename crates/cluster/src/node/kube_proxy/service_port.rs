//! What kube-proxy keeps of each port of each Service (pkg/proxy/serviceport.go).

use litemap::LiteMap;
use std::net::IpAddr;
use std::sync::Arc;

use super::ServicePortName;
use crate::api::{NsName, Service, ServicePort, ServiceSpec, ServiceType, SessionAffinity, TrafficPolicy};
use netfilter::{Cidr, Family, Owner};

/// The ports of all Services, by name. Upstream walks them in Go's map order, which is random;
/// here they have the order of their names.
pub type ServicePortMap = LiteMap<Arc<ServicePortName>, ServicePortInfo>;

/// One port of one Service, in one family (BaseServicePortInfo).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServicePortInfo {
    pub name: Arc<ServicePortName>,
    /// The label of its rules.
    pub owner: Owner,
    pub cluster_ip: IpAddr,
    pub port: u16,
    /// 0 when there is none.
    pub node_port: u16,
    pub external_ips: Vec<IpAddr>,
    /// Only addresses with `ipMode: VIP`.
    pub load_balancer_vips: Vec<IpAddr>,
    pub load_balancer_source_ranges: Vec<Cidr>,
    /// Seconds of ClientIP affinity.
    pub affinity_s: Option<u32>,
    /// 0 when there is none.
    pub health_check_node_port: u16,
    pub external_policy_local: bool,
    pub internal_policy_local: bool,
}

impl ServicePortInfo {
    pub fn externally_accessible(&self) -> bool {
        self.node_port != 0 || !self.load_balancer_vips.is_empty() || !self.external_ips.is_empty()
    }

    /// True even if both policies are Local but the Service has an external address: traffic to it from Pods and
    /// from the node itself is short-circuited to all endpoints.
    pub fn uses_cluster_endpoints(&self) -> bool {
        !self.internal_policy_local || self.externally_accessible()
    }

    pub fn uses_local_endpoints(&self) -> bool {
        self.internal_policy_local || (self.external_policy_local && self.externally_accessible())
    }
}

/// ServicePortMap.Update, built from scratch, for these Services. If two ports of a Service have the same
/// name and protocol, the later one wins; the API server does not allow that.
pub fn service_port_map(services: &mut dyn Iterator<Item = &Arc<Service>>, family: Family) -> ServicePortMap {
    let mut map = ServicePortMap::new();
    for service in services {
        let Some(cluster_ip) = proxied_ip(service, family) else { continue };
        for port in &service.spec.ports {
            let info = service_port_info(&service.meta.key(), service, port, cluster_ip);
            map.insert(info.name.clone(), info);
        }
    }
    map
}

/// The ClusterIP of the family, unless kube-proxy passes over the Service.
fn proxied_ip(service: &Service, family: Family) -> Option<IpAddr> {
    if !super::is_proxied(service) {
        return None;
    }
    service.spec.cluster_ips.iter().copied().find(|ip| Family::of(*ip) == family)
}

/// newBaseServiceInfo: addresses and ranges of the other family are left out.
fn service_port_info(
    key: &NsName,
    service: &Service,
    port: &ServicePort,
    cluster_ip: IpAddr,
) -> ServicePortInfo {
    // No field is passed over by a `..`: kube-proxy reads one that is added, or it is said here that it does not.
    let ServiceSpec {
        type_,
        external_ips,
        session_affinity,
        internal_traffic_policy,
        load_balancer_source_ranges,
        health_check_node_port,
        // By `is_external_policy_local`, and by the callers.
        external_traffic_policy: _,
        ports: _,
        headless: _,
        cluster_ips: _,
        // By others than kube-proxy.
        selector: _,
        ip_families: _,
        ip_family_policy: _,
        external_name: _,
        load_balancer_class: _,
        load_balancer_ip: _,
        publish_not_ready_addresses: _,
        allocate_load_balancer_node_ports: _,
        traffic_distribution: _,
    } = &service.spec;
    let family = Family::of(cluster_ip);
    let same_family = |ip: &IpAddr| Family::of(*ip) == family;
    let external_policy_local = service.spec.is_external_policy_local();
    let vips = service.ingress.iter().filter(|ingress| !ingress.proxy).map(|ingress| ingress.ip);
    let needs_health_check = *type_ == ServiceType::LoadBalancer && external_policy_local;
    let name = ServicePortName { service: key.clone(), port: port.name.clone(), protocol: port.protocol };
    ServicePortInfo {
        owner: name.owner(),
        name: Arc::new(name),
        cluster_ip,
        port: port.port,
        node_port: port.node_port,
        external_ips: external_ips.iter().copied().filter(same_family).collect(),
        load_balancer_vips: vips.filter(same_family).collect(),
        load_balancer_source_ranges: source_ranges(load_balancer_source_ranges, family),
        affinity_s: match session_affinity {
            SessionAffinity::None => None,
            SessionAffinity::ClientIP { timeout_s } => Some(*timeout_s),
        },
        health_check_node_port: if needs_health_check { *health_check_node_port } else { 0 },
        external_policy_local,
        internal_policy_local: *internal_traffic_policy == TrafficPolicy::Local,
    }
}

/// If one range contains every address, the list is treated as empty (IsZeroCIDR, since 1.34: an ipset of
/// IPVS mode cannot hold a prefix of length 0).
fn source_ranges(ranges: &[Cidr], family: Family) -> Vec<Cidr> {
    let own = || ranges.iter().copied().filter(|range| Family::of(range.address()) == family);
    if own().any(|range| range.length() == 0) { Vec::new() } else { own().collect() }
}
