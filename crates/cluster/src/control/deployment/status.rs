//! A Deployment's status (sync.go, syncDeploymentStatus and calculateStatus).

use super::Rollout;
use super::limits::max_unavailable;
use crate::api::{Condition, ConditionStatus, Deployment, DeploymentStatus};
use crate::sim::World;

const AVAILABLE: &str = "Available";

impl World {
    pub(super) fn sync_deployment_status(&mut self, rollout: &mut Rollout) {
        let status = self.calculate_status(rollout);
        self.write_status(rollout, status);
    }

    /// False if nothing has changed.
    pub(super) fn write_status(&mut self, rollout: &mut Rollout, status: DeploymentStatus) -> bool {
        let is_changed = rollout.deployment.status != status;
        if is_changed {
            rollout.deployment.status = status;
            self.write_deployment(&rollout.deployment);
        }
        is_changed
    }

    pub(super) fn calculate_status(&self, rollout: &Rollout) -> DeploymentStatus {
        let deployment = &rollout.deployment;
        let sum = |count: fn(&crate::api::ReplicaSetStatus) -> u32| -> u32 {
            rollout.all().map(|set| count(&set.status)).sum()
        };
        let available = sum(|status| status.available_replicas);
        let mut conditions = deployment.status.conditions.clone();
        // availableReplicas >= replicas - maxUnavailable
        let has_minimum = available + max_unavailable(deployment) >= deployment.spec.replicas;
        conditions.set(match has_minimum {
            true => Condition::new(
                self.now(),
                AVAILABLE,
                ConditionStatus::True,
                "MinimumReplicasAvailable",
                "Deployment has minimum availability.",
            ),
            false => Condition::new(
                self.now(),
                AVAILABLE,
                ConditionStatus::False,
                "MinimumReplicasUnavailable",
                "Deployment does not have minimum availability.",
            ),
        });
        DeploymentStatus {
            observed_generation: deployment.meta.generation,
            replicas: sum(|status| status.replicas),
            updated_replicas: rollout.new.as_ref().map_or(0, |new| new.status.replicas),
            ready_replicas: sum(|status| status.ready_replicas),
            available_replicas: available,
            unavailable_replicas: rollout.desired_total().saturating_sub(available),
            terminating_replicas: sum(|status| status.terminating_replicas),
            conditions,
        }
    }
}

/// deployment_util.go, DeploymentComplete: all Pods are of the new template, and available.
pub(super) fn is_complete(deployment: &Deployment, status: &DeploymentStatus) -> bool {
    let replicas = deployment.spec.replicas;
    status.updated_replicas == replicas
        && status.replicas == replicas
        && status.available_replicas == replicas
        && status.observed_generation >= deployment.meta.generation
}
