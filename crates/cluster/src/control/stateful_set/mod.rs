//! StatefulSet -> Pods with names of their own, made and deleted one after the other or all at once.
//! Source: pkg/controller/statefulset (stateful_set_control.go).

mod identity;
mod update;

use std::collections::BTreeSet;
use std::sync::Arc;

use super::pods::{Owner, is_available, is_not_terminating, is_ready, next_available};
use super::revisions::CONTROLLER_REVISION_HASH_LABEL;
use crate::api::{
    ControllerRevision, Kind, NsName, Phase, Pod, StatefulSet, StatefulSetStatus, StatefulSetUpdateStrategy,
    Str,
};
use crate::sim::{WorkItem, World};

const REVISION_HASH_LABEL: &str = "controller.kubernetes.io/hash";

/// What one sync works on.
struct Sync<'a> {
    set: &'a StatefulSet,
    owner: Owner<'a>,
    /// Of the Pods that are not updated yet.
    current: Arc<ControllerRevision>,
    /// Of the set's template.
    update: Arc<ControllerRevision>,
    pods: Vec<Arc<Pod>>,
}

impl World {
    pub(crate) fn reconcile_stateful_set(&mut self, key: &NsName) {
        let Some(set) = self.store.stateful_sets.get(key).filter(is_not_terminating).cloned() else { return };
        let set = &*set;
        let owner = Owner { kind: Kind::StatefulSet, meta: &set.meta, selector: &set.spec.selector };
        let pods = self.claim_pods(&owner, |pod| identity::is_member(set, pod));
        let update = self.sync_revision_of(&owner, &set.spec.template, REVISION_HASH_LABEL);
        let Some(update) = update else { return };
        let revisions = self.revisions_of(set.meta.uid);
        let current = revisions.into_iter().find(|r| r.meta.name == set.status.current_revision);
        let current = current.unwrap_or_else(|| update.clone());
        let sync = Sync { set, owner, current, update, pods };
        let mut status = self.stateful_set_status(&sync);
        let taken = self.sync_stateful_pods(&sync);
        status.current_replicas = status.current_replicas.saturating_sub(taken);
        complete_rolling_update(set, &mut status);
        if status.ready_replicas != status.available_replicas
            && let Some(wait) = next_available(&sync.pods, set.spec.min_ready_s, self.now())
        {
            self.enqueue_after(WorkItem::StatefulSet(key.clone()), wait);
        }
        if status != set.status {
            self.update_object::<StatefulSet>(key, |stored| stored.status = status);
        }
        self.truncate_history(&sync);
    }

    /// computeReplicaStatus.
    fn stateful_set_status(&self, sync: &Sync<'_>) -> StatefulSetStatus {
        let (set, now) = (sync.set, self.now());
        let count = |counts: &dyn Fn(&Pod) -> bool| sync.pods.iter().filter(|pod| counts(pod)).count() as u32;
        let of_revision = |revision: &ControllerRevision| {
            let is_of = |pod: &Pod| revision_of(pod) == Some(&revision.meta.name);
            count(&|pod| pod.meta.deleted.is_none() && is_of(pod))
        };
        let min_ready_s = set.spec.min_ready_s;
        StatefulSetStatus {
            observed_generation: set.meta.generation,
            replicas: sync.pods.len() as u32,
            ready_replicas: count(&is_running_and_ready),
            available_replicas: count(&|pod| {
                is_running_and_ready(pod) && is_available(pod, min_ready_s, now)
            }),
            current_replicas: of_revision(&sync.current),
            updated_replicas: of_revision(&sync.update),
            current_revision: sync.current.meta.name.clone(),
            update_revision: sync.update.meta.name.clone(),
        }
    }

    /// truncateHistory.
    fn truncate_history(&mut self, sync: &Sync<'_>) {
        let mut live: BTreeSet<Str> = sync.pods.iter().filter_map(|pod| revision_of(pod).cloned()).collect();
        live.extend([sync.current.meta.name.clone(), sync.update.meta.name.clone()]);
        if let Ok(limit) = u32::try_from(sync.set.spec.revision_history_limit) {
            self.truncate_revisions(sync.set.meta.uid, limit, &live);
        }
    }
}

/// completeRollingUpdate: all Pods have the new revision, which is the current one from now on.
fn complete_rolling_update(set: &StatefulSet, status: &mut StatefulSetStatus) {
    let replicas = set.spec.replicas;
    let is_complete = status.updated_replicas == replicas
        && status.ready_replicas == replicas
        && status.replicas == replicas;
    match set.spec.update_strategy {
        StatefulSetUpdateStrategy::RollingUpdate { .. } if is_complete => {
            status.current_replicas = status.updated_replicas;
            status.current_revision = status.update_revision.clone();
        }
        StatefulSetUpdateStrategy::RollingUpdate { .. } | StatefulSetUpdateStrategy::OnDelete => {}
    }
}

fn revision_of(pod: &Pod) -> Option<&Str> {
    pod.meta.labels.get(CONTROLLER_REVISION_HASH_LABEL)
}

fn is_running_and_ready(pod: &Pod) -> bool {
    pod.status.phase == Phase::Running && is_ready(pod)
}
