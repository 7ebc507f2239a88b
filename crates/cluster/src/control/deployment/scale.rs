//! A Deployment's size, apart from any rollout (sync.go, scale and scaleReplicaSet).

use std::sync::Arc;

use super::limits::{max_replicas, max_surge};
use super::{Rollout, revision};
use crate::api::{Deployment, DeploymentStrategy, ReplicaSet};
use crate::sim::{LogEntry, World};

impl World {
    /// sync.go, sync: what is done when the size has changed or the Deployment is paused. No rollout goes on.
    pub(super) fn sync_scale(&mut self, rollout: &mut Rollout) {
        self.scale_proportionally(rollout);
        if rollout.deployment.spec.paused {
            self.clean_up_history(rollout);
        }
        self.sync_deployment_status(rollout);
    }

    /// One active ReplicaSet gets the whole size. Several share the difference in proportion to their own sizes, so
    /// that a rollout that goes on gets neither faster nor slower.
    fn scale_proportionally(&mut self, rollout: &Rollout) {
        let deployment = &rollout.deployment;
        let replicas = deployment.spec.replicas;
        if let Some(only) = active_or_latest(rollout) {
            self.scale_replica_set(deployment, &only, replicas);
            return;
        }
        if rollout.new.as_ref().is_some_and(|new| is_saturated(deployment, new)) {
            for old in rollout.active_old() {
                self.scale_replica_set(deployment, &old, 0);
            }
            return;
        }
        match deployment.spec.strategy {
            DeploymentStrategy::Recreate => {}
            DeploymentStrategy::RollingUpdate { .. } => {
                for (set, size) in proportions(rollout) {
                    self.update_size(deployment, &set, size);
                }
            }
        }
    }

    /// True if its size has changed.
    pub(super) fn scale_replica_set(&mut self, deployment: &Deployment, set: &ReplicaSet, size: u32) -> bool {
        set.spec.replicas != size && self.update_size(deployment, set, size)
    }

    /// The same, and its annotations say the Deployment's size.
    fn update_size(&mut self, deployment: &Deployment, set: &ReplicaSet, size: u32) -> bool {
        let mut annotations = set.meta.annotations.clone();
        revision::set_replicas(&mut annotations, deployment.spec.replicas, max_replicas(deployment));
        let (from, key) = (set.spec.replicas, set.meta.key());
        if from == size && annotations == set.meta.annotations {
            return false;
        }
        self.update_spec::<ReplicaSet>(&key, |set| {
            set.spec.replicas = size;
            set.meta.annotations = annotations;
        });
        if from != size {
            let deployment = deployment.meta.key();
            let replica_set = key.name;
            self.record(LogEntry::ScalingReplicaSet { deployment, replica_set, from, to: size });
        }
        from != size
    }
}

/// FindActiveOrLatest: the only one with Pods; the newest, if none has.
fn active_or_latest(rollout: &Rollout) -> Option<Arc<ReplicaSet>> {
    let mut active = rollout.active();
    match (active.next(), active.next()) {
        (None, _) => rollout.new.as_ref().or(rollout.old.last()).cloned(),
        (Some(only), None) => Some(only.clone()),
        (Some(_), Some(_)) => None,
    }
}

/// IsSaturated: the new ReplicaSet has all Pods, and they are available.
fn is_saturated(deployment: &Deployment, new: &ReplicaSet) -> bool {
    let replicas = deployment.spec.replicas;
    new.spec.replicas == replicas
        && revision::desired_replicas(new) == Some(replicas)
        && new.status.available_replicas == replicas
}

/// The new size of each active ReplicaSet, the largest first. Of those of one size the newer come first if there are
/// Pods to add, the older if there are Pods to take away.
fn proportions(rollout: &Rollout) -> Vec<(Arc<ReplicaSet>, u32)> {
    let deployment = &rollout.deployment;
    let allowed = match deployment.spec.replicas {
        0 => 0,
        replicas => replicas.saturating_add(max_surge(deployment)),
    };
    let mut sets: Vec<Arc<ReplicaSet>> = rollout.active().cloned().collect();
    let total: u32 = sets.iter().map(|set| set.spec.replicas).sum();
    let to_add = i64::from(allowed) - i64::from(total);
    let age = |set: &ReplicaSet| (set.meta.created, set.meta.uid);
    sets.sort_by(|a, b| {
        let by_age = if to_add > 0 { age(b).cmp(&age(a)) } else { age(a).cmp(&age(b)) };
        b.spec.replicas.cmp(&a.spec.replicas).then(by_age)
    });
    let mut added = 0;
    let mut sizes: Vec<i64> = Vec::new();
    for set in &sets {
        let share = proportion(deployment, set, to_add, added);
        added += share;
        sizes.push(i64::from(set.spec.replicas) + share);
    }
    if let Some(largest) = sizes.first_mut() {
        *largest = (*largest + to_add - added).max(0);
    }
    sets.into_iter().zip(sizes).map(|(set, size)| (set, u32::try_from(size).unwrap_or(0))).collect()
}

