//! A cluster from a seed: what its kube-proxies are told, and their configuration.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use cluster::api::{
    AddressType, Endpoint, EndpointPort, EndpointSlice, LoadBalancerIngress, Meta, Service, ServicePort,
    ServiceSpec, ServiceType, SessionAffinity, Str, TargetPort, TrafficPolicy,
};
use cluster::node::kube_proxy::ProxyConfig;
use cluster::store::Objects;
use netfilter::{Cidr, Family, Protocol};

use crate::features::{Feature, Stale, Strict};
use crate::plan::{self, CLOSED_PORT, NODES, PODS, Place, TCP_PORTS, UDP_PORTS};
use crate::rng::Rng;
use crate::rules::Backend;

pub type Services = Objects<Service>;
pub type Slices = Objects<EndpointSlice>;

pub struct Cluster {
    pub seed: u64,
    pub family: Family,
    pub nodes: u8,
    pub backend: Backend,
    /// The same on each node, but for the node's own name and addresses.
    config: ProxyConfig,
    zones: Vec<Option<Str>>,
    pub services: Services,
    pub slices: Slices,
    pub stale: Option<Stale>,
    pub strict: Option<Strict>,
    /// What it has that few have.
    pub rarities: BTreeSet<Feature>,
}

pub const ZONES: [&str; 2] = ["zone-a", "zone-b"];

impl Cluster {
    pub fn generate(seed: u64) -> Cluster {
        let mut rng = Rng::new(seed);
        let family = if rng.percent(70) { Family::V4 } else { Family::V6 };
        let backend = Backend::of(&mut rng);
        let nodes = 2 + rng.small(NODES - 1);
        let zone = |rng: &mut Rng| (!rng.percent(15)).then(|| Str::from(ZONES[rng.below(ZONES.len())]));
        let mut cluster = Cluster {
            seed,
            family,
            nodes,
            backend,
            config: config(&mut rng, family),
            zones: (0..nodes).map(|_| zone(&mut rng)).collect(),
            services: Objects::default(),
            slices: Objects::default(),
            stale: None,
            strict: None,
            rarities: BTreeSet::new(),
        };
        for number in 0..=rng.small(5) {
            cluster.add_service(&mut rng, number);
        }
        cluster.vary();
        cluster
    }

    pub fn proxy_config(&self, node: u8) -> ProxyConfig {
        ProxyConfig {
            node_name: plan::node_name(node).into(),
            node_ips: vec![plan::node_ip(self.family, node)],
            zone: self.zones[usize::from(node)].clone(),
            ..self.config.clone()
        }
    }

    /// The Services and EndpointSlices, as a node's kube-proxy has seen them last.
    pub fn seen_by(&self, node: u8) -> (&Services, &Slices) {
        match self.stale.as_ref().filter(|stale| stale.node == node) {
            Some(stale) => (&stale.services, &stale.slices),
            None => (&self.services, &self.slices),
        }
    }

    pub fn config(&self) -> &ProxyConfig {
        &self.config
    }

    /// The places that a cluster has, but for the outside.
    pub fn places(&self) -> impl Iterator<Item = Place> {
        (0..self.nodes).flat_map(|n| (0..PODS).map(move |p| Place::Pod(n, p)).chain([Place::Node(n)]))
    }

    fn add_service(&mut self, rng: &mut Rng, number: u8) {
        let name = format!("svc-{number}");
        let meta = meta(&name);
        let spec = service_spec(rng, self.family, number);
        let ingress = ingress(rng, self.family, number, spec.type_);
        let ports = spec.ports.clone();
        let service = Service { meta, spec, ingress };
        self.services.insert(service.meta.key(), Arc::new(service));
        let hints = rng.small(4);
        let count = [0, 1, 1, 2, 3, 4, 5][rng.below(7)];
        let first = rng.below(2);
        // An address may be in two slices, with other conditions in each.
        for part in 0..=u8::from(rng.percent(20)) {
            let endpoints = self.endpoints(rng, count, hints);
            let slice = EndpointSlice {
                meta: self::meta(&format!("{name}-{part}")),
                service: name.as_str().into(),
                address_type: AddressType::Ip(self.family),
                ports: ports.iter().filter_map(|port| endpoint_port(rng, port, first)).collect(),
                endpoints,
            };
            self.slices.insert(slice.meta.key(), Arc::new(slice));
        }
    }

