//! Job -> Pods that end. Source: pkg/controller/job (job_controller.go, syncJob), ttlafterfinished.
//!
//! A Pod of a Job has a finalizer until it has been counted. Upstream that keeps a deleted Pod until then; here a Pod
//! that is deleted without a grace period is gone before, and is not counted.

mod backoff;
mod indexes;
mod pods;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use super::pods::{Owner, is_active, is_not_terminating, is_ready, is_terminating};
use crate::api::{
    CompletionMode, Condition, ConditionStatus, Job, JobStatus, Kind, NsName, Phase, Pod,
    PodReplacementPolicy, RestartPolicy, Str, Uid,
};
use crate::sim::{LogEntry, Span, WorkItem, World};

pub(crate) use backoff::Backoff;

pub(crate) const TRACKING_FINALIZER: &str = "batch.kubernetes.io/job-tracking";

/// What one sync works on: the Job as it was read, and its status as the sync changes it.
struct Sync<'a> {
    job: &'a Job,
    owner: Owner<'a>,
    status: JobStatus,
    pods: Vec<Arc<Pod>>,
    active: Vec<Arc<Pod>>,
    /// Pods that have ended, or are taken to have, and are counted in this sync.
    newly_succeeded: Vec<Arc<Pod>>,
    newly_failed: Vec<Arc<Pod>>,
    /// With the newly ended ones.
    succeeded: u32,
    failed: u32,
    terminating: u32,
    ready: u32,
}

/// Why a Job ends: the condition's reason and message.
#[derive(Clone, Debug, PartialEq, Eq)]
enum End {
    Success,
    Failure { reason: &'static str, message: Str },
}

impl World {
    pub(crate) fn reconcile_job(&mut self, key: &NsName) {
        let Some(job) = self.store.jobs.get(key).filter(is_not_terminating).cloned() else { return };
        if job.status.is_finished() {
            self.job_backoffs.remove(&job.meta.uid);
            return self.clean_up_after_ttl(&job);
        }
        let owner = Owner { kind: Kind::Job, meta: &job.meta, selector: &job.spec.selector };
        let pods = self.claim_pods(&owner, |_| true);
        let mut sync = new_sync(&job, owner, pods);
        self.note_failures(&sync);
        if sync.status.start_time.is_none() && !job.spec.suspend {
            sync.status.start_time = Some(self.now());
        }
        let mut end = self.end_of(&mut sync);
        match &end {
            Some(_) => self.delete_active(&mut sync),
            None => {
                self.manage_job(&mut sync);
                end = self.check_complete(&mut sync);
            }
        }
        self.track_status(&mut sync, end);
    }

    /// Whether the Job is over before its Pods are looked at: it succeeded or failed already, or has failed too often
    /// or taken too long.
    fn end_of(&mut self, sync: &mut Sync<'_>) -> Option<End> {
        let (job, status) = (sync.job, &sync.status);
        if status.conditions.is_true(JobStatus::SUCCESS_CRITERIA_MET) {
            return Some(End::Success);
        }
        if let Some(target) = status.conditions.get(JobStatus::FAILURE_TARGET) {
            return Some(End::Failure { reason: target.reason, message: target.message.clone() });
        }
        let failure = |reason, message: &str| Some(End::Failure { reason, message: message.into() });
        if sync.failed > job.spec.backoff_limit || restarted_too_often(sync) {
            return failure("BackoffLimitExceeded", "Job has reached the specified backoff limit");
        }
        if let Some((deadline, start)) = job.spec.active_deadline_s.zip(status.start_time)
            && !job.spec.suspend
        {
            let due = start + Span::from_secs(deadline);
            if due <= self.now() {
                return failure("DeadlineExceeded", "Job was active longer than specified deadline");
            }
            let wait = due.since(self.now());
            self.enqueue_after(WorkItem::Job(job.meta.key()), wait);
        }
        indexes::has_failed(sync).then(|| failure("FailedIndexes", "Job has failed indexes"))?
    }

