//! The indexes of an Indexed Job (indexed_job_utils.go).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Sync;
use crate::api::{CompletionMode, Phase, Pod};

pub(super) const INDEX: &str = "batch.kubernetes.io/job-completion-index";

/// getCompletionIndex.
pub(super) fn index_of(pod: &Pod) -> Option<u32> {
    pod.meta.annotations.get(INDEX)?.parse().ok()
}

/// calculateSucceededIndexes: those that were counted, and those of Pods that succeeded since.
pub(super) fn succeeded(sync: &Sync<'_>) -> Vec<u32> {
    let completions = sync.job.spec.completions.unwrap_or(0);
    let new = sync.newly_succeeded.iter().filter_map(|pod| index_of(pod));
    let all: BTreeSet<u32> = sync.job.status.completed_indexes.iter().copied().chain(new).collect();
    all.into_iter().filter(|index| *index < completions).collect()
}

/// calculateFailedIndexes: with backoffLimitPerIndex, those whose Pods failed more often than that.
pub(super) fn failed(sync: &Sync<'_>) -> Vec<u32> {
    let Some(limit) = sync.job.spec.backoff_limit_per_index else { return Vec::new() };
    let mut failures: BTreeMap<u32, u32> = BTreeMap::new();
    for index in
        sync.pods.iter().filter(|pod| pod.status.phase == Phase::Failed).filter_map(|pod| index_of(pod))
    {
        *failures.entry(index).or_default() += 1;
    }
    let new = failures.into_iter().filter(|(_, count)| *count > limit).map(|(index, _)| index);
    let all: BTreeSet<u32> = sync.job.status.failed_indexes.iter().copied().chain(new).collect();
    all.into_iter().collect()
}

/// Every index has succeeded or failed for good, and one has failed.
pub(super) fn has_failed(sync: &Sync<'_>) -> bool {
    let failed = failed(sync).len() as u32;
    failed > 0 && failed + sync.succeeded >= sync.job.spec.completions.unwrap_or(0)
}

/// firstPendingIndexes: the lowest that have neither a Pod nor ended.
pub(super) fn pending(sync: &Sync<'_>, count: u32) -> Vec<u32> {
    let mut taken: BTreeSet<u32> = sync.active.iter().filter_map(|pod| index_of(pod)).collect();
    taken.extend(succeeded(sync));
    taken.extend(failed(sync));
    let completions = sync.job.spec.completions.unwrap_or(0);
    (0..completions).filter(|index| !taken.contains(index)).take(count as usize).collect()
}

/// appendDuplicatedIndexPodsForRemoval: those that no index needs come first.
pub(super) fn superfluous(sync: &Sync<'_>) -> Vec<Arc<Pod>> {
    if sync.job.spec.completion_mode == CompletionMode::NonIndexed {
        return Vec::new();
    }
    let completions = sync.job.spec.completions.unwrap_or(0);
    let mut seen = BTreeSet::new();
    let is_superfluous =
        |pod: &&Arc<Pod>| index_of(pod).is_none_or(|index| index >= completions || !seen.insert(index));
    sync.active.iter().filter(is_superfluous).cloned().collect()
}
