//! The cloud's service controller and its load balancers. Source: cloud-provider
//! controllers/service/controller.go.
//!
//! The load balancer modelled here passes packets through unchanged (the node sees the virtual
//! address), sends each flow to one node that its health checks find healthy, and is not in the
//! way of the reply. Proxies that open a connection of their own come with `ipMode: Proxy`.

use crate::ordered::{Map, Set};
use std::net::{IpAddr, Ipv4Addr};

use crate::api::{LoadBalancerIngress, NsName, Service, ServiceType, Uid};
use crate::sim::{Controller, Event, LogEntry, Refusal, World};

/// What the cloud holds.
#[derive(Clone, Debug, Default)]
pub struct Cloud {
    pub balancers: Map<NsName, LoadBalancer>,
    /// Nodes that answer kube-proxy's health check (port 10256).
    pub healthy: Set<Uid>,
    next_address: u32,
}

#[derive(Clone, Debug)]
pub struct LoadBalancer {
    /// The Service it was made for; a namesake made later gets another.
    pub service: Uid,
    /// `None` while the cloud is still at work.
    pub ip: Option<IpAddr>,
    request: u32,
}

/// TEST-NET-2 (RFC 5737): the addresses that our cloud gives.
const FIRST_ADDRESS: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 1);
const ADDRESSES: u32 = 254;

impl World {
    pub(crate) fn reconcile_cloud(&mut self) {
        let wanted: Vec<(NsName, Uid)> = self
            .store
            .services
            .iter()
            .filter(|s| wants_balancer(s))
            .map(|s| (s.meta.key(), s.meta.uid))
            .collect();
        self.release_balancers(&wanted);
        for (key, uid) in wanted {
            if self.cloud.balancers.contains_key(&key) {
                continue;
            }
            self.cloud.next_address += 1;
            let request = self.cloud.next_address;
            self.touched.scene = true;
            self.cloud.balancers.insert(key.clone(), LoadBalancer { service: uid, ip: None, request });
            self.record(LogEntry::EnsuringLoadBalancer { service: key.clone() });
            let at = self.now + self.timing.load_balancer_provision;
            self.schedule(at, Event::Cloud { service: key, request });
        }
    }

    fn release_balancers(&mut self, wanted: &[(NsName, Uid)]) {
        let gone: Vec<NsName> = self
            .cloud
            .balancers
            .iter()
            .filter(|(key, lb)| !wanted.iter().any(|(k, uid)| k == *key && *uid == lb.service))
            .map(|(key, _)| key.clone())
            .collect();
        for key in gone {
            self.cloud.balancers.remove(&key);
            self.touched.scene = true;
            self.record(LogEntry::DeletedLoadBalancer { service: key.clone() });
            if self.store.services.get(&key).is_some_and(|s| !s.ingress.is_empty()) {
                self.update_object::<Service>(&key, |s| s.ingress.clear());
            }
        }
    }

    /// The cloud has an address for the load balancer.
    pub(crate) fn cloud_answers(&mut self, key: &NsName, request: u32) {
        let ip = self.free_balancer_address();
        let Some(balancer) = self.cloud.balancers.get_mut(key) else { return };
        if balancer.request != request {
            return;
        }
        let Some(ip) = ip else {
            self.record(LogEntry::Refused { refusal: Refusal::LoadBalancersExhausted });
            return;
        };
        balancer.ip = Some(ip);
        self.record(LogEntry::EnsuredLoadBalancer { service: key.clone(), ip });
        self.update_object::<Service>(key, |s| {
            s.ingress = vec![LoadBalancerIngress { ip, proxy: false }];
        });
        self.enqueue(Controller::Cloud);
    }

    fn free_balancer_address(&self) -> Option<IpAddr> {
        let taken: Set<IpAddr> = self.cloud.balancers.values().filter_map(|lb| lb.ip).collect();
        (0..ADDRESSES)
            .map(|i| IpAddr::from(Ipv4Addr::from(u32::from(FIRST_ADDRESS) + i)))
            .find(|ip| !taken.contains(ip))
    }

    /// The load balancer that an address belongs to.
    pub(crate) fn balancer_at(&self, ip: IpAddr) -> Option<&NsName> {
        self.cloud.balancers.iter().find(|(_, lb)| lb.ip == Some(ip)).map(|(key, _)| key)
    }
}

fn wants_balancer(service: &Service) -> bool {
    service.spec.type_ == ServiceType::LoadBalancer
        && service.spec.load_balancer_class.is_none()
        && service.meta.deleted.is_none()
}
