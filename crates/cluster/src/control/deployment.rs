//! Deployment -> ReplicaSet: one ReplicaSet for each template that the Deployment ever had, scaled by its
//! strategy. Source: pkg/controller/deployment (rolling.go, recreate.go, sync.go).

use std::sync::Arc;

use super::names::template_hash;
use crate::api::{
    Deployment, DeploymentStrategy, IntOrPercent, Kind, Meta, NsName, OwnerRef, PodTemplate, ReplicaSet,
};
use crate::sim::World;

const HASH_LABEL: &str = "pod-template-hash";

impl World {
    pub(crate) fn reconcile_deployment(&mut self, key: &NsName) {
        let Some(deployment) = self.store.deployments.get(key).cloned() else { return };
        let deployment = &*deployment;
        let new = self.ensure_replica_set(deployment);
        let old: Vec<Arc<ReplicaSet>> = self
            .owned_replica_sets(deployment)
            .into_iter()
            .filter(|rs| rs.meta.uid != new.meta.uid)
            .collect();
        match &deployment.strategy {
            DeploymentStrategy::Recreate => self.recreate(deployment, &new, &old),
            DeploymentStrategy::RollingUpdate { max_surge, max_unavailable } => {
                let (surge, unavailable) = fenceposts(*max_surge, *max_unavailable, deployment.replicas);
                self.scale_up_new(deployment, &new, &old, surge);
                if !old.is_empty() {
                    self.scale_down_old(deployment, &new, &old, unavailable);
                }
            }
        }
    }

    fn recreate(&mut self, deployment: &Deployment, new: &ReplicaSet, old: &[Arc<ReplicaSet>]) {
        for rs in old {
            self.scale_replica_set(rs, 0);
        }
        let old_pods_remain = old.iter().any(|rs| self.store.pods_of(rs.meta.uid).next().is_some());
        if !old_pods_remain {
            self.scale_replica_set(new, deployment.replicas);
        }
    }

    /// rolling.go, reconcileNewReplicaSet and NewRSNewReplicas.
    fn scale_up_new(
        &mut self,
        deployment: &Deployment,
        new: &ReplicaSet,
        old: &[Arc<ReplicaSet>],
        surge: u32,
    ) {
        if new.replicas >= deployment.replicas {
            self.scale_replica_set(new, deployment.replicas);
            return;
        }
        let total: u32 = new.replicas + old.iter().map(|rs| rs.replicas).sum::<u32>();
        let room = (deployment.replicas + surge).saturating_sub(total);
        let missing = deployment.replicas - new.replicas;
        self.scale_replica_set(new, new.replicas + room.min(missing));
    }

    /// rolling.go, reconcileOldReplicaSets: first unhealthy Pods, then as many more as maxUnavailable allows.
    pub(crate) fn scale_down_old(
        &mut self,
        deployment: &Deployment,
        new: &ReplicaSet,
        old: &[Arc<ReplicaSet>],
        max_unavailable: u32,
    ) {
        let min_available = deployment.replicas.saturating_sub(max_unavailable);
        let new_now = self.store.replica_sets.get(&new.meta.key()).map_or(0, |rs| rs.replicas);
        let new_unavailable = new_now.saturating_sub(self.available_pods(new));
        let total = new_now + old.iter().map(|rs| rs.replicas).sum::<u32>();
        let mut may_go = total.saturating_sub(min_available + new_unavailable);
        for rs in old {
            let unhealthy = rs.replicas.saturating_sub(self.available_pods(rs)).min(may_go);
            may_go -= unhealthy;
            self.scale_replica_set(rs, rs.replicas - unhealthy);
        }
        let available: u32 =
            self.available_pods(new) + old.iter().map(|rs| self.available_pods(rs)).sum::<u32>();
        let mut spare = available.saturating_sub(min_available);
        for rs in old {
            let now = self.store.replica_sets.get(&rs.meta.key()).map_or(0, |rs| rs.replicas);
            let down = now.min(spare);
            spare -= down;
            self.scale_replica_set(rs, now - down);
        }
    }

