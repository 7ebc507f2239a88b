//! The condition Progressing, and the deadline for progress (progress.go, sync.go).

use super::Rollout;
use super::status::is_complete;
use crate::api::{Condition, ConditionStatus, Deployment, DeploymentSpec, DeploymentStatus};
use crate::sim::{Span, Time, WorkItem, World};

pub(super) const PROGRESSING: &str = "Progressing";
const REPLICA_FAILURE: &str = "ReplicaFailure";

// Reasons of the condition.
pub(super) const NEW_CREATED: &str = "NewReplicaSetCreated";
pub(super) const FOUND_NEW: &str = "FoundNewReplicaSet";
const NEW_AVAILABLE: &str = "NewReplicaSetAvailable";
const UPDATED: &str = "ReplicaSetUpdated";
const TIMED_OUT: &str = "ProgressDeadlineExceeded";
const PAUSED: &str = "DeploymentPaused";
const RESUMED: &str = "DeploymentResumed";

/// deployment_util.go, HasProgressDeadline.
pub(super) fn has_deadline(deployment: &Deployment) -> bool {
    deployment.spec.progress_deadline_s != DeploymentSpec::NEVER
}

impl World {
    pub(super) fn set_progressing(
        &self,
        deployment: &mut Deployment,
        status: ConditionStatus,
        reason: &'static str,
        message: &str,
    ) {
        let condition = Condition::new(self.now(), PROGRESSING, status, reason, message);
        deployment.status.conditions.set(condition);
    }

    /// sync.go, checkPausedConditions: time that passes while it is paused is not counted.
    pub(super) fn check_paused_condition(&mut self, deployment: &mut Deployment) {
        let reason = deployment.status.conditions.get(PROGRESSING).map(|condition| condition.reason);
        if !has_deadline(deployment) || reason == Some(TIMED_OUT) {
            return;
        }
        let unknown = ConditionStatus::Unknown;
        match (deployment.spec.paused, reason == Some(PAUSED)) {
            (true, false) => self.set_progressing(deployment, unknown, PAUSED, "Deployment is paused"),
            (false, true) => self.set_progressing(deployment, unknown, RESUMED, "Deployment is resumed"),
            (true, true) | (false, false) => return,
        }
        self.write_deployment(deployment);
    }

    /// progress.go, syncRolloutStatus.
    pub(super) fn sync_rollout_status(&mut self, rollout: &mut Rollout) {
        let mut status = self.calculate_status(rollout);
        let deployment = &rollout.deployment;
        if has_deadline(deployment) {
            self.estimate_progress(rollout, &mut status);
        } else {
            status.conditions.remove(PROGRESSING);
        }
        let failure = rollout.new.iter().chain(rollout.all());
        match failure.into_iter().find_map(|set| set.status.conditions.get(REPLICA_FAILURE)) {
            Some(failure) => status.conditions.set(failure.clone()),
            None => status.conditions.remove(REPLICA_FAILURE),
        }
        if !self.write_status(rollout, status) {
            self.requeue_stuck(&rollout.deployment);
        }
    }

    fn estimate_progress(&self, rollout: &Rollout, status: &mut DeploymentStatus) {
        let (deployment, now) = (&rollout.deployment, self.now());
        let current = deployment.status.conditions.get(PROGRESSING);
        let was_complete = status.replicas == status.updated_replicas
            && current.is_some_and(|condition| condition.reason == NEW_AVAILABLE);
        if was_complete {
            return;
        }
        let subject = match &rollout.new {
            Some(new) => format!("ReplicaSet {:?}", &*new.meta.name),
            None => format!("Deployment {:?}", &*deployment.meta.name),
        };
        let condition = |state, reason, what: &str| {
            Condition::new(now, PROGRESSING, state, reason, &format!("{subject} {what}."))
        };
        if is_complete(deployment, status) {
            let done = condition(ConditionStatus::True, NEW_AVAILABLE, "has successfully progressed");
            status.conditions.set(done);
        } else if has_progressed(&deployment.status, status) {
            // The time of the update shows the progress, though status and reason may be the same.
            let mut updated = condition(ConditionStatus::True, UPDATED, "is progressing");
            if let Some(current) = current.filter(|current| current.status == ConditionStatus::True) {
                updated.last_transition = current.last_transition;
            }
            status.conditions.remove(PROGRESSING);
            status.conditions.set(updated);
        } else if has_timed_out(deployment, status, now) {
            let late = condition(ConditionStatus::False, TIMED_OUT, "has timed out progressing");
            status.conditions.set(late);
        }
    }

    /// progress.go, requeueStuckDeployment: looks again when the deadline has passed.
    fn requeue_stuck(&mut self, deployment: &Deployment) {
        let Some(current) = deployment.status.conditions.get(PROGRESSING) else { return };
        if !has_deadline(deployment)
            || is_complete(deployment, &deployment.status)
            || current.reason == TIMED_OUT
        {
            return;
        }
        let due = deadline(deployment, current) + Span::from_secs(1);
        let wait = due.since(self.now()).max(Span::from_secs(1));
        self.enqueue_after(WorkItem::Deployment(deployment.meta.key()), wait);
    }
}

fn deadline(deployment: &Deployment, condition: &Condition) -> Time {
    condition.last_update + Span::from_secs(u64::from(deployment.spec.progress_deadline_s))
}

/// deployment_util.go, DeploymentProgressing: more new Pods, fewer old ones, or more that are ready or available.
fn has_progressed(old: &DeploymentStatus, new: &DeploymentStatus) -> bool {
    let old_pods = |status: &DeploymentStatus| status.replicas.saturating_sub(status.updated_replicas);
    new.updated_replicas > old.updated_replicas
        || old_pods(new) < old_pods(old)
        || new.ready_replicas > old.ready_replicas
        || new.available_replicas > old.available_replicas
}

/// deployment_util.go, DeploymentTimedOut.
fn has_timed_out(deployment: &Deployment, status: &DeploymentStatus, now: Time) -> bool {
    match status.conditions.get(PROGRESSING) {
        None => false,
        Some(condition) if condition.reason == NEW_AVAILABLE => false,
        Some(condition) => condition.reason == TIMED_OUT || deadline(deployment, condition) < now,
    }
}