/// GetReplicaSetProportion: never more than what is left to add or to take away.
fn proportion(deployment: &Deployment, set: &ReplicaSet, to_add: i64, added: i64) -> i64 {
    let left = to_add - added;
    if set.spec.replicas == 0 || left == 0 {
        return 0;
    }
    let fraction = fraction(deployment, set);
    if to_add > 0 { fraction.min(left) } else { fraction.max(left) }
}

/// getReplicaSetFraction. Upstream divides floats and rounds halves away from zero, which for numbers of this size is
/// the same as adding half of the divisor.
fn fraction(deployment: &Deployment, set: &ReplicaSet) -> i64 {
    let size = i64::from(set.spec.replicas);
    if deployment.spec.replicas == 0 {
        return -size;
    }
    let before = revision::max_replicas(set).filter(|max| *max > 0).unwrap_or(deployment.status.replicas);
    if before == 0 {
        return 0;
    }
    let (max, before) = (i64::from(max_replicas(deployment)), i64::from(before));
    (2 * size * max + before) / (2 * before) - size
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{
        DeploymentSpec, DeploymentStatus, IntOrPercent, Labels, Meta, PodTemplate, ReplicaSetSpec,
        ReplicaSetStatus, Selector, Uid,
    };
    use crate::sim::Time;

    fn deployment(replicas: u32, surge: u32) -> Deployment {
        Deployment {
            meta: Meta::default(),
            spec: DeploymentSpec {
                replicas,
                selector: Selector::default(),
                template: PodTemplate::default(),
                strategy: DeploymentStrategy::RollingUpdate {
                    max_surge: IntOrPercent::Int(surge),
                    max_unavailable: IntOrPercent::Int(1),
                },
                min_ready_s: 0,
                revision_history_limit: 10,
                paused: false,
                progress_deadline_s: 600,
            },
            status: DeploymentStatus::default(),
        }
    }

    fn set(age: u32, replicas: u32, max: u32) -> Arc<ReplicaSet> {
        let mut annotations = Labels::new();
        revision::set_replicas(&mut annotations, max, max);
        Arc::new(ReplicaSet {
            meta: Meta { uid: Uid(age), created: Time(u64::from(age)), annotations, ..Meta::default() },
            spec: ReplicaSetSpec {
                replicas,
                min_ready_s: 0,
                selector: Selector::default(),
                template: PodTemplate::default(),
            },
            status: ReplicaSetStatus::default(),
        })
    }

    /// Cases of sync_test.go, TestScale: size before, after, the new set's and the old ones' sizes, newest first,
    /// before and after. The surge is 0 but where it is said.
    #[test]
    fn sets_are_scaled_in_proportion() {
        for (before, after, surge, sizes, expected) in [
            (5, 10, 0, &[2, 3][..], &[4, 6][..]),
            (5, 3, 0, &[2, 3], &[1, 2]),
            (9, 4, 0, &[8, 1], &[4, 0]),
            (7, 10, 0, &[2, 3, 2], &[3, 4, 3]),
            (13, 8, 0, &[2, 8, 3], &[1, 5, 2]),
            (3, 4, 0, &[1, 1, 1], &[2, 1, 1]),
            (10, 0, 0, &[3, 2, 1], &[0, 0, 0]),
            // The new set's 8 and the old one's 5, of at most 13, share what 23 allow.
            (10, 20, 3, &[8, 5], &[14, 9]),
        ] {
            let count = sizes.len() as u32;
            let mut sets: Vec<Arc<ReplicaSet>> =
                (1..).zip(sizes).map(|(place, size)| set(count + 1 - place, *size, before + surge)).collect();
            let new = Some(sets.remove(0));
            sets.reverse();
            let rollout = Rollout { deployment: deployment(after, surge), new, old: sets };
            let mut sizes: Vec<(Uid, u32)> =
                proportions(&rollout).into_iter().map(|(set, size)| (set.meta.uid, size)).collect();
            sizes.sort_by_key(|(uid, _)| std::cmp::Reverse(*uid));
            let sizes: Vec<u32> = sizes.into_iter().map(|(_, size)| size).collect();
            assert_eq!(sizes, expected, "from {before} to {after}");
        }
    }
}