    fn endpoints(&self, rng: &mut Rng, count: usize, hints: u8) -> Vec<Endpoint> {
        let mut places: Vec<Place> = self.places().collect();
        rng.shuffle(&mut places);
        // Of the nodes' own processes (Pods of the host network) there are fewer.
        places.retain(|place| matches!(place, Place::Pod(..)) || rng.percent(25));
        let health = rng.below(5);
        places.into_iter().take(count).map(|place| self.endpoint(rng, place, health, hints)).collect()
    }

    pub fn endpoint(&self, rng: &mut Rng, place: Place, health: usize, hints: u8) -> Endpoint {
        let (Place::Pod(node, _) | Place::Node(node)) = place else { unreachable!("outside serves nobody") };
        // EndpointSlice conditions, ready, serving, terminating, as the controller sets them
        // (endpointslice utils.go, podToEndpoint), publishNotReadyAddresses among them.
        let conditions = match health {
            0 | 1 => (true, true, false),
            2 => [(false, true, true), (false, false, true), (false, false, false)][rng.below(3)],
            _ => {
                let any = [
                    (true, true, false),
                    (true, true, false),
                    (true, true, true),
                    (false, true, true),
                    (false, false, true),
                    (false, false, false),
                ];
                any[rng.below(any.len())]
            }
        };
        let zone = self.zones[usize::from(node)].clone();
        let zone_hint = match hints {
            1 => Some(Str::from(ZONES[rng.below(ZONES.len())])),
            2 => zone.clone(),
            _ => None,
        };
        let node_hints = if hints == 3 || (hints == 2 && rng.percent(20)) {
            vec![Str::from(plan::node_name(node))]
        } else {
            Vec::new()
        };
        Endpoint {
            address: match place {
                Place::Pod(node, _) if rng.percent(2) => plan::vacant_ip(self.family, node),
                Place::Pod(..) | Place::Node(_) | Place::Outside => plan::address_of(self.family, place),
            },
            other_addresses: Vec::new(),
            ready: conditions.0,
            serving: conditions.1,
            terminating: conditions.2,
            node: (!rng.percent(3)).then(|| plan::node_name(node).into()),
            zone,
            hostname: None,
            target: None,
            zone_hints: zone_hint.into_iter().collect(),
            node_hints,
        }
    }

    /// The Services, for a person who looks for a difference.
    pub fn describe(&self) -> String {
        let mut text = format!(
            "seed {}: {:?}, {}, {} nodes, zones {:?}\n{:?}\n{:?}\n",
            self.seed, self.family, self.backend, self.nodes, self.zones, self.config, self.strict
        );
        for service in self.services.iter() {
            text += &format!("{:?} {:?}\n", service.spec, service.ingress);
        }
        text += &describe_slices(&self.slices);
        if let Some(Stale { node, services, slices }) = &self.stale {
            text += &format!("node-{node} has seen of these last:\n");
            services.iter().for_each(|service| text += &format!("{:?}\n", service.spec));
            text += &describe_slices(slices);
        }
        text
    }
}

fn describe_slices(slices: &Slices) -> String {
    let mut text = String::new();
    for slice in slices.iter() {
        text += &format!("{} {:?}\n", slice.meta.name, slice.ports);
        slice.endpoints.iter().for_each(|endpoint| text += &format!("  {endpoint:?}\n"));
    }
    text
}

fn meta(name: &str) -> Meta {
    Meta { name: name.into(), namespace: "testbed".into(), ..Meta::default() }
}

fn config(rng: &mut Rng, family: Family) -> ProxyConfig {
    let node_port_addresses: Vec<Cidr> = match rng.below(8) {
        0 => vec![plan::segment(family)],
        1 => vec![plan::all_pods(family)],
        2 if family == Family::V4 => vec![plan::segment(family), plan::prefix(plan::loopback(family), 8)],
        _ => Vec::new(),
    };
    ProxyConfig {
        family,
        cluster_cidr: (!rng.percent(15)).then(|| plan::all_pods(family)),
        masquerade_all: rng.percent(12),
        masquerade_bit: if rng.percent(10) { 20 } else { 14 },
        service_cidrs: if rng.percent(20) { Vec::new() } else { vec![plan::service_range(family)] },
        random_fully: !rng.percent(10),
        node_port_addresses,
        localhost_node_ports: !rng.percent(20),
        tcp_be_liberal: rng.percent(25),
        large_cluster_endpoints: if rng.percent(10) { 0 } else { 1000 },
        cni_masquerade_cidr: (!rng.percent(35)).then(|| plan::all_pods(family)),
        ..ProxyConfig::default()
    }
}

fn policy(rng: &mut Rng) -> TrafficPolicy {
    if rng.percent(40) { TrafficPolicy::Local } else { TrafficPolicy::Cluster }
}

