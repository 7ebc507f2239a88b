//! The result of a load balancer's health check of a node, and when the load balancer acts on it.
//! Source: pkg/proxy/healthcheck (service_health.go, proxy_health.go), cloud-provider.
//!
//! kube-proxy serves the check: for externalTrafficPolicy Cluster on port 10256, for Local on the Service's
//! healthCheckNodePort. A kube-proxy that is cut off from the API server still replies as before.

use std::net::IpAddr;

use super::load_balancer::LoadBalancer;
use crate::api::{NsName, Service, TrafficPolicy, Uid};
use crate::node::kube_proxy::endpoints_map;
use crate::node::{Machine, Proxier};
use crate::sim::{Event, Span, World};
use crate::store::IndexKey;
use netfilter::Family;
use std::collections::BTreeSet;

/// kube-proxy's `healthzBindAddress`.
const HEALTHZ_PORT: u16 = 10_256;

/// One node's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HealthCheck {
    pub port: u16,
    /// 200 or 503; `None` if there is no response.
    pub status: Option<u16>,
    /// For policy Local: the ready endpoints on the node, as its kube-proxy knows them.
    pub local_endpoints: Option<u32>,
}

impl HealthCheck {
    pub fn is_ok(&self) -> bool {
        self.status == Some(200)
    }
}

impl World {
    /// The result that a Service's load balancer would get from a node now.
    pub fn health_check(&self, service: &Service, node: Uid) -> HealthCheck {
        let spec = &service.spec;
        let local =
            spec.external_traffic_policy == Some(TrafficPolicy::Local) && spec.health_check_node_port != 0;
        let port = if local { spec.health_check_node_port } else { HEALTHZ_PORT };
        let silent = HealthCheck { port, status: None, local_endpoints: None };
        let answers = |m: &&Machine| m.power && !m.proxy.paused && m.proxy.synced_at().is_some();
        let Some(machine) = self.machines.get(&node).filter(answers) else { return silent };
        if !local {
            let going = self.store.node(&machine.name).is_none_or(|n| n.is_to_be_deleted());
            let is_unhealthy = going || self.is_late(machine);
            return HealthCheck { status: Some(if is_unhealthy { 503 } else { 200 }), ..silent };
        }
        // A proxier opens the health check port when it writes its rules, on the node's addresses of its family. The
        // load balancer asks at one of the Service's first family.
        let family = self.ip_families(service).primary_family();
        let Some(proxier) = machine.proxy.proxiers.get(family) else { return silent };
        let known = proxier.written.services.get(&service.meta.key());
        if known.is_none_or(|s| s.spec.health_check_node_port != port) {
            return silent;
        }
        let count = local_ready(proxier, family, &machine.name, &service.meta.key());
        let is_ok = count > 0 && !self.is_late(machine);
        HealthCheck { port, status: Some(if is_ok { 200 } else { 503 }), local_endpoints: Some(count) }
    }

    /// cmd/kube-proxy server.go, newProxyServer.
    pub(crate) fn proxy_health_timeout(&self) -> Span {
        self.timing.proxy_sync_period + self.timing.proxy_sync_period
    }

    /// A change has waited for too long to be written (proxy_health.go, isHealthy).
    fn is_late(&self, machine: &Machine) -> bool {
        let (now, timeout) = (self.clock.now(), self.proxy_health_timeout());
        let late = |proxier: &Proxier| proxier.queued_since.is_some_and(|since| since + timeout <= now);
        machine.proxy.proxiers.values().any(late)
    }

    /// Called after a change on the node that may change health check results. A load balancer acts on a new
    /// result only after it came several times in a row.
    pub(crate) fn recheck_health(&mut self, node: Uid) {
        let services: Vec<NsName> = self.cloud.balancers.keys().cloned().collect();
        for service in services {
            self.recheck_service_health(&service, node);
        }
    }

    pub(super) fn recheck_service_health(&mut self, key: &NsName, node: Uid) {
        let Some(service) = self.store.services.get(key) else { return };
        let is_ok = self.health_check(service, node).is_ok();
        let Some(balancer) = self.cloud.balancers.get_mut(key).filter(|b| b.ips.is_some()) else { return };
        if balancer.healthy.contains(&node) == is_ok {
            balancer.turning.remove(&node);
            return;
        }
        if balancer.turning.contains_key(&node) {
            return;
        }
        balancer.checks += 1;
        let check = balancer.checks;
        balancer.turning.insert(node, check);
        let at = self.clock.now() + self.timing.load_balancer_health;
        self.schedule(at, Event::HealthChecked { service: key.clone(), node, check });
    }

    pub(crate) fn health_checked(&mut self, key: &NsName, node: Uid, check: u32) {
        let Some(balancer) = self.cloud.balancers.get_mut(key) else { return };
        if balancer.turning.get(&node) != Some(&check) {
            return;
        }
        balancer.turning.remove(&node);
        if !balancer.healthy.remove(&node) {
            balancer.healthy.insert(node);
        }
        self.touch_all_services();
    }
}

impl LoadBalancer {
    /// The nodes that the load balancer sends new connections to.
    pub fn eligible(&self) -> impl Iterator<Item = Uid> {
        self.targets.iter().copied().filter(|node| self.healthy.contains(node))
    }
}

/// How many ready endpoint addresses of the Service are on the node, each counted once. A slice without ports does
/// not count (pkg/proxy/endpointschangetracker.go, EndpointsMap.getLocalReadyEndpointIPs).
fn local_ready(proxier: &Proxier, family: Family, node_name: &str, service: &NsName) -> u32 {
    let mut slices = proxier.written.slices.by_index(IndexKey::Service(service.clone()));
    let endpoints = endpoints_map(&mut slices, node_name, family);
    let here = endpoints.values().flatten().filter(|e| e.local && e.ready);
    let found: BTreeSet<IpAddr> = here.map(|e| e.address.ip()).collect();
    u32::try_from(found.len()).unwrap_or(u32::MAX)
}
