//! Relations: the chain of objects related to a selection, and the links that packets used recently.

use litemap::LiteMap;
use std::collections::BTreeSet;

use cluster::api::{NsName, Uid};
use cluster::sim::{Span, Time, World};
use cluster::trace::{ConnectionRecord, Hop, PacketTrace, Place};
use cluster::traffic::{ClientId, ConnectionId, PacketId};

use super::facts::{Facts, RuleOutcome, SystemObjects};
use crate::{HopRef, Selection};

/// What is highlighted while something is selected.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Chain {
    pub items: BTreeSet<Selection>,
    /// Which flows are highlighted with it.
    pub about: About,
    /// What the rules of nodes did with it.
    pub hits: Vec<(Uid, RuleOutcome)>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum About {
    Service(Uid),
    Pod(Uid),
    Node(Uid),
    Client(ClientId),
    Connection(ConnectionId),
    /// Those of every Pod in the chain.
    #[default]
    Pods,
}

/// A link, in either direction.
pub type Link = (Place, Place);

/// How long a rule that stopped a packet is highlighted.
const STOPPED: Span = Span::from_secs(1);
/// How long a used link is drawn.
const LATELY: Span = Span::from_secs(3);

/// `None` when nothing is selected that the picture shows.
pub fn chain(world: &World, facts: &Facts, selection: Selection) -> Option<Chain> {
    let mut chain = Chain::default();
    match selection {
        Selection::Service(uid) | Selection::LoadBalancer(uid) => chain.service(facts, uid),
        Selection::Pod(uid) => chain.pod(facts, uid),
        Selection::Node(uid) => {
            chain.about = About::Node(uid);
            chain.items.insert(Selection::Node(uid));
            chain
                .items
                .extend(facts.pods.iter().filter(|p| p.node == Some(uid)).map(|p| Selection::Pod(p.uid)));
        }
        Selection::Client(id) => {
            chain.items.insert(Selection::Client(id));
            chain.about = About::Client(id);
            let outside = facts.clients.iter().filter(|c| c.id == id).filter_map(|c| c.service);
            let calls = facts.pods.iter().flat_map(|p| p.calls.iter().map(move |call| (p.uid, call)));
            let inside: Vec<_> = calls.filter(|(_, call)| call.client == id).collect();
            let services: BTreeSet<Uid> =
                outside.chain(inside.iter().filter_map(|(_, call)| call.service)).collect();
            chain.items.extend(inside.iter().map(|(pod, _)| Selection::Pod(*pod)));
            services.into_iter().for_each(|uid| chain.served_by(facts, uid));
        }
        Selection::Connection(id) => chain.connection(world.traffic().record(id)?, &[], None),
        Selection::Packet(id) => {
            let (record, flying) = packet(world, id)?;
            chain.connection(record, flying.as_slice(), Some(id));
        }
        Selection::Workload(uid) => {
            let store = world.store();
            let sets = store.replica_sets_of(uid).map(|set| set.meta.uid);
            let owners: Vec<Uid> =
                sets.chain(store.jobs_of(uid).map(|job| job.meta.uid)).chain([uid]).collect();
            let owned = facts.pods.iter().filter(|p| p.owner.is_some_and(|o| owners.contains(&o)));
            chain.items.extend(owned.map(|p| Selection::Pod(p.uid)));
        }
        Selection::Object(_) => {}
    }
    (!chain.items.is_empty()).then_some(chain)
}

impl Chain {
    pub fn has(&self, item: Selection) -> bool {
        self.items.contains(&item)
    }

    /// The Service, what serves it, and who calls it.
    fn service(&mut self, facts: &Facts, uid: Uid) {
        self.about = About::Service(uid);
        self.served_by(facts, uid);
        let outside = facts.clients.iter().filter(|c| c.service == Some(uid));
        self.items.extend(outside.map(|c| Selection::Client(c.id)));
        let callers = facts.pods.iter().filter(|p| p.calls.iter().any(|c| c.service == Some(uid)));
        self.items.extend(callers.map(|p| Selection::Pod(p.uid)));
    }

    fn served_by(&mut self, facts: &Facts, uid: Uid) {
        self.items.insert(Selection::Service(uid));
        if facts.balancers.iter().any(|b| b.service == uid) {
            self.items.insert(Selection::LoadBalancer(uid));
        }
        let pods = facts.pods.iter().filter(|p| p.services.contains(&uid));
        self.items.extend(pods.map(|p| Selection::Pod(p.uid)));
        // Every node has rules for the Service.
        self.items.extend(facts.nodes.iter().map(|n| Selection::Node(n.uid)));
    }

