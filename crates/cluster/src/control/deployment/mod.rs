//! Deployment -> ReplicaSets: one for each template that it has had, scaled by its strategy.
//! Source: pkg/controller/deployment (deployment_controller.go, syncDeployment).

mod limits;
mod progress;
mod replica_sets;
mod revision;
mod rollout;
mod scale;
mod status;

use std::sync::Arc;

use super::pods::is_not_terminating;
use crate::api::{Deployment, DeploymentStrategy, NsName, ReplicaSet};
use crate::sim::World;

pub(crate) use replica_sets::{POD_TEMPLATE_HASH_LABEL, equal_ignore_hash};
pub(crate) use revision::{is_copied, revision_of};

/// What one sync works on: the Deployment as this sync has changed it, and its ReplicaSets as they were read, those of
/// other templates in the order of their creation (getAllReplicaSetsAndSyncRevision).
struct Rollout {
    deployment: Deployment,
    new: Option<Arc<ReplicaSet>>,
    old: Vec<Arc<ReplicaSet>>,
}

impl Rollout {
    fn all(&self) -> impl Iterator<Item = &Arc<ReplicaSet>> {
        self.old.iter().chain(&self.new)
    }

    /// Those that have, or shall have, Pods (FilterActiveReplicaSets).
    fn active(&self) -> impl Iterator<Item = &Arc<ReplicaSet>> {
        self.all().filter(|set| set.spec.replicas > 0)
    }

    fn active_old(&self) -> Vec<Arc<ReplicaSet>> {
        self.old.iter().filter(|set| set.spec.replicas > 0).cloned().collect()
    }

    /// GetReplicaCountForReplicaSets.
    fn desired_total(&self) -> u32 {
        self.all().map(|set| set.spec.replicas).sum()
    }
}

impl World {
    pub(crate) fn reconcile_deployment(&mut self, key: &NsName) {
        let Some(stored) = self.store.deployments.get(key).filter(is_not_terminating).cloned() else {
            return;
        };
        let mut deployment = Deployment::clone(&stored);
        self.claim_replica_sets(&deployment);
        self.check_paused_condition(&mut deployment);
        let mut rollout = self.find_replica_sets(deployment);
        if rollout.deployment.spec.paused || is_scaling_event(&rollout) {
            return self.sync_scale(&mut rollout);
        }
        match rollout.deployment.spec.strategy {
            DeploymentStrategy::Recreate => self.rollout_recreate(&mut rollout),
            DeploymentStrategy::RollingUpdate { .. } => self.rollout_rolling(&mut rollout),
        }
    }

    /// What the sync has changed of the Deployment itself: annotations and status.
    fn write_deployment(&mut self, deployment: &Deployment) {
        let key = deployment.meta.key();
        self.update_object::<Deployment>(&key, |stored| {
            stored.meta.annotations = deployment.meta.annotations.clone();
            stored.status = deployment.status.clone();
        });
    }
}

/// Whether `spec.replicas` has changed since its ReplicaSets were scaled (sync.go, isScalingEvent). It is dealt with
/// first, and the next sync goes on with a rollout.
fn is_scaling_event(rollout: &Rollout) -> bool {
    let desired = rollout.active().filter_map(|set| revision::desired_replicas(set));
    desired.into_iter().any(|desired| desired != rollout.deployment.spec.replicas)
}
