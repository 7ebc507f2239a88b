//! Services and their endpoints, as many as are asked for.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use cluster::api::{
    AddressType, Endpoint, EndpointPort, EndpointSlice, Meta, NsName, Service, ServicePort, ServiceSpec,
    TargetPort,
};
use cluster::node::kube_proxy::ProxyConfig;
use cluster::store::Objects;
use netfilter::{Family, Protocol};

/// What a node's kube-proxy has seen.
pub struct Seen {
    pub services: Objects<Service>,
    pub slices: Objects<EndpointSlice>,
}

/// So many Services of so many endpoints, all of them on node-2.
pub fn seen(services: u32, endpoints: u32) -> Seen {
    Seen {
        services: (0..services).map(service).map(Arc::new).collect(),
        slices: (0..services).map(|n| Arc::new(slice(n, endpoints))).collect(),
    }
}

pub fn config(n: u8) -> ProxyConfig {
    ProxyConfig {
        node_name: format!("node-{n}").into(),
        node_ips: vec![[192, 168, 0, n].into()],
        cluster_cidr: "10.244.0.0/16".parse().ok(),
        service_cidrs: "10.96.0.0/12".parse().into_iter().collect(),
        cni_masquerade_cidr: "10.244.0.0/16".parse().ok(),
        ..ProxyConfig::default()
    }
}

pub fn cluster_ip(service: u32) -> IpAddr {
    Ipv4Addr::from(0x0a60_0001 + service).into()
}

fn meta(name: String) -> Meta {
    Meta { name: name.into(), namespace: "default".into(), ..Meta::default() }
}

fn service(n: u32) -> Service {
    let port = ServicePort {
        app_protocol: None,
        name: "http".into(),
        protocol: Protocol::Tcp,
        port: 80,
        target_port: TargetPort::Number(8080),
        node_port: 0,
    };
    let spec = ServiceSpec { ports: vec![port], cluster_ips: vec![cluster_ip(n)], ..ServiceSpec::default() };
    Service { meta: meta(format!("svc-{n}")), spec, ingress: Vec::new() }
}

fn slice(n: u32, endpoints: u32) -> EndpointSlice {
    let endpoint = |e: u32| Endpoint {
        address: Ipv4Addr::from(0x0af4_0200 + (n * endpoints + e)).into(),
        other_addresses: Vec::new(),
        ready: true,
        serving: true,
        terminating: false,
        node: Some("node-2".into()),
        zone: None,
        hostname: None,
        target: None,
        zone_hints: Vec::new(),
        node_hints: Vec::new(),
    };
    EndpointSlice {
        meta: meta(format!("svc-{n}-abcde")),
        service: NsName::new("default", &format!("svc-{n}")).name,
        address_type: AddressType::Ip(Family::V4),
        ports: vec![EndpointPort {
            name: "http".into(),
            protocol: Protocol::Tcp,
            port: 8080,
            app_protocol: None,
        }],
        endpoints: (0..endpoints).map(endpoint).collect(),
    }
}
