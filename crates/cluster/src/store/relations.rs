//! Relations between objects, by ownership and by selector.

use std::sync::Arc;

use super::{IndexKey, Objects, Store, Stored};
use crate::api::{
    ControllerRevision, DaemonSet, Endpoint, EndpointSlice, Job, Kind, Labels, Meta, NsName, ObjectRef, Pod,
    PodDisruptionBudget, ReplicaSet, ReplicationController, Selector, Service, StatefulSet, Str, Uid,
};

/// Owner or none, labels, node.
pub(super) fn pod_index_keys(pod: &Pod) -> Vec<IndexKey> {
    let orphan = || IndexKey::Orphan(pod.meta.namespace.clone());
    let mut keys = vec![IndexKey::owner(&pod.meta).next().unwrap_or_else(orphan)];
    keys.extend(IndexKey::labels(&pod.meta.namespace, &pod.meta.labels));
    keys.push(IndexKey::Node(pod.spec.node_name.clone().unwrap_or_default()));
    keys
}

/// Owner and selector; of a ReplicaSet its labels too, by which a Deployment finds it.
fn workload_index_keys(meta: &Meta, selector: &Selector) -> Vec<IndexKey> {
    let selector = IndexKey::selector(&meta.namespace, selector);
    IndexKey::owner(meta).chain([selector]).collect()
}

pub(super) fn replica_set_index_keys(set: &ReplicaSet) -> Vec<IndexKey> {
    let mut keys = workload_index_keys(&set.meta, &set.spec.selector);
    keys.extend(IndexKey::labels(&set.meta.namespace, &set.meta.labels));
    keys
}

pub(super) fn replication_controller_index_keys(controller: &ReplicationController) -> Vec<IndexKey> {
    workload_index_keys(&controller.meta, &controller.spec.selector)
}

pub(super) fn stateful_set_index_keys(set: &StatefulSet) -> Vec<IndexKey> {
    workload_index_keys(&set.meta, &set.spec.selector)
}

pub(super) fn daemon_set_index_keys(set: &DaemonSet) -> Vec<IndexKey> {
    workload_index_keys(&set.meta, &set.spec.selector)
}

pub(super) fn job_index_keys(job: &Job) -> Vec<IndexKey> {
    workload_index_keys(&job.meta, &job.spec.selector)
}

pub(super) fn disruption_budget_index_keys(budget: &PodDisruptionBudget) -> Vec<IndexKey> {
    let selector = budget.spec.selector.iter().map(|s| IndexKey::selector(&budget.meta.namespace, s));
    IndexKey::owner(&budget.meta).chain(selector).collect()
}

pub(super) fn service_index_keys(service: &Service) -> Vec<IndexKey> {
    let mut keys: Vec<IndexKey> = IndexKey::owner(&service.meta).collect();
    let first = service.spec.selector.as_ref().and_then(|selector| selector.iter().next());
    keys.extend(first.map(|(key, value)| IndexKey::Selector {
        namespace: service.meta.namespace.clone(),
        key: key.clone(),
        value: value.clone(),
    }));
    keys
}

/// Owner, and the Service that its label names.
pub(super) fn slice_index_keys(slice: &EndpointSlice) -> Vec<IndexKey> {
    IndexKey::owner(&slice.meta).chain([IndexKey::Service(slice.service_key())]).collect()
}

/// Kinds that are found by their labels.
impl<T: Stored> Objects<T> {
    /// Those in the namespace that have one of these labels, the one that the fewest have. All of the namespace, if
    /// `labels` is empty.
    fn with_labels(&self, namespace: &Str, labels: &Labels) -> Box<dyn Iterator<Item = &Arc<T>> + '_> {
        match self.rarest(IndexKey::labels(namespace, labels).collect()) {
            Some(label) => Box::new(self.by_index(label)),
            None => {
                let namespace = namespace.clone();
                Box::new(self.iter().filter(move |object| object.meta().namespace == namespace))
            }
        }
    }

    /// The key that finds the fewest: the lists are walked side by side, until the first one ends.
    fn rarest(&self, keys: Vec<IndexKey>) -> Option<IndexKey> {
        let mut walks: Vec<_> = keys.iter().map(|key| self.names_by_index(key)).collect();
        let mut rounds = (0..walks.len()).cycle();
        let first = rounds.find(|index| keys.len() == 1 || walks[*index].next().is_none())?;
        drop(walks);
        keys.into_iter().nth(first)
    }
}

