//! A Deployment's ReplicaSets: which it owns, which has its template, which are too old to keep (sync.go).

use std::sync::Arc;

use super::limits::{max_replicas, max_surge};
use super::{Rollout, progress, revision};
use crate::api::{
    ConditionStatus, Deployment, DeploymentSpec, DeploymentStrategy, Kind, Meta, NsName, OwnerRef,
    PodTemplate, ReplicaSet, ReplicaSetSpec, ReplicaSetStatus,
};
use crate::control::names::template_hash;
use crate::sim::{LogEntry, World};

pub(crate) const POD_TEMPLATE_HASH_LABEL: &str = "pod-template-hash";

impl World {
    /// ClaimReplicaSets: releases those that its selector no longer matches, and adopts those without an owner that
    /// match.
    pub(super) fn claim_replica_sets(&mut self, deployment: &Deployment) {
        let (meta, selector) = (&deployment.meta, &deployment.spec.selector);
        let matches = |set: &ReplicaSet| selector.matches(&set.meta.labels);
        let owned = self.store.replica_sets_of(meta.uid);
        let released: Vec<NsName> = owned.filter(|set| !matches(set)).map(|set| set.meta.key()).collect();
        for set in released {
            self.update_object::<ReplicaSet>(&set, |set| set.meta.owner = None);
        }
        let orphans = self.store.replica_sets_matched_by(&meta.namespace, selector);
        let adopted: Vec<NsName> =
            orphans.filter(|set| set.meta.owner.is_none()).map(|set| set.meta.key()).collect();
        for set in adopted {
            self.update_object::<ReplicaSet>(&set, |set| {
                set.meta.owner = Some(OwnerRef::new(Kind::Deployment, meta))
            });
        }
    }

    /// getAllReplicaSetsAndSyncRevision, without making a new one: the ReplicaSet of the template gets the newest
    /// revision and the Deployment's annotations.
    pub(super) fn find_replica_sets(&mut self, deployment: Deployment) -> Rollout {
        let mut owned: Vec<Arc<ReplicaSet>> =
            self.store.replica_sets_of(deployment.meta.uid).cloned().collect();
        owned.sort_by_key(|set| (set.meta.created, set.meta.uid));
        let is_new = |set: &Arc<ReplicaSet>| equal_ignore_hash(&set.spec.template, &deployment.spec.template);
        let new = owned.iter().position(is_new).map(|place| owned.remove(place));
        let mut rollout = Rollout { deployment, new, old: owned };
        if let Some(new) = rollout.new.clone() {
            rollout.new = Some(self.sync_revision(&mut rollout, new));
        }
        rollout
    }

    /// getNewReplicaSet, for one that exists.
    fn sync_revision(&mut self, rollout: &mut Rollout, new: Arc<ReplicaSet>) -> Arc<ReplicaSet> {
        let revision = next_revision(&rollout.old);
        let deployment = &mut rollout.deployment;
        let mut annotations = new.meta.annotations.clone();
        revision::set_new(&mut annotations, deployment, revision);
        let min_ready_s = deployment.spec.min_ready_s;
        if annotations != new.meta.annotations || new.spec.min_ready_s != min_ready_s {
            let updated = self.update_spec::<ReplicaSet>(&new.meta.key(), |set| {
                set.meta.annotations = annotations;
                set.spec.min_ready_s = min_ready_s;
            });
            return updated.unwrap_or(new);
        }
        let mut is_changed = set_revision(deployment, revision::revision_of(&new));
        if progress::has_deadline(deployment)
            && deployment.status.conditions.get(progress::PROGRESSING).is_none()
        {
            let message = format!("Found new replica set {:?}", &*new.meta.name);
            self.set_progressing(deployment, ConditionStatus::True, progress::FOUND_NEW, &message);
            is_changed = true;
        }
        if is_changed {
            self.write_deployment(deployment);
        }
        new
    }

