//! Pods that a taint NoExecute of their node drives away, at once or when they have tolerated it for long enough.
//! Source: pkg/controller/tainteviction (taint_eviction.go).

use std::sync::Arc;

use crate::api::{Name, Node, NsName, Pod, PodCondition, Taint, Toleration, Uid};
use crate::sim::{LogEntry, Span, Time, WorkItem, World};

/// A Pod that is to be deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TimedEviction {
    /// Since when it tolerates the taints for a while only.
    since: Time,
    at: Time,
}

/// For how long a Pod tolerates taints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tolerated {
    ForEver,
    For(Span),
}

/// GetMatchingTolerations and getMinTolerationTime: of each taint the first toleration counts; the shortest of them all
/// decides.
fn tolerated(tolerations: &[Toleration], taints: &[&Taint]) -> Tolerated {
    let mut shortest = Tolerated::ForEver;
    for taint in taints {
        let Some(toleration) = tolerations.iter().find(|toleration| toleration.tolerates(taint)) else {
            return Tolerated::For(Span::ZERO);
        };
        let Some(seconds) = toleration.toleration_seconds else { continue };
        let time = Span::from_secs(u64::try_from(seconds).unwrap_or(0));
        shortest = match shortest {
            Tolerated::ForEver => Tolerated::For(time),
            Tolerated::For(other) => Tolerated::For(other.min(time)),
        };
    }
    shortest
}

impl World {
    /// A Node was written.
    pub(crate) fn taint_eviction_follows_node(&mut self, old: Option<&Arc<Node>>, new: Option<&Arc<Node>>) {
        let Some(node) = new else { return };
        let before = old.iter().flat_map(|node| node.no_execute_taints());
        if !before.eq(node.no_execute_taints()) {
            self.enqueue(WorkItem::NoExecuteTaints(node.meta.name.clone()));
        }
    }

    /// A Pod was written: one that comes to a node is looked at, and one whose tolerations have changed.
    pub(crate) fn taint_eviction_follows_pod(&mut self, old: Option<&Arc<Pod>>, new: Option<&Arc<Pod>>) {
        let Some(pod) = new else {
            if let Some(pod) = old.filter(|_| !self.node_lifecycle.evictions.is_empty()) {
                self.node_lifecycle.evictions.remove(&pod.meta.uid);
            }
            return;
        };
        let Some(name) = &pod.spec.node_name else { return };
        let is_same = old.is_some_and(|old| {
            old.spec.node_name == pod.spec.node_name && old.spec.tolerations == pod.spec.tolerations
        });
        if !is_same && self.store.node(name).is_some_and(|node| node.no_execute_taints().next().is_some()) {
            self.enqueue(WorkItem::NoExecuteTaints(name.clone()));
        }
    }

    /// handleNodeUpdate. Of a node that is gone the Pods are podgc's.
    pub(crate) fn sync_no_execute_taints(&mut self, name: &Name) {
        let Some(node) = self.store.node(name).cloned() else { return };
        let taints: Vec<&Taint> = node.no_execute_taints().collect();
        let pods: Vec<Arc<Pod>> = self.store.pods_on(name).cloned().collect();
        for pod in pods.iter().filter(|pod| pod.meta.deleted.is_none()) {
            self.time_eviction(pod, tolerated(&pod.spec.tolerations, &taints));
        }
    }

    /// processPodOnNode.
    fn time_eviction(&mut self, pod: &Pod, tolerated: Tolerated) {
        let (uid, now) = (pod.meta.uid, self.clock.now());
        let planned = self.node_lifecycle.evictions.get(&uid).copied();
        let time = match tolerated {
            Tolerated::ForEver => {
                if planned.is_some() {
                    self.node_lifecycle.evictions.remove(&uid);
                    self.record(LogEntry::TaintManagerEviction { pod: pod.meta.key(), cancelled: true });
                }
                return;
            }
            Tolerated::For(Span::ZERO) => return self.evict_by_taint(pod),
            Tolerated::For(time) => time,
        };
        // What began earlier is over earlier.
        if planned.is_some_and(|planned| planned.since < now) {
            return;
        }
        self.node_lifecycle.evictions.insert(uid, TimedEviction { since: now, at: now + time });
        self.enqueue_after(WorkItem::TaintEviction { pod: pod.meta.key(), uid }, time);
    }

