//! PodDisruptionBudgets: what they allow, and evictions that ask them. Source: pkg/controller/disruption
//! (disruption.go), pkg/registry/core/pod/storage/eviction.go.

use std::collections::BTreeMap;
use std::sync::Arc;

use litemap::LiteMap;

use super::pods::{is_active, is_ready};
use crate::api::{
    Condition, ConditionStatus, IntOrPercent, Kind, Name, NsName, OwnerRef, Phase, Pod, PodDisruptionBudget,
    PodDisruptionBudgetStatus, Str, Uid, UnhealthyPodEvictionPolicy, Workload,
};
use crate::sim::{Span, Time, WorkItem, World};

const ALLOWED: &str = "DisruptionAllowed";
/// disruption.go, DeletionTimeout: how long a granted eviction is waited for.
const DELETION_TIMEOUT: Span = Span(120 * 1_000_000_000);

/// Why a Pod is not evicted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NotEvicted {
    /// It would violate this budget: 429, Too Many Requests.
    TooManyRequests { budget: Name },
    /// More than one budget selects it.
    ManyBudgets,
}

impl World {
    pub(crate) fn reconcile_disruption_budget(&mut self, key: &NsName) {
        let Some(budget) = self.store.disruption_budgets.get(key).cloned() else { return };
        let pods = self.pods_of_budget(&budget);
        let (disrupted, recheck) = self.disrupted_pods(&budget, &pods);
        let mut status = budget.status.clone();
        status.observed_generation = budget.meta.generation;
        match self.expected_pods(&budget, &pods) {
            Ok((expected, desired)) => {
                let healthy = pods.iter().filter(|pod| pod.meta.deleted.is_none() && is_ready(pod));
                let healthy = healthy.filter(|pod| !disrupted.contains_key(&pod.meta.name)).count() as u32;
                status.expected_pods = expected;
                status.desired_healthy = desired;
                status.current_healthy = healthy;
                status.disruptions_allowed = if expected > 0 { healthy.saturating_sub(desired) } else { 0 };
                status.disrupted_pods = disrupted;
                self.set_allowed(&mut status);
            }
            // failSafe: without a number nothing may be disrupted.
            Err(problem) => {
                status.disruptions_allowed = 0;
                let failed = ConditionStatus::False;
                status.conditions.set(Condition::new(self.now(), ALLOWED, failed, "SyncFailed", &problem));
            }
        }
        if let Some(recheck) = recheck {
            self.enqueue_after(WorkItem::DisruptionBudget(key.clone()), recheck.since(self.now()));
        }
        self.write_budget(&budget, status);
    }

    fn write_budget(&mut self, budget: &PodDisruptionBudget, status: PodDisruptionBudgetStatus) {
        if status != budget.status {
            self.update_object::<PodDisruptionBudget>(&budget.meta.key(), |budget| budget.status = status);
        }
    }

    /// UpdateDisruptionAllowedCondition.
    fn set_allowed(&self, status: &mut PodDisruptionBudgetStatus) {
        let (allowed, reason) = match status.disruptions_allowed {
            0 => (ConditionStatus::False, "InsufficientPods"),
            _ => (ConditionStatus::True, "SufficientPods"),
        };
        status.conditions.set(Condition::new(self.now(), ALLOWED, allowed, reason, ""));
    }

    fn pods_of_budget(&self, budget: &PodDisruptionBudget) -> Vec<Arc<Pod>> {
        let Some(selector) = &budget.spec.selector else { return Vec::new() };
        self.store.pods_matched_by(&budget.meta.namespace, selector).cloned().collect()
    }

    /// buildDisruptedPodMap: those whose eviction was granted and that are still there; and when to look again.
    fn disrupted_pods(
        &self,
        budget: &PodDisruptionBudget,
        pods: &[Arc<Pod>],
    ) -> (LiteMap<Name, Time>, Option<Time>) {
        let mut disrupted = LiteMap::new();
        for pod in pods.iter().filter(|pod| pod.meta.deleted.is_none()) {
            let name = &pod.meta.name;
            let granted = budget.status.disrupted_pods.get(name).copied();
            if let Some(granted) = granted.filter(|granted| *granted + DELETION_TIMEOUT >= self.now()) {
                disrupted.insert(name.clone(), granted);
            }
        }
        let recheck =
            disrupted.values().min().map(|first: &Time| *first + DELETION_TIMEOUT + Span::from_secs(1));
        (disrupted, recheck)
    }

