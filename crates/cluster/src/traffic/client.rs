//! Clients: where they run, what they call, and when the next request is due.

use std::net::IpAddr;
use std::sync::Arc;

use litemap::LiteMap;

use super::{ClientId, Target, Traffic};
use crate::api::{
    ClientFrom, ClientSpec, CloudProvider, ClusterDns, Kind, NsName, ObjectRef, Pod, Resolve, Service,
    ServicePort, ServiceType, Str, Uid,
};
use crate::dns::{self, Answer, ResolvConf, Shuffle};
use crate::net::{Prefixes, preference};
use crate::node::Machine;
use crate::node::kubelet::Process;
use crate::sim::{Chance, Event, Purpose, Span, Time, World};
use crate::trace::{ConnectionRecord, Outcome, Place};
use netfilter::{Family, PerFamily, Protocol};

#[derive(Clone, Debug)]
pub struct Client {
    pub id: ClientId,
    pub spec: Arc<ClientSpec>,
    /// `None` if the text is not a valid target.
    pub target: Option<Target>,
    /// The addresses of a client outside the cluster.
    pub addresses: Option<PerFamily<IpAddr>>,
    pub(crate) open: u32,
    /// How many requests it ever began: the ordinal of its random draws.
    pub(crate) ordinal: u64,
    /// Incremented when its rate changes: a request that was scheduled before is not sent.
    epoch: u32,
    /// Keys its random draws. It depends only on the client's name.
    pub(crate) subject: u64,
    /// What its processes know of DNS, if they keep that.
    resolved: LiteMap<Place, Resolved>,
    /// How many sockets it asked DNS from.
    pub(super) dns_sockets: u64,
}

#[derive(Clone, Copy, Debug)]
struct Resolved {
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

impl Client {
    pub(crate) fn has_address(&self, address: IpAddr) -> bool {
        self.addresses.is_some_and(|own| own.contains(&address))
    }
}

/// The process that sends a request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Caller {
    pub place: Place,
    pub pod: Option<Uid>,
    pub addresses: PerFamily<IpAddr>,
}

impl Caller {
    /// The one of several addresses that it tries. It tries no other if that fails.
    pub fn preferred(&self, found: impl Iterator<Item = IpAddr>) -> Option<IpAddr> {
        found.min_by_key(|to| preference(&self.addresses, *to))
    }
}

/// Where a connection starts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Origin {
    pub place: Place,
    pub address: IpAddr,
}

/// The addresses of clients outside: TEST-NET-3 (RFC 5737), and a part of IPv6's documentation prefix (RFC 3849).
pub(crate) const OUTSIDE: Prefixes = Prefixes { v4: "203.0.113.0/24", v6: "2001:db8:113::/64" };
const MILLI: u64 = 1_000;
const SECOND: u64 = 1_000_000_000;
/// 1000 requests per second: more cannot be shown on a page.
pub const MAX_RATE_MILLI: u32 = 1_000_000;
/// Of one cluster.
pub const MAX_CLIENTS: u32 = 200;

impl World {
    pub(crate) fn add_client(&mut self, spec: ClientSpec) -> ClientId {
        self.traffic.next_client += 1;
        let id = ClientId(self.traffic.next_client);
        let addresses = match spec.from {
            ClientFrom::Outside { ip: Some(ip) } => Some(PerFamily::single(Family::of(ip), ip)),
            ClientFrom::Outside { ip: None } => {
                Some(self.config.pod_cidrs.map(|family, _| self.free_outside_address(family)))
            }
            ClientFrom::Workload { .. } | ClientFrom::Node { .. } => None,
        };
        let subject = Chance::subject(&spec.name);
        let target = Target::of(&spec.to, spec.protocol);
        let client = Client {
            id,
            spec: Arc::new(spec),
            target,
            addresses,
            open: 0,
            ordinal: 0,
            epoch: 0,
            subject,
            resolved: LiteMap::new(),
            dns_sockets: 0,
        };
        self.traffic.clients.insert(id, client);
        if self.clients_began() {
            self.plan_first_request(id);
        }
        self.changes.scene = true;
        id
    }

    fn free_outside_address(&self, family: Family) -> IpAddr {
        let network = OUTSIDE.of(family);
        let is_free = |ip: &IpAddr| !self.traffic.clients.values().any(|client| client.has_address(*ip));
        (10..255).filter_map(|n| network.nth(n)).find(is_free).unwrap_or(network.address())
    }

    pub(crate) fn set_rate(&mut self, id: ClientId, rate_milli: u32) {
        let Some(client) = self.traffic.clients.get_mut(&id) else { return };
        Arc::make_mut(&mut client.spec).rate_milli = rate_milli;
        client.epoch += 1;
        self.changes.scene = true;
        if self.clients_began() {
            self.plan_next_request(id);
        }
    }

    pub(crate) fn remove_client(&mut self, id: ClientId) {
        self.changes.scene = true;
        let open: Vec<_> = self
            .traffic
            .connections
            .values()
            .filter(|l| l.record.client == id && l.record.ended.is_none())
            .map(|l| l.record.id)
            .collect();
        for connection in open {
            self.close_client(connection);
        }
        self.traffic.clients.remove(&id);
    }

