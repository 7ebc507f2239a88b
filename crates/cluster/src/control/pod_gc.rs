//! The Pod garbage collector: deletes Pods that no kubelet will (pkg/controller/podgc, gc_controller.go).

use std::collections::BTreeSet;
use std::sync::Arc;

use litemap::LiteMap;

use super::POD_LIMIT;
use crate::api::{ConditionStatus, Name, Node, NsName, Phase, Pod, Taint};
use crate::sim::{LogEntry, Span, Time, WorkItem, World};

/// gcCheckPeriod: how often it looks. It has begun with the run.
const CHECK_PERIOD: Span = Span::from_secs(20);
/// quarantineTime: for how long a node must be missing.
const QUARANTINE: Span = Span::from_secs(40);
/// kube-controller-manager --terminated-pod-gc-threshold, its default. It must leave room for others.
const TERMINATED_POD_THRESHOLD: u32 = 12_500;
const _: () = assert!(TERMINATED_POD_THRESHOLD < POD_LIMIT);

/// Since when nodes are missed that Pods are bound to.
pub(crate) type Quarantine = LiteMap<Name, Time>;

/// Those that are deleted of so many Pods that have ended: the oldest, beyond the threshold
/// (byEvictionAndCreationTimestamp; nobody is evicted by a kubelet here).
fn surplus<'a>(ended: impl Iterator<Item = &'a Arc<Pod>>, threshold: u32) -> Vec<NsName> {
    let mut ended: Vec<&Arc<Pod>> = ended.collect();
    ended.sort_by(|a, b| (a.meta.created, &a.meta.name).cmp(&(b.meta.created, &b.meta.name)));
    let surplus = ended.len().saturating_sub(threshold as usize);
    ended.into_iter().take(surplus).map(|pod| pod.meta.key()).collect()
}

fn is_out_of_service(node: &Node) -> bool {
    let has_taint = node.spec.taints.iter().any(|taint| &*taint.key == Taint::OUT_OF_SERVICE);
    has_taint && node.ready() != ConditionStatus::True
}

impl World {
    /// A Pod was written.
    pub(crate) fn pod_gc_follows_pod(&mut self, new: Option<&Arc<Pod>>) {
        let Some(pod) = new else { return };
        let node = pod.spec.node_name.as_ref().map(|name| self.store.node(name));
        let is_stuck = match node {
            None => pod.meta.deleted.is_some(),
            Some(None) => true,
            Some(Some(node)) => pod.meta.deleted.is_some() && is_out_of_service(node),
        };
        if is_stuck || self.store.pods.len() > TERMINATED_POD_THRESHOLD as usize {
            self.collect_pods_later();
        }
    }

    /// A Node was written.
    pub(crate) fn pod_gc_follows_node(&mut self, old: Option<&Arc<Node>>, new: Option<&Arc<Node>>) {
        let leaves_pods = match new {
            None => old.is_some_and(|node| self.store.pods_on(&node.meta.name).next().is_some()),
            Some(node) => is_out_of_service(node),
        };
        if leaves_pods {
            self.collect_pods_later();
        }
    }

    fn collect_pods_later(&mut self) {
        let now = self.clock.now();
        let next = Time(now.0.div_ceil(CHECK_PERIOD.0) * CHECK_PERIOD.0);
        self.enqueue_after(WorkItem::PodGc, next.since(now));
    }

    pub(crate) fn collect_pods(&mut self) {
        let ended = self.store.pods.iter().filter(|pod| pod.status.phase.is_terminal());
        for pod in surplus(ended, TERMINATED_POD_THRESHOLD) {
            self.delete_pod(&pod, Some(0));
        }
        self.collect_from_nodes_out_of_service();
        self.collect_orphaned();
        let unscheduled = |pod: &&Arc<Pod>| pod.meta.deleted.is_some() && pod.spec.node_name.is_none();
        let unscheduled: Vec<NsName> =
            self.store.pods.iter().filter(unscheduled).map(|pod| pod.meta.key()).collect();
        for pod in unscheduled {
            self.fail_and_delete(&pod);
        }
    }

    /// gcTerminating.
    fn collect_from_nodes_out_of_service(&mut self) {
        let nodes = self.store.nodes.iter().filter(|node| is_out_of_service(node));
        let pods = nodes.flat_map(|node| self.store.pods_on(&node.meta.name));
        let terminating = pods.filter(|pod| pod.meta.deleted.is_some());
        let terminating: Vec<NsName> = terminating.map(|pod| pod.meta.key()).collect();
        for pod in terminating {
            self.fail_and_delete(&pod);
        }
    }

    /// gcOrphaned.
    fn collect_orphaned(&mut self) {
        let now = self.clock.now();
        let named = self.store.pods.iter().filter_map(|pod| pod.spec.node_name.as_ref());
        let missing: BTreeSet<Name> = named.filter(|name| self.store.node(name).is_none()).cloned().collect();
        self.quarantine.retain(|name, _| missing.contains(name));
        for node in missing {
            match self.quarantine.get(&node).copied() {
                None => drop(self.quarantine.insert(node, now)),
                Some(since) if since + QUARANTINE > now => {}
                Some(_) => {
                    self.quarantine.remove(&node);
                    self.collect_pods_of(&node);
                }
            }
        }
        if !self.quarantine.is_empty() {
            self.enqueue_after(WorkItem::PodGc, CHECK_PERIOD);
        }
    }

    fn collect_pods_of(&mut self, node: &Name) {
        for pod in self.pods_on(node) {
            self.record(LogEntry::OrphanedPod { pod: pod.clone(), node: node.clone() });
            let ended = self.store.pods.get(&pod).is_some_and(|pod| pod.status.phase.is_terminal());
            if !ended {
                self.mark_for_disruption(&pod, "DeletionByPodGC", "PodGC: node no longer exists");
            }
            self.fail_and_delete(&pod);
        }
    }

    /// markFailedAndDeletePod: without a grace period.
    fn fail_and_delete(&mut self, key: &NsName) {
        if self.store.pods.get(key).is_some_and(|pod| !pod.status.phase.is_terminal()) {
            self.update_object::<Pod>(key, |pod| pod.status.phase = Phase::Failed);
        }
        self.delete_pod(key, Some(0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{Meta, PodSpec, PodStatus};

    /// After gc_controller_test.go, TestGCTerminated.
    #[test]
    fn the_oldest_of_those_that_have_ended_go() {
        let pod = |(name, created): (&str, u64)| {
            let meta = Meta { name: name.into(), created: Time(created), ..Meta::default() };
            Arc::new(Pod {
                meta,
                spec: PodSpec::default(),
                status: PodStatus::default(),
                written: Arc::default(),
            })
        };
        let pods: Vec<Arc<Pod>> = [("b", 1), ("a", 1), ("old", 0), ("new", 9)].map(pod).into();
        for (threshold, expected) in
            [(4, &[][..]), (9, &[]), (3, &["old"]), (1, &["old", "a", "b"]), (0, &["old", "a", "b", "new"])]
        {
            let names: Vec<String> =
                surplus(pods.iter(), threshold).iter().map(|key| key.name.to_string()).collect();
            assert_eq!(names, expected, "{threshold}");
        }
    }
}
