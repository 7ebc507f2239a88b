//! From the old template to the new one: by both strategies (rolling.go, recreate.go).

use std::sync::Arc;

use super::Rollout;
use super::limits::max_unavailable;
use super::replica_sets::new_size;
use crate::api::ReplicaSet;
use crate::control::pods::is_terminal;
use crate::sim::World;

impl World {
    /// rolling.go, rolloutRolling: one sync scales up, or scales down, or finds nothing to do.
    pub(super) fn rollout_rolling(&mut self, rollout: &mut Rollout) {
        let Some(new) = self.new_replica_set(rollout) else { return };
        if !self.scale_up_new(rollout, &new) && !self.scale_down_old(rollout, &new) {
            self.clean_up_if_complete(rollout);
        }
        self.sync_rollout_status(rollout);
    }

    /// recreate.go, rolloutRecreate: the new ReplicaSet is made when the last of the old Pods is gone.
    pub(super) fn rollout_recreate(&mut self, rollout: &mut Rollout) {
        let mut is_scaled_down = false;
        for old in rollout.active_old() {
            is_scaled_down |= self.scale_replica_set(&rollout.deployment, &old, 0);
        }
        if is_scaled_down || self.old_pods_run(rollout) {
            return self.sync_rollout_status(rollout);
        }
        let Some(new) = self.new_replica_set(rollout) else { return };
        let replicas = rollout.deployment.spec.replicas;
        self.scale_replica_set(&rollout.deployment, &new, replicas);
        self.clean_up_if_complete(rollout);
        self.sync_rollout_status(rollout);
    }

    /// getAllReplicaSetsAndSyncRevision, with a new one made if there is none.
    fn new_replica_set(&mut self, rollout: &mut Rollout) -> Option<Arc<ReplicaSet>> {
        if rollout.new.is_none() {
            rollout.new = self.create_new_replica_set(rollout);
        }
        rollout.new.clone()
    }

    fn clean_up_if_complete(&mut self, rollout: &Rollout) {
        if super::status::is_complete(&rollout.deployment, &rollout.deployment.status) {
            self.clean_up_history(rollout);
        }
    }

    /// recreate.go, oldPodsRunning.
    fn old_pods_run(&self, rollout: &Rollout) -> bool {
        let mut pods = rollout.old.iter().flat_map(|set| self.store.pods_of(set.meta.uid));
        rollout.old.iter().any(|set| set.status.replicas > 0) || pods.any(|pod| !is_terminal(pod))
    }

    /// rolling.go, reconcileNewReplicaSet.
    fn scale_up_new(&mut self, rollout: &Rollout, new: &ReplicaSet) -> bool {
        let (deployment, now) = (&rollout.deployment, new.spec.replicas);
        let size = match now > deployment.spec.replicas {
            true => deployment.spec.replicas,
            false => new_size(deployment, rollout.desired_total(), now),
        };
        self.scale_replica_set(deployment, new, size)
    }

    /// rolling.go, reconcileOldReplicaSets: first unhealthy Pods, then as many more as maxUnavailable allows.
    fn scale_down_old(&mut self, rollout: &Rollout, new: &ReplicaSet) -> bool {
        let deployment = &rollout.deployment;
        let old = rollout.active_old();
        if old.is_empty() {
            return false;
        }
        let min_available = deployment.spec.replicas - max_unavailable(deployment);
        let new_unavailable = new.spec.replicas.saturating_sub(new.status.available_replicas);
        let most = rollout.desired_total().saturating_sub(min_available + new_unavailable);
        if most == 0 {
            return false;
        }
        let Some((old, unhealthy)) = self.clean_up_unhealthy(rollout, old, most) else { return false };
        unhealthy + self.scale_down_available(rollout, &old, min_available) > 0
    }

    /// cleanupUnhealthyReplicas: Pods that do not serve anyhow; at most `most`. Returns the ReplicaSets as they are
    /// then;
    /// `None` if the status of one is older than its size, so that it has more Pods than it shall have: its next status
    /// is waited for.
    fn clean_up_unhealthy(
        &mut self,
        rollout: &Rollout,
        old: Vec<Arc<ReplicaSet>>,
        most: u32,
    ) -> Option<(Vec<Arc<ReplicaSet>>, u32)> {
        let (mut after, mut down) = (Vec::new(), 0);
        for set in old {
            let unhealthy = if down < most {
                set.spec.replicas.checked_sub(set.status.available_replicas)?.min(most - down)
            } else {
                0
            };
            down += unhealthy;
            self.scale_replica_set(&rollout.deployment, &set, set.spec.replicas - unhealthy);
            let now = self.store.replica_sets.get(&set.meta.key()).cloned();
            after.push(now.unwrap_or(set));
        }
        Some((after, down))
    }

    /// scaleDownOldReplicaSetsForRollingUpdate.
    fn scale_down_available(
        &mut self,
        rollout: &Rollout,
        old: &[Arc<ReplicaSet>],
        min_available: u32,
    ) -> u32 {
        let available: u32 = old.iter().chain(&rollout.new).map(|set| set.status.available_replicas).sum();
        let (most, mut down) = (available.saturating_sub(min_available), 0);
        for set in old {
            let fewer = set.spec.replicas.min(most - down);
            down += fewer;
            self.scale_replica_set(&rollout.deployment, set, set.spec.replicas - fewer);
        }
        down
    }
}
