//! Which endpoints a node may send a new connection to: from the Services and EndpointSlices that its kube-proxy
//! has seen, by the rules E-01 to E-07 of docs/behaviour.md, and without a line of the model's own kube-proxy.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};

use cluster::api::{AddressType, Endpoint, Name, Service, TrafficPolicy, Uid};
use cluster::node::Machine;
use cluster::node::kube_proxy::{ProxyMode, ServicePortName, endpoint_choices};
use cluster::sim::{Time, World};
use cluster::trace::Place;
use netfilter::{Family, PerFamily, Protocol, Rules};

/// A service port as a node's kube-proxy has seen it.
pub struct KnownPort {
    /// Its addresses inside the cluster, and those by which it is called from outside.
    pub internal: BTreeSet<SocketAddr>,
    pub external: BTreeSet<SocketAddr>,
    pub internal_policy: TrafficPolicy,
    pub external_policy: TrafficPolicy,
    /// What policy Cluster sends to, and what policy Local sends to.
    pub cluster: BTreeSet<SocketAddr>,
    pub local: BTreeSet<SocketAddr>,
}

impl KnownPort {
    /// E-07.
    pub fn uses_cluster_endpoints(&self) -> bool {
        self.internal_policy == TrafficPolicy::Cluster || !self.external.is_empty()
    }

    /// E-07.
    pub fn uses_local_endpoints(&self) -> bool {
        let external = self.external_policy == TrafficPolicy::Local && !self.external.is_empty();
        self.internal_policy == TrafficPolicy::Local || external
    }
}

/// Of the protocol TCP, or of another, by the names that rules of that family have for them.
pub fn known_ports(machine: &Machine, family: Family) -> BTreeMap<ServicePortName, KnownPort> {
    let mut known = BTreeMap::new();
    let is_of_it = |ip: &IpAddr| Family::of(*ip) == family;
    for service in machine.proxy.services.iter() {
        for port in &service.spec.ports {
            let name = ServicePortName {
                service: service.meta.key(),
                port: port.name.clone(),
                protocol: port.protocol,
            };
            let endpoints = endpoints(machine, &name, family);
            let at = |port: u16| move |ip| SocketAddr::new(ip, port);
            let ips = service.spec.cluster_ips.iter().copied().filter(is_of_it);
            let internal: BTreeSet<_> = ips.map(at(port.port)).collect();
            if internal.is_empty() {
                continue;
            }
            known.insert(
                name,
                KnownPort {
                    internal,
                    external: external_addresses(machine, service, (port.port, port.node_port), family),
                    internal_policy: service.spec.internal_traffic_policy,
                    external_policy: service.spec.external_traffic_policy.unwrap_or_default(),
                    cluster: for_policy_cluster(machine, &endpoints),
                    local: for_policy_local(machine, &endpoints),
                },
            );
        }
    }
    known
}

/// A node port is open on the node's own address, at least.
fn external_addresses(
    machine: &Machine,
    service: &Service,
    (port, node_port): (u16, u16),
    family: Family,
) -> BTreeSet<SocketAddr> {
    let balancers = service.ingress.iter().filter(|ingress| !ingress.proxy).map(|ingress| ingress.ip);
    let addresses = service.spec.external_ips.iter().copied().chain(balancers);
    let addresses = addresses.filter(|ip| Family::of(*ip) == family);
    let mut found: BTreeSet<_> = addresses.map(|ip| SocketAddr::new(ip, port)).collect();
    if let Some(ip) = machine.addresses.get(family).filter(|_| node_port != 0) {
        found.insert(SocketAddr::new(*ip, node_port));
    }
    found
}

