//! What is seen of a run while it goes on: how every request ended, what happened, and what there was.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::IpAddr;

use cluster::api::{Service, Uid};
use cluster::sim::{Moment, Span, Time, World};
use cluster::trace::{ConnectionRecord, LossClass, Outcome};
use cluster::traffic::ConnectionId;

use super::recorded;
use crate::corpus::Scenario;

/// How often a run is looked at: on a connection that carries several requests, the times at which all but the
/// first begin are as exact as this.
const STEP: Span = Span::from_millis(100);

/// A request that ended.
pub struct Request {
    pub client: String,
    pub began: Moment,
    pub connection: ConnectionId,
    pub outcome: Outcome,
    pub lost: Option<LossClass>,
    pub stale_rule: bool,
    /// The Pod that took its connection, and the Pod's node.
    pub server: Option<(String, String)>,
    pub source: Option<IpAddr>,
    /// The source that the Pod saw.
    pub seen: Option<IpAddr>,
    /// Who put another destination into the connection's first packet.
    pub rewriters: Vec<String>,
    /// From the connection's first packet to its end, where it carried this request only.
    pub took: Option<Span>,
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at {} {}", words::moment(self.began), words::outcome(self.outcome))?;
        if let Some((pod, node)) = &self.server {
            write!(f, ", {pod} on {node}")?;
        }
        if let Some(class) = self.lost {
            write!(f, " ({class:?})")?;
        }
        Ok(())
    }
}

#[derive(Default)]
pub struct Observed {
    /// In the order in which they began.
    pub requests: Vec<Request>,
    /// The log, in sentences.
    pub events: Vec<(Moment, String)>,
    /// What there was at the moments that were asked for, a sentence for each object.
    pub states: BTreeMap<Moment, Vec<String>>,
    /// Those that there are at the end.
    pub services: Vec<Service>,
    pub clients: BTreeSet<String>,
    pub end: Moment,
    nodes: BTreeMap<Uid, String>,
    connections: BTreeMap<ConnectionId, Seen>,
    events_seen: u64,
}

/// What has been seen of a connection.
#[derive(Default)]
struct Seen {
    /// When each of its requests began.
    began: Vec<Time>,
    answered: u32,
    /// It is archived: nothing more comes of it.
    is_final: bool,
}

/// Runs the scenario to its end, and notes what there is at each of the moments.
pub fn observe(scenario: &Scenario, moments: &BTreeSet<Moment>) -> Observed {
    let mut run = scenario.start();
    let end = scenario.end(&run);
    let mut observed = Observed { end: run.world().moment(end), ..Observed::default() };
    observed.look(run.world(), moments);
    while run.world().now() < end {
        let next = (run.world().now() + STEP).min(end);
        run.advance_to(next, u64::MAX);
        observed.look(run.world(), moments);
    }
    observed.services = run.world().store().services.iter().map(|service| Service::clone(service)).collect();
    observed.agrees_with_the_counts(run.world(), &scenario.name);
    observed
}

impl Observed {
    fn look(&mut self, world: &World, moments: &BTreeSet<Moment>) {
        for pod in world.store().pods.iter() {
            if let Some(node) = &pod.spec.node_name {
                self.nodes.insert(pod.meta.uid, node.to_string());
            }
        }
        let new = usize::try_from(world.log_count() - self.events_seen).expect("few events in a step");
        let skipped = world.log().len().checked_sub(new).expect("the log keeps more than a step's events");
        let said = world.log().iter().skip(skipped).map(|l| (world.moment(l.at), words::happened(&l.entry)));
        self.events.extend(said);
        self.events_seen = world.log_count();
        let now = world.moment(world.now());
        if moments.contains(&now) {
            self.states.insert(now, recorded::objects(world));
        }
        self.look_at_connections(world);
    }