    /// At the origin: the first of the clients that call of themselves does so at once, the others a little later.
    pub(crate) fn first_requests(&mut self) {
        let calls = |client: &&Client| interval(client.spec.rate_milli).is_some();
        let ids: Vec<ClientId> =
            self.traffic.clients.values().filter(calls).map(|client| client.id).collect();
        for (place, id) in ids.into_iter().enumerate() {
            match place {
                0 => self.plan_request(id, Span::ZERO),
                _ => self.plan_first_request(id),
            }
        }
    }

    /// The first request is delayed at random, so that clients which start together do not call together.
    fn plan_first_request(&mut self, id: ClientId) {
        let Some(client) = self.traffic.clients.get(&id) else { return };
        let Some(interval) = interval(client.spec.rate_milli) else { return };
        let phase = self.chance.below(Purpose::Pause, client.subject, u64::MAX, interval.min(SECOND));
        self.plan_request(id, Span(phase));
    }

    fn plan_request(&mut self, id: ClientId, wait: Span) {
        let Some(epoch) = self.traffic.clients.get(&id).map(|client| client.epoch) else { return };
        self.schedule(self.clock.now() + wait, Event::ClientFire { client: id, epoch });
    }

    /// The interval, up to a tenth longer or shorter.
    fn plan_next_request(&mut self, id: ClientId) {
        let Some(client) = self.traffic.clients.get(&id) else { return };
        let Some(interval) = interval(client.spec.rate_milli) else { return };
        let spread = (interval / 5).max(1);
        let jitter = self.chance.below(Purpose::Pause, client.subject, client.ordinal, spread);
        self.plan_request(id, Span(interval - spread / 2 + jitter));
    }

    pub(crate) fn client_fires(&mut self, id: ClientId, epoch: u32) {
        if self.traffic.clients.get(&id).is_none_or(|c| c.epoch != epoch) {
            return;
        }
        self.send_request(id);
        self.plan_next_request(id);
    }

    /// Sends one request now. False if the client has no running Pod or node, or too many open requests.
    pub(crate) fn send_request(&mut self, id: ClientId) -> bool {
        let Some(client) = self.traffic.clients.get_mut(&id) else { return false };
        let ordinal = client.ordinal;
        client.ordinal += 1;
        if client.open >= Traffic::OPEN_PER_CLIENT {
            return false;
        }
        let client = client.clone();
        let Some(caller) = self.caller_of(&client, ordinal) else { return false };
        if client.spec.keeps_its_socket() && self.reuse_connection(id, caller.place) {
            return true;
        }
        if self.config.dns == ClusterDns::Pods
            && let Some((conf, host, port)) = self.to_look_up(&client, &caller)
        {
            let connection = self.new_connection(&client, caller.place, ordinal);
            self.begin_lookup(connection, caller, &conf, (&host, port));
            return true;
        }
        let destination = self.destination(&client, &caller, ordinal);
        let reachable = |to: Destination| match self.origin_for(&caller, to.address) {
            Some(origin) => Ok((origin, to)),
            None => Err(Outcome::NetworkUnreachable),
        };
        match destination.and_then(reachable) {
            Ok((origin, to)) => self.open_connection(&client, origin, ordinal, to),
            Err(outcome) => self.fail_at_once(&client, caller.place, ordinal, outcome),
        }
        true
    }

    /// A process on a node that calls one of the node's own addresses uses that address as its source too (the
    /// local routing table's `src`). In IPVS mode this includes every virtual server's address. In a Pod it
    /// applies to loopback. `None`: it has no address of that family.
    pub(super) fn origin_for(&self, caller: &Caller, to: IpAddr) -> Option<Origin> {
        let place = caller.place;
        let own = match place {
            Place::Node(node) => self.machines.get(&node).is_some_and(|m| m.stack.has_address(to)),
            Place::Pod(_) => to.is_loopback(),
            Place::Outside(_) | Place::LoadBalancer(_) | Place::Internet => false,
        };
        let address = if own { to } else { *caller.addresses.get(Family::of(to))? };
        Some(Origin { place, address })
    }

    /// The process that sends a request. A workload's Pods take turns.
    fn caller_of(&self, client: &Client, ordinal: u64) -> Option<Caller> {
        if let Some(addresses) = client.addresses {
            return Some(Caller { place: Place::Outside(client.id), pod: None, addresses });
        }
        if let ClientFrom::Node { name } = &client.spec.from {
            let machine = self.machine_named(name).filter(|m| m.power)?;
            let (place, addresses) = (Place::Node(machine.uid), machine.addresses);
            return Some(Caller { place, pod: None, addresses });
        }
        let pods = self.client_pods(&client.spec.from);
        let running: Vec<Caller> = pods
            .iter()
            .filter_map(|pod| {
                let runtime = self.pods.get(&pod.meta.uid)?;
                match runtime.main_process() {
                    Process::Starting | Process::Listening => {}
                    Process::Stopped | Process::ShuttingDown | Process::Draining => return None,
                }
                // In the node's network namespace it is a process like any other there.
                let place =
                    if runtime.host_network { Place::Node(runtime.node) } else { Place::Pod(runtime.uid) };
                Some(Caller { place, pod: Some(runtime.uid), addresses: runtime.addresses? })
            })
            .collect();
        (!running.is_empty()).then(|| running[(ordinal % running.len() as u64) as usize])
    }