    /// getNewReplicaSet, for one that does not exist: it is made with as many Pods as the strategy allows now.
    /// `None` if it may not be made: the sync ends there.
    pub(super) fn create_new_replica_set(&mut self, rollout: &mut Rollout) -> Option<Arc<ReplicaSet>> {
        let deployment = &rollout.deployment;
        let (spec, meta) = (&deployment.spec, &deployment.meta);
        // Equivalent templates have the same hash, however they are written.
        let hash = template_hash(&spec.template);
        let key = NsName::new(&meta.namespace, &format!("{}-{hash}", meta.name));
        if let Some(set) = self.store.replica_sets.get(&key) {
            return Some(set.clone());
        }
        let mut template = spec.template.clone();
        template.labels.insert(POD_TEMPLATE_HASH_LABEL.into(), hash.as_str().into());
        let mut selector = spec.selector.clone();
        selector.match_labels.insert(POD_TEMPLATE_HASH_LABEL.into(), hash.as_str().into());
        let replicas = new_size(deployment, rollout.desired_total(), 0);
        let mut annotations = crate::api::Labels::new();
        let revision = next_revision(&rollout.old);
        revision::set_new(&mut annotations, deployment, revision);
        revision::set_replicas(&mut annotations, spec.replicas, max_replicas(deployment));
        let new = ReplicaSet {
            meta: Meta {
                name: key.name.clone(),
                namespace: key.namespace.clone(),
                labels: template.labels.clone(),
                annotations,
                owner: Some(OwnerRef::new(Kind::Deployment, meta)),
                ..Meta::default()
            },
            spec: ReplicaSetSpec { replicas, min_ready_s: spec.min_ready_s, selector, template },
            status: ReplicaSetStatus::default(),
        };
        let new = self.create_object(new).ok()?;
        if replicas > 0 {
            let (deployment, replica_set) = (meta.key(), key.name.clone());
            self.record(LogEntry::ScalingReplicaSet { deployment, replica_set, from: 0, to: replicas });
        }
        let deployment = &mut rollout.deployment;
        let mut is_changed = set_revision(deployment, revision);
        if progress::has_deadline(deployment) {
            let message = format!("Created new replica set {:?}", &*key.name);
            self.set_progressing(deployment, ConditionStatus::True, progress::NEW_CREATED, &message);
            is_changed = true;
        }
        if is_changed {
            self.write_deployment(deployment);
        }
        Some(new)
    }

    /// sync.go, cleanupDeployment: of the old ones without Pods, all but the newest `revisionHistoryLimit` are deleted.
    pub(super) fn clean_up_history(&mut self, rollout: &Rollout) {
        let limit = rollout.deployment.spec.revision_history_limit;
        let surplus = (rollout.old.len() as u32).saturating_sub(limit);
        if limit == DeploymentSpec::NEVER || surplus == 0 {
            return;
        }
        let mut old = rollout.old.clone();
        old.sort_by_key(|set| revision::revision_of(set));
        for set in old.iter().take(surplus as usize) {
            let is_observed = set.status.observed_generation >= set.meta.generation;
            if set.spec.replicas == 0 && set.status.replicas == 0 && is_observed {
                self.remove_object::<ReplicaSet>(&set.meta.key());
            }
        }
    }
}

/// deployment_util.go, NewRSNewReplicas: how many Pods the new ReplicaSet, which shall have `now`, may have, when all
/// shall have `total`.
pub(super) fn new_size(deployment: &Deployment, total: u32, now: u32) -> u32 {
    let replicas = deployment.spec.replicas;
    match deployment.spec.strategy {
        DeploymentStrategy::Recreate => replicas,
        DeploymentStrategy::RollingUpdate { .. } => {
            let room = replicas.saturating_add(max_surge(deployment)).saturating_sub(total);
            now + room.min(replicas.saturating_sub(now))
        }
    }
}

/// MaxRevision and one more.
fn next_revision(old: &[Arc<ReplicaSet>]) -> u64 {
    old.iter().map(|set| revision::revision_of(set)).max().unwrap_or(0) + 1
}

/// SetDeploymentRevision. True if it was another one.
fn set_revision(deployment: &mut Deployment, revision: u64) -> bool {
    let revision = revision.to_string();
    let old = deployment.meta.annotations.insert(revision::REVISION.into(), revision.as_str().into());
    old.as_deref() != Some(&*revision)
}

/// deployment_util.go, EqualIgnoreHash.
pub(crate) fn equal_ignore_hash(of_set: &PodTemplate, of_deployment: &PodTemplate) -> bool {
    let mut of_set = of_set.clone();
    of_set.labels.remove(POD_TEMPLATE_HASH_LABEL);
    of_set == *of_deployment
}
