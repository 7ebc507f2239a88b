//! DaemonSet -> one Pod on each node that fits. Source: pkg/controller/daemon (daemon_controller.go).

mod backoff;
mod placement;
mod update;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::pods::{
    Owner, is_available, is_not_terminating, is_ready, is_terminal, next_available, slow_start,
};
use super::revisions::CONTROLLER_REVISION_HASH_LABEL;
use crate::api::{
    DaemonSet, DaemonSetStatus, DaemonSetUpdateStrategy, Kind, Meta, Name, Node, NsName, Phase, Pod, Str,
};
use crate::sim::{LogEntry, WorkItem, World};
pub(crate) use backoff::FailedPods;
use placement::should_run;

const GENERATION_LABEL: &str = "pod-template-generation";
/// daemon_controller.go, BurstReplicas.
const BURST: usize = 250;

/// What one sync works on.
struct Sync<'a> {
    set: &'a DaemonSet,
    owner: Owner<'a>,
    nodes: Vec<Arc<Node>>,
    pods: Vec<Arc<Pod>>,
    /// Of the set's template.
    hash: Str,
}

impl Sync<'_> {
    /// getNodesToDaemonPods: also of nodes that are gone.
    fn pods_by_node(&self) -> BTreeMap<Name, Vec<Arc<Pod>>> {
        let mut by_node: BTreeMap<Name, Vec<Arc<Pod>>> = BTreeMap::new();
        for pod in self.pods.iter().filter(|pod| !(is_terminal(pod) && pod.meta.deleted.is_some())) {
            if let Some(node) = placement::target_of(pod) {
                by_node.entry(node.clone()).or_default().push(pod.clone());
            }
        }
        by_node
    }

    fn is_updated(&self, pod: &Pod) -> bool {
        pod.meta.labels.get(CONTROLLER_REVISION_HASH_LABEL) == Some(&self.hash)
    }

    fn is_available(&self, pod: &Pod, world: &World) -> bool {
        is_available(pod, self.set.spec.min_ready_s, world.now())
    }
}

impl World {
    pub(crate) fn reconcile_daemon_set(&mut self, key: &NsName) {
        let Some(set) = self.store.daemon_sets.get(key).filter(is_not_terminating).cloned() else { return };
        let set = &*set;
        let owner = Owner { kind: Kind::DaemonSet, meta: &set.meta, selector: &set.spec.selector };
        let revision = self.sync_revision_of(&owner, &set.spec.template, CONTROLLER_REVISION_HASH_LABEL);
        let Some(revision) = revision else { return };
        let hash = revision.meta.labels.get(CONTROLLER_REVISION_HASH_LABEL).cloned().unwrap_or_default();
        let pods = self.claim_pods(&owner, |_| true);
        let nodes = self.store.nodes.iter().cloned().collect();
        let mut sync = Sync { set, owner, nodes, pods, hash };
        // A rolling update goes on when the Pods are where they shall be.
        if !self.manage_daemons(&sync) {
            match set.spec.update_strategy {
                DaemonSetUpdateStrategy::OnDelete => {}
                DaemonSetUpdateStrategy::RollingUpdate { max_surge, max_unavailable } => {
                    self.update_daemons(&sync, max_surge, max_unavailable);
                }
            }
        }
        self.clean_up_daemon_history(&sync);
        sync.pods = self.store.pods_of(set.meta.uid).cloned().collect();
        self.sync_daemon_status(&sync, key);
    }

    /// manage: makes the Pods that miss, and deletes those that should not be. True if there were any.
    fn manage_daemons(&mut self, sync: &Sync<'_>) -> bool {
        let (mut needed, mut surplus) = (Vec::new(), Vec::new());
        let by_node = sync.pods_by_node();
        for node in &sync.nodes {
            let none = Vec::new();
            let pods = by_node.get(&node.meta.name).unwrap_or(&none);
            let place = should_run(sync.set, node);
            if place.should_run && pods.is_empty() {
                needed.push(node.meta.name.clone());
            } else if place.may_stay {
                self.check_pods_of_node(sync, (node, place.should_run), pods, &mut needed, &mut surplus);
            } else {
                surplus.extend(pods.iter().filter(|pod| pod.meta.deleted.is_none()).cloned());
            }
        }
        let is_gone = |pod: &&Arc<Pod>| {
            pod.spec.node_name.is_none()
                && placement::target_of(pod).is_some_and(|node| self.store.node(node).is_none())
        };
        surplus.extend(sync.pods.iter().filter(is_gone).cloned());
        let has_work = !needed.is_empty() || !surplus.is_empty();
        self.sync_nodes(sync, &needed, &surplus);
        has_work
    }