    pub(crate) fn taint_eviction_is_due(&mut self, key: &NsName, uid: Uid) {
        let Some(planned) = self.node_lifecycle.evictions.get(&uid).copied() else { return };
        let Some(pod) = self.store.pods.get(key).filter(|pod| pod.meta.uid == uid).cloned() else { return };
        if planned.at > self.clock.now() {
            // It was cancelled, and planned anew.
            let wait = planned.at.since(self.clock.now());
            self.enqueue_after(WorkItem::TaintEviction { pod: key.clone(), uid }, wait);
            return;
        }
        self.evict_by_taint(&pod);
    }

    /// addConditionAndDeletePod: nobody asks a PodDisruptionBudget.
    fn evict_by_taint(&mut self, pod: &Pod) {
        let key = pod.meta.key();
        self.node_lifecycle.evictions.remove(&pod.meta.uid);
        self.record(LogEntry::TaintManagerEviction { pod: key.clone(), cancelled: false });
        let message = "Taint manager: deleting due to NoExecute taint";
        self.mark_for_disruption(&key, "DeletionByTaintManager", message);
        self.delete_pod(&key, None);
    }

    /// Sets the condition that says why a Pod is about to be deleted (DisruptionTarget).
    pub(crate) fn mark_for_disruption(&mut self, key: &NsName, reason: &'static str, message: &'static str) {
        let now = self.clock.now();
        let Some(pod) = self.store.pods.get(key) else { return };
        let old = pod.status.conditions.disruption_target.clone();
        let condition =
            PodCondition { reason: Some(reason), message: Some(message.into()), ..PodCondition::new(true) };
        let condition = Some(condition.after(old.as_ref(), now));
        if condition != old {
            self.update_object::<Pod>(key, |pod| pod.status.conditions.disruption_target = condition);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{TaintEffect, TolerationOperator};

    /// After taint_eviction_test.go, TestGetMinTolerationTime, with the tolerations of each taint.
    #[test]
    fn the_shortest_toleration_decides() {
        let toleration = |key: &str, seconds: Option<i64>| Toleration {
            key: key.into(),
            operator: Some(TolerationOperator::Exists),
            value: "".into(),
            effect: Some(TaintEffect::NoExecute),
            toleration_seconds: seconds,
        };
        let seconds = |seconds| Tolerated::For(Span::from_secs(seconds));
        let taints = ["a", "b"].map(|key| Taint::new(key, TaintEffect::NoExecute));
        let both: Vec<&Taint> = taints.iter().collect();
        for (tolerations, expected) in [
            (vec![], seconds(0)),
            (vec![toleration("a", None)], seconds(0)),
            (vec![toleration("a", None), toleration("b", None)], Tolerated::ForEver),
            (vec![toleration("", None)], Tolerated::ForEver),
            (vec![toleration("a", Some(100)), toleration("b", Some(5))], seconds(5)),
            (vec![toleration("a", Some(100)), toleration("b", None)], seconds(100)),
            (vec![toleration("a", Some(-1)), toleration("b", None)], seconds(0)),
            (vec![toleration("a", Some(9)), toleration("", None)], seconds(9)),
            // The first that matches counts.
            (vec![toleration("", None), toleration("a", Some(9))], Tolerated::ForEver),
        ] {
            assert_eq!(tolerated(&tolerations, &both), expected, "{tolerations:?}");
        }
        assert_eq!(tolerated(&[], &[]), Tolerated::ForEver);
    }
}
