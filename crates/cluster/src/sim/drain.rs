//! `kubectl drain`: the node is cordoned, then its Pods are evicted, each with its grace period (kubectl
//! pkg/cmd/drain, RunDrain; C-11). An eviction that a PodDisruptionBudget forbids is tried again, until the node is
//! uncordoned, which stands for the end of the command.

use std::sync::Arc;

use serde::Serialize;

use super::{LogEntry, Refusal, Span, WorkItem, World};
use crate::api::{Kind, Name, NsName, Pod, Uid};
use crate::control::NotEvicted;

/// Which Pods a drain may delete besides those that a controller will recreate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DrainOptions {
    /// Pods without a controller, which nothing recreates.
    pub force: bool,
    /// Pods with an emptyDir, whose data is lost.
    pub delete_empty_dir_data: bool,
    /// A DaemonSet's Pods, which would come again at once, are left.
    pub ignore_daemonsets: bool,
}

/// pkg/drain/drain.go, evictPods: between two tries.
const RETRY: Span = Span(5 * 1_000_000_000);

/// The Pods because of which a drain is refused, each under the first filter that rejects it
/// (pkg/drain/filters.go, makeFilters).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DrainBlockers {
    /// A DaemonSet's; left alone with `ignoreDaemonsets`.
    pub daemon_set_managed: Vec<NsName>,
    /// They have an emptyDir; allowed with `deleteEmptyDirData`.
    pub local_storage: Vec<NsName>,
    /// They have no controller; allowed with `force`.
    pub unmanaged: Vec<NsName>,
}

impl DrainBlockers {
    pub fn is_empty(&self) -> bool {
        self.daemon_set_managed.is_empty() && self.local_storage.is_empty() && self.unmanaged.is_empty()
    }
}

impl World {
    /// If kubectl refuses to evict, the node stays cordoned (RunDrain): so this is no refused action, and the log has
    /// what kubectl says.
    pub(super) fn drain(&mut self, node: &Name, options: DrainOptions) -> Result<(), Refusal> {
        self.cordon(node, true)?;
        let blockers = self.drain_blockers(node, options);
        if !blockers.is_empty() {
            let refusal = Refusal::CannotDrain { node: node.clone(), blockers };
            self.record(LogEntry::Refused { refusal });
            return Ok(());
        }
        for key in self.pods_on(node) {
            let Some(pod) = self.store.pods.get(&key).cloned() else { continue };
            if !is_daemon(&pod) {
                self.try_to_evict(node, &pod);
            }
        }
        Ok(())
    }

    /// A try that is not the first: the Pod may be gone, or the drain over.
    pub(super) fn evict_again(&mut self, node: &Name, key: &NsName, uid: Uid) {
        let is_drained = self.store.node(node).is_some_and(|node| node.spec.unschedulable);
        let Some(pod) = self.store.pods.get(key).filter(|pod| pod.meta.uid == uid && is_drained).cloned()
        else {
            return;
        };
        self.try_to_evict(node, &pod);
    }

    fn try_to_evict(&mut self, node: &Name, pod: &Pod) {
        if pod.meta.deleted.is_some() {
            return;
        }
        let key = pod.meta.key();
        match self.evict(pod) {
            Ok(()) => {}
            Err(NotEvicted::TooManyRequests { budget }) => {
                self.record(LogEntry::EvictionRefused { pod: key.clone(), budget });
                let item = WorkItem::Eviction { node: node.clone(), pod: key, uid: pod.meta.uid };
                self.enqueue_after(item, RETRY);
            }
            Err(NotEvicted::ManyBudgets) => {
                let refusal = Refusal::ManyBudgets { pod: key };
                self.record(LogEntry::Refused { refusal });
            }
        }
    }

    pub fn drain_blockers(&self, node: &str, options: DrainOptions) -> DrainBlockers {
        let mut blockers = DrainBlockers::default();
        for key in self.pods_on(node) {
            // A finished Pod can always be deleted.
            let unfinished = |pod: &&Arc<Pod>| !pod.status.phase.is_terminal();
            let Some(pod) = self.store.pods.get(&key).filter(unfinished) else { continue };
            if is_daemon(pod) {
                if !options.ignore_daemonsets {
                    blockers.daemon_set_managed.push(key);
                }
            } else if pod.spec.has_empty_dir() && !options.delete_empty_dir_data {
                blockers.local_storage.push(key);
            } else if pod.meta.owner.is_none() && !options.force {
                blockers.unmanaged.push(key);
            }
        }
        blockers
    }
}

fn is_daemon(pod: &Pod) -> bool {
    pod.meta.owner.as_ref().is_some_and(|owner| owner.kind == Kind::DaemonSet)
}
