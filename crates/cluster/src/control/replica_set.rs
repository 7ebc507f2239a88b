//! ReplicaSet -> Pods: adopts, releases, creates and deletes Pods until the number is right.
//! Source: pkg/controller/replicaset/replica_set.go, pkg/controller/controller_ref_manager.go.

use litemap::LiteMap;
use std::sync::Arc;

use super::names::generate;
use crate::api::{Kind, Meta, NsName, OwnerRef, Phase, Pod, PodStatus, ReplicaSet, Uid};
use crate::sim::{LogEntry, Refusal, WorkItem, World};

/// The most Pods in a cluster, whatever the manifests ask for.
pub const POD_LIMIT: u32 = 2_000;

impl World {
    pub(crate) fn reconcile_replica_set(&mut self, key: &NsName) {
        let Some(rs) = self.store.replica_sets.get(key).cloned() else {
            self.failed_creates.remove(key);
            return;
        };
        self.release_and_adopt(&rs);
        let active: Vec<Arc<Pod>> = self.active_pods_of(rs.meta.uid);
        let have = active.len() as u32;
        if have < rs.replicas {
            self.create_pods(&rs, rs.replicas - have);
        } else {
            self.failed_creates.remove(key);
            self.delete_surplus(active, have - rs.replicas);
        }
        // Its status may have changed, which is not stored.
        if let Some(owner) = rs.meta.owner.as_ref().filter(|owner| owner.kind == Kind::Deployment) {
            let deployment = NsName { namespace: key.namespace.clone(), name: owner.name.clone() };
            self.enqueue(WorkItem::Deployment(deployment));
        }
    }

    /// controller_utils.go, FilterActivePods.
    fn active_pods_of(&self, owner: Uid) -> Vec<Arc<Pod>> {
        self.store.pods_of(owner).filter(|p| is_active(p)).cloned().collect()
    }

    /// Releases Pods whose labels no longer match, and adopts Pods without an owner that match.
    fn release_and_adopt(&mut self, rs: &ReplicaSet) {
        let lives = |pod: &&Arc<Pod>| pod.meta.deleted.is_none();
        let owned = self.store.pods_of(rs.meta.uid).filter(lives);
        let released: Vec<NsName> =
            owned.filter(|pod| !rs.selector.matches(&pod.meta.labels)).map(|pod| pod.meta.key()).collect();
        for pod in released {
            self.update_object::<Pod>(&pod, |p| p.meta.owner = None);
        }
        let matched = self.store.pods_matched_by(&rs.meta.namespace, &rs.selector);
        let adopted: Vec<NsName> = matched
            .filter(|pod| pod.meta.owner.is_none() && is_active(pod))
            .map(|pod| pod.meta.key())
            .collect();
        for pod in adopted {
            self.update_object::<Pod>(&pod, |p| p.meta.owner = Some(owner_ref(rs)));
        }
    }

    fn create_pods(&mut self, rs: &ReplicaSet, count: u32) {
        for _ in 0..count {
            if self.store.pods.len() as u32 >= POD_LIMIT {
                return self.say_failed_create(rs, Refusal::TooManyReplicas { limit: POD_LIMIT });
            }
            let name = self.free_pod_name(rs);
            let meta = Meta {
                name: name.as_str().into(),
                namespace: rs.meta.namespace.clone(),
                labels: rs.template.labels.clone(),
                annotations: rs.template.annotations.clone(),
                owner: Some(owner_ref(rs)),
                ..Meta::default()
            };
            let mut pod = Pod { meta, spec: rs.template.spec.clone(), status: PodStatus::default() };
            if let Err(refusal) = self.admit_pod(&mut pod) {
                return self.say_failed_create(rs, refusal);
            }
            self.create_object(pod);
        }
    }

    /// Logs that Pods could not be created; only once until the ReplicaSet has all of its Pods. For a real quota
    /// repeated events are merged too (reason FailedCreate; pkg/controller/controller_utils.go, createPods).
    fn say_failed_create(&mut self, rs: &ReplicaSet, refusal: Refusal) {
        if self.failed_creates.insert(rs.meta.key()) {
            self.record(LogEntry::FailedCreate { replica_set: rs.meta.key(), refusal });
        }
    }

    /// A generated name that no Pod has. (Upstream the API server refuses a duplicate, and the controller retries.)
    fn free_pod_name(&mut self, rs: &ReplicaSet) -> String {
        let base = format!("{}-", rs.meta.name);
        let ordinal = self.next_name_ordinal(rs.meta.uid);
        (0..)
            .map(|attempt| generate(self.chance, &base, Uid(ordinal), attempt))
            .find(|name| self.store.pods.get(&NsName::new(&rs.meta.namespace, name)).is_none())
            .expect("27^5 names cannot all be taken by 2,000 Pods")
    }

