//! Which address a request goes to, and what a process keeps of DNS' answers.

use std::net::IpAddr;

use super::client::Caller;
use super::{Client, Target};
use crate::api::{CloudProvider, NsName, Resolve, Service, ServicePort, ServiceType, Str};
use crate::dns::{self, Answer, ResolvConf, Shuffle};
use crate::node::Machine;
use crate::sim::{Purpose, Span, Time, World};
use crate::trace::{Outcome, Place};
use netfilter::{Family, Protocol};

/// What a process was told when it asked DNS.
#[derive(Clone, Copy, Debug)]
pub(super) struct Resolved {
    address: IpAddr,
    at: Time,
    /// How often its container was restarted, or its node was started, by then.
    start: u32,
}

/// Where a request goes, and when its name was resolved, if that was for an earlier one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Destination {
    pub address: IpAddr,
    pub port: u16,
    pub resolved: Option<Time>,
}

impl World {
    /// The name that a request has to ask the cluster's DNS for, and its port.
    pub(super) fn to_look_up(&self, client: &Client, caller: &Caller) -> Option<(ResolvConf, Str, u16)> {
        let Some(Target::Host { host, port }) = &client.target else { return None };
        let is_known = host.parse::<IpAddr>().is_ok() || self.known_address(client, caller).is_some();
        let conf = self.resolv_conf_of(client, caller);
        (!is_known && self.asks_the_cluster(&conf)).then(|| (conf, host.clone(), *port))
    }

    fn resolv_conf_of(&self, client: &Client, caller: &Caller) -> ResolvConf {
        let pod = caller.pod.and_then(|pod| self.pods.get(&pod));
        match (client.addresses, pod) {
            (None, Some(pod)) => self.resolv_conf_of_pod(&pod.key.namespace, pod.spec()),
            (None, None) => self.resolv_conf_of_node(),
            (Some(_), _) => ResolvConf::outside(),
        }
    }

    /// The destination of a request: from a name, an address, or a Service's external address.
    pub(super) fn destination(
        &mut self,
        client: &Client,
        caller: &Caller,
        ordinal: u64,
    ) -> Result<Destination, Outcome> {
        match client.target.as_ref().ok_or(Outcome::Unresolved)? {
            Target::WayIn { service, port } => {
                let (address, port) = self.way_in(client, caller, (service, *port), ordinal)?;
                let port = if client.spec.protocol == Protocol::Icmp { 0 } else { port };
                Ok(Destination { address, port, resolved: None })
            }
            Target::Host { host, port } => {
                if let Some(Resolved { address, at, start: _ }) = self.known_address(client, caller) {
                    return Ok(Destination { address, port: *port, resolved: Some(at) });
                }
                let address = self.address_named(client, caller, host, ordinal).ok_or(Outcome::Unresolved)?;
                self.keep_address(client, caller, address);
                Ok(Destination { address, port: *port, resolved: None })
            }
        }
    }

    /// What the process was told when it last asked, if it goes by that still.
    fn known_address(&self, client: &Client, caller: &Caller) -> Option<Resolved> {
        let (process, start) = self.process_of(caller);
        let known = *client.resolved.get(&process).filter(|known| known.start == start)?;
        let is_valid = match client.spec.resolve {
            Resolve::EachTime => false,
            Resolve::Ttl => self.clock.now() < known.at + Span::from_secs(dns::TTL.into()),
            Resolve::Once => true,
        };
        is_valid.then_some(known)
    }

    pub(super) fn keep_address(&mut self, client: &Client, caller: &Caller, address: IpAddr) {
        if client.spec.resolve == Resolve::EachTime {
            return;
        }
        let ((process, start), at) = (self.process_of(caller), self.clock.now());
        let Some(client) = self.traffic.clients.get_mut(&client.id) else { return };
        // One for each process that is there.
        client.resolved.retain(|place, _| match place {
            Place::Pod(pod) => self.pods.contains_key(pod),
            Place::Node(node) => self.machines.contains_key(node),
            Place::Outside(_) | Place::LoadBalancer(_) | Place::Internet => true,
        });
        client.resolved.insert(process, Resolved { address, at, start });
    }