    /// deleteActivePods.
    fn delete_active(&mut self, sync: &mut Sync<'_>) {
        for pod in std::mem::take(&mut sync.active) {
            self.delete_owned_pod(&sync.owner, &pod);
            sync.terminating += u32::from(self.store.pods.get(&pod.meta.key()).is_some());
            sync.ready -= u32::from(is_ready(&pod));
        }
    }

    /// After its Pods have been made and deleted: whether enough have succeeded; and whether it is suspended.
    fn check_complete(&mut self, sync: &mut Sync<'_>) -> Option<End> {
        let is_complete = match sync.job.spec.completions {
            None => sync.succeeded > 0 && sync.active.is_empty(),
            Some(completions) => sync.succeeded >= completions && sync.active.is_empty(),
        };
        if is_complete {
            return Some(End::Success);
        }
        let was = sync.status.conditions.get(JobStatus::SUSPENDED).map(|condition| condition.status);
        let (job, now) = (sync.job.meta.key(), self.now());
        match (sync.job.spec.suspend, was) {
            (true, Some(ConditionStatus::True)) => {}
            (true, _) => {
                let status = ConditionStatus::True;
                let condition =
                    Condition::new(now, JobStatus::SUSPENDED, status, "JobSuspended", "Job suspended");
                sync.status.conditions.set(condition);
                self.record(LogEntry::JobSuspended { job, suspended: true });
            }
            (false, Some(ConditionStatus::True)) => {
                let status = ConditionStatus::False;
                let condition =
                    Condition::new(now, JobStatus::SUSPENDED, status, "JobResumed", "Job resumed");
                sync.status.conditions.set(condition);
                sync.status.start_time = Some(now);
                self.record(LogEntry::JobSuspended { job, suspended: false });
            }
            (false, _) => {}
        }
        None
    }

    /// trackJobStatusAndRemoveFinalizers: counts Pods that have ended, and takes their finalizers away. A Job that ends
    /// does so when none of its Pods terminates any more (enactJobFinished).
    fn track_status(&mut self, sync: &mut Sync<'_>, end: Option<End>) {
        let has_failed = matches!(end, Some(End::Failure { .. }));
        // The Pods that a failed Job still had have failed with it.
        let with_it =
            sync.pods.iter().filter(|pod| has_failed && is_tracked(pod) && is_active(pod)).count() as u32;
        sync.status.failed += sync.newly_failed.len() as u32 + with_it;
        match sync.job.spec.completion_mode {
            CompletionMode::NonIndexed => sync.status.succeeded += sync.newly_succeeded.len() as u32,
            CompletionMode::Indexed => {
                sync.status.completed_indexes = indexes::succeeded(sync);
                sync.status.succeeded = sync.status.completed_indexes.len() as u32;
                sync.status.failed_indexes = indexes::failed(sync);
            }
        }
        let counted: Vec<NsName> = sync
            .pods
            .iter()
            .filter(|pod| is_tracked(pod) && (end.is_some() || is_counted(sync, pod.meta.uid)))
            .map(|pod| pod.meta.key())
            .collect();
        for pod in counted {
            self.update_object::<Pod>(&pod, |pod| pod.meta.finalizers.clear());
        }
        sync.status.active = sync.active.len() as u32;
        sync.status.ready = sync.ready;
        sync.status.terminating = sync.terminating;
        sync.status.is_observed = true;
        if let Some(end) = end {
            self.finish_job(sync, &end);
        }
        if sync.status != sync.job.status {
            let (key, status) = (sync.job.meta.key(), sync.status.clone());
            self.update_object::<Job>(&key, |job| job.status = status);
        }
    }

