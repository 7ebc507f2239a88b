//! ReplicaSet and ReplicationController -> Pods: Pods are made and deleted until their number is right. Both have the
//! same controller. Source: pkg/controller/replicaset (replica_set.go, replica_set_utils.go),
//! pkg/controller/replication.

use litemap::LiteMap;
use std::sync::Arc;

use super::pods::{
    Owner, is_active, is_available, is_not_terminating, is_ready, is_terminating, next_available, slow_start,
};
use crate::api::{
    Condition, ConditionStatus, Kind, Meta, NsName, Phase, Pod, ReplicaSet, ReplicaSetSpec, ReplicaSetStatus,
    ReplicationController, StatusSubresource, Uid,
};
use crate::sim::{Watched, WorkItem, World};

/// replica_set.go, BurstReplicas: the most Pods that one sync makes or deletes.
const BURST: u32 = 500;
const REPLICA_FAILURE: &str = "ReplicaFailure";

/// What the controller needs of either kind.
trait Replicated: Watched + StatusSubresource {
    const KIND: Kind;
    const HAS_TERMINATING: bool;
    fn work_item(key: NsName) -> WorkItem;
    fn parts(&self) -> (&Meta, &ReplicaSetSpec, &ReplicaSetStatus);
    fn status_mut(&mut self) -> &mut ReplicaSetStatus;
}

impl Replicated for ReplicaSet {
    const KIND: Kind = Kind::ReplicaSet;
    const HAS_TERMINATING: bool = true;

    fn work_item(key: NsName) -> WorkItem {
        WorkItem::ReplicaSet(key)
    }

    fn parts(&self) -> (&Meta, &ReplicaSetSpec, &ReplicaSetStatus) {
        (&self.meta, &self.spec, &self.status)
    }

    fn status_mut(&mut self) -> &mut ReplicaSetStatus {
        &mut self.status
    }
}

impl Replicated for ReplicationController {
    const KIND: Kind = Kind::ReplicationController;
    const HAS_TERMINATING: bool = false;

    fn work_item(key: NsName) -> WorkItem {
        WorkItem::ReplicationController(key)
    }

    fn parts(&self) -> (&Meta, &ReplicaSetSpec, &ReplicaSetStatus) {
        (&self.meta, &self.spec, &self.status)
    }

    fn status_mut(&mut self) -> &mut ReplicaSetStatus {
        &mut self.status
    }
}

impl World {
    pub(crate) fn reconcile_replica_set(&mut self, key: &NsName) {
        self.sync_replicas::<ReplicaSet>(key);
    }

    pub(crate) fn reconcile_replication_controller(&mut self, key: &NsName) {
        self.sync_replicas::<ReplicationController>(key);
    }

    /// replica_set.go, syncReplicaSet.
    fn sync_replicas<T: Replicated>(&mut self, key: &NsName) {
        let Some(set) = T::objects(&self.store).get(key).filter(is_not_terminating).cloned() else { return };
        let (meta, spec, status) = set.parts();
        let owner = Owner { kind: T::KIND, meta, selector: &spec.selector };
        let claimed = self.claim_pods(&owner, |_| true);
        let terminating = claimed.iter().filter(|pod| is_terminating(pod)).count() as u32;
        let active: Vec<Arc<Pod>> = claimed.into_iter().filter(|pod| is_active(pod)).collect();
        let is_managed = self.manage_replicas(&owner, spec, &active);
        let mut new = self.replica_status(meta, spec, status, &active, is_managed);
        new.terminating_replicas = if T::HAS_TERMINATING { terminating } else { 0 };
        if new != *status {
            self.update_object::<T>(key, |set| *set.status_mut() = new.clone());
        }
        if new.ready_replicas != new.available_replicas
            && let Some(wait) = next_available(&active, spec.min_ready_s, self.now())
        {
            self.enqueue_after(T::work_item(key.clone()), wait);
        }
    }

    /// False if it could not do all that it had to.
    fn manage_replicas(&mut self, owner: &Owner<'_>, spec: &ReplicaSetSpec, active: &[Arc<Pod>]) -> bool {
        let have = active.len() as u32;
        if have < spec.replicas {
            let missing = (spec.replicas - have).min(BURST);
            return slow_start(missing, |_| self.create_replica(owner, spec)) == missing;
        }
        self.has_all_pods(owner);
        let surplus = (have - spec.replicas).min(BURST);
        if surplus > 0 {
            let related = self.related_pods(owner, active);
            for pod in pods_to_delete(active, &related, surplus) {
                self.delete_owned_pod(owner, &pod);
            }
        }
        true
    }

