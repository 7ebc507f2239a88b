//! Which flows a cluster is asked about.

use std::net::{IpAddr, SocketAddr};

use cluster::api::{Service, SessionAffinity};
use netfilter::{Family, Protocol, Tuple};

use crate::generate::Cluster;
use crate::model::Origin;
use crate::plan::{self, CLOSED_PORT, Place};
use crate::rng::Rng;

/// A client, and where it wants to go.
#[derive(Clone, Copy, Debug)]
pub struct Flow {
    pub origin: Origin,
    /// What the packets are expected to have as their source.
    pub source: IpAddr,
    pub protocol: Protocol,
    pub to: SocketAddr,
    /// Flows with the same number are asked one after the other: they meet one memory, the
    /// affinity of one Service.
    pub group: Option<usize>,
}

impl Flow {
    pub fn tuple(&self, port: u16) -> Tuple {
        Tuple {
            src: self.source,
            src_port: port,
            dst: self.to.ip(),
            dst_port: self.to.port(),
            protocol: self.protocol,
        }
    }
}

impl std::fmt::Display for Flow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} ({}) > {}", self.protocol.as_str(), self.origin.place, self.source, self.to)?;
        match self.origin.place {
            Place::Outside => write!(f, " by node-{}", self.origin.via),
            Place::Pod(..) | Place::Node(_) => Ok(()),
        }
    }
}

/// Somewhere to go, before it is known who goes there.
#[derive(Clone, Copy, Debug)]
struct Target {
    protocol: Protocol,
    to: SocketAddr,
    group: Option<usize>,
    /// Only from there does the address mean something.
    only_from: Option<Place>,
}

/// `count` flows, drawn from all that the cluster has.
pub fn draw(cluster: &Cluster, rng: &mut Rng, count: usize) -> Vec<Flow> {
    let of_services = service_targets(cluster);
    let others = other_targets(cluster, rng);
    let mut flows = Vec::new();
    while flows.len() < count {
        let list = if of_services.is_empty() || rng.percent(12) { &others } else { &of_services };
        let Some(target) = rng.pick(list) else { break };
        flows.push(flow(cluster, rng, target));
    }
    flows
}

fn flow(cluster: &Cluster, rng: &mut Rng, target: &Target) -> Flow {
    let place = target.only_from.unwrap_or_else(|| source(cluster, rng));
    let via = match (0..cluster.nodes).find(|n| plan::node_ip(cluster.family, *n) == target.to.ip()) {
        // To a node by way of another one: that one only forwards.
        Some(node) if !rng.percent(10) => node,
        _ => rng.small(cluster.nodes),
    };
    from(cluster.family, place, via, rng.small(2), target)
}

fn from(family: Family, place: Place, via: u8, client: u8, target: &Target) -> Flow {
    let source = match place {
        Place::Pod(..) => plan::address_of(family, place),
        Place::Node(node) => plan::source_on_node(family, node, target.to.ip()),
        Place::Outside => plan::client_ip(family, client),
    };
    Flow {
        origin: Origin { place, via },
        source,
        protocol: target.protocol,
        to: target.to,
        group: target.group,
    }
}

fn source(cluster: &Cluster, rng: &mut Rng) -> Place {
    let places: Vec<Place> = cluster.places().collect();
    let nodes = |place: &&Place| matches!(place, Place::Node(_));
    match rng.below(10) {
        0..5 => *rng.pick(&places).unwrap_or(&Place::Outside),
        5..7 => **rng.pick(&places.iter().filter(nodes).collect::<Vec<_>>()).unwrap_or(&&Place::Outside),
        _ => Place::Outside,
    }
}

