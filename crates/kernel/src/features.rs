//! What only some clusters have, each by a generator of its own, so that whatever is added here leaves the
//! others as they are.

use std::sync::Arc;

use cluster::api::{Endpoint, EndpointSlice, Service, ServiceType, Str, TrafficPolicy};
use cluster::node::kube_proxy::ProxyMode;
use netfilter::{Family, Hook};

use crate::generate::{Cluster, Services, Slices, ZONES};
use crate::plan::{self, Place};
use crate::rng::Rng;
use crate::rules::Backend;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Feature {
    NodeBehind,
    ForwardDrops,
    InputDrops,
    NodeAsExternalIp,
    NoNodePorts,
    SeveralExternalIps,
    SeveralHints,
}

impl Feature {
    pub const ALL: [Feature; 7] = [
        Feature::NodeBehind,
        Feature::ForwardDrops,
        Feature::InputDrops,
        Feature::NodeAsExternalIp,
        Feature::NoNodePorts,
        Feature::SeveralExternalIps,
        Feature::SeveralHints,
    ];

    pub fn label(self) -> &'static str {
        match self {
            Feature::NodeBehind => "a node behind",
            Feature::ForwardDrops => "a node's FORWARD DROP",
            Feature::InputDrops => "a node's INPUT DROP",
            Feature::NodeAsExternalIp => "external IP of a node",
            Feature::NoNodePorts => "LB without NodePorts",
            Feature::SeveralExternalIps => "several external IPs",
            Feature::SeveralHints => "several hints",
        }
    }
}

/// What a node's kube-proxy has seen last, when it is behind.
pub struct Stale {
    pub node: u8,
    pub services: Services,
    pub slices: Slices,
}

/// A node on which somebody has given a chain of the filter table the policy DROP.
#[derive(Clone, Copy, Debug)]
pub struct Strict {
    pub node: u8,
    pub hook: Hook,
}

impl Cluster {
    pub fn vary(&mut self) {
        let rng = |purpose| Rng::of(self.seed, purpose);
        let (mut addresses, mut hints, mut behind) = (rng("addresses"), rng("hints"), rng("stale"));
        self.strict = strict(&mut rng("policy"), self.backend, self.family, self.nodes);
        let services = self.services.iter().enumerate();
        let varied = services.map(|(number, service)| {
            let number = u8::try_from(number).unwrap_or(u8::MAX);
            Arc::new(self.vary_service(&mut addresses, number, service))
        });
        self.services = varied.collect();
        let varied = self.slices.iter().map(|slice| self.vary_hints(&mut hints, slice));
        self.slices = varied.collect();
        if behind.percent(30) {
            self.stale = Some(self.past(&mut behind));
        }
        self.rarities = Feature::ALL.into_iter().filter(|rarity| self.has(*rarity)).collect();
    }

    fn has(&self, rarity: Feature) -> bool {
        let mut specs = self.services.iter().map(|service| &service.spec);
        let mut endpoints = self.slices.iter().flat_map(|slice| &slice.endpoints);
        let drops = |hook| self.strict.is_some_and(|strict| strict.hook == hook);
        let is_node = |ip| (0..self.nodes).any(|node| plan::node_ip(self.family, node) == ip);
        match rarity {
            Feature::NodeBehind => self.stale.is_some(),
            Feature::ForwardDrops => drops(Hook::Forward),
            Feature::InputDrops => drops(Hook::Input),
            Feature::NodeAsExternalIp => specs.any(|spec| spec.external_ips.iter().any(|ip| is_node(*ip))),
            Feature::NoNodePorts => specs.any(|spec| {
                spec.type_ == ServiceType::LoadBalancer && spec.ports.iter().all(|port| port.node_port == 0)
            }),
            Feature::SeveralExternalIps => specs.any(|spec| spec.external_ips.len() > 1),
            Feature::SeveralHints => endpoints.any(|e| e.zone_hints.len() > 1 || e.node_hints.len() > 1),
        }
    }

