//! The Pods that wait for a node (scheduler backend/queue).

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::hints::Plugin;
use crate::api::NsName;
use crate::sim::{Span, Time};

/// Who is first: the higher priority, then who has waited longer (plugins/queuesort, PrioritySort).
type ActiveKey = (Reverse<i32>, Time, u64, NsName);
/// When its back-off ends, then as above.
type BackoffKey = (Time, ActiveKey);

#[derive(Clone, Debug, Default)]
pub struct SchedulingQueue {
    pods: BTreeMap<NsName, QueuedPod>,
    active: BTreeSet<ActiveKey>,
    backoff: BTreeSet<BackoffKey>,
    /// Who waits for a change that would concern this plugin.
    rejected: BTreeSet<(Plugin, NsName)>,
    added: u64,
}

#[derive(Clone, Debug)]
struct QueuedPod {
    priority: i32,
    /// When it was added, or failed last.
    since: Time,
    /// The order of those that were added at one moment.
    order: u64,
    failures: u32,
    rejected_by: BTreeSet<Plugin>,
}

/// DefaultPodInitialBackoffDuration and DefaultPodMaxBackoffDuration.
const INITIAL_BACKOFF: Span = Span::from_secs(1);
const MAX_BACKOFF: Span = Span::from_secs(10);
/// backoffQOrderingWindowDuration: back-offs that end in the same second count as equal.
const BACKOFF_WINDOW: Span = Span::from_secs(1);

impl QueuedPod {
    fn active_key(&self, key: &NsName) -> ActiveKey {
        (Reverse(self.priority), self.since, self.order, key.clone())
    }

    /// getBackoffTime.
    fn backoff_until(&self) -> Time {
        let doubled = INITIAL_BACKOFF.0 << self.failures.saturating_sub(1).min(10);
        let until = self.since + Span(doubled.min(MAX_BACKOFF.0));
        Time(until.0 - until.0 % BACKOFF_WINDOW.0)
    }
}

impl SchedulingQueue {
    /// A Pod that the scheduler sees for the first time, or one that may fit by now.
    pub fn add(&mut self, key: &NsName, priority: i32, now: Time) {
        if self.pods.contains_key(key) {
            return self.retry(key, now);
        }
        self.added += 1;
        let pod =
            QueuedPod { priority, since: now, order: self.added, failures: 0, rejected_by: BTreeSet::new() };
        self.active.insert(pod.active_key(key));
        self.pods.insert(key.clone(), pod);
    }

    /// It is bound, or gone.
    pub fn remove(&mut self, key: &NsName) {
        let Some(pod) = self.pods.remove(key) else { return };
        let active = pod.active_key(key);
        self.backoff.remove(&(pod.backoff_until(), active.clone()));
        self.active.remove(&active);
        self.forget_rejectors(key, &pod);
    }

    /// The estimated memory.
    pub fn bytes(&self) -> u64 {
        (self.pods.len() * 2 * size_of::<(BackoffKey, QueuedPod)>()) as u64
    }

    pub fn contains(&self, key: &NsName) -> bool {
        self.pods.contains_key(key)
    }

    pub fn is_idle(&self) -> bool {
        self.active.is_empty() && self.backoff.is_empty()
    }

    /// The next one. When nobody else waits, those whose back-off is not over need not wait for its end
    /// (active_queue.go, SchedulerPopFromBackoffQ).
    pub fn pop(&mut self) -> Option<NsName> {
        let (.., key) = match self.active.pop_first() {
            Some(active) => active,
            None => self.backoff.pop_first()?.1,
        };
        Some(key)
    }

    /// It fits nowhere: it waits for a change (AddUnschedulableIfNotPresent).
    pub fn add_unschedulable(&mut self, key: &NsName, rejected_by: BTreeSet<Plugin>, now: Time) {
        let Some(pod) = self.pods.get_mut(key) else { return };
        pod.failures += 1;
        pod.since = now;
        self.rejected.extend(rejected_by.iter().map(|plugin| (*plugin, key.clone())));
        pod.rejected_by = rejected_by;
    }

    /// Those that one of these plugins has rejected.
    pub fn rejected_by(&self, rejectors: &[Plugin]) -> BTreeSet<NsName> {
        let of = |plugin: &Plugin| {
            let (plugin, from) = (*plugin, (*plugin, NsName::new("", "")));
            self.rejected.range(from..).take_while(move |(of, _)| *of == plugin).map(|(_, key)| key.clone())
        };
        rejectors.iter().flat_map(of).collect()
    }

