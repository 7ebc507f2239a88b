//! The origin: the moment at which the clients begin, from which texts and people count time.
//!
//! It is where the cluster of the first load has settled. What a person, or a text, does before does not move it: a
//! moment before the origin is the same one however often the run is told anew.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;

use super::{LogEntry, Span, Time, World};
use crate::api::{NsName, ObjectRef, Pod, Uid};
use crate::node::Proxier;

/// When clients begin in a cluster that has not settled: what waits so long may wait for ever.
pub const SETTLE_LIMIT: Span = Span::from_secs(600);

/// A moment as texts and people say it: in nanoseconds from the origin, negative before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize)]
pub struct Moment(pub i64);

impl Moment {
    pub const ORIGIN: Moment = Moment(0);

    /// The time that this moment has in a run with that origin; the run's beginning, for a moment before it.
    pub fn in_run(self, origin: Time) -> Time {
        Time(origin.0.saturating_add_signed(self.0))
    }

    fn of(at: Time, origin: Time) -> Moment {
        let signed = |nanos: u64| i64::try_from(nanos).unwrap_or(i64::MAX);
        Moment(signed(at.since(origin).0) - signed(origin.since(at).0))
    }

    /// How far from the origin it is, on either side.
    pub fn distance(self) -> Span {
        Span(self.0.unsigned_abs())
    }
}

/// When the clients begin, and whether they have.
#[derive(Clone, Default)]
pub(super) struct Beginning {
    /// Known when the cluster has settled, or before, from another pass through the same run.
    origin: Option<Time>,
    clients_began: bool,
    /// A Pod that kept the cluster from having settled when last looked at: it is looked at first.
    awaited: Option<NsName>,
}

/// Of two Worlds in one state, one may know by another pass what the other has yet to find.
impl fmt::Debug for Beginning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.origin.filter(|_| self.clients_began).fmt(f)
    }
}

impl World {
    /// When the clients begin. `None` as long as the cluster has not settled and nothing else says it.
    pub fn origin(&self) -> Option<Time> {
        self.beginning.origin
    }

    pub fn clients_began(&self) -> bool {
        self.beginning.clients_began
    }

    /// As texts and people say it; from the run's beginning while there is no origin yet.
    pub fn moment(&self, at: Time) -> Moment {
        Moment::of(at, self.origin().unwrap_or(Time::ZERO))
    }

    /// What another pass through the same run has found.
    pub(super) fn set_origin(&mut self, origin: Option<Time>) {
        self.beginning.origin = self.beginning.origin.or(origin);
    }

    /// `start: cold`: clients begin with the cluster.
    pub(super) fn begin_cold(&mut self) {
        self.beginning = Beginning { origin: Some(Time::ZERO), clients_began: true, awaited: None };
    }

    /// When clients begin at the latest; `None` when they have.
    pub(super) fn clients_begin_by(&self) -> Option<Time> {
        let latest = match self.clock.next_event_at() {
            Some(_) => Time::ZERO + SETTLE_LIMIT,
            None => self.now(),
        };
        (!self.clients_began()).then(|| self.origin().unwrap_or(latest))
    }

    /// Lets the clients begin if their moment has come, after all that happens in it, and is not after `until`. Only
    /// what has happened decides that, not who looks when.
    pub(super) fn begin_if_due(&mut self, until: Time) -> bool {
        let next = self.clock.next_event_at();
        let is_between_moments = next.is_none_or(|next| next > self.now());
        if self.clients_began() || !is_between_moments {
            return false;
        }
        let due = match self.clients_begin_by() {
            Some(_) if self.origin().is_none() && self.has_first_settled() => self.now(),
            Some(due) => due,
            None => return false,
        };
        if due > until || next.is_some_and(|next| next <= due) {
            return false;
        }
        self.clock.pass_to(due);
        self.begin();
        true
    }

    fn begin(&mut self) {
        let origin = Some(self.now());
        self.beginning = Beginning { origin, clients_began: true, awaited: None };
        let settled = self.settled();
        self.record(LogEntry::ClientsBegan { settled });
        self.first_requests();
        self.changes.scene = true;
    }

    /// [`World::settled`], asked after each moment of a run that has not settled yet.
    fn has_first_settled(&mut self) -> bool {
        if !self.queued.is_empty() || !self.rules_are_current() {
            return false;
        }
        let awaited = self.beginning.awaited.as_ref().and_then(|pod| self.store.pods.get(pod));
        if awaited.is_some_and(|pod| self.is_under_way(pod)) {
            return false;
        }
        // From there on: those before it were not under way when it was chosen. A whole round follows in `settled`.
        let after = self.beginning.awaited.take();
        let mut rest = self.store.pods.iter_from(after.as_ref());
        self.beginning.awaited = rest.find(|pod| self.is_under_way(pod)).map(|pod| pod.meta.key());
        self.beginning.awaited.is_none() && self.settled()
    }

    /// Whether everything that can become ready is ready, every node's rules are current and no load balancer waits for
    /// its address.
    pub fn settled(&self) -> bool {
        self.queued.is_empty()
            && self.now() > Time::ZERO
            && self.rules_are_current()
            && self.cloud.balancers.values().all(|lb| lb.ips.is_some())
            && !self.store.pods.iter().any(|pod| self.is_under_way(pod))
            && self.workloads_have_pods()
    }

    fn rules_are_current(&self) -> bool {
        let mut watching = self.machines.values().filter(|m| !m.is_silent() && !m.proxy.paused);
        watching.all(|m| m.proxy.unseen() == 0 && m.proxy.proxiers.values().all(Proxier::is_current))
    }

    /// Whether it is going or, without more being done to the cluster, becoming ready.
    fn is_under_way(&self, pod: &Pod) -> bool {
        pod.meta.deleted.is_some() || (!pod.status.is_ready() && self.can_be_ready(pod))
    }

    /// Whether all workloads have the Pods that they can make.
    fn workloads_have_pods(&self) -> bool {
        let store = &self.store;
        let has_all =
            |owner: Uid, wanted: u32| self.pods_made(owner) >= wanted || self.was_refused_pods(owner);
        let ordered = store.stateful_sets.iter().all(|set| {
            // A Pod that cannot become ready holds up those after it.
            let is_stuck = |pod: &Arc<Pod>| !pod.status.is_ready() && !self.can_be_ready(pod);
            has_all(set.meta.uid, set.spec.replicas) || store.pods_of(set.meta.uid).any(is_stuck)
        });
        ordered
            && store.replica_sets.iter().all(|set| has_all(set.meta.uid, set.spec.replicas))
            && store.replication_controllers.iter().all(|rc| has_all(rc.meta.uid, rc.spec.replicas))
            && store.daemon_sets.iter().all(|ds| has_all(ds.meta.uid, ds.status.desired_number_scheduled))
    }

    fn pods_made(&self, owner: Uid) -> u32 {
        u32::try_from(self.store.pods_of(owner).count()).unwrap_or(u32::MAX)
    }

    /// Whether it waits until there is room for more Pods.
    fn was_refused_pods(&self, owner: Uid) -> bool {
        let is_owner = |refused: &ObjectRef| self.store.get(refused).is_some_and(|o| o.meta().uid == owner);
        self.failed_creates.iter().any(is_owner)
    }

    fn can_be_ready(&self, pod: &Pod) -> bool {
        let Some(runtime) = self.pods.get(&pod.meta.uid) else {
            return pod.spec.node_name.is_none() && self.is_to_be_scheduled(pod);
        };
        runtime.may_become_ready() && self.machines.get(&runtime.node).is_some_and(|m| !m.is_silent())
    }
}