    fn available_pods(&self, rs: &ReplicaSet) -> u32 {
        self.store.pods_of(rs.meta.uid).filter(|p| p.status.is_ready() && p.meta.deleted.is_none()).count()
            as u32
    }

    fn scale_replica_set(&mut self, rs: &ReplicaSet, replicas: u32) {
        let key = rs.meta.key();
        if self.store.replica_sets.get(&key).is_some_and(|rs| rs.replicas != replicas) {
            self.update_object::<ReplicaSet>(&key, |rs| rs.replicas = replicas);
        }
    }

    fn owned_replica_sets(&self, deployment: &Deployment) -> Vec<Arc<ReplicaSet>> {
        let mut sets: Vec<Arc<ReplicaSet>> =
            self.store.replica_sets_of(deployment.meta.uid).cloned().collect();
        sets.sort_by_key(|rs| (rs.meta.created, rs.meta.uid));
        sets
    }

    /// The ReplicaSet of the Deployment's current template. It is created if it does not exist (sync.go,
    /// getNewReplicaSet).
    fn ensure_replica_set(&mut self, deployment: &Deployment) -> Arc<ReplicaSet> {
        let mut owned = self.owned_replica_sets(deployment).into_iter();
        if let Some(rs) = owned.find(|rs| equal_ignore_hash(&rs.template, &deployment.template)) {
            return rs;
        }
        // Equivalent templates have the same hash, however they are written.
        let hash = template_hash(&deployment.template);
        let name = format!("{}-{hash}", deployment.meta.name);
        let key = NsName::new(&deployment.meta.namespace, &name);
        if let Some(rs) = self.store.replica_sets.get(&key) {
            return rs.clone();
        }
        let mut template = deployment.template.clone();
        template.labels.insert(HASH_LABEL.into(), hash.as_str().into());
        let mut selector = deployment.selector.clone();
        selector.match_labels.insert(HASH_LABEL.into(), hash.as_str().into());
        let meta = Meta {
            name: key.name.clone(),
            namespace: key.namespace.clone(),
            labels: template.labels.clone(),
            owner: Some(OwnerRef {
                kind: Kind::Deployment,
                name: deployment.meta.name.clone(),
                uid: deployment.meta.uid,
            }),
            ..Meta::default()
        };
        self.create_object(ReplicaSet { meta, replicas: 0, selector, template })
    }
}

/// deployment_util.go, EqualIgnoreHash.
fn equal_ignore_hash(of_set: &PodTemplate, of_deployment: &PodTemplate) -> bool {
    let mut of_set = of_set.clone();
    of_set.labels.remove(HASH_LABEL);
    of_set == *of_deployment
}

/// rolling.go, ResolveFenceposts: surge rounds up, unavailable rounds down, never both zero.
fn fenceposts(max_surge: IntOrPercent, max_unavailable: IntOrPercent, replicas: u32) -> (u32, u32) {
    let surge = match max_surge {
        IntOrPercent::Int(n) => n,
        IntOrPercent::Percent(p) => (u64::from(replicas) * u64::from(p)).div_ceil(100) as u32,
    };
    let unavailable = match max_unavailable {
        IntOrPercent::Int(n) => n,
        IntOrPercent::Percent(p) => (u64::from(replicas) * u64::from(p) / 100) as u32,
    };
    if surge == 0 && unavailable == 0 { (0, 1) } else { (surge, unavailable) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn surge_rounds_up_and_unavailable_down() {
        let quarter = IntOrPercent::Percent(25);
        assert_eq!(fenceposts(quarter, quarter, 3), (1, 0));
        assert_eq!(fenceposts(quarter, quarter, 4), (1, 1));
        assert_eq!(fenceposts(IntOrPercent::Int(0), IntOrPercent::Percent(10), 3), (0, 1));
    }
}