/// E-01: a port without a number counts for nothing; of an address that is in two slices the endpoint that does
/// not terminate counts, and of two such ones the one that comes later.
fn endpoints<'a>(
    machine: &'a Machine,
    name: &ServicePortName,
    family: Family,
) -> BTreeMap<SocketAddr, &'a Endpoint> {
    let mut found: BTreeMap<SocketAddr, &Endpoint> = BTreeMap::new();
    let slices = machine.proxy.slices.iter().filter(|slice| {
        let is_its = slice.meta.namespace == name.service.namespace && slice.service == name.service.name;
        is_its && slice.address_type == AddressType::Ip(family)
    });
    for slice in slices {
        let is_named = |port: &&cluster::api::EndpointPort| {
            port.name == name.port && port.protocol == name.protocol && port.port != 0
        };
        for port in slice.ports.iter().filter(is_named) {
            for endpoint in &slice.endpoints {
                let address = SocketAddr::new(endpoint.address, port.port);
                let known = found.entry(address).or_insert(endpoint);
                if !endpoint.terminating {
                    *known = endpoint;
                }
            }
        }
    }
    found
}

/// E-02, E-05: the ready endpoints that their hints are for; without one, those that serve while they terminate.
fn for_policy_cluster(
    machine: &Machine,
    endpoints: &BTreeMap<SocketAddr, &Endpoint>,
) -> BTreeSet<SocketAddr> {
    let ready: BTreeMap<_, _> = endpoints.iter().filter(|(_, endpoint)| endpoint.ready).collect();
    if ready.is_empty() {
        return serving_while_terminating(endpoints);
    }
    let for_node = |endpoint: &Endpoint| endpoint.node_hints.contains(&machine.name);
    let zone = machine.proxy.zone.as_ref();
    let for_zone = |endpoint: &Endpoint| zone.is_some_and(|zone| endpoint.zone_hints.contains(zone));
    let all_name_nodes = ready.values().all(|endpoint| !endpoint.node_hints.is_empty());
    let all_name_zones = ready.values().all(|endpoint| !endpoint.zone_hints.is_empty());
    let by_node = all_name_nodes && ready.values().any(|endpoint| for_node(endpoint));
    let by_zone = all_name_zones && ready.values().any(|endpoint| for_zone(endpoint));
    let is_wanted = |endpoint: &Endpoint| match (by_node, by_zone) {
        (true, _) => for_node(endpoint),
        (false, true) => for_zone(endpoint),
        (false, false) => true,
    };
    ready.into_iter().filter(|(_, endpoint)| is_wanted(endpoint)).map(|(address, _)| *address).collect()
}

/// E-03, E-06: those of this node, whatever their hints.
fn for_policy_local(machine: &Machine, endpoints: &BTreeMap<SocketAddr, &Endpoint>) -> BTreeSet<SocketAddr> {
    let is_local = |endpoint: &Endpoint| endpoint.node.as_ref() == Some(&machine.name);
    let local: BTreeMap<_, _> =
        endpoints.iter().filter(|(_, endpoint)| is_local(endpoint)).map(|(a, e)| (*a, *e)).collect();
    let ready: BTreeSet<_> = local.iter().filter(|(_, e)| e.ready).map(|(address, _)| *address).collect();
    if ready.is_empty() { serving_while_terminating(&local) } else { ready }
}

fn serving_while_terminating(endpoints: &BTreeMap<SocketAddr, &Endpoint>) -> BTreeSet<SocketAddr> {
    let is_last_resort = |endpoint: &&Endpoint| endpoint.serving && endpoint.terminating && !endpoint.ready;
    endpoints.iter().filter(|(_, e)| is_last_resort(e)).map(|(address, _)| *address).collect()
}

/// What a node's kube-proxy had seen at a moment at which its rules held all of it.
pub struct KnownEndpoints {
    pub node: Name,
    since: Time,
    mode: ProxyMode,
    synced_at: PerFamily<Option<Time>>,
    ports: Vec<(ServicePortName, KnownPort)>,
}

impl KnownEndpoints {
    pub fn of(machine: &Machine, since: Time) -> KnownEndpoints {
        KnownEndpoints {
            node: machine.name.clone(),
            since,
            mode: machine.proxy.mode,
            synced_at: synced_at(machine),
            ports: machine.addresses.families().flat_map(|family| known_ports(machine, family)).collect(),
        }
    }

