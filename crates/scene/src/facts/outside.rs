//! Who calls: clients outside, calls of Pods inside, and the cloud's load balancers.

use std::net::SocketAddr;

use cluster::api::{ClientFrom, Name, NsName, ServiceType, Uid};
use cluster::sim::World;
use cluster::traffic::{Client, ClientId, Target};
use litemap::LiteMap;

#[derive(Clone, Debug, PartialEq)]
pub struct ClientFacts {
    pub id: ClientId,
    pub name: Name,
    pub ip: String,
    /// The Service that it calls, where it calls one.
    pub service: Option<Uid>,
    pub target: String,
    pub rate_milli: u32,
}

/// A call that a Pod makes as a client.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    pub client: ClientId,
    pub service: Option<Uid>,
    /// The client's own name, where it is another one than its Pod's: `by-name`.
    pub name: Option<String>,
    /// `cart`, or the host that leads nowhere.
    pub target: String,
    pub rate_milli: u32,
}

#[derive(Clone, Debug, PartialEq)]
pub struct BalancerFacts {
    pub service: Uid,
    /// `198.51.100.7:80`; `None` until the cloud has provisioned it.
    pub address: Option<String>,
    pub healthy: usize,
    pub nodes: usize,
}

pub(super) fn clients(world: &World) -> Vec<ClientFacts> {
    let outside = |client: &&Client| matches!(client.spec.from, ClientFrom::Outside { .. });
    let facts = |client: &Client| ClientFacts {
        id: client.id,
        name: client.spec.name.clone(),
        ip: client.addresses.map(|ips| ips.primary().to_string()).unwrap_or_default(),
        service: called_service(world, client, "default"),
        target: target_text(client),
        rate_milli: client.spec.rate_milli,
    };
    world.traffic().clients.values().filter(outside).map(facts).collect()
}

/// The calls of each Pod. A workload's Pods take turns, so each is shown the whole call.
pub(super) fn calls_by_pod(world: &World) -> LiteMap<Uid, Vec<Call>> {
    let mut calls: LiteMap<Uid, Vec<Call>> = LiteMap::new();
    for client in world.traffic().clients.values() {
        let ClientFrom::Workload { namespace, .. } = &client.spec.from else { continue };
        let target = target_text(client);
        let name = crate::words::own_name(&client.spec.name, &target);
        for pod in world.client_pods(&client.spec.from) {
            let call = Call {
                client: client.id,
                service: called_service(world, client, namespace),
                name: Some(name.to_owned()).filter(|name| !pod.meta.name.starts_with(&**name)),
                target: target.clone(),
                rate_milli: client.spec.rate_milli,
            };
            calls.entry(pod.meta.uid).or_default().push(call);
        }
    }
    calls
}

/// The Service that a client calls, by name or by one of its addresses.
pub(super) fn called_service(world: &World, client: &Client, namespace: &str) -> Option<Uid> {
    let services = &world.store().services;
    let uid = |key: &NsName| services.get(key).map(|s| s.meta.uid);
    match client.target.as_ref()? {
        Target::WayIn { service, .. } => uid(service),
        Target::Host { host, port } => match host.parse() {
            Ok(ip) => {
                let of_node = world.machines().values().any(|m| m.stack.has_address(ip));
                let is_its = |s: &&std::sync::Arc<cluster::api::Service>| {
                    s.spec.cluster_ips.contains(&ip)
                        || s.ingress.iter().any(|i| i.ip == ip)
                        || s.spec.external_ips.contains(&ip)
                        || of_node && s.spec.ports.iter().any(|p| p.node_port == *port)
                };
                services.iter().find(is_its).map(|s| s.meta.uid)
            }
            Err(_) => uid(&world.service_named(namespace, host)?),
        },
    }
}

fn target_text(client: &Client) -> String {
    match &client.target {
        Some(Target::WayIn { service, .. }) => service.name.to_string(),
        Some(target @ Target::Host { host, .. }) if host.parse::<std::net::IpAddr>().is_ok() => {
            target.to_string()
        }
        Some(Target::Host { host, .. }) => host.to_string(),
        None => client.spec.to.to_string(),
    }
}

pub(super) fn balancers(world: &World) -> Vec<BalancerFacts> {
    let cloud = world.cloud();
    let services = world.store().services.iter().filter(|s| s.spec.type_ == ServiceType::LoadBalancer);
    let facts = |service: &std::sync::Arc<cluster::api::Service>| {
        let balancer = cloud.balancers.get(&service.meta.key())?;
        let port = service.spec.ports.first().map_or(0, |p| p.port);
        Some(BalancerFacts {
            service: service.meta.uid,
            address: balancer.ips.map(|ips| SocketAddr::new(*ips.primary(), port).to_string()),
            healthy: balancer.eligible().count(),
            nodes: balancer.targets.len(),
        })
    };
    services.filter_map(facts).collect()
}
