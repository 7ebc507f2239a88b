//! The cloud's service controller and its load balancers. Source: cloud-provider
//! controllers/service/controller.go.
//!
//! The load balancer modelled here sends each flow to one healthy node of its target set. With `ipMode: VIP` it
//! forwards packets unchanged (the node sees the virtual address), and replies bypass it. With `ipMode: Proxy` it
//! replaces the source with its own address and the destination with the node port: it rewrites addresses as a
//! proxy would, but has no TCP connections of its own.

use litemap::LiteMap;
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use crate::api::{CloudProvider, LoadBalancerIngress, NsName, Service, ServiceType, Uid};
use crate::net::Prefixes;
use crate::sim::{Event, LogEntry, Refusal, WorkItem, World};
use netfilter::{Family, PerFamily};

/// The cloud's state.
#[derive(Clone, Debug, Default)]
pub struct Cloud {
    pub balancers: LiteMap<NsName, LoadBalancer>,
    next_address: u32,
}

#[derive(Clone, Debug)]
pub struct LoadBalancer {
    /// The Service that it was made for. If that is deleted and recreated, a new load balancer is made.
    pub service: Uid,
    /// `None` until the cloud has provisioned it.
    pub ips: Option<PerFamily<IpAddr>>,
    /// Of which an address each was asked for.
    families: PerFamily<()>,
    /// The nodes that the service controller gave it, healthy or not.
    pub targets: BTreeSet<Uid>,
    /// The nodes that its health checks find healthy, in `targets` or not.
    pub healthy: BTreeSet<Uid>,
    /// Nodes whose check result has changed, with the id of the check at which the load balancer acts on it.
    pub(super) turning: LiteMap<Uid, u32>,
    pub(super) checks: u32,
    request: u32,
}

impl Cloud {
    pub(crate) fn forget_node(&mut self, node: Uid) {
        for (_, balancer) in self.balancers.iter_mut() {
            balancer.targets.remove(&node);
            balancer.healthy.remove(&node);
            balancer.turning.remove(&node);
        }
    }
}

/// The load balancers' addresses: TEST-NET-2 (RFC 5737), and an IPv6 range.
pub(crate) const BALANCERS: Prefixes = Prefixes { v4: "198.51.100.0/24", v6: "2001:db8:100::/64" };

impl World {
    /// Makes the Service's load balancer, gives it back, or gives it its nodes.
    pub(crate) fn reconcile_load_balancer(&mut self, key: &NsName) {
        if self.config.cloud.address_pool().is_some() {
            return self.reconcile_pool_addresses(key);
        }
        let service = self.store.services.get(key).filter(|_| self.config.cloud.makes_balancers());
        let wanted = service.filter(|s| wants_balancer(s)).map(|s| (s.meta.uid, self.ip_families(s)));
        let has = self.cloud.balancers.get(key).map(|balancer| balancer.service);
        if has.is_some() && has != wanted.map(|(service, _)| service) {
            self.release_balancer(key);
        }
        match wanted {
            None => {}
            Some((service, families)) if has == Some(service) => {
                let (known, ips) = (self.cloud.balancers[key].families, self.cloud.balancers[key].ips);
                if known != families {
                    self.request_addresses(key, families);
                } else if let Some(ips) = ips.filter(|_| self.has_no_ingress(key)) {
                    // It was of another type for so short a time that its balancer is still there.
                    self.report_addresses(key, ips);
                }
                self.sync_targets(key, &self.balanced_nodes());
            }
            Some((service, families)) => self.request_balancer(key, service, families),
        }
    }

    fn request_balancer(&mut self, key: &NsName, service: Uid, families: PerFamily<()>) {
        let balancer = LoadBalancer {
            service,
            ips: None,
            families,
            targets: self.balanced_nodes(),
            healthy: BTreeSet::new(),
            turning: LiteMap::new(),
            checks: 0,
            request: 0,
        };
        self.cloud.balancers.insert(key.clone(), balancer);
        self.request_addresses(key, families);
    }

    /// Of a load balancer whose Service has other families now, too (cloud-provider/controllers/service, needsUpdate):
    /// it has its old addresses until the cloud answers.
    fn request_addresses(&mut self, key: &NsName, families: PerFamily<()>) {
        self.cloud.next_address += 1;
        let request = self.cloud.next_address;
        self.changes.scene = true;
        let Some(balancer) = self.cloud.balancers.get_mut(key) else { return };
        balancer.families = families;
        balancer.request = request;
        self.record(LogEntry::EnsuringLoadBalancer { service: key.clone() });
        let at = self.clock.now() + self.timing.load_balancer_provision;
        self.schedule(at, Event::Cloud { service: key.clone(), request });
    }

    /// After a change of the nodes (C-05; upstream syncs every 100 s, and when a node is added, deleted or relabelled).
    pub(crate) fn reconcile_balanced_nodes(&mut self) {
        let targets = self.balanced_nodes();
        let keys: Vec<NsName> = self.cloud.balancers.keys().cloned().collect();
        for key in keys {
            self.sync_targets(&key, &targets);
        }
        self.reconcile_announcements();
    }

    /// Updates a load balancer's target set and health checks.
    fn sync_targets(&mut self, key: &NsName, targets: &BTreeSet<Uid>) {
        if let Some(balancer) = self.cloud.balancers.get_mut(key).filter(|b| b.targets != *targets) {
            balancer.targets = targets.clone();
            self.touch_all_services();
        }
        let nodes: Vec<Uid> = self.machines.keys().copied().collect();
        for node in nodes {
            self.recheck_service_health(key, node);
        }
    }