    fn pod(&mut self, facts: &Facts, uid: Uid) {
        let Some(pod) = facts.pods.iter().find(|p| p.uid == uid) else { return };
        self.about = About::Pod(uid);
        self.items.insert(Selection::Pod(uid));
        self.items.extend(pod.node.map(Selection::Node));
        self.items.extend(pod.services.iter().map(|s| Selection::Service(*s)));
        self.items.extend(pod.calls.iter().filter_map(|c| c.service).map(Selection::Service));
    }

    fn connection(&mut self, record: &ConnectionRecord, flying: &[&PacketTrace], only: Option<PacketId>) {
        self.about = About::Connection(record.id);
        self.items.extend(record.service.as_ref().map(|(_, uid)| Selection::Service(*uid)));
        self.items.extend(item_of(record.source));
        let all = || record.packets.iter().map(|p| &**p).chain(flying.iter().copied());
        let of_interest = |trace: &&PacketTrace| only.is_none_or(|id| trace.id == id);
        for segment in all().filter(of_interest).flat_map(|trace| &trace.segments) {
            self.items.extend(item_of(segment.from));
            self.items.extend(item_of(segment.to));
        }
        // Only a connection's first packet passes the rules; the others follow conntrack.
        let hops = all().filter(|trace| !trace.kind.is_reply()).flat_map(|trace| &trace.hops);
        self.hits.extend(hops.filter_map(outcome_at_node));
    }
}

/// What a node's rules did.
fn outcome_at_node(hop: &Hop) -> Option<(Uid, RuleOutcome)> {
    let Place::Node(node) = hop.place else { return None };
    Some((node, RuleOutcome::of(hop)?))
}

/// What nodes' rules did with packets that are on the next link now, or that they stopped a moment ago; and
/// whether these packets are highlighted.
pub fn passing(world: &World, chain: Option<&Chain>) -> Vec<(Uid, RuleOutcome, bool)> {
    let traffic = world.traffic();
    let since = Time(world.now().0.saturating_sub(STOPPED.0));
    let flying = traffic.flights.values().map(|flight| &flight.trace);
    let failed = traffic.failures.iter().rev().map(|trace| &**trace);
    let stopped = failed.take_while(|trace| trace.ended.is_some_and(|(at, _)| at >= since));
    let is_highlighted = |trace: &PacketTrace| {
        let about = |chain| traffic.record(trace.connection).is_some_and(|r| is_about(chain, r, trace));
        chain.is_none_or(about)
    };
    let there = flying.chain(stopped).filter(|trace| !trace.kind.is_reply());
    there
        .filter_map(|trace| {
            let (node, outcome) = outcome_at_node(trace.hops.last()?)?;
            Some((node, outcome, is_highlighted(trace)))
        })
        .collect()
}

/// The port that a selected connection called.
pub fn port_called(world: &World, selection: Selection) -> Option<u16> {
    let record = match selection {
        Selection::Connection(id) => world.traffic().record(id)?,
        Selection::Packet(id) => packet(world, id)?.0,
        Selection::Pod(_)
        | Selection::Service(_)
        | Selection::Node(_)
        | Selection::Workload(_)
        | Selection::Client(_)
        | Selection::LoadBalancer(_)
        | Selection::Object(_) => return None,
    };
    Some(record.tuple?.dst_port)
}

pub fn item_of(place: Place) -> Option<Selection> {
    match place {
        Place::Outside(client) => Some(Selection::Client(client)),
        Place::LoadBalancer(service) => Some(Selection::LoadBalancer(service)),
        Place::Node(uid) => Some(Selection::Node(uid)),
        Place::Pod(uid) => Some(Selection::Pod(uid)),
        Place::Internet => None,
    }
}

/// The box where a hop of a connection's packets happened.
pub fn item_of_hop(world: &World, hop: HopRef) -> Option<Selection> {
    item_of(place_of_hop(world, hop)?)
}

fn place_of_hop(world: &World, hop: HopRef) -> Option<Place> {
    let traffic = world.traffic();
    let flying = traffic.flights.get(&hop.packet).map(|flight| &flight.trace);
    let ended = || traffic.record(hop.connection)?.all_packets().find(|p| p.id == hop.packet);
    let trace = flying.or_else(|| ended().map(|p| &**p))?;
    trace.hops.get(hop.hop).map(|hop| hop.place)
}

/// A packet's connection, and the packet itself while it is on its way.
fn packet(world: &World, id: PacketId) -> Option<(&ConnectionRecord, Option<&PacketTrace>)> {
    let traffic = world.traffic();
    if let Some(flight) = traffic.flights.get(&id) {
        return Some((traffic.record(flight.trace.connection)?, Some(&flight.trace)));
    }
    let live = traffic.connections.values().map(|live| &live.record);
    let ended = traffic.finished.iter().rev().map(|record| &**record);
    let holds = |record: &&ConnectionRecord| record.all_packets().any(|p| p.id == id);
    live.chain(ended).find(holds).map(|record| (record, None))
}