    pub(crate) fn delete_surplus(&mut self, mut active: Vec<Arc<Pod>>, surplus: u32) {
        let ranks = ranks(&active);
        active.sort_by(|a, b| deletion_order(a, b, &ranks));
        for pod in active.iter().take(surplus as usize) {
            self.delete_pod(&pod.meta.key(), None);
        }
    }
}

fn owner_ref(rs: &ReplicaSet) -> OwnerRef {
    OwnerRef { kind: Kind::ReplicaSet, name: rs.meta.name.clone(), uid: rs.meta.uid }
}

fn is_active(pod: &Pod) -> bool {
    pod.meta.deleted.is_none() && !matches!(pod.status.phase, Phase::Succeeded | Phase::Failed)
}

/// How many Pods of the same owner share the Pod's node.
fn ranks(pods: &[Arc<Pod>]) -> LiteMap<Uid, u32> {
    let mut on_node: LiteMap<&str, u32> = LiteMap::new();
    for pod in pods {
        *on_node.entry(pod.spec.node_name.as_deref().unwrap_or("")).or_default() += 1;
    }
    pods.iter().map(|p| (p.meta.uid, on_node[&p.spec.node_name.as_deref().unwrap_or("")])).collect()
}

/// controller_utils.go, ActivePodsWithRanks.Less: which Pod is deleted first. The annotation
/// `controller.kubernetes.io/pod-deletion-cost` is respected. Ages are compared exactly; upstream compares
/// them in buckets (LogarithmicScaleDown).
fn deletion_order(a: &Pod, b: &Pod, ranks: &LiteMap<Uid, u32>) -> std::cmp::Ordering {
    let phase = |p: &Pod| match p.status.phase {
        Phase::Pending => 0u8,
        // Those that have ended are not active, and are not ranked.
        Phase::Running | Phase::Succeeded | Phase::Failed => 2,
    };
    let assigned = |p: &Pod| p.spec.node_name.is_some();
    (assigned(a).cmp(&assigned(b)))
        .then(phase(a).cmp(&phase(b)))
        .then(a.status.is_ready().cmp(&b.status.is_ready()))
        .then(deletion_cost(a).cmp(&deletion_cost(b)))
        .then(ranks[&b.meta.uid].cmp(&ranks[&a.meta.uid]))
        .then(b.status.ready_since().cmp(&a.status.ready_since()))
        .then(b.status.most_restarts().cmp(&a.status.most_restarts()))
        .then(b.meta.created.cmp(&a.meta.created))
        .then(b.meta.uid.cmp(&a.meta.uid))
}

fn deletion_cost(pod: &Pod) -> i32 {
    pod.meta
        .annotations
        .get("controller.kubernetes.io/pod-deletion-cost")
        .and_then(|cost| cost.parse().ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{PodCondition, PodConditions, PodSpec};
    use crate::sim::Time;

    fn pod(uid: u32, node: Option<&str>, phase: Phase, ready: bool) -> Arc<Pod> {
        Arc::new(Pod {
            meta: Meta { uid: Uid(uid), created: Time(u64::from(uid)), ..Meta::default() },
            spec: PodSpec { node_name: node.map(Into::into), ..PodSpec::default() },
            status: PodStatus {
                phase,
                conditions: PodConditions {
                    ready: Some(PodCondition::new(ready)),
                    ..PodConditions::default()
                },
                ..PodStatus::default()
            },
        })
    }

    /// The order of upstream's TestSortingActivePodsWithRanks, for the facts that we model.
    #[test]
    fn unassigned_pending_unready_crowded_and_young_go_first() {
        let mut pods = vec![
            pod(1, Some("a"), Phase::Running, true),
            pod(2, Some("b"), Phase::Running, true),
            pod(3, Some("b"), Phase::Running, true),
            pod(4, Some("c"), Phase::Running, false),
            pod(5, Some("c"), Phase::Pending, false),
            pod(6, None, Phase::Pending, false),
        ];
        let ranks = ranks(&pods);
        pods.sort_by(|a, b| deletion_order(a, b, &ranks));
        let order: Vec<u32> = pods.iter().map(|p| p.meta.uid.0).collect();
        assert_eq!(order, [6, 5, 4, 3, 2, 1]);
    }
}