    /// podsShouldBeOnNode, for a node on which the set's Pods may run.
    fn check_pods_of_node(
        &mut self,
        sync: &Sync<'_>,
        (node, should_run): (&Node, bool),
        pods: &[Arc<Pod>],
        needed: &mut Vec<Name>,
        surplus: &mut Vec<Arc<Pod>>,
    ) {
        let mut running: Vec<Arc<Pod>> = Vec::new();
        for pod in pods.iter().filter(|pod| pod.meta.deleted.is_none()) {
            match pod.status.phase {
                Phase::Failed if self.waits_with_failed(sync.set, &node.meta.name) => {}
                Phase::Failed | Phase::Succeeded => {
                    let (daemon_set, phase) = (sync.set.meta.key(), pod.status.phase);
                    let (pod_key, node) = (pod.meta.key(), node.meta.name.clone());
                    self.record(LogEntry::EndedDaemonPod { daemon_set, pod: pod_key, node, phase });
                    surplus.push(pod.clone());
                }
                Phase::Pending | Phase::Running => running.push(pod.clone()),
            }
        }
        running.sort_by(|a, b| oldest_first(a, b));
        if !update::allows_surge(sync.set) {
            surplus.extend(running.into_iter().skip(1));
        } else if running.is_empty() && should_run {
            needed.push(node.meta.name.clone());
        } else {
            surplus.extend(self.surplus_with_surge(sync, &running));
        }
    }

    /// With maxSurge a node may have one old and one new Pod, until the new one is available.
    fn surplus_with_surge(&self, sync: &Sync<'_>, running: &[Arc<Pod>]) -> Vec<Arc<Pod>> {
        if running.len() <= 1 {
            return Vec::new();
        }
        let (new, old): (Vec<_>, Vec<_>) = running.iter().cloned().partition(|pod| sync.is_updated(pod));
        let mut surplus: Vec<Arc<Pod>> = new.iter().skip(1).chain(old.iter().skip(1)).cloned().collect();
        if let (Some(new), Some(old)) = (new.first(), old.first())
            && (!is_ready(old) || sync.is_available(new, self))
        {
            surplus.push(old.clone());
        }
        surplus
    }

    /// syncNodes.
    fn sync_nodes(&mut self, sync: &Sync<'_>, needed: &[Name], surplus: &[Arc<Pod>]) {
        let missing = &needed[..needed.len().min(BURST)];
        let count = missing.len() as u32;
        if slow_start(count, |index| self.create_daemon(sync, &missing[index as usize])) == count {
            self.has_all_pods(&sync.owner);
        }
        for pod in surplus.iter().take(BURST) {
            self.delete_owned_pod(&sync.owner, pod);
        }
    }

    fn create_daemon(&mut self, sync: &Sync<'_>, node: &Name) -> bool {
        let meta: &Meta = &sync.set.meta;
        let mut pod = sync.owner.pod_of(&sync.set.spec.template);
        self.name_pod(&sync.owner, &mut pod);
        pod.meta.labels.insert(CONTROLLER_REVISION_HASH_LABEL.into(), sync.hash.clone());
        if let Some(generation) = meta.annotations.get(DaemonSet::TEMPLATE_GENERATION) {
            pod.meta.labels.insert(GENERATION_LABEL.into(), generation.clone());
        }
        placement::pin(&mut pod, node);
        self.create_pod(&sync.owner, pod)
    }

    fn clean_up_daemon_history(&mut self, sync: &Sync<'_>) {
        let hashes: BTreeSet<&Str> =
            sync.pods.iter().filter_map(|pod| pod.meta.labels.get(CONTROLLER_REVISION_HASH_LABEL)).collect();
        let revisions = self.revisions_of(sync.set.meta.uid);
        let is_live = |hash: &Str| hashes.contains(hash) || *hash == sync.hash;
        let live = revisions
            .iter()
            .filter(|revision| revision.meta.labels.get(CONTROLLER_REVISION_HASH_LABEL).is_some_and(is_live));
        let live: BTreeSet<Str> = live.map(|revision| revision.meta.name.clone()).collect();
        self.truncate_revisions(sync.set.meta.uid, sync.set.spec.revision_history_limit, &live);
    }

    /// updateDaemonSetStatus.
    fn sync_daemon_status(&mut self, sync: &Sync<'_>, key: &NsName) {
        let by_node = sync.pods_by_node();
        let observed_generation = sync.set.meta.generation;
        let mut status = DaemonSetStatus { observed_generation, ..DaemonSetStatus::default() };
        for node in &sync.nodes {
            let pods = by_node.get(&node.meta.name);
            let pod = pods.and_then(|pods| pods.iter().min_by(|a, b| oldest_first(a, b)));
            match (should_run(sync.set, node).should_run, pod) {
                (true, Some(pod)) => {
                    status.desired_number_scheduled += 1;
                    status.current_number_scheduled += 1;
                    status.number_ready += u32::from(is_ready(pod));
                    status.number_available += u32::from(sync.is_available(pod, self));
                    status.updated_number_scheduled += u32::from(sync.is_updated(pod));
                }
                (true, None) => status.desired_number_scheduled += 1,
                (false, Some(_)) => status.number_misscheduled += 1,
                (false, None) => {}
            }
        }
        status.number_unavailable = status.desired_number_scheduled - status.number_available;
        if status.number_ready != status.number_available
            && let Some(wait) = next_available(&sync.pods, sync.set.spec.min_ready_s, self.now())
        {
            self.enqueue_after(WorkItem::DaemonSet(key.clone()), wait);
        }
        if status != sync.set.status {
            self.update_object::<DaemonSet>(key, |set| set.status = status);
        }
    }
}

/// podByCreationTimestampAndPhase: those on a node first.
fn oldest_first(a: &Pod, b: &Pod) -> std::cmp::Ordering {
    let key = |pod: &Pod| (pod.spec.node_name.is_none(), pod.meta.created);
    key(a).cmp(&key(b)).then_with(|| a.meta.name.cmp(&b.meta.name))
}
