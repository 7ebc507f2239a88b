//! Scheduler: finds a node for each Pod that has none, one Pod at a time. Source: pkg/scheduler of Kubernetes 1.36.
//!
//! | module | upstream |
//! |---|---|
//! | `queue`, `hints` | backend/queue; each plugin's EventsToRegister |
//! | `cache` | backend/cache, framework/types.go (NodeInfo) |
//! | `cycle` | schedule_one.go |
//! | `taint_toleration`, `node_affinity`, `host_ports`, `node_resources`, `pod_topology_spread`, `inter_pod_affinity` | framework/plugins |
//!
//! No Pod is deleted to make room for another one (preemption).

mod admission_check;
mod cache;
mod cycle;
mod default_selector;
mod double;
#[cfg(test)]
mod fixture;
mod hints;
mod host_ports;
mod inter_pod_affinity;
mod node_affinity;
mod node_resources;
mod pod_topology_spread;
mod queue;
mod requests;
mod score;
mod taint_toleration;

use std::sync::Arc;

pub(super) use node_affinity::matches as node_affinity_matches;
pub(super) use taint_toleration::tolerates as tolerates_taints;

pub(crate) use admission_check::AdmissionFailure;
use cache::{Cache, is_assigned};
use hints::{ClusterEvent, Plugin};
use queue::SchedulingQueue;

use crate::api::{FitError, Name, Node, NsName, Pod, PodCondition, PodSpec};
use crate::control::admission::topology_labels;
use crate::sim::{LogEntry, WorkItem, World};
use crate::store::Store;

/// The scheduler's state. Shared between the Worlds of a run until it changes.
#[derive(Clone, Debug, Default)]
pub struct Scheduler {
    cache: Arc<Cache>,
    queue: Arc<SchedulingQueue>,
}

impl Scheduler {
    /// The estimated memory that is not shared with an older one.
    pub(crate) fn bytes_beside(&self, older: &Scheduler) -> u64 {
        let cache = if Arc::ptr_eq(&self.cache, &older.cache) { 0 } else { self.cache.bytes() };
        let queue = if Arc::ptr_eq(&self.queue, &older.queue) { 0 } else { self.queue.bytes() };
        cache + queue
    }
}

/// What a Pod's turn looks at.
#[derive(Clone, Copy)]
struct Cluster<'a> {
    store: &'a Store,
    cache: &'a Cache,
}

/// Whether the scheduler has to find a node for it (eventhandlers.go, responsibleForPod; plugins/schedulinggates).
fn waits(pod: &Pod) -> bool {
    pod.spec.node_name.is_none()
        && pod.meta.deleted.is_none()
        && &*pod.spec.scheduler_name == PodSpec::DEFAULT_SCHEDULER
        && pod.spec.scheduling_gates.is_empty()
}

impl World {
    /// Whether the scheduler has yet to look at a Pod without a node.
    pub(crate) fn is_to_be_scheduled(&self, pod: &Pod) -> bool {
        waits(pod) && pod.status.conditions.scheduled.is_none()
    }

    /// eventhandlers.go: a Pod was written.
    pub(crate) fn scheduler_follows_pod(&mut self, old: Option<&Arc<Pod>>, new: Option<&Arc<Pod>>) {
        let Some(pod) = new.or(old) else { return };
        let key = pod.meta.key();
        if old.is_some_and(|pod| is_assigned(pod)) || new.is_some_and(|pod| is_assigned(pod)) {
            Arc::make_mut(&mut self.scheduler.cache).follow_pod(old, new);
        }
        match new.filter(|pod| waits(pod)) {
            Some(pod) => {
                let is_same =
                    old.is_some_and(|old| old.spec == pod.spec && old.meta.labels == pod.meta.labels);
                if !is_same || !self.scheduler.queue.contains(&key) {
                    self.enqueue(WorkItem::PodToSchedule(key));
                }
            }
            None if self.scheduler.queue.contains(&key) => {
                Arc::make_mut(&mut self.scheduler.queue).remove(&key)
            }
            None => {}
        }
        let assigned = |pod: &&Arc<Pod>| is_assigned(pod);
        match (old.filter(assigned), new.filter(assigned)) {
            (None, Some(pod)) => self.retry_after(ClusterEvent::PodAdded(pod)),
            (Some(old), Some(new)) if old.meta.labels != new.meta.labels => {
                self.retry_after(ClusterEvent::PodUpdated(old, new));
            }
            (Some(pod), None) => self.retry_after(ClusterEvent::PodDeleted(pod)),
            (None, None) | (Some(_), Some(_)) => {}
        }
    }