fn service_targets(cluster: &Cluster) -> Vec<Target> {
    let mut targets = Vec::new();
    for (number, service) in cluster.services.iter().enumerate() {
        for (i, port) in service.spec.ports.iter().enumerate() {
            let sticky = service.spec.session_affinity != SessionAffinity::None;
            let target = |ip: IpAddr, port_number: u16, only_from| Target {
                protocol: port.protocol,
                to: SocketAddr::new(ip, port_number),
                group: sticky.then_some(number * 16 + i),
                only_from,
            };
            for ip in addresses(service) {
                targets.push(target(ip, port.port, None));
            }
            if port.node_port != 0 {
                targets.extend(node_ports(cluster).map(|(ip, from)| target(ip, port.node_port, from)));
            }
        }
    }
    targets
}

fn addresses(service: &Service) -> impl Iterator<Item = IpAddr> {
    let spec = &service.spec;
    let vips = service.ingress.iter().map(|ingress| ingress.ip);
    // The ClusterIP twice: it is what most traffic goes to.
    spec.cluster_ips.iter().chain(&spec.cluster_ips).chain(&spec.external_ips).copied().chain(vips)
}

/// Every address on which a NodePort may be asked for.
fn node_ports(cluster: &Cluster) -> impl Iterator<Item = (IpAddr, Option<Place>)> {
    let family = cluster.family;
    (0..cluster.nodes).flat_map(move |node| {
        [
            (plan::node_ip(family, node), None),
            (plan::bridge_ip(family, node), None),
            (plan::loopback(family), Some(Place::Node(node))),
        ]
    })
}

/// What is no Service's: Pods themselves, addresses that nobody has, ports that nobody serves.
fn other_targets(cluster: &Cluster, rng: &mut Rng) -> Vec<Target> {
    let family = cluster.family;
    let mut targets = Vec::new();
    let mut add = |ip: IpAddr, protocol: Protocol, port: u16| {
        let to = SocketAddr::new(ip, port);
        targets.push(Target { protocol, to, group: None, only_from: None });
    };
    let places: Vec<Place> = cluster.places().collect();
    for _ in 0..4 {
        let place = *rng.pick(&places).unwrap_or(&Place::Node(0));
        let ip = plan::address_of(family, place);
        add(ip, Protocol::Tcp, plan::TCP_PORTS[rng.below(2)]);
        add(ip, Protocol::Udp, plan::UDP_PORTS[rng.below(2)]);
    }
    let place = *rng.pick(&places).unwrap_or(&Place::Node(0));
    add(plan::address_of(family, place), Protocol::Tcp, CLOSED_PORT);
    add(plan::address_of(family, place), Protocol::Udp, CLOSED_PORT);
    add(plan::vacant_ip(family, rng.small(cluster.nodes)), Protocol::Tcp, 80);
    // An address that the ServiceCIDR has and no Service.
    add(plan::cluster_ip(family, 100), Protocol::Tcp, 80);
    for service in cluster.services.iter() {
        let spec = &service.spec;
        for ip in &spec.cluster_ips {
            add(*ip, Protocol::Tcp, 81 + 10);
            // UDP on a port that may be TCP's alone.
            if spec.session_affinity == SessionAffinity::None {
                add(*ip, Protocol::Udp, 80);
            }
        }
        if spec.health_check_node_port != 0 {
            add(plan::node_ip(family, rng.small(cluster.nodes)), Protocol::Tcp, spec.health_check_node_port);
        }
    }
    targets
}

/// Somebody's flow to a port of a Service's ClusterIP.
pub fn to_cluster_ip(cluster: &Cluster, rng: &mut Rng, number: usize, service: &Service) -> Option<Flow> {
    let i = rng.below(service.spec.ports.len());
    let (ip, port) = (service.spec.cluster_ips.first()?, service.spec.ports.get(i)?);
    let sticky = service.spec.session_affinity != SessionAffinity::None;
    let target = Target {
        protocol: port.protocol,
        to: SocketAddr::new(*ip, port.port),
        group: sticky.then_some(number * 16 + i),
        only_from: None,
    };
    Some(flow(cluster, rng, &target))
}
