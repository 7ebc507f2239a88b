//! Annotations by which a Deployment keeps its history (deployment_util.go).

use crate::api::{Deployment, Labels, ReplicaSet, Str};

pub(crate) const REVISION: &str = "deployment.kubernetes.io/revision";
const REVISION_HISTORY: &str = "deployment.kubernetes.io/revision-history";
const DESIRED_REPLICAS: &str = "deployment.kubernetes.io/desired-replicas";
const MAX_REPLICAS: &str = "deployment.kubernetes.io/max-replicas";
/// sync.go, maxRevHistoryLengthInChars.
const HISTORY_CHARS: usize = 2_000;

/// Whether a Deployment's annotation is its ReplicaSets' too (skipCopyAnnotation).
pub(crate) fn is_copied(key: &str) -> bool {
    const SKIPPED: [&str; 6] = [
        "kubectl.kubernetes.io/last-applied-configuration",
        REVISION,
        REVISION_HISTORY,
        DESIRED_REPLICAS,
        MAX_REPLICAS,
        "deprecated.deployment.rollback.to",
    ];
    !SKIPPED.contains(&key)
}

/// 0 for one that has none yet.
pub(crate) fn revision_of(set: &ReplicaSet) -> u64 {
    number(&set.meta.annotations, REVISION).unwrap_or(0)
}

pub(super) fn desired_replicas(set: &ReplicaSet) -> Option<u32> {
    number(&set.meta.annotations, DESIRED_REPLICAS).and_then(|n| u32::try_from(n).ok())
}

pub(super) fn max_replicas(set: &ReplicaSet) -> Option<u32> {
    number(&set.meta.annotations, MAX_REPLICAS).and_then(|n| u32::try_from(n).ok())
}

fn number(annotations: &Labels, key: &str) -> Option<u64> {
    annotations.get(key)?.parse().ok()
}

/// SetReplicasAnnotations.
pub(super) fn set_replicas(annotations: &mut Labels, desired: u32, max: u32) {
    annotations.insert(DESIRED_REPLICAS.into(), desired.to_string().as_str().into());
    annotations.insert(MAX_REPLICAS.into(), max.to_string().as_str().into());
}

/// SetNewReplicaSetAnnotations: the Deployment's annotations and the new revision. The revisions that the ReplicaSet
/// had before are its history.
pub(super) fn set_new(annotations: &mut Labels, deployment: &Deployment, revision: u64) {
    let copied = deployment.meta.annotations.iter().filter(|(key, _)| is_copied(key));
    annotations.extend(copied.map(|(key, value)| (key.clone(), value.clone())));
    let old = annotations.get(REVISION).cloned();
    if old.as_ref().and_then(|old| old.parse().ok()).unwrap_or(0) >= revision {
        return;
    }
    annotations.insert(REVISION.into(), revision.to_string().as_str().into());
    if let Some(old) = old {
        let history = annotations.get(REVISION_HISTORY).cloned().unwrap_or_default();
        annotations.insert(REVISION_HISTORY.into(), with_revision(&history, &old));
    }
}

/// The oldest are dropped when the text is too long.
fn with_revision(history: &str, revision: &str) -> Str {
    let mut rest = history;
    while !rest.is_empty() && rest.len() + 1 + revision.len() > HISTORY_CHARS {
        rest = rest.split_once(',').map_or("", |(_, rest)| rest);
    }
    if rest.is_empty() { revision.into() } else { [rest, ",", revision].concat().as_str().into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// deployment_util_test.go, TestAnnotationUtils, and the cut of a long history.
    #[test]
    fn history_grows_and_is_cut() {
        assert_eq!(&*with_revision("", "1"), "1");
        assert_eq!(&*with_revision("1,2", "5"), "1,2,5");
        let long = vec!["1234"; 400].join(",");
        let cut = with_revision(&long, "9999");
        assert!(cut.len() <= HISTORY_CHARS && cut.ends_with(",9999"), "{}", cut.len());
    }
}