    /// eventhandlers.go: a Node was written.
    pub(crate) fn scheduler_follows_node(&mut self, old: Option<&Arc<Node>>, new: Option<&Arc<Node>>) {
        Arc::make_mut(&mut self.scheduler.cache).follow_node(old, new);
        match (old, new) {
            (None, Some(node)) => self.retry_after(ClusterEvent::NodeAdded(node)),
            (Some(old), Some(new)) => self.retry_after(ClusterEvent::NodeUpdated(old, new)),
            (Some(node), None) => self.retry_after(ClusterEvent::NodeDeleted(node)),
            (None, None) => {}
        }
    }

    /// MoveAllToActiveOrBackoffQueue: tries those again that the change may let fit.
    fn retry_after(&mut self, event: ClusterEvent<'_>) {
        let queue = &self.scheduler.queue;
        let helps = |key: &NsName| {
            self.store.pods.get(key).is_some_and(|pod| {
                let mut rejectors = event.concerns().iter().filter(|r| queue.was_rejected_by(key, **r));
                rejectors.any(|plugin| event.may_help(&self.store, pod, *plugin))
            })
        };
        let pods: Vec<NsName> = queue.rejected_by(event.concerns()).into_iter().filter(helps).collect();
        for key in pods {
            self.enqueue(WorkItem::PodToSchedule(key));
        }
    }

    /// Claims may be there that were missing.
    pub(crate) fn retry_for_claims(&mut self) {
        let has_all =
            |key: &NsName| self.store.pods.get(key).is_some_and(|pod| self.missing_claim(pod).is_none());
        let waiting = self.scheduler.queue.rejected_by(&[Plugin::VolumeBinding]);
        let waiting: Vec<NsName> = waiting.into_iter().filter(has_all).collect();
        for key in waiting {
            self.enqueue(WorkItem::PodToSchedule(key));
        }
    }

    /// The scheduler's watch shows a Pod without a node, or a change that may help it.
    pub(crate) fn scheduler_sees_pod(&mut self, key: &NsName) {
        let Some(pod) = self.store.pods.get(key).filter(|pod| waits(pod)) else { return };
        let (priority, now) = (pod.spec.priority.unwrap_or(0), self.clock.now());
        Arc::make_mut(&mut self.scheduler.queue).add(key, priority, now);
        self.enqueue(WorkItem::NextPodToSchedule);
    }

    /// ScheduleOne.
    pub(crate) fn schedule_next_pod(&mut self) {
        let Some(key) = Arc::make_mut(&mut self.scheduler.queue).pop() else { return };
        if !self.scheduler.queue.is_idle() {
            self.enqueue(WorkItem::NextPodToSchedule);
        }
        let Some(pod) = self.store.pods.get(&key).filter(|pod| waits(pod)).cloned() else { return };
        let cluster = Cluster { store: &self.store, cache: &self.scheduler.cache };
        match cycle::find_node(cluster, self.chance, &pod, self.missing_claim(&pod)) {
            Ok(node) => self.bind(&key, node),
            Err(error) => self.found_no_node(&pod, error),
        }
    }

    fn bind(&mut self, key: &NsName, node: Name) {
        let now = self.clock.now();
        let topology = self.store.node(&node).map(|node| topology_labels(node)).unwrap_or_default();
        let bound = self.update_object::<Pod>(key, |pod| {
            pod.spec.node_name = Some(node.clone());
            for (label, value) in topology {
                pod.meta.labels.entry(label).or_insert(value);
            }
            let scheduled = &mut pod.status.conditions.scheduled;
            *scheduled = Some(PodCondition::new(true).after(scheduled.as_ref(), now));
        });
        let Some(pod) = bound else { return };
        self.record(LogEntry::Scheduled { pod: key.clone(), node });
        self.kubelet_observes(&pod);
    }

    /// handleSchedulingFailure. An event that repeats itself is not recorded again.
    fn found_no_node(&mut self, pod: &Pod, error: FitError) {
        let (key, now) = (pod.meta.key(), self.clock.now());
        Arc::make_mut(&mut self.scheduler.queue).add_unschedulable(&key, Plugin::of(&error), now);
        let old = pod.status.conditions.scheduled.as_ref();
        let condition = Some(error.condition().after(old, now));
        if condition.as_ref() == old {
            return;
        }
        self.update_object::<Pod>(&key, |pod| pod.status.conditions.scheduled = condition);
        self.record(LogEntry::FailedScheduling { pod: key, error });
    }
}