/// The Service that what is selected is about.
pub fn service_of(world: &World, facts: &Facts, selection: Selection) -> Option<Uid> {
    match selection {
        Selection::Service(uid) | Selection::LoadBalancer(uid) => Some(uid),
        Selection::Pod(uid) => {
            let pod = facts.pods.iter().find(|p| p.uid == uid)?;
            pod.services.first().copied().or_else(|| pod.calls.iter().find_map(|c| c.service))
        }
        Selection::Client(id) => {
            let outside = facts.clients.iter().find(|c| c.id == id).and_then(|c| c.service);
            let calls = || facts.pods.iter().flat_map(|p| &p.calls);
            outside.or_else(|| calls().find(|c| c.client == id)?.service)
        }
        Selection::Connection(id) => Some(world.traffic().record(id)?.service.as_ref()?.1),
        Selection::Packet(id) => Some(packet(world, id)?.0.service.as_ref()?.1),
        Selection::Node(_) | Selection::Workload(_) | Selection::Object(_) => None,
    }
    .filter(|uid| facts.services.iter().any(|s| s.uid == *uid))
}

/// The Service whose rules are shown when nothing is selected: one that can be called from outside.
pub fn first_service(facts: &Facts) -> Option<Uid> {
    let outside = facts.clients.iter().find_map(|c| c.service);
    let has_rules = facts.services.iter().find(|s| s.form == super::facts::ServiceForm::Virtual);
    outside.or(has_rules.or(facts.services.first()).map(|s| s.uid))
}

/// The links that packets are on or were on lately, and the Service of one of them; of the chain's
/// flows only, if there is a chain; of lookups where the cluster's DNS is shown.
pub fn links(world: &World, system: SystemObjects, chain: Option<&Chain>) -> LiteMap<Link, Option<NsName>> {
    let mut links = LiteMap::new();
    let traffic = world.traffic();
    let mut add = |record: &ConnectionRecord, trace: &PacketTrace, since: Time| {
        let recent = trace.segments.iter().filter(|s| s.end >= since);
        if chain.is_some_and(|chain| !is_about(chain, record, trace)) {
            return;
        }
        for segment in recent {
            let link = (segment.from.min(segment.to), segment.from.max(segment.to));
            links.entry(link).or_insert_with(|| record.service.as_ref().map(|(key, _)| key.clone()));
        }
    };
    let lately = Time(world.now().0.saturating_sub(LATELY.0));
    // All links of a selected connection are drawn as long as it is selected.
    let whole = chain.is_some_and(|c| matches!(c.about, About::Connection(_)));
    let since = if whole { Time::ZERO } else { lately };
    let recent = |r: &&std::sync::Arc<ConnectionRecord>| whole || r.ended.is_some_and(|(at, _)| at >= lately);
    let ended = traffic.finished.iter().rev().filter(recent).map(|record| &**record);
    for record in traffic.connections.values().map(|live| &live.record).chain(ended) {
        record.packets.iter().for_each(|trace| add(record, trace, since));
    }
    let is_hidden = |trace: &PacketTrace| system == SystemObjects::Hidden && trace.kind.is_lookup();
    for flight in traffic.flights.values().filter(|flight| !is_hidden(&flight.trace)) {
        if let Some(record) = traffic.record(flight.trace.connection) {
            add(record, &flight.trace, since);
        }
    }
    links
}

/// Whether a packet is brought forward with the chain.
pub fn is_about(chain: &Chain, record: &ConnectionRecord, trace: &PacketTrace) -> bool {
    let server = record.server.as_ref().map(|(_, uid)| *uid);
    match chain.about {
        About::Connection(id) => record.id == id,
        About::Client(id) => record.client == id,
        About::Service(uid) => record.service.as_ref().is_some_and(|(_, service)| *service == uid),
        // Until the Pod has replied, only the packet's trace shows that it goes there.
        About::Pod(uid) => record.source == Place::Pod(uid) || touches(trace, Place::Pod(uid)),
        About::Node(uid) => touches(trace, Place::Node(uid)),
        About::Pods => {
            let source = item_of(record.source);
            let ends = source.into_iter().chain(server.map(Selection::Pod));
            ends.into_iter().any(|item| chain.has(item))
        }
    }
}

fn touches(trace: &PacketTrace, place: Place) -> bool {
    trace.segments.iter().any(|s| s.from == place || s.to == place)
}