    fn balanced_nodes(&self) -> BTreeSet<Uid> {
        let mut nodes = BTreeSet::new();
        for node in self.store.nodes.iter().filter(|n| n.takes_balanced_traffic()) {
            nodes.insert(node.meta.uid);
        }
        nodes
    }

    /// cloud-provider/controllers/service, syncLoadBalancerIfNeeded: both are said.
    fn release_balancer(&mut self, key: &NsName) {
        self.record(LogEntry::DeletingLoadBalancer { service: key.clone() });
        self.cloud.balancers.remove(key);
        self.changes.scene = true;
        self.record(LogEntry::DeletedLoadBalancer { service: key.clone() });
        if self.store.services.get(key).is_some_and(|s| !s.ingress.is_empty()) {
            self.update_object::<Service>(key, |s| s.ingress.clear());
        }
    }

    /// The cloud has provisioned a load balancer and reports its addresses.
    pub(crate) fn cloud_answers(&mut self, key: &NsName, request: u32) {
        let is_answered = |balancer: &LoadBalancer| balancer.request == request;
        if !self.cloud.balancers.get(key).is_some_and(is_answered) {
            return;
        }
        // Of one that is of another type by now the balancer is about to be released.
        let Some(service) = self.store.services.get(key).filter(|service| wants_balancer(service)) else {
            return;
        };
        let ips = match self.balancer_addresses(service) {
            Ok(ips) => ips,
            Err(refusal) => return self.record(LogEntry::Refused { refusal }),
        };
        if let Some(balancer) = self.cloud.balancers.get_mut(key) {
            balancer.ips = Some(ips);
        }
        self.check_health_at_once(key);
        for ip in ips.values() {
            self.record(LogEntry::EnsuredLoadBalancer { service: key.clone(), ip: *ip });
        }
        self.report_addresses(key, ips);
        self.enqueue(WorkItem::LoadBalancer(key.clone()));
    }

    fn has_no_ingress(&self, key: &NsName) -> bool {
        self.store.services.get(key).is_some_and(|service| service.ingress.is_empty())
    }

    /// Writes a balancer's addresses into its Service's status.
    fn report_addresses(&mut self, key: &NsName, ips: PerFamily<IpAddr>) {
        let proxy = self.config.cloud == CloudProvider::Proxy;
        self.update_object::<Service>(key, |s| {
            s.ingress = ips.values().map(|ip| LoadBalancerIngress { ip: *ip, proxy }).collect();
        });
    }

    /// Changes `ipMode` of every load balancer, in the Services' status and in its behaviour. Open connections
    /// keep the mode that they began with.
    pub(crate) fn set_ip_mode(&mut self, proxy: bool) -> Result<(), Refusal> {
        if !self.config.cloud.makes_balancers() {
            return Err(Refusal::NoCloud);
        }
        Arc::make_mut(&mut self.config).cloud = CloudProvider::of_ip_mode(proxy);
        self.changes.scene = true;
        let has_other_mode = |s: &&Arc<Service>| s.ingress.iter().any(|ingress| ingress.proxy != proxy);
        let keys: Vec<NsName> =
            self.store.services.iter().filter(has_other_mode).map(|s| s.meta.key()).collect();
        for key in keys {
            self.update_object::<Service>(&key, |s| {
                s.ingress.iter_mut().for_each(|ingress| ingress.proxy = proxy);
            });
        }
        Ok(())
    }

    /// Takes over the results of health checks at once: they have run while the load balancer was provisioned.
    fn check_health_at_once(&mut self, key: &NsName) {
        let Some(service) = self.store.services.get(key).cloned() else { return };
        let mut healthy = BTreeSet::new();
        for node in self.machines.keys() {
            if self.health_check(&service, *node).is_ok() {
                healthy.insert(*node);
            }
        }
        if let Some(balancer) = self.cloud.balancers.get_mut(key) {
            balancer.healthy = healthy;
        }
    }

    /// An address of each of the Service's families: the one that it has, or one that is free.
    fn balancer_addresses(&self, service: &Service) -> Result<PerFamily<IpAddr>, Refusal> {
        let had = self.cloud.balancers.get(&service.meta.key()).and_then(|balancer| balancer.ips);
        self.ip_families(service).try_map(|family, ()| {
            let kept = had.and_then(|ips| ips.get(family).copied());
            kept.or_else(|| self.free_balancer_address(family)).ok_or(Refusal::LoadBalancersExhausted)
        })
    }

    fn free_balancer_address(&self, family: Family) -> Option<IpAddr> {
        let given = self.cloud.balancers.values().filter_map(|balancer| balancer.ips);
        let taken: BTreeSet<IpAddr> = given.filter_map(|ips| ips.get(family).copied()).collect();
        let network = BALANCERS.of(family);
        (1..255).filter_map(|n| network.nth(n)).find(|ip| !taken.contains(ip))
    }

    /// The load balancer that an address belongs to.
    pub(crate) fn balancer_at(&self, ip: IpAddr) -> Option<&NsName> {
        self.cloud
            .balancers
            .iter()
            .find(|(_, lb)| lb.ips.is_some_and(|ips| ips.contains(&ip)))
            .map(|(key, _)| key)
    }
}

/// wantsLoadBalancer; MetalLB's filterByLoadBalancerClass, too.
pub(super) fn wants_balancer(service: &Service) -> bool {
    service.spec.type_ == ServiceType::LoadBalancer
        && service.spec.load_balancer_class.is_none()
        && service.meta.deleted.is_none()
}
