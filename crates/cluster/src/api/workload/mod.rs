//! Kinds that make Pods or say something of many: `apps/v1`, `batch/v1`, `policy/v1` and the ReplicationController.
//! Each has its struct, fields, defaults, validation and printing in a file of its own.

mod condition;
mod controller_revision;
mod cron_job;
mod daemon_set;
mod deployment;
mod int_or_percent;
mod job;
mod pod_disruption_budget;
mod replica_set;
mod replication_controller;
mod selector;
mod stateful_set;
mod template;

pub use condition::{Condition, Conditions};
pub use controller_revision::ControllerRevision;
pub use cron_job::{ConcurrencyPolicy, CronJob, CronJobSpec, CronJobStatus, JobTemplate};
pub use daemon_set::{DaemonSet, DaemonSetSpec, DaemonSetStatus, DaemonSetUpdateStrategy};
pub use deployment::{Deployment, DeploymentSpec, DeploymentStatus, DeploymentStrategy};
pub use int_or_percent::IntOrPercent;
pub(crate) use job::generated_selector;
pub use job::{CompletionMode, Job, JobSpec, JobStatus, PodReplacementPolicy, index_text};
pub use pod_disruption_budget::{
    PodDisruptionBudget, PodDisruptionBudgetSpec, PodDisruptionBudgetStatus, UnhealthyPodEvictionPolicy,
};
pub use replica_set::{ReplicaSet, ReplicaSetSpec, ReplicaSetStatus};
pub use replication_controller::ReplicationController;
pub use selector::{Operator, Requirement, Selector};
pub use stateful_set::{
    PodManagementPolicy, Retention, StatefulSet, StatefulSetSpec, StatefulSetStatus,
    StatefulSetUpdateStrategy, VolumeClaimTemplate,
};

use super::field::{Error, Path};
use super::{DiagnosticKind, Labels, Rule, Str};

/// A kind with `spec` and `status`, of which a request gives the spec, and controllers write the status.
pub trait StatusSubresource: super::Resource {
    /// Whether a change from `old` raises `metadata.generation`.
    fn has_spec_of(&self, old: &Self) -> bool;
    /// What was written to the status before stays.
    fn keep_status(&mut self, old: &Self);
    /// What is wrong with a change from `old` (ValidateUpdate of the kind's strategy.go).
    fn forbidden_change(&self, old: &Self) -> Option<Error>;
}

macro_rules! has_status {
    ($kind:ident, $immutable:expr) => {
        impl crate::api::workload::StatusSubresource for $kind {
            fn has_spec_of(&self, old: &$kind) -> bool {
                self.spec == old.spec
            }

            fn keep_status(&mut self, old: &$kind) {
                self.status = old.status.clone();
            }

            fn forbidden_change(&self, old: &$kind) -> Option<crate::api::FieldError> {
                $immutable(&self.spec, &old.spec)
            }
        }
    };
}

use has_status;

/// apimachinery, ValidateImmutableField; `value` is as JSON writes the new one.
fn immutable(path: &Path<'_>, value: impl Into<Str>) -> Error {
    path.error(DiagnosticKind::Violates { value: value.into(), why: Rule::Immutable })
}

fn immutable_selector(new: &Selector, old: &Selector) -> Option<Error> {
    let spec = Path::new("spec");
    (new != old).then(|| immutable(&spec.child("selector"), new.shown()))
}

/// `metadata.labels` of the kinds that take them from their template if none are written (core/v1 and batch/v1
/// defaults.go).
fn default_labels(labels: &mut Labels, template: &Labels) {
    if labels.is_empty() {
        *labels = template.clone();
    }
}
