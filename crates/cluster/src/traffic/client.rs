//! Clients: where they run, and when the next request is due.

use std::net::IpAddr;
use std::sync::Arc;

use litemap::LiteMap;

use super::destination::{Destination, Resolved};
use super::{ClientId, Target, Traffic};
use crate::api::{ClientFrom, ClientSpec, ClusterDns, Kind, NsName, ObjectRef, Pod, Uid};
use crate::net::{Prefixes, preference};
use crate::node::kubelet::Process;
use crate::sim::{Chance, Event, Purpose, Span, World};
use crate::trace::{ConnectionRecord, Outcome, Place};
use netfilter::{Family, PerFamily};

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
    pub(super) resolved: LiteMap<Place, Resolved>,
    /// How many sockets it asked DNS from.
    pub(super) dns_sockets: u64,
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
            self.begin_lookup(connection, caller, conf, (&host, port));
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
            | Kind::ServiceCidr
            | Kind::Other(_) => Vec::new(),
        }
    }
}

/// Nanoseconds between two requests; `None` for a client that only sends when told to.
fn interval(rate_milli: u32) -> Option<u64> {
    (rate_milli > 0).then(|| MILLI * SECOND / u64::from(rate_milli))
}