    pub fn was_rejected_by(&self, key: &NsName, plugin: Plugin) -> bool {
        self.pods.get(key).is_some_and(|pod| pod.rejected_by.contains(&plugin))
    }

    /// requeuePodWithQueueingStrategy, if it waits for a change.
    fn retry(&mut self, key: &NsName, now: Time) {
        let Some(pod) = self.pods.get(key).filter(|pod| !pod.rejected_by.is_empty()).cloned() else { return };
        let (until, active) = (pod.backoff_until(), pod.active_key(key));
        self.forget_rejectors(key, &pod);
        if let Some(pod) = self.pods.get_mut(key) {
            pod.rejected_by.clear();
        }
        if until < Time(now.0 - now.0 % BACKOFF_WINDOW.0) {
            self.active.insert(active);
        } else {
            self.backoff.insert((until, active));
        }
    }

    fn forget_rejectors(&mut self, key: &NsName, pod: &QueuedPod) {
        for plugin in &pod.rejected_by {
            self.rejected.remove(&(*plugin, key.clone()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> NsName {
        NsName::new("default", name)
    }

    fn popped(queue: &mut SchedulingQueue) -> Vec<String> {
        std::iter::from_fn(|| queue.pop()).map(|key| key.name.to_string()).collect()
    }

    const fn seconds(seconds: u64) -> Time {
        Time(Span::from_secs(seconds).0)
    }

    /// After plugins/queuesort/priority_sort_test.go, TestLess.
    #[test]
    fn the_higher_priority_is_first_then_the_older() {
        let mut queue = SchedulingQueue::default();
        queue.add(&key("low"), 1, seconds(1));
        queue.add(&key("b"), 5, seconds(3));
        queue.add(&key("a"), 5, seconds(3));
        queue.add(&key("old"), 5, seconds(2));
        queue.add(&key("high"), 9, seconds(4));
        assert_eq!(popped(&mut queue), ["high", "old", "b", "a", "low"]);
    }

    /// After scheduling_queue_test.go, TestPriorityQueue_MoveAllToActiveOrBackoffQueue and TestBackoffFlow.
    #[test]
    fn who_failed_lately_comes_after_the_others() {
        let mut queue = SchedulingQueue::default();
        for name in ["failed", "failed-long-ago"] {
            queue.add(&key(name), 9, Time::ZERO);
        }
        assert_eq!(queue.pop().as_ref(), Some(&key("failed")));
        assert_eq!(queue.pop().as_ref(), Some(&key("failed-long-ago")));
        queue.add_unschedulable(&key("failed"), [Plugin::NodeResourcesFit].into(), seconds(9));
        queue.add_unschedulable(&key("failed-long-ago"), [Plugin::NodePorts].into(), seconds(1));
        assert!(queue.is_idle());
        assert_eq!(queue.rejected_by(&[Plugin::NodePorts]), [key("failed-long-ago")].into());
        queue.add(&key("failed"), 9, seconds(10));
        queue.add(&key("failed-long-ago"), 9, seconds(10));
        queue.add(&key("new"), 0, seconds(10));
        assert!(queue.rejected_by(&[Plugin::NodePorts, Plugin::NodeResourcesFit]).is_empty());
        assert_eq!(popped(&mut queue), ["failed-long-ago", "new", "failed"]);
    }

    #[test]
    fn the_back_off_doubles_up_to_ten_seconds() {
        let until = |failures| {
            let pod = QueuedPod {
                priority: 0,
                since: Time::ZERO,
                order: 0,
                failures,
                rejected_by: BTreeSet::new(),
            };
            pod.backoff_until()
        };
        assert_eq!([1, 2, 3, 4, 5, 60].map(until), [1, 2, 4, 8, 10, 10].map(seconds));
    }

    #[test]
    fn who_is_removed_is_in_no_queue() {
        let mut queue = SchedulingQueue::default();
        queue.add(&key("a"), 0, Time::ZERO);
        queue.pop();
        queue.add_unschedulable(&key("a"), [Plugin::NodeAffinity].into(), Time::ZERO);
        queue.add(&key("a"), 0, Time::ZERO);
        queue.remove(&key("a"));
        assert!(queue.is_idle() && !queue.contains(&key("a")));
    }
}