fn service_spec(rng: &mut Rng, family: Family, number: u8) -> ServiceSpec {
    let type_ = [ServiceType::ClusterIP, ServiceType::NodePort, ServiceType::LoadBalancer][rng.below(3)];
    let external = type_ != ServiceType::ClusterIP;
    let external_ips = if rng.percent(25) { vec![plan::public_ip(family, 40 + number)] } else { Vec::new() };
    let has_external = external || !external_ips.is_empty();
    let external_traffic_policy = has_external.then(|| policy(rng));
    let balanced = type_ == ServiceType::LoadBalancer;
    let local = external_traffic_policy == Some(TrafficPolicy::Local);
    // No `..`: a field that is added is either compared with the kernel, or said to be nothing to it.
    ServiceSpec {
        type_,
        selector: None,
        ports: ports(rng, number, external),
        headless: false,
        ip_families: Vec::new(),
        ip_family_policy: None,
        external_name: None,
        load_balancer_class: None,
        load_balancer_ip: None,
        publish_not_ready_addresses: false,
        allocate_load_balancer_node_ports: None,
        traffic_distribution: None,
        cluster_ips: vec![plan::cluster_ip(family, number)],
        external_ips,
        session_affinity: match rng.below(10) {
            0 => SessionAffinity::ClientIP { timeout_s: crate::affinity::SHORT_S },
            1 => SessionAffinity::default_client_ip(),
            _ => SessionAffinity::None,
        },
        external_traffic_policy,
        internal_traffic_policy: policy(rng),
        load_balancer_source_ranges: if balanced && rng.percent(40) {
            ranges(rng, family)
        } else {
            Vec::new()
        },
        health_check_node_port: if balanced && local { 32_000 + u16::from(number) } else { 0 },
    }
}

fn ranges(rng: &mut Rng, family: Family) -> Vec<Cidr> {
    let mut some = [
        Cidr::host(plan::client_ip(family, 0)),
        plan::segment(family),
        plan::all_pods(family),
        Cidr::host(plan::pod_ip(family, 0, 0)),
        Cidr::host(plan::node_ip(family, 1)),
    ];
    rng.shuffle(&mut some);
    some[..1 + rng.below(2)].to_vec()
}

fn ports(rng: &mut Rng, number: u8, external: bool) -> Vec<ServicePort> {
    let count = 1 + rng.small(3);
    let port = |rng: &mut Rng, i: u8| {
        let protocol = if rng.percent(35) { Protocol::Udp } else { Protocol::Tcp };
        ServicePort {
            app_protocol: None,
            name: if count == 1 && rng.percent(50) { "".into() } else { Str::from(format!("port-{i}")) },
            protocol,
            port: 80 + u16::from(i),
            target_port: TargetPort::Number(0),
            node_port: if external { 30_000 + 10 * u16::from(number) + u16::from(i) } else { 0 },
        }
    };
    let mut ports: Vec<ServicePort> = (0..count).map(|i| port(rng, i)).collect();
    if rng.percent(30) {
        // One number in two protocols, as DNS has it.
        let other = match ports[0].protocol {
            Protocol::Udp => Protocol::Tcp,
            Protocol::Tcp | Protocol::Sctp | Protocol::Icmp => Protocol::Udp,
        };
        let twin = ServicePort { name: "twin".into(), protocol: other, ..ports[0].clone() };
        ports[0].name = "first".into();
        ports.push(twin);
    }
    ports
}

/// Where a port leads. A named one that the Pods resolve to nothing is left out.
fn endpoint_port(rng: &mut Rng, port: &ServicePort, which: usize) -> Option<EndpointPort> {
    if rng.percent(5) {
        return None;
    }
    let listening = if port.protocol == Protocol::Udp { UDP_PORTS } else { TCP_PORTS };
    let number = if rng.percent(6) { CLOSED_PORT } else { listening[which] };
    Some(EndpointPort { name: port.name.clone(), protocol: port.protocol, port: number, app_protocol: None })
}

fn ingress(rng: &mut Rng, family: Family, number: u8, type_: ServiceType) -> Vec<LoadBalancerIngress> {
    if type_ != ServiceType::LoadBalancer || rng.percent(10) {
        return Vec::new();
    }
    let vip = |n: u8| -> IpAddr { plan::public_ip(family, n) };
    let mut all = vec![LoadBalancerIngress { ip: vip(number), proxy: rng.percent(20) }];
    if rng.percent(25) {
        all.push(LoadBalancerIngress { ip: vip(20 + number), proxy: rng.percent(20) });
    }
    all
}
