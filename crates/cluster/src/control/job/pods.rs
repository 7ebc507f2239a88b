//! The Pods that a Job makes and deletes (job_controller.go, manageJob).

use std::sync::Arc;

use super::indexes::{self, INDEX};
use super::{Sync, TRACKING_FINALIZER};
use crate::api::{CompletionMode, Pod, PodReplacementPolicy};
use crate::control::pods::{is_ready, slow_start};
use crate::control::replica_set::sort_for_deletion;
use crate::sim::{Span, WorkItem, World};

/// job_controller.go, MaxPodCreateDeletePerSync.
const BURST: u32 = 500;

impl World {
    pub(super) fn manage_job(&mut self, sync: &mut Sync<'_>) {
        if sync.job.spec.suspend {
            let all = sync.active.clone();
            return self.remove_job_pods(sync, &all);
        }
        let wanted = wanted(sync);
        let surplus = (sync.active.len() as u32).saturating_sub(wanted).min(BURST);
        if surplus > 0 {
            let doomed = for_removal(sync, surplus);
            self.remove_job_pods(sync, &doomed);
        }
        let replaced_late = match sync.job.spec.pod_replacement_policy {
            PodReplacementPolicy::TerminatingOrFailed => 0,
            PodReplacementPolicy::Failed => sync.terminating,
        };
        let missing = wanted.saturating_sub(sync.active.len() as u32 + replaced_late).min(BURST);
        if missing == 0 {
            return;
        }
        let wait = self.backoff_of(sync);
        if wait > Span::ZERO {
            return self.enqueue_after(WorkItem::Job(sync.job.meta.key()), wait);
        }
        self.create_job_pods(sync, missing);
    }

    /// deleteJobPods: a Pod that the Job gives up is not counted.
    fn remove_job_pods(&mut self, sync: &mut Sync<'_>, doomed: &[Arc<Pod>]) {
        for pod in doomed {
            let key = pod.meta.key();
            self.update_object::<Pod>(&key, |pod| pod.meta.finalizers.clear());
            self.delete_owned_pod(&sync.owner, pod);
            sync.terminating += u32::from(self.store.pods.get(&key).is_some());
            sync.ready -= u32::from(is_ready(pod));
        }
        sync.active.retain(|pod| !doomed.iter().any(|gone| gone.meta.uid == pod.meta.uid));
        sync.pods.retain(|pod| !doomed.iter().any(|gone| gone.meta.uid == pod.meta.uid));
    }

    fn create_job_pods(&mut self, sync: &mut Sync<'_>, missing: u32) {
        let mut made = Vec::new();
        let indexes = match sync.job.spec.completion_mode {
            CompletionMode::NonIndexed => vec![None; missing as usize],
            CompletionMode::Indexed => indexes::pending(sync, missing).into_iter().map(Some).collect(),
        };
        let created = slow_start(indexes.len() as u32, |place| {
            let mut pod = sync.owner.pod_of(&sync.job.spec.template);
            if let Some(index) = indexes[place as usize] {
                set_index(&mut pod, &sync.job.meta.name, index);
            }
            self.name_pod(&sync.owner, &mut pod);
            pod.meta.finalizers.push(TRACKING_FINALIZER.into());
            let key = pod.meta.key();
            let is_made = self.create_pod(&sync.owner, pod);
            made.extend(self.store.pods.get(&key).cloned().filter(|_| is_made));
            is_made
        });
        if created == indexes.len() as u32 {
            self.has_all_pods(&sync.owner);
        }
        sync.active.extend(made);
    }
}

/// Annotation, label and hostname of an index, and what the Pod's name is made from.
fn set_index(pod: &mut Pod, job: &str, index: u32) {
    let text = index.to_string();
    pod.meta.annotations.insert(INDEX.into(), text.as_str().into());
    pod.meta.labels.insert(INDEX.into(), text.as_str().into());
    pod.spec.hostname = Some(format!("{job}-{index}").as_str().into());
    pod.meta.generate_name = Some(format!("{job}-{index}-").as_str().into());
}

/// How many Pods shall be active. Without `completions` none starts after one has succeeded.
fn wanted(sync: &Sync<'_>) -> u32 {
    let spec = &sync.job.spec;
    match spec.completions {
        None if sync.succeeded > 0 => sync.active.len() as u32,
        None => spec.parallelism,
        Some(completions) => completions.saturating_sub(sync.succeeded).min(spec.parallelism),
    }
}

/// activePodsForRemoval.
fn for_removal(sync: &Sync<'_>, count: u32) -> Vec<Arc<Pod>> {
    let mut first = indexes::superfluous(sync);
    let mut rest: Vec<Arc<Pod>> = sync.active.clone();
    rest.retain(|pod| !first.iter().any(|other| other.meta.uid == pod.meta.uid));
    sort_for_deletion(&mut rest);
    first.extend(rest);
    first.truncate(count as usize);
    first
}
