//! Watch events on their way from the API server to the nodes' kube-proxies (apiserver storage/cacher).
//!
//! An event is kept once, however many nodes it is sent to. Each kube-proxy knows which of them is its next, and only
//! that one is in the queue of events: a large cluster has some hundred changes under way to each of its nodes.

use std::collections::VecDeque;
use std::sync::Arc;

use super::proxy_status::{Changed, MissedEvent};
use super::{Machine, ProxyStatus};
use crate::api::{Node, Uid};
use crate::sim::{Chance, Event, Purpose, Span, Time, Timing, WatchChange, World};

/// Those that have not arrived everywhere, oldest first.
#[derive(Clone, Debug, Default)]
pub(crate) struct WatchEvents {
    events: VecDeque<WatchEvent>,
    /// How many were sent before the first of them.
    before: u64,
}

#[derive(Clone, Debug)]
struct WatchEvent {
    /// When the API server accepted the change, and as which version.
    made_at: Time,
    version: u64,
    /// The first of its places among events of the same moment; a node's is as far behind it as its uid says.
    place: u64,
    change: Arc<WatchChange>,
    /// If it is for one node only.
    to: Option<Uid>,
    /// How many nodes have yet to get it.
    left: u32,
}

/// What is under way to one kube-proxy on its present watch.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct UnderWay {
    pub count: u32,
    /// When the first of them was made.
    pub oldest: Option<Time>,
    /// How many watch events were sent, to whomever, before that one.
    next: u64,
}

impl WatchEvents {
    /// The estimated memory.
    pub fn bytes(&self) -> u64 {
        (self.events.len() * size_of::<WatchEvent>()) as u64
    }

    fn sent(&self) -> u64 {
        self.before + self.events.len() as u64
    }

    /// The next one for that node, of those that it has not got yet.
    fn next_for(&self, node: Uid, under_way: &mut UnderWay) -> Option<&WatchEvent> {
        if under_way.count == 0 {
            return None;
        }
        // What was for others only may have arrived there and be gone.
        under_way.next = under_way.next.max(self.before);
        let from = usize::try_from(under_way.next - self.before).ok()?;
        let is_for_it = |event: &WatchEvent| event.to.is_none_or(|to| to == node);
        let (ahead, event) = self.events.iter().skip(from).enumerate().find(|(_, event)| is_for_it(event))?;
        under_way.next += ahead as u64;
        under_way.oldest = Some(event.made_at);
        Some(event)
    }

    /// Takes the next one for that node off its way.
    fn take(&mut self, node: Uid, under_way: &mut UnderWay) -> Option<WatchEvent> {
        self.next_for(node, under_way)?;
        let at = usize::try_from(under_way.next - self.before).ok()?;
        let event = self.events.get_mut(at)?;
        event.left -= 1;
        let taken = event.clone();
        under_way.next += 1;
        under_way.count -= 1;
        under_way.oldest = None;
        while self.events.front().is_some_and(|event| event.left == 0) {
            self.events.pop_front();
            self.before += 1;
        }
        Some(taken)
    }
}

impl WatchEvent {
    fn place_of(&self, node: Uid) -> u64 {
        self.place + u64::from(node.0)
    }

    /// When it arrives: after its own delay, and not before the event ahead of it.
    fn arrives(&self, chance: Chance, timing: &Timing, node: Uid, proxy: &mut ProxyStatus) -> Time {
        let subject = Chance::join(Chance::subject("kube-proxy"), u64::from(node.0));
        let spread = timing.watch_delay_spread.0.max(1);
        let more = Span(chance.below(Purpose::WatchDelay, subject, self.version, spread));
        proxy.last_arrival = proxy.last_arrival.max(self.made_at + timing.watch_delay + more);
        proxy.last_arrival
    }
}

impl WatchChange {
    fn what(&self) -> Changed {
        match self {
            WatchChange::Service(service) => Changed::Service(service.key.clone()),
            WatchChange::Slice(slice) => Changed::Slice(slice.key.clone()),
            WatchChange::ServiceCidr(cidr) => Changed::ServiceCidr(cidr.key.clone()),
            WatchChange::Zone(_) => Changed::Node,
        }
    }
}

