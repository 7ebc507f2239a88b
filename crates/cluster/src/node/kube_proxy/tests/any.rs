//! Generates Services, endpoints and configurations for property tests.

use proptest::prelude::*;

use super::fixture::{NODE, NODE_IP, PODS, Seen, config, endpoint, http, ip, port, service, slice};
use crate::api::{Endpoint, LoadBalancerIngress, Service, ServiceType, SessionAffinity, TrafficPolicy};
use crate::node::kube_proxy::{PodInterface, ProxyConfig};
use netfilter::{Cidr, InterfaceName, Protocol};

fn policy() -> impl Strategy<Value = TrafficPolicy> {
    prop_oneof![Just(TrafficPolicy::Cluster), Just(TrafficPolicy::Local)]
}

fn prefixes(texts: &[&str]) -> Vec<Cidr> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

/// None, Pods, some clients, this node, the whole world, single addresses.
fn source_ranges() -> impl Strategy<Value = Vec<Cidr>> {
    let kinds: [&[&str]; 6] = [
        &[],
        &[PODS],
        &["203.0.113.0/25"],
        &["192.168.50.0/24", PODS],
        &["0.0.0.0/0"],
        &["192.168.50.11/32", "203.0.113.7/32"],
    ];
    (0..kinds.len()).prop_map(move |kind| prefixes(kinds[kind]))
}

pub fn any_service() -> impl Strategy<Value = Service> {
    let kind = prop_oneof![
        Just(ServiceType::ClusterIP),
        Just(ServiceType::NodePort),
        Just(ServiceType::LoadBalancer)
    ];
    let flags = prop::array::uniform5(any::<bool>());
    let all = (kind, policy(), policy(), flags);
    (all, source_ranges()).prop_map(|((kind, external, internal, flags), ranges)| {
        let [external_ip, affinity, proxy, pending, without_node_port] = flags;
        let is_balanced = kind == ServiceType::LoadBalancer;
        // allocateLoadBalancerNodePorts
        let has_node_port = kind == ServiceType::NodePort || is_balanced && !without_node_port;
        let mut service = service("web", "10.96.0.41", &[http(if has_node_port { 30080 } else { 0 })]);
        service.spec.type_ = kind;
        service.spec.external_traffic_policy = Some(external);
        service.spec.internal_traffic_policy = internal;
        if external_ip {
            service.spec.external_ips = vec![ip("198.51.100.20")];
        }
        if affinity {
            service.spec.session_affinity = SessionAffinity::ClientIP { timeout_s: 60 };
        }
        if is_balanced {
            let ingress = LoadBalancerIngress { ip: ip("198.51.100.10"), proxy };
            service.ingress = (!pending).then_some(ingress).into_iter().collect();
            service.spec.health_check_node_port = 31000;
            service.spec.load_balancer_source_ranges = ranges;
        }
        service
    })
}

pub fn any_endpoint() -> impl Strategy<Value = Endpoint> {
    let hints = (any::<bool>(), any::<bool>());
    let conditions = (any::<bool>(), any::<bool>(), any::<bool>());
    (0u8..20, 0u8..3, conditions, hints).prop_map(|(last, node, conditions, hints)| {
        let node = [None, Some(NODE), Some("worker-2")][usize::from(node)];
        let (ready, serving, terminating) = conditions;
        let mut endpoint = endpoint(&format!("10.244.1.{last}"), node);
        (endpoint.ready, endpoint.serving, endpoint.terminating) = (ready, serving, terminating);
        if hints.0 {
            endpoint.zone_hints = vec!["a".into()];
        }
        if hints.1 {
            endpoint.node_hints = vec![NODE.into()];
        }
        endpoint
    })
}

pub fn any_config() -> impl Strategy<Value = ProxyConfig> {
    let flags = prop::array::uniform7(any::<bool>());
    let node = format!("{NODE_IP}/32");
    let node_port_addresses = move |kind: usize| {
        let kinds: [&[&str]; 5] =
            [&[], &[&node], &["192.168.0.0/16"], &[&node, "127.0.0.0/8"], &["0.0.0.0/0"]];
        prefixes(kinds[kind])
    };
    let bits = prop_oneof![Just(14), Just(0), Just(31)];
    let pod_interface = prop_oneof![
        3 => Just(None),
        1 => prop::sample::select(vec![("cni0", false), ("docker0", false), ("cni", true), ("veth", true)])
            .prop_map(|(name, is_prefix)| InterfaceName::new(name).map(|name| PodInterface { name, is_prefix })),
    ];
    let rest = (bits, any::<bool>(), pod_interface);
    (flags, 0..5usize, rest).prop_map(move |(flags, addresses, (masquerade_bit, large, pod_interface))| {
        let [detector, masquerade_all, localhost_node_ports, random_fully, tcp_be_liberal, cni, nfacct] =
            flags;
        ProxyConfig {
            cluster_cidr: config().cluster_cidr.filter(|_| detector),
            pod_interface,
            masquerade_all,
            masquerade_bit,
            random_fully,
            localhost_node_ports,
            tcp_be_liberal,
            nfacct,
            large_cluster_endpoints: if large { 2 } else { 1000 },
            zone: Some("a".into()),
            node_port_addresses: node_port_addresses(addresses),
            cni_masquerade_cidr: PODS.parse().ok().filter(|_| cni),
            ..config()
        }
    })
}

/// Services with their endpoints, of which each has up to six. Every other one has a UDP port too. No two
/// share a ClusterIP, a NodePort or a load balancer, as the API server and the cloud ensure; but they may share an
/// external IP.
pub fn any_seen() -> impl Strategy<Value = Seen> {
    let one = (any_service(), prop::collection::vec(any_endpoint(), 0..7));
    (prop::collection::vec(one, 0..5), any::<bool>()).prop_map(|(services, shared)| seen(services, shared))
}

fn seen(services: Vec<(Service, Vec<Endpoint>)>, shared: bool) -> Seen {
    let mut seen = Seen::default();
    for (n, (service, endpoints)) in (0u16..).zip(services) {
        let service = numbered(service, n, shared);
        let name = service.meta.name.clone();
        let targets = [("http", Protocol::Tcp, 8080), ("udp", Protocol::Udp, 5353)];
        seen = seen.with(service).slice(slice(&name, &targets, &endpoints));
    }
    seen
}

/// The n-th Service, with a name, addresses and ports of its own.
pub fn numbered(mut service: Service, n: u16, shared: bool) -> Service {
    service.meta.name = format!("web-{n}").as_str().into();
    service.spec.cluster_ips = vec![ip(&format!("10.96.0.{n}"))];
    let has_node_port = service.spec.ports[0].node_port != 0;
    let node_port = |number| if has_node_port { number + n } else { 0 };
    let udp = port("udp", Protocol::Udp, 80, node_port(30180));
    service.spec.ports =
        [http(node_port(30080))].into_iter().chain(n.is_multiple_of(2).then_some(udp)).collect();
    if service.spec.health_check_node_port != 0 {
        service.spec.health_check_node_port += n;
    }
    for address in &mut service.spec.external_ips {
        *address = ip(&format!("198.51.100.{}", if shared { 20 } else { 20 + n }));
    }
    for ingress in &mut service.ingress {
        ingress.ip = ip(&format!("198.51.100.{}", 10 + n));
    }
    service
}