    /// The Pod that makes a connection, as long as it is there. With `hostNetwork` its place is its node.
    pub fn calling_pod(&self, record: &ConnectionRecord) -> Option<Arc<Pod>> {
        match record.source {
            Place::Pod(pod) => {
                let stored = self.store.pods.get(&self.pods.get(&pod)?.key)?;
                Some(stored).filter(|stored| stored.meta.uid == pod).cloned()
            }
            Place::Node(node) => {
                let is_there = |pod: &Arc<Pod>| {
                    let runtime = self.pods.get(&pod.meta.uid);
                    runtime.is_some_and(|runtime| runtime.host_network && runtime.node == node)
                };
                let client = self.traffic().clients.get(&record.client)?;
                self.client_pods(&client.spec.from).into_iter().find(is_there)
            }
            Place::Outside(_) | Place::LoadBalancer(_) | Place::Internet => None,
        }
    }

    /// The Pods that a client inside runs in, by name.
    pub fn client_pods(&self, from: &ClientFrom) -> Vec<Arc<Pod>> {
        let ClientFrom::Workload { namespace, kind, name } = from else { return Vec::new() };
        let key = NsName { namespace: namespace.clone(), name: name.clone() };
        match kind {
            Kind::Pod => self.store.pods.get(&key).cloned().into_iter().collect(),
            Kind::ReplicaSet => {
                let set = self.store.replica_sets.get(&key);
                set.map_or_else(Vec::new, |set| self.store.pods_of(set.meta.uid).cloned().collect())
            }
            Kind::Deployment => {
                let Some(deployment) = self.store.deployments.get(&key) else { return Vec::new() };
                self.store.pods_of_deployment(deployment.meta.uid).cloned().collect()
            }
            Kind::ReplicationController | Kind::StatefulSet | Kind::DaemonSet | Kind::Job => {
                let owner = self.store.get(&ObjectRef::of_key(kind.clone(), &key));
                owner.map_or_else(Vec::new, |o| self.store.pods_of(o.meta().uid).cloned().collect())
            }
            Kind::Service
            | Kind::Endpoints
            | Kind::CronJob
            | Kind::ControllerRevision
            | Kind::PodDisruptionBudget
            | Kind::EndpointSlice
            | Kind::Node
            | Kind::Namespace
            | Kind::PriorityClass
            | Kind::Other(_) => Vec::new(),
        }
    }

    /// The name that a request has to ask the cluster's DNS for, and its port.
    fn to_look_up(&self, client: &Client, caller: &Caller) -> Option<(ResolvConf, Str, u16)> {
        let Some(Target::Host { host, port }) = &client.target else { return None };
        let is_known = host.parse::<IpAddr>().is_ok() || self.known_address(client, caller).is_some();
        let pod = caller.pod.and_then(|pod| self.pods.get(&pod));
        let conf = match (client.addresses, pod) {
            (None, Some(pod)) => self.resolv_conf_of_pod(&pod.key.namespace, pod.spec()),
            (None, None) => self.resolv_conf_of_node(),
            (Some(_), _) => ResolvConf::outside(),
        };
        (!is_known && conf.asks_the_cluster()).then(|| (conf, host.clone(), *port))
    }

    /// The destination of a request: from a name, an address, or a Service's external address.
    fn destination(
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
    /// an address or a Service in the caller's namespace, are found without resolving.
    fn address_named(&self, client: &Client, caller: &Caller, host: &str, ordinal: u64) -> Option<IpAddr> {
        if let Ok(address) = host.parse() {
            return Some(address);
        }
        // Another DNS has none of the cluster's names.
        let pod = caller.pod.and_then(|pod| self.pods.get(&pod));
        if client.addresses.is_some() || pod.is_some_and(|pod| !pod.spec().asks_cluster_dns()) {
            return None;
        }
        let namespace = pod.map_or_else(|| "default".into(), |pod| pod.key.namespace.clone());
        let service = self.store.services.get(&NsName::new(&namespace, host));
        if let Some(service) = service.filter(|s| s.has_virtual_ip()) {
            return caller.preferred(service.spec.cluster_ips.iter().copied());
        }
        let shuffle = Shuffle { subject: client.subject, ordinal };
        match self.resolve(&self.cluster_first(&namespace), host, shuffle) {
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

/// Nanoseconds between two requests; `None` for a client that only sends when told to.
fn interval(rate_milli: u32) -> Option<u64> {
    (rate_milli > 0).then(|| MILLI * SECOND / u64::from(rate_milli))
}