impl ProxyStatus {
    /// It gets no event of this change.
    fn misses(&mut self, at: Time, change: &WatchChange) {
        let what = change.what();
        if !self.has_missed(&what) {
            self.missed.push(MissedEvent { at, what });
        }
    }

    fn has_missed(&self, what: &Changed) -> bool {
        self.missed.iter().any(|event| event.what == *what)
    }
}

impl World {
    /// A Service or an EndpointSlice changed: sends a watch event to every node's kube-proxy.
    pub(crate) fn publish(&mut self, change: WatchChange) {
        self.send_watch_event(change, None);
    }

    /// kube-proxy watches its own Node too, for its zone (pkg/proxy/config, NodeTopologyConfig).
    pub(crate) fn publish_zone(&mut self, node: &Node) {
        let (uid, zone) = (node.meta.uid, node.zone().cloned());
        let Some(machine) = self.machines.get(&uid).filter(|m| m.power) else { return };
        if machine.proxy.zone != zone || self.has_unseen_zone(machine) {
            self.send_watch_event(WatchChange::Zone(zone), Some(uid));
        }
    }

    /// Whether a change of its zone was made that its kube-proxy has not seen.
    fn has_unseen_zone(&self, machine: &Machine) -> bool {
        let is_under_way = |event: &WatchEvent| event.to == Some(machine.uid) && event.left > 0;
        machine.proxy.has_missed(&Changed::Node) || self.watch_events.events.iter().any(is_under_way)
    }

    fn send_watch_event(&mut self, change: WatchChange, to: Option<Uid>) {
        let places = self.machines.last().map_or(0, |(last, _)| u64::from(last.0) + 1);
        let mut event = WatchEvent {
            made_at: self.clock.now(),
            version: self.store.resource_version(),
            place: self.clock.reserve(places),
            change: Arc::new(change),
            to,
            left: 0,
        };
        let next = self.watch_events.sent();
        let is_for_it = |machine: &&mut Machine| machine.power && to.is_none_or(|to| to == machine.uid);
        for machine in self.machines.iter_mut().map(|(_, machine)| machine).filter(is_for_it) {
            let (node, watch) = (machine.uid, machine.watch);
            self.changes.rules.insert(node);
            if machine.cut_off || machine.proxy.paused {
                machine.proxy.misses(event.made_at, &event.change);
                continue;
            }
            event.left += 1;
            let under_way = &mut machine.proxy.under_way;
            under_way.count += 1;
            if under_way.count == 1 {
                *under_way = UnderWay { count: 1, oldest: Some(event.made_at), next };
                let at = event.arrives(self.chance, &self.timing, node, &mut machine.proxy);
                let arrives = Event::ProxyObserve { node, watch };
                self.clock.schedule_reserved(at, event.place_of(node), arrives);
            }
        }
        if event.left > 0 {
            self.watch_events.events.push_back(event);
        }
    }

    /// `watch`: the one that it was sent on. If that is broken, it arrives nowhere.
    pub(crate) fn watch_event_arrives(&mut self, node: Uid, watch: u32) {
        let Some(machine) = self.machines.get_mut(&node).filter(|m| m.watch == watch) else { return };
        let proxy = &mut machine.proxy;
        let Some(event) = self.watch_events.take(node, &mut proxy.under_way) else { return };
        if let Some(next) = self.watch_events.next_for(node, &mut proxy.under_way) {
            let at = next.arrives(self.chance, &self.timing, node, proxy);
            self.clock.schedule_reserved(at, next.place_of(node), Event::ProxyObserve { node, watch });
        }
        self.proxy_observes(node, event.made_at, &event.change);
    }

    /// Events that are under way to the node's kube-proxy are lost.
    pub(crate) fn break_watch(&mut self, node: Uid) {
        let Some(machine) = self.machines.get_mut(&node) else { return };
        let (proxy, watch) = (&mut machine.proxy, machine.watch);
        let mut is_scheduled = true;
        while let Some(event) = self.watch_events.take(node, &mut proxy.under_way) {
            proxy.missed.push(MissedEvent { at: event.made_at, what: event.change.what() });
            // They are steps of the run as before.
            if !std::mem::take(&mut is_scheduled) {
                let at = event.arrives(self.chance, &self.timing, node, proxy);
                self.clock.schedule_reserved(at, event.place_of(node), Event::ProxyObserve { node, watch });
            }
        }
        machine.watch += 1;
    }
}