    fn create_replica(&mut self, owner: &Owner<'_>, spec: &ReplicaSetSpec) -> bool {
        let mut pod = owner.pod_of(&spec.template);
        self.name_pod(owner, &mut pod);
        self.create_pod(owner, pod)
    }

    /// replica_set.go, getIndirectlyRelatedPods: those of all ReplicaSets of the same Deployment.
    fn related_pods(&self, owner: &Owner<'_>, active: &[Arc<Pod>]) -> Vec<Arc<Pod>> {
        let Some(deployment) = &owner.meta.owner else { return active.to_vec() };
        let pods = self.store.pods_of_deployment(deployment.uid);
        pods.filter(|pod| is_active(pod)).cloned().collect()
    }

    /// replica_set_utils.go, calculateStatus.
    fn replica_status(
        &self,
        meta: &Meta,
        spec: &ReplicaSetSpec,
        old: &ReplicaSetStatus,
        active: &[Arc<Pod>],
        is_managed: bool,
    ) -> ReplicaSetStatus {
        let now = self.now();
        let count = |counts: &dyn Fn(&Pod) -> bool| active.iter().filter(|pod| counts(pod)).count() as u32;
        let template = &spec.template.labels;
        let is_labeled =
            |pod: &Pod| template.iter().all(|(key, value)| pod.meta.labels.get(key) == Some(value));
        let mut conditions = old.conditions.clone();
        if is_managed {
            conditions.remove(REPLICA_FAILURE);
        } else if conditions.get(REPLICA_FAILURE).is_none() {
            let message = "the limit on Pods of the cluster is reached";
            let status = ConditionStatus::True;
            conditions.set(Condition::new(now, REPLICA_FAILURE, status, "FailedCreate", message));
        }
        ReplicaSetStatus {
            observed_generation: meta.generation,
            replicas: active.len() as u32,
            fully_labeled_replicas: count(&is_labeled),
            ready_replicas: count(&is_ready),
            available_replicas: count(&|pod: &Pod| is_available(pod, spec.min_ready_s, now)),
            terminating_replicas: old.terminating_replicas,
            conditions,
        }
    }
}

/// replica_set.go, getPodsToDelete.
fn pods_to_delete(active: &[Arc<Pod>], related: &[Arc<Pod>], count: u32) -> Vec<Arc<Pod>> {
    let mut pods = active.to_vec();
    let ranks = ranks(&pods, related);
    pods.sort_by(|a, b| deletion_order(a, b, &ranks));
    pods.truncate(count as usize);
    pods
}

/// controller_utils.go, ActivePods: the order without ranks.
pub(super) fn sort_for_deletion(pods: &mut [Arc<Pod>]) {
    let ranks = ranks(pods, &[]);
    pods.sort_by(|a, b| deletion_order(a, b, &ranks));
}

/// For each Pod, how many related ones share its node (getPodsRankedByRelatedPodsOnSameNode).
fn ranks(pods: &[Arc<Pod>], related: &[Arc<Pod>]) -> LiteMap<Uid, u32> {
    let mut on_node: LiteMap<&str, u32> = LiteMap::new();
    for pod in related {
        *on_node.entry(pod.spec.node_name.as_deref().unwrap_or("")).or_default() += 1;
    }
    let rank =
        |pod: &Arc<Pod>| on_node.get(&pod.spec.node_name.as_deref().unwrap_or("")).copied().unwrap_or(0);
    pods.iter().map(|pod| (pod.meta.uid, rank(pod))).collect()
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
        .then(is_ready(a).cmp(&is_ready(b)))
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
    use crate::api::{PodCondition, PodConditions, PodSpec, PodStatus};
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
            written: Arc::default(),
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
        let ranks = ranks(&pods, &pods);
        pods.sort_by(|a, b| deletion_order(a, b, &ranks));
        let order: Vec<u32> = pods.iter().map(|p| p.meta.uid.0).collect();
        assert_eq!(order, [6, 5, 4, 3, 2, 1]);
    }

    /// replica_set_test.go, TestGetPodsToDelete: of Pods that are alike, the one whose node has more related Pods goes
    /// first.
    #[test]
    fn related_pods_count_where_they_share_a_node() {
        let pods = [pod(1, Some("a"), Phase::Running, true), pod(2, Some("b"), Phase::Running, true)];
        let mut related = pods.to_vec();
        related.push(pod(3, Some("a"), Phase::Running, true));
        let deleted: Vec<u32> = pods_to_delete(&pods, &related, 1).iter().map(|p| p.meta.uid.0).collect();
        assert_eq!(deleted, [1]);
    }
}