    /// getExpectedPodCount: how many Pods there should be, and how many of them healthy.
    fn expected_pods(&self, budget: &PodDisruptionBudget, pods: &[Arc<Pod>]) -> Result<(u32, u32), Str> {
        match (budget.spec.max_unavailable, budget.spec.min_available) {
            (Some(most), _) => {
                let expected = self.expected_scale(pods)?;
                Ok((expected, expected.saturating_sub(most.scaled_up(expected))))
            }
            (None, Some(IntOrPercent::Int(least))) => Ok((pods.len() as u32, least)),
            (None, Some(least @ IntOrPercent::Percent(_))) => {
                let expected = self.expected_scale(pods)?;
                Ok((expected, least.scaled_up(expected)))
            }
            (None, None) => Ok((0, 0)),
        }
    }

    /// getExpectedScale: the sizes of the Pods' controllers. A Pod without one is not counted.
    fn expected_scale(&self, pods: &[Arc<Pod>]) -> Result<u32, Str> {
        let mut scales: BTreeMap<Uid, u32> = BTreeMap::new();
        for pod in pods {
            let Some(owner) = &pod.meta.owner else { continue };
            let Some((uid, replicas)) = self.scale_of(pod, owner) else {
                let problem = format!("found no controllers for pod {:?}", &*pod.meta.name);
                return Err(problem.as_str().into());
            };
            scales.insert(uid, replicas);
        }
        Ok(scales.values().sum())
    }

    /// The controller that says how many there shall be, and how many (disruption.go, finders). A DaemonSet and a Job
    /// cannot be scaled, and have none.
    fn scale_of(&self, pod: &Pod, owner: &OwnerRef) -> Option<(Uid, u32)> {
        let key = NsName { namespace: pod.meta.namespace.clone(), name: owner.name.clone() };
        match owner.kind.workload() {
            Some(Workload::ReplicaSet) => {
                let set = self.store.replica_sets.get(&key)?;
                let deployment = set.meta.owner.as_ref().filter(|owner| owner.kind == Kind::Deployment);
                let Some(deployment) = deployment else { return Some((set.meta.uid, set.spec.replicas)) };
                let key = NsName { namespace: key.namespace.clone(), name: deployment.name.clone() };
                let deployment = self.store.deployments.get(&key)?;
                Some((deployment.meta.uid, deployment.spec.replicas))
            }
            Some(Workload::ReplicationController) => {
                let controller = self.store.replication_controllers.get(&key)?;
                Some((controller.meta.uid, controller.spec.replicas))
            }
            Some(Workload::StatefulSet) => {
                let set = self.store.stateful_sets.get(&key)?;
                Some((set.meta.uid, set.spec.replicas))
            }
            Some(Workload::Deployment | Workload::DaemonSet) | None => None,
        }
    }

    /// eviction.go, EvictionREST.Create: deletes the Pod, with its grace period, if its budget allows it.
    pub(crate) fn evict(&mut self, pod: &Pod) -> Result<(), NotEvicted> {
        if is_active(pod) && pod.status.phase != Phase::Pending {
            self.ask_budget(pod)?;
        }
        let key = pod.meta.key();
        self.mark_for_disruption(&key, "EvictionByEvictionAPI", "Eviction API: evicting");
        self.delete_pod(&key, None);
        Ok(())
    }

    fn ask_budget(&mut self, pod: &Pod) -> Result<(), NotEvicted> {
        let budgets: Vec<Arc<PodDisruptionBudget>> = self.store.budgets_of(pod).cloned().collect();
        let budget = match &budgets[..] {
            [] => return Ok(()),
            [budget] => budget,
            [_, _, ..] => return Err(NotEvicted::ManyBudgets),
        };
        let status = &budget.status;
        let is_free = match budget.spec.unhealthy_pod_eviction_policy {
            _ if is_ready(pod) => false,
            Some(UnhealthyPodEvictionPolicy::AlwaysAllow) => true,
            Some(UnhealthyPodEvictionPolicy::IfHealthyBudget) | None => {
                status.desired_healthy > 0 && status.current_healthy >= status.desired_healthy
            }
        };
        if is_free {
            return Ok(());
        }
        let is_known = status.observed_generation >= budget.meta.generation;
        if !is_known || status.disruptions_allowed == 0 {
            return Err(NotEvicted::TooManyRequests { budget: budget.meta.name.clone() });
        }
        // checkAndDecrement.
        let mut status = status.clone();
        status.disruptions_allowed -= 1;
        if status.disruptions_allowed == 0 {
            self.set_allowed(&mut status);
        }
        status.disrupted_pods.insert(pod.meta.name.clone(), self.now());
        self.write_budget(budget, status);
        Ok(())
    }
}