    fn finish_job(&mut self, sync: &mut Sync<'_>, end: &End) {
        let now = self.now();
        let (target, finished, reason, message) = match end {
            End::Success => (
                JobStatus::SUCCESS_CRITERIA_MET,
                JobStatus::COMPLETE,
                "CompletionsReached",
                "Reached expected number of succeeded pods",
            ),
            End::Failure { reason, message } => {
                (JobStatus::FAILURE_TARGET, JobStatus::FAILED, *reason, &**message)
            }
        };
        let condition = |type_| Condition::new(now, type_, ConditionStatus::True, reason, message);
        sync.status.conditions.set(condition(target));
        if sync.terminating > 0 {
            return;
        }
        sync.status.conditions.set(condition(finished));
        let job = sync.job.meta.key();
        match end {
            End::Success => {
                sync.status.completion_time = Some(now);
                self.record(LogEntry::JobCompleted { job });
            }
            End::Failure { reason, message } => {
                self.record(LogEntry::JobFailed { job, reason, message: message.clone() });
            }
        }
    }

    /// ttlafterfinished_controller.go: a finished Job is deleted with its Pods when its time is over.
    fn clean_up_after_ttl(&mut self, job: &Job) {
        let Some(ttl) = job.spec.ttl_seconds_after_finished else { return };
        let ends = [JobStatus::COMPLETE, JobStatus::FAILED].into_iter();
        let finished = ends.filter_map(|type_| job.status.conditions.get(type_)).next();
        let Some(finished) = finished.map(|condition| condition.last_transition) else { return };
        let due = finished + Span::from_secs(u64::from(ttl));
        if due <= self.now() {
            self.remove_object::<Job>(&job.meta.key());
        } else {
            let wait = due.since(self.now());
            self.enqueue_after(WorkItem::Job(job.meta.key()), wait);
        }
    }
}

fn new_sync<'a>(job: &'a Job, owner: Owner<'a>, pods: Vec<Arc<Pod>>) -> Sync<'a> {
    let active: Vec<Arc<Pod>> = pods.iter().filter(|pod| is_active(pod)).cloned().collect();
    let ended = |has_ended: &dyn Fn(&Pod) -> bool| -> Vec<Arc<Pod>> {
        pods.iter().filter(|pod| is_tracked(pod) && has_ended(pod)).cloned().collect()
    };
    let newly_succeeded = ended(&|pod| pod.status.phase == Phase::Succeeded);
    let newly_failed = ended(&|pod| is_failed(pod, job.spec.pod_replacement_policy));
    let mut sync = Sync {
        job,
        owner,
        status: job.status.clone(),
        terminating: pods.iter().filter(|pod| is_terminating(pod)).count() as u32,
        ready: active.iter().filter(|pod| is_ready(pod)).count() as u32,
        succeeded: job.status.succeeded + newly_succeeded.len() as u32,
        failed: job.status.failed + newly_failed.len() as u32,
        pods,
        active,
        newly_succeeded,
        newly_failed,
    };
    if job.spec.completion_mode == CompletionMode::Indexed {
        sync.succeeded = indexes::succeeded(&sync).len() as u32;
    }
    sync
}

fn is_tracked(pod: &Pod) -> bool {
    pod.meta.finalizers.iter().any(|finalizer| &**finalizer == TRACKING_FINALIZER)
}

fn is_counted(sync: &Sync<'_>, pod: Uid) -> bool {
    sync.newly_succeeded.iter().chain(&sync.newly_failed).any(|counted| counted.meta.uid == pod)
}

/// isPodFailed: a Pod that terminates has failed, unless only failed ones are replaced.
fn is_failed(pod: &Pod, policy: PodReplacementPolicy) -> bool {
    match (pod.status.phase, policy) {
        (Phase::Failed, _) => true,
        (Phase::Succeeded, _) | (_, PodReplacementPolicy::Failed) => false,
        (Phase::Pending | Phase::Running, PodReplacementPolicy::TerminatingOrFailed) => {
            pod.meta.deleted.is_some()
        }
    }
}

/// pastBackoffLimitOnFailure: the restarts of Pods that are restarted where they are.
fn restarted_too_often(sync: &Sync<'_>) -> bool {
    if sync.job.spec.template.spec.restart_policy != RestartPolicy::OnFailure {
        return false;
    }
    let restarts: u32 = sync.pods.iter().filter(|pod| is_active(pod)).map(|pod| pod.status.restarts()).sum();
    match sync.job.spec.backoff_limit {
        0 => restarts > 0,
        limit => restarts >= limit,
    }
}