    fn vary_service(&self, rng: &mut Rng, number: u8, service: &Service) -> Service {
        let mut service = service.clone();
        let spec = &mut service.spec;
        if rng.percent(15) {
            spec.external_ips.push(plan::public_ip(self.family, 60 + number));
        }
        // A node's own address; each at most once, for two Services would have one port there.
        if number < self.nodes && rng.percent(15) {
            spec.external_ips.push(plan::node_ip(self.family, number));
        }
        // allocateLoadBalancerNodePorts: false
        if spec.type_ == ServiceType::LoadBalancer && rng.percent(25) {
            spec.ports.iter_mut().for_each(|port| port.node_port = 0);
        }
        service
    }

    /// Several hints for an endpoint.
    fn vary_hints(&self, rng: &mut Rng, slice: &EndpointSlice) -> Arc<EndpointSlice> {
        let mut slice = slice.clone();
        if rng.percent(25) {
            for endpoint in &mut slice.endpoints {
                add_hints(rng, self.nodes, endpoint);
            }
        }
        Arc::new(slice)
    }

    /// Some Services are not there yet or have another policy, some endpoints neither, and others are
    /// still there.
    fn past(&self, rng: &mut Rng) -> Stale {
        let node = rng.small(self.nodes);
        let mut services = self.services.clone();
        for service in self.services.iter() {
            let key = service.meta.key();
            if rng.percent(15) {
                services.remove(&key);
            } else if rng.percent(30) {
                services.insert(key, Arc::new(other_policy(service)));
            }
        }
        let slices = self.slices.iter().map(|slice| self.past_slice(rng, slice));
        Stale { node, services, slices: slices.collect() }
    }

    fn past_slice(&self, rng: &mut Rng, slice: &EndpointSlice) -> Arc<EndpointSlice> {
        let mut slice = slice.clone();
        let current: Vec<_> = slice.endpoints.iter().map(|endpoint| endpoint.address).collect();
        slice.endpoints.retain(|_| !rng.percent(25));
        let gone: Vec<Place> = self
            .places()
            .filter(|place| matches!(place, Place::Pod(..)))
            .filter(|place| !current.contains(&plan::address_of(self.family, *place)))
            .collect();
        if rng.percent(60) {
            slice.endpoints.extend(rng.pick(&gone).map(|place| self.endpoint(rng, *place, 0, 0)));
        }
        Arc::new(slice)
    }
}

fn add_hints(rng: &mut Rng, nodes: u8, endpoint: &mut Endpoint) {
    let zone = Str::from(ZONES[rng.below(ZONES.len())]);
    if !endpoint.zone_hints.contains(&zone) {
        endpoint.zone_hints.push(zone);
    }
    let node = Str::from(plan::node_name(rng.small(nodes)));
    if !endpoint.node_hints.is_empty() && !endpoint.node_hints.contains(&node) {
        endpoint.node_hints.push(node);
    }
}

fn other_policy(service: &Service) -> Service {
    let other = |policy| match policy {
        TrafficPolicy::Local => TrafficPolicy::Cluster,
        TrafficPolicy::Cluster => TrafficPolicy::Local,
    };
    let mut service = service.clone();
    let spec = &mut service.spec;
    spec.internal_traffic_policy = other(spec.internal_traffic_policy);
    if spec.type_ != ServiceType::ClusterIP || !spec.external_ips.is_empty() {
        spec.external_traffic_policy = spec.external_traffic_policy.map(other);
    }
    service
}

/// Not in IPv6, where neighbours find each other by packets that such a policy drops too.
fn strict(rng: &mut Rng, backend: Backend, family: Family, nodes: u8) -> Option<Strict> {
    // In mode nftables kube-proxy accepts nothing that iptables drops: there is less to see.
    let often = if backend.mode == ProxyMode::Iptables { 30 } else { 8 };
    let hook = if rng.percent(60) { Hook::Forward } else { Hook::Input };
    (family == Family::V4 && rng.percent(often)).then(|| Strict { node: rng.small(nodes), hook })
}