    fn look_at_connections(&mut self, world: &World) {
        let traffic = world.traffic();
        let is_final = |id| self.connections.get(&id).is_some_and(|seen: &Seen| seen.is_final);
        let ended: Vec<_> = traffic.finished.iter().rev().take_while(|r| !is_final(r.id)).cloned().collect();
        for record in ended.iter().rev() {
            self.look_at(world, record, true);
        }
        for live in traffic.connections.values() {
            self.look_at(world, &live.record, false);
        }
        self.requests.sort_by_key(|request| request.began);
    }

    /// A connection's class of loss may be known only when its last packet has ended: with its archiving.
    fn look_at(&mut self, world: &World, record: &ConnectionRecord, is_final: bool) {
        let seen = self.connections.entry(record.id).or_default();
        while seen.began.len() < record.requests as usize {
            seen.began.push(if seen.began.is_empty() { record.started } else { world.now() });
        }
        let answered = seen.answered as usize..record.answered as usize;
        seen.answered = record.answered;
        seen.is_final = is_final;
        let mut ended: Vec<_> =
            seen.began[answered.clone()].iter().map(|at| (*at, Outcome::Delivered)).collect();
        if let Some((_, outcome)) = record.ended.filter(|(_, o)| is_final && *o != Outcome::Delivered) {
            // The last one, or none, where the client gave up a connection with nothing to do.
            let last = seen.began.get(answered.end).or(seen.began.last());
            ended.extend(last.map(|at| (*at, outcome)));
        }
        for (began, outcome) in ended {
            self.note(world, record, began, outcome);
        }
    }

    fn note(&mut self, world: &World, record: &ConnectionRecord, began: Time, outcome: Outcome) {
        let redirects = |hop: &&cluster::trace::Hop| {
            (hop.before.dst, hop.before.dst_port) != (hop.after.dst, hop.after.dst_port)
        };
        let first = record.packets.first().filter(|packet| !packet.kind.is_reply());
        let hops = first.map_or(&[][..], |packet| &packet.hops);
        let server = record.server.as_ref();
        self.requests.push(Request {
            client: record.client_name.to_string(),
            began: world.moment(began),
            connection: record.id,
            outcome,
            lost: record.lost.filter(|_| outcome != Outcome::Delivered).map(|lost| lost.class),
            stale_rule: record.stale_rule.is_some(),
            server: server.map(|(pod, uid)| (pod.name.to_string(), self.nodes[uid].clone())),
            source: record.tuple.map(|tuple| tuple.src),
            seen: record.server_saw.map(|(address, _)| address),
            rewriters: hops.iter().filter(redirects).map(|hop| words::place(world, hop.place)).collect(),
            took: record.ended.filter(|_| record.requests == 1).map(|(at, _)| at.since(record.started)),
        });
    }

    /// The core counts for itself: both must have seen the same. A request whose last packets are still
    /// on their way is counted there, and noted here when they have ended.
    fn agrees_with_the_counts(&mut self, world: &World, scenario: &str) {
        let pending: BTreeSet<_> = world.traffic().connections.keys().copied().collect();
        for (name, counts) in &world.traffic().stats.clients {
            self.clients.insert(name.to_string());
            let of = |is: fn(Outcome) -> bool| {
                self.requests.iter().filter(|r| *r.client == **name && is(r.outcome)).count() as u64
            };
            let ended_live = world.traffic().connections.values().filter(|live| {
                *live.record.client_name == **name
                    && live.record.ended.is_some_and(|(_, outcome)| outcome != Outcome::Delivered)
            });
            assert!(pending.len() >= ended_live.clone().count());
            let delivered = of(|o| o == Outcome::Delivered);
            let failed = of(|o| o != Outcome::Delivered) + ended_live.count() as u64;
            assert_eq!(
                (delivered, failed),
                (counts.delivered, counts.failed() + counts.abandoned),
                "{scenario}: delivered and failed requests of {name}, as seen and as counted"
            );
        }
    }
}