impl Store {
    pub fn replica_sets_of(&self, deployment: Uid) -> impl Iterator<Item = &Arc<ReplicaSet>> {
        self.replica_sets.by_index(IndexKey::Owner(deployment))
    }

    pub fn pods_of(&self, owner: Uid) -> impl Iterator<Item = &Arc<Pod>> {
        self.pods.by_index(IndexKey::Owner(owner))
    }

    pub fn pods_of_deployment(&self, deployment: Uid) -> impl Iterator<Item = &Arc<Pod>> {
        self.replica_sets_of(deployment).flat_map(|set| self.pods_of(set.meta.uid))
    }

    pub fn replica_set_of(&self, pod: &Pod) -> Option<&Arc<ReplicaSet>> {
        let owner = pod.meta.owner.as_ref()?;
        let set = self.replica_sets.get(&NsName::new(&pod.meta.namespace, &owner.name))?;
        Some(set).filter(|set| set.meta.uid == owner.uid)
    }

    pub fn pods_selected_by(&self, service: &Service) -> impl Iterator<Item = &Arc<Pod>> {
        self.pods_selected_in(&service.meta.namespace, service)
    }

    /// Those that it would select if it were in that namespace.
    pub fn pods_selected_in(&self, namespace: &Str, service: &Service) -> impl Iterator<Item = &Arc<Pod>> {
        let none = Labels::new();
        let labels = service.spec.selector.as_ref().unwrap_or(&none);
        let pods = self.pods.with_labels(namespace, labels);
        pods.filter(|pod| service.selects(&service.meta.namespace, &pod.meta.labels))
    }

    /// The Pods of a namespace that a workload's selector matches.
    pub fn pods_matched_by(&self, namespace: &Str, selector: &Selector) -> impl Iterator<Item = &Arc<Pod>> {
        let pods = self.pods.with_labels(namespace, &selector.match_labels);
        pods.filter(|pod| selector.matches(&pod.meta.labels))
    }

    /// Those of them that have no controller.
    pub fn orphans_matched_by(
        &self,
        namespace: &Str,
        selector: &Selector,
    ) -> impl Iterator<Item = &Arc<Pod>> {
        let keys = IndexKey::labels(namespace, &selector.match_labels);
        let keys = keys.chain([IndexKey::Orphan(namespace.clone())]).collect();
        let pods = self.pods.rarest(keys).into_iter().flat_map(|key| self.pods.by_index(key));
        let is_orphan = |pod: &&Arc<Pod>| pod.meta.owner.is_none() && pod.meta.namespace == *namespace;
        pods.filter(is_orphan).filter(|pod| selector.matches(&pod.meta.labels))
    }

    /// In all EndpointSlices of the Service.
    pub fn endpoints_of(&self, service: &NsName) -> impl Iterator<Item = &Endpoint> {
        self.slices_for(service).flat_map(|slice| &slice.endpoints)
    }

    pub fn replica_sets_matched_by(
        &self,
        namespace: &Str,
        selector: &Selector,
    ) -> impl Iterator<Item = &Arc<ReplicaSet>> {
        let sets = self.replica_sets.with_labels(namespace, &selector.match_labels);
        sets.filter(|set| selector.matches(&set.meta.labels))
    }

    pub fn revisions_of(&self, owner: Uid) -> impl Iterator<Item = &Arc<ControllerRevision>> {
        self.controller_revisions.by_index(IndexKey::Owner(owner))
    }

    pub fn jobs_of(&self, cron_job: Uid) -> impl Iterator<Item = &Arc<Job>> {
        self.jobs.by_index(IndexKey::Owner(cron_job))
    }

    pub fn budgets_of(&self, pod: &Pod) -> impl Iterator<Item = &Arc<PodDisruptionBudget>> {
        let keys = IndexKey::selectors_of(&pod.meta.namespace, &pod.meta.labels);
        let candidates = keys.flat_map(|key| self.disruption_budgets.by_index(key));
        let matches = |selector: &Selector| selector.matches(&pod.meta.labels);
        candidates.filter(move |budget| budget.spec.selector.as_ref().is_some_and(matches))
    }

