//! What only some clusters have, each by a dice of its own, so that whatever is added here leaves the
//! others as they are.

use std::sync::Arc;

use cluster::api::{Endpoint, EndpointSlice, Service, ServiceType, Str, TrafficPolicy};
use cluster::net::netfilter::{Family, Hook};
use cluster::node::kube_proxy::ProxyMode;

use crate::dice::Dice;
use crate::generate::{Cluster, Services, Slices, ZONES};
use crate::plan::{self, Place};
use crate::rules::Backend;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rarity {
    NodeBehind,
    ForwardDrops,
    InputDrops,
    NodeAsExternalIp,
    NoNodePorts,
    SeveralExternalIps,
    SeveralHints,
}

impl Rarity {
    pub const ALL: [Rarity; 7] = [
        Rarity::NodeBehind,
        Rarity::ForwardDrops,
        Rarity::InputDrops,
        Rarity::NodeAsExternalIp,
        Rarity::NoNodePorts,
        Rarity::SeveralExternalIps,
        Rarity::SeveralHints,
    ];

    pub fn label(self) -> &'static str {
        match self {
            Rarity::NodeBehind => "a node behind",
            Rarity::ForwardDrops => "a node's FORWARD DROP",
            Rarity::InputDrops => "a node's INPUT DROP",
            Rarity::NodeAsExternalIp => "external IP of a node",
            Rarity::NoNodePorts => "LB without NodePorts",
            Rarity::SeveralExternalIps => "several external IPs",
            Rarity::SeveralHints => "several hints",
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
        let dice = |purpose| Dice::of(self.seed, purpose);
        let (mut addresses, mut hints, mut behind) = (dice("addresses"), dice("hints"), dice("stale"));
        self.strict = strict(&mut dice("policy"), self.backend, self.family, self.nodes);
        let services = self.services.iter().enumerate();
        let varied = services.map(|(number, (key, service))| {
            let number = u8::try_from(number).unwrap_or(u8::MAX);
            (key.clone(), Arc::new(self.vary_service(&mut addresses, number, service)))
        });
        self.services = varied.collect();
        let varied = self.slices.iter().map(|(key, slice)| (key.clone(), self.vary_hints(&mut hints, slice)));
        self.slices = varied.collect();
        if behind.percent(30) {
            self.stale = Some(self.past(&mut behind));
        }
        self.rarities = Rarity::ALL.into_iter().filter(|rarity| self.has(*rarity)).collect();
    }

    fn has(&self, rarity: Rarity) -> bool {
        let mut specs = self.services.values().map(|service| &service.spec);
        let mut endpoints = self.slices.values().flat_map(|slice| &slice.endpoints);
        let drops = |hook| self.strict.is_some_and(|strict| strict.hook == hook);
        let is_node = |ip| (0..self.nodes).any(|node| plan::node_ip(self.family, node) == ip);
        match rarity {
            Rarity::NodeBehind => self.stale.is_some(),
            Rarity::ForwardDrops => drops(Hook::Forward),
            Rarity::InputDrops => drops(Hook::Input),
            Rarity::NodeAsExternalIp => specs.any(|spec| spec.external_ips.iter().any(|ip| is_node(*ip))),
            Rarity::NoNodePorts => specs.any(|spec| {
                spec.type_ == ServiceType::LoadBalancer && spec.ports.iter().all(|port| port.node_port == 0)
            }),
            Rarity::SeveralExternalIps => specs.any(|spec| spec.external_ips.len() > 1),
            Rarity::SeveralHints => endpoints.any(|e| e.zone_hints.len() > 1 || e.node_hints.len() > 1),
        }
    }

    fn vary_service(&self, dice: &mut Dice, number: u8, service: &Service) -> Service {
        let mut service = service.clone();
        let spec = &mut service.spec;
        if dice.percent(15) {
            spec.external_ips.push(plan::public_ip(self.family, 60 + number));
        }
        // A node's own address; each at most once, for two Services would have one port there.
        if number < self.nodes && dice.percent(15) {
            spec.external_ips.push(plan::node_ip(self.family, number));
        }
        // allocateLoadBalancerNodePorts: false
        if spec.type_ == ServiceType::LoadBalancer && dice.percent(25) {
            spec.ports.iter_mut().for_each(|port| port.node_port = 0);
        }
        service
    }

    /// Several hints for an endpoint.
    fn vary_hints(&self, dice: &mut Dice, slice: &EndpointSlice) -> Arc<EndpointSlice> {
        let mut slice = slice.clone();
        if dice.percent(25) {
            for endpoint in &mut slice.endpoints {
                add_hints(dice, self.nodes, endpoint);
            }
        }
        Arc::new(slice)
    }

    /// Some Services are not there yet or have another policy, some endpoints neither, and others are
    /// still there.
    fn past(&self, dice: &mut Dice) -> Stale {
        let node = dice.small(self.nodes);
        let mut services = self.services.clone();
        for (key, service) in &self.services {
            if dice.percent(15) {
                services.remove(key);
            } else if dice.percent(30) {
                services.insert(key.clone(), Arc::new(other_policy(service)));
            }
        }
        let slices = self.slices.iter().map(|(key, slice)| (key.clone(), self.past_slice(dice, slice)));
        Stale { node, services, slices: slices.collect() }
    }

    fn past_slice(&self, dice: &mut Dice, slice: &EndpointSlice) -> Arc<EndpointSlice> {
        let mut slice = slice.clone();
        let current: Vec<_> = slice.endpoints.iter().map(|endpoint| endpoint.address).collect();
        slice.endpoints.retain(|_| !dice.percent(25));
        let gone: Vec<Place> = self
            .places()
            .filter(|place| matches!(place, Place::Pod(..)))
            .filter(|place| !current.contains(&plan::address_of(self.family, *place)))
            .collect();
        if dice.percent(60) {
            slice.endpoints.extend(dice.pick(&gone).map(|place| self.endpoint(dice, *place, 0, 0)));
        }
        Arc::new(slice)
    }
}

fn add_hints(dice: &mut Dice, nodes: u8, endpoint: &mut Endpoint) {
    let zone = Str::from(ZONES[dice.below(ZONES.len())]);
    if !endpoint.zone_hints.contains(&zone) {
        endpoint.zone_hints.push(zone);
    }
    let node = Str::from(plan::node_name(dice.small(nodes)));
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
        spec.external_traffic_policy = other(spec.external_traffic_policy);
    }
    service
}

/// Not in IPv6, where neighbours find each other by packets that such a policy drops too.
fn strict(dice: &mut Dice, backend: Backend, family: Family, nodes: u8) -> Option<Strict> {
    // In mode nftables kube-proxy accepts nothing that iptables drops: there is less to see.
    let often = if backend.mode == ProxyMode::Iptables { 30 } else { 8 };
    let hook = if dice.percent(60) { Hook::Forward } else { Hook::Input };
    (family == Family::V4 && dice.percent(often)).then(|| Strict { node: dice.small(nodes), hook })
}