    /// For a packet that met the node later, at that moment: its kube-proxy has written nothing since.
    pub fn still_holds(&self, world: &World, node: Uid, met_at: Time) -> bool {
        let is_the_same = |machine: &Machine| {
            let has_synced = machine.proxy.synced_at().is_some();
            let is_in_its_mode = machine.power && machine.proxy.mode == self.mode;
            is_in_its_mode && has_synced && synced_at(machine) == self.synced_at
        };
        met_at > self.since && world.machines().get(&node).is_some_and(is_the_same)
    }

    /// Where it may send who calls that address from there. Two Services may have it by their `externalIPs`.
    pub fn allowed(&self, address: SocketAddr, protocol: Protocol, from: Place) -> BTreeSet<SocketAddr> {
        let has_address = |(name, port): &&(ServicePortName, KnownPort)| {
            name.protocol == protocol
                && (port.internal.contains(&address) || port.external.contains(&address))
        };
        let ports = self.ports.iter().filter(has_address);
        ports.flat_map(|(_, port)| self.allowed_by(port, address, from)).collect()
    }

    fn allowed_by(&self, port: &KnownPort, address: SocketAddr, from: Place) -> BTreeSet<SocketAddr> {
        let is_internal = port.internal.contains(&address);
        let policy = if is_internal { port.internal_policy } else { port.external_policy };
        // A Pod of the node, and the node, reach all endpoints at addresses for the outside (M-03).
        let may_be_from_inside = matches!(from, Place::Pod(_) | Place::Node(_)) && !is_internal;
        match policy {
            TrafficPolicy::Cluster => port.cluster.clone(),
            // IPVS has one list for each address, and falls back (C-10).
            TrafficPolicy::Local if self.mode == ProxyMode::Ipvs && port.local.is_empty() => {
                port.cluster.clone()
            }
            TrafficPolicy::Local if may_be_from_inside => &port.cluster | &port.local,
            TrafficPolicy::Local => port.local.clone(),
        }
    }
}

fn synced_at(machine: &Machine) -> PerFamily<Option<Time>> {
    machine.proxy.proxiers.map(|_, proxier| proxier.synced_at)
}

/// The endpoints in a node's rules are those that the EndpointSlices which it had seen allow.
pub fn rules_hold_the_known_endpoints(world: &World) {
    for machine in world.machines().values().filter(|m| m.power && m.proxy.behind() == 0) {
        for (family, hooks) in machine.stack.hooks().iter() {
            rules_of_a_family_hold_them(machine, family, hooks.rules());
        }
    }
}

fn rules_of_a_family_hold_them(machine: &Machine, family: Family, rules: &Rules) {
    for (name, port) in &known_ports(machine, family) {
        let written = |local: bool| -> BTreeSet<SocketAddr> {
            endpoint_choices(rules, name, local).iter().map(|c| c.endpoint).collect()
        };
        let both = || &written(false) | &written(true);
        let about = format!("{name:?} on {}, {family:?}", machine.name);
        let (cluster, local) = (&port.cluster, &port.local);
        if rules.ipvs().is_some() && port.uses_local_endpoints() {
            // One list for each address: under policy Local the node's own, where there are any
            // (ipvs/proxier.go, syncEndpoint). Another Service may have the address from outside.
            let list = |policy| match policy {
                TrafficPolicy::Local if !local.is_empty() => local.clone(),
                TrafficPolicy::Local if !port.uses_cluster_endpoints() => BTreeSet::new(),
                TrafficPolicy::Local | TrafficPolicy::Cluster => cluster.clone(),
            };
            let (internal, external) = (list(port.internal_policy), list(port.external_policy));
            let found = both();
            assert!(internal.is_subset(&found), "{about}: {internal:?} {found:?}");
            assert!(found.is_subset(&(&internal | &external)), "{about}: {external:?} {found:?}");
        } else if port.uses_cluster_endpoints() {
            assert_eq!(*cluster, written(false), "{about}");
            let local = if port.uses_local_endpoints() { local.clone() } else { BTreeSet::new() };
            assert_eq!(local, written(true), "{about}, for policy Local");
        } else {
            assert_eq!(*local, both(), "{about}, where nothing asks for policy Cluster");
        }
    }
}