    /// Which process it is, and how often it was started. In a node's network namespace there may be several Pods.
    fn process_of(&self, caller: &Caller) -> (Place, u32) {
        match (caller.pod, caller.place) {
            (Some(pod), _) => {
                (Place::Pod(pod), self.pods.get(&pod).map_or(0, |runtime| runtime.main_restarts()))
            }
            (None, place @ Place::Node(node)) => {
                (place, self.machines.get(&node).map_or(0, |machine| machine.boot))
            }
            (
                None,
                place @ (Place::Pod(_) | Place::Outside(_) | Place::LoadBalancer(_) | Place::Internet),
            ) => (place, 0),
        }
    }

    /// One of the addresses from [`World::resolve`], of a family that the caller has if there is one. The usual cases,
    /// an address or a Service in the namespace of a Pod without a `dnsConfig`, are found without resolving.
    fn address_named(&self, client: &Client, caller: &Caller, host: &str, ordinal: u64) -> Option<IpAddr> {
        if let Ok(address) = host.parse() {
            return Some(address);
        }
        let conf = self.resolv_conf_of(client, caller);
        // Another DNS has none of the cluster's names.
        if !self.asks_the_cluster(&conf) {
            return None;
        }
        let pod = caller.pod.and_then(|pod| self.pods.get(&pod));
        let namespace = pod.filter(|pod| pod.spec().dns_config.is_none()).map(|pod| &pod.key.namespace);
        let service = namespace.and_then(|ns| self.store.services.get(&NsName::new(ns, host)));
        if let Some(service) = service.filter(|s| s.has_virtual_ip()) {
            return caller.preferred(service.spec.cluster_ips.iter().copied());
        }
        let shuffle = Shuffle { subject: client.subject, ordinal };
        match self.resolve(&conf, host, shuffle) {
            Answer::Addresses { addresses, .. } => caller.preferred(addresses.into_iter()),
            Answer::NoSuchName | Answer::Outside { .. } => None,
        }
    }

    /// The address that a user outside would call: the load balancer's, or any node's with the node port, or,
    /// without either, the ClusterIP, which is not reachable from there.
    fn way_in(
        &self,
        client: &Client,
        caller: &Caller,
        (key, port): (&NsName, Option<u16>),
        ordinal: u64,
    ) -> Result<(IpAddr, u16), Outcome> {
        let service = self.store.services.get(key).ok_or(Outcome::Unresolved)?;
        let port = service_port(service, port).ok_or(Outcome::NoAddress)?;
        let ingress = service.ingress.iter().map(|ingress| ingress.ip);
        let external_ips = service.spec.external_ips.iter().copied();
        if let Some(ip) = caller.preferred(ingress).or_else(|| caller.preferred(external_ips)) {
            return Ok((ip, port.port));
        }
        match service.spec.type_ {
            ServiceType::LoadBalancer if self.config.cloud != CloudProvider::None => Err(Outcome::NoAddress),
            ServiceType::LoadBalancer | ServiceType::NodePort if port.node_port == 0 => {
                Err(Outcome::NoAddress)
            }
            ServiceType::LoadBalancer | ServiceType::NodePort => {
                let nodes: Vec<&Machine> = self.machines.values().collect();
                let count = nodes.len().max(1) as u64;
                let at = self.chance.below(Purpose::NodeChoice, client.subject, ordinal, count);
                let node = nodes.get(at as usize).ok_or(Outcome::NoAddress)?;
                // Only rules of the Service's families know the node port.
                let of_service = |family: &Family| service.spec.ip_families.contains(family);
                let addresses = node.addresses.iter().filter(|(family, _)| of_service(family));
                let preferred = caller.preferred(addresses.map(|(_, ip)| *ip));
                preferred.map(|ip| (ip, port.node_port)).ok_or(Outcome::NoAddress)
            }
            ServiceType::ClusterIP | ServiceType::ExternalName => {
                let cluster_ip = caller.preferred(service.spec.cluster_ips.iter().copied());
                cluster_ip.map(|ip| (ip, port.port)).ok_or(Outcome::NoAddress)
            }
        }
    }
}

fn service_port(service: &Service, port: Option<u16>) -> Option<&ServicePort> {
    match port {
        Some(number) => service.spec.ports.iter().find(|p| p.port == number),
        None => service.spec.ports.first(),
    }
}
