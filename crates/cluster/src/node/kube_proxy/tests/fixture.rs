//! Services, EndpointSlices and addresses for tests.

use std::net::IpAddr;
use std::sync::Arc;

use crate::api::{
    AddressType, Endpoint, EndpointPort, EndpointSlice, LoadBalancerIngress, Meta, Service, ServicePort,
    ServiceSpec, ServiceType, TargetPort,
};
use crate::node::kube_proxy::{Ports, ProxyConfig, ProxyMode, build_rules, ports};
use crate::store::Objects;
use netfilter::{Family, Protocol, RuleSet, Rules};

pub const NODE: &str = "worker-1";
pub const NODE_IP: &str = "192.168.50.11";
pub const NODE_IP_ALT: &str = "192.168.51.11";
pub const POD: &str = "10.244.7.2";
pub const CLIENT: &str = "203.0.113.7";
pub const BLOCKED_CLIENT: &str = "203.0.113.200";
pub const CLUSTER_IP: &str = "10.96.0.41";
pub const EXTERNAL_IP: &str = "198.51.100.20";
pub const LB_IP: &str = "198.51.100.10";
pub const LB_IP_2: &str = "198.51.100.11";
pub const PODS: &str = "10.244.0.0/16";

/// What this node's kube-proxy has seen.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    pub services: Objects<Service>,
    pub slices: Objects<EndpointSlice>,
}

impl Seen {
    pub fn with(mut self, service: Service) -> Seen {
        self.services.insert(service.meta.key(), Arc::new(service));
        self
    }

    pub fn slice(mut self, slice: EndpointSlice) -> Seen {
        self.slices.insert(slice.meta.key(), Arc::new(slice));
        self
    }

    pub fn change_services(&mut self, change: impl Fn(&mut Service)) {
        let changed = self.services.iter().map(|service| {
            let mut service = Service::clone(service);
            change(&mut service);
            Arc::new(service)
        });
        self.services = changed.collect();
    }

    pub fn change_slices(&mut self, change: impl Fn(&mut EndpointSlice)) {
        let changed = self.slices.iter().map(|slice| {
            let mut slice = EndpointSlice::clone(slice);
            change(&mut slice);
            Arc::new(slice)
        });
        self.slices = changed.collect();
    }

    pub fn without_endpoints(mut self) -> Seen {
        self.slices = Objects::default();
        self
    }

    pub fn rules(&self, cfg: &ProxyConfig) -> RuleSet {
        RuleSet::clone(self.rules_of(ProxyMode::Iptables, cfg).iptables())
    }

    /// As a kube-proxy of that mode would write them.
    pub fn rules_of(&self, mode: ProxyMode, cfg: &ProxyConfig) -> Rules {
        build_rules(mode, cfg, &self.ports(cfg))
    }

    pub fn ports(&self, cfg: &ProxyConfig) -> Ports {
        ports((&self.services, &self.slices), &cfg.node_name, cfg.family)
    }
}

pub fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

pub fn config() -> ProxyConfig {
    ProxyConfig {
        node_name: NODE.into(),
        node_ips: vec![ip(NODE_IP), ip(NODE_IP_ALT)],
        cluster_cidr: Some(PODS.parse().unwrap()),
        service_cidrs: vec!["10.96.0.0/16".parse().unwrap()],
        ..ProxyConfig::default()
    }
}

fn meta(name: &str) -> Meta {
    Meta { name: name.into(), namespace: "shop".into(), ..Meta::default() }
}

pub fn port(name: &str, protocol: Protocol, number: u16, node_port: u16) -> ServicePort {
    let target_port = TargetPort::Number(number);
    ServicePort { name: name.into(), protocol, port: number, target_port, node_port, app_protocol: None }
}

pub fn http(node_port: u16) -> ServicePort {
    port("http", Protocol::Tcp, 80, node_port)
}

/// A ClusterIP Service of namespace `shop`.
pub fn service(name: &str, cluster_ip: &str, ports: &[ServicePort]) -> Service {
    let spec =
        ServiceSpec { ports: ports.to_vec(), cluster_ips: vec![ip(cluster_ip)], ..ServiceSpec::default() };
    Service { meta: meta(name), spec, ingress: Vec::new() }
}

pub fn load_balancer(name: &str, cluster_ip: &str, node_port: u16, vips: &[&str]) -> Service {
    let mut service = service(name, cluster_ip, &[http(node_port)]);
    service.spec.type_ = ServiceType::LoadBalancer;
    service.ingress = vips.iter().map(|v| LoadBalancerIngress { ip: ip(v), proxy: false }).collect();
    service
}

/// A ready endpoint.
pub fn endpoint(address: &str, node: Option<&str>) -> Endpoint {
    Endpoint {
        address: ip(address),
        other_addresses: Vec::new(),
        ready: true,
        serving: true,
        terminating: false,
        node: node.map(Into::into),
        zone: None,
        hostname: None,
        target: None,
        zone_hints: Vec::new(),
        node_hints: Vec::new(),
    }
}

pub fn terminating(address: &str, node: Option<&str>, serving: bool) -> Endpoint {
    Endpoint { ready: false, serving, terminating: true, ..endpoint(address, node) }
}

pub fn slice(service: &str, ports: &[(&str, Protocol, u16)], endpoints: &[Endpoint]) -> EndpointSlice {
    let port = |&(name, protocol, port): &(&str, Protocol, u16)| EndpointPort {
        name: name.into(),
        protocol,
        port,
        app_protocol: None,
    };
    EndpointSlice {
        meta: meta(&format!("{service}-x7k2p")),
        service: service.into(),
        address_type: AddressType::Ip(Family::V4),
        ports: ports.iter().map(port).collect(),
        endpoints: endpoints.to_vec(),
    }
}

pub fn http_slice(service: &str, endpoints: &[Endpoint]) -> EndpointSlice {
    slice(service, &[("http", Protocol::Tcp, 80)], endpoints)
}