    pub fn services_that_select(&self, pod: &Pod) -> impl Iterator<Item = &Arc<Service>> {
        self.services_that_select_labels(&pod.meta.namespace, &pod.meta.labels)
    }

    /// Those that would select a Pod of the namespace with these labels.
    pub fn services_that_select_labels(
        &self,
        namespace: &Str,
        labels: &Labels,
    ) -> impl Iterator<Item = &Arc<Service>> {
        let candidates = labels.iter().flat_map(move |(key, value)| {
            let (namespace, key, value) = (namespace.clone(), key.clone(), value.clone());
            self.services.by_index(IndexKey::Selector { namespace, key, value })
        });
        candidates.filter(|service| service.selects(namespace, labels))
    }

    /// Those on the node; those on none, if `node` is empty.
    pub fn pods_on(&self, node: &str) -> impl Iterator<Item = &Arc<Pod>> {
        self.pods.by_index(IndexKey::Node(node.into()))
    }

    /// Whoever wrote them.
    pub fn slices_for(&self, service: &NsName) -> impl Iterator<Item = &Arc<EndpointSlice>> + use<'_> {
        self.slices.by_index(IndexKey::Service(service.clone()))
    }

    pub fn slices_of(&self, service: Uid) -> impl Iterator<Item = &Arc<EndpointSlice>> {
        self.slices.by_index(IndexKey::Owner(service))
    }

    /// Whether an object's `ownerReferences` name it.
    pub fn has_dependents(&self, owner: Uid) -> bool {
        !self.dependents_of(owner).is_empty()
    }

    /// What made a Pod and is controlled by nobody: a Deployment, not its ReplicaSet. `None` if it is gone.
    pub fn workload_of(&self, pod: &Pod) -> Option<(ObjectRef, Uid)> {
        let mut found = None;
        let mut owner = pod.meta.owner.clone();
        // No Pod's owner has more than one of its own; who owns itself would be asked for ever.
        for _ in 0..MOST_OWNERS {
            let Some(of) = owner else { break };
            let object = ObjectRef { kind: of.kind, namespace: pod.meta.namespace.clone(), name: of.name };
            let Some(there) = self.get(&object).filter(|there| there.meta().uid == of.uid) else { break };
            owner = there.meta().owner.clone();
            found = Some((object, of.uid));
        }
        found
    }

    /// Its own Pods, and those of its ReplicaSets or Jobs.
    pub fn pods_of_workload(&self, workload: Uid) -> impl Iterator<Item = &Arc<Pod>> {
        let sets = self.replica_sets_of(workload).map(|set| set.meta.uid);
        let jobs = self.jobs_of(workload).map(|job| job.meta.uid);
        std::iter::once(workload).chain(sets).chain(jobs).flat_map(|owner| self.pods_of(owner))
    }

    /// The workloads that nobody controls and whose Pods a Service selects.
    pub fn workloads_of(&self, service: &Service) -> Vec<(ObjectRef, Uid)> {
        let mut all: Vec<(ObjectRef, Uid)> = Vec::new();
        let mut add = |kind: Kind, meta: &Meta, labels: &Labels| {
            if meta.owner.is_none() && service.selects(&meta.namespace, labels) {
                all.push((ObjectRef::new(kind, meta), meta.uid));
            }
        };
        self.deployments.iter().for_each(|d| add(Kind::Deployment, &d.meta, &d.spec.template.labels));
        self.stateful_sets.iter().for_each(|s| add(Kind::StatefulSet, &s.meta, &s.spec.template.labels));
        self.daemon_sets.iter().for_each(|s| add(Kind::DaemonSet, &s.meta, &s.spec.template.labels));
        self.replica_sets.iter().for_each(|s| add(Kind::ReplicaSet, &s.meta, &s.spec.template.labels));
        let controllers = self.replication_controllers.iter();
        controllers.for_each(|rc| add(Kind::ReplicationController, &rc.meta, &rc.spec.template.labels));
        self.jobs.iter().for_each(|job| add(Kind::Job, &job.meta, &job.spec.template.labels));
        all
    }
}

const MOST_OWNERS: u32 = 4;
