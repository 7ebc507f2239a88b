//! A rolling update of a DaemonSet (update.go, rollingUpdate): nodes lose their old Pod first, or, with maxSurge, get
//! the new one first.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Sync;
use super::placement::should_run;
use crate::api::{DaemonSet, DaemonSetUpdateStrategy, IntOrPercent, Name, Pod};
use crate::sim::World;

/// util/daemonset_util.go, AllowsSurge.
pub(super) fn allows_surge(set: &DaemonSet) -> bool {
    match set.spec.update_strategy {
        DaemonSetUpdateStrategy::OnDelete => false,
        DaemonSetUpdateStrategy::RollingUpdate { max_surge, .. } => max_surge.scaled_up(1) > 0,
    }
}

/// A node's new Pod, and its old one.
type NewAndOld = (Option<Arc<Pod>>, Option<Arc<Pod>>);

/// `None` if the node has two of a kind: those are deleted first (findUpdatedPodsOnNode).
fn new_and_old(sync: &Sync<'_>, pods: &[Arc<Pod>]) -> Option<NewAndOld> {
    let living = pods.iter().filter(|pod| pod.meta.deleted.is_none()).cloned();
    let (mut new, mut old): (Vec<_>, Vec<_>) = living.partition(|pod| sync.is_updated(pod));
    (new.len() <= 1 && old.len() <= 1).then(|| (new.pop(), old.pop()))
}

impl World {
    pub(super) fn update_daemons(
        &mut self,
        sync: &Sync<'_>,
        max_surge: IntOrPercent,
        max_unavailable: IntOrPercent,
    ) {
        let mut by_node = sync.pods_by_node();
        let wanted = sync.nodes.iter().filter(|node| should_run(sync.set, node).should_run);
        let mut desired = 0;
        for node in wanted {
            desired += 1;
            by_node.entry(node.meta.name.clone()).or_default();
        }
        let surge = max_surge.scaled_up(desired);
        let unavailable = match (surge, max_unavailable.scaled_up(desired)) {
            // An impossible configuration: one may be unavailable.
            (0, 0) if desired > 0 => 1,
            (_, unavailable) => unavailable,
        };
        match surge {
            0 => self.replace_old_daemons(sync, &by_node, unavailable),
            _ => self.surge_daemons(sync, &by_node, surge, desired),
        }
    }

    /// Without surge: old Pods that are not available go at once, others as long as few enough are unavailable.
    fn replace_old_daemons(
        &mut self,
        sync: &Sync<'_>,
        by_node: &BTreeMap<Name, Vec<Arc<Pod>>>,
        max_unavailable: u32,
    ) {
        let (mut unavailable, mut doomed, mut candidates) = (0, Vec::new(), Vec::new());
        for pods in by_node.values() {
            match new_and_old(sync, pods) {
                Some((Some(new), None)) if sync.is_available(&new, self) => {}
                Some((None, Some(old))) if sync.is_available(&old, self) => candidates.push(old),
                Some((None, Some(old))) => {
                    doomed.push(old);
                    unavailable += 1;
                }
                Some((None, None) | (Some(_), _)) | None => unavailable += 1,
            }
        }
        let room = max_unavailable.saturating_sub(unavailable) as usize;
        doomed.extend(candidates.into_iter().take(room));
        self.sync_nodes(sync, &[], &doomed);
    }

    /// With surge: the new Pod comes first, and the old one goes when the new one is available.
    fn surge_daemons(
        &mut self,
        sync: &Sync<'_>,
        by_node: &BTreeMap<Name, Vec<Arc<Pod>>>,
        max_surge: u32,
        desired: u32,
    ) {
        let (mut surge, mut available) = (0, 0);
        let (mut doomed, mut misplaced) = (Vec::new(), Vec::new());
        let (mut allowed, mut candidates) = (Vec::new(), Vec::new());
        for (node, pods) in by_node {
            let Some((new, old)) = new_and_old(sync, pods) else {
                surge += 1;
                continue;
            };
            let first = old.as_ref().or(new.as_ref());
            available += u32::from(first.is_some_and(|pod| sync.is_available(pod, self)));
            let Some(old) = old else { continue };
            match new {
                Some(new) if sync.is_available(&new, self) => doomed.push(old),
                Some(_) => surge += 1,
                None => {
                    let belongs = self.store.node(node).is_some_and(|n| should_run(sync.set, n).should_run);
                    match (sync.is_available(&old, self), belongs) {
                        (false, false) => doomed.push(old),
                        (false, true) => allowed.push(node.clone()),
                        (true, false) => misplaced.push(old),
                        (true, true) => candidates.push(node.clone()),
                    }
                }
            }
        }
        doomed.extend(misplaced.into_iter().take(available.saturating_sub(desired) as usize));
        allowed.extend(candidates.into_iter().take(max_surge.saturating_sub(surge) as usize));
        self.sync_nodes(sync, &allowed, &doomed);
    }
}
