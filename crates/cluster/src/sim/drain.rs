//! `kubectl drain`: the node is cordoned, then its Pods are evicted, each with its grace period (kubectl
//! pkg/cmd/drain, RunDrain; C-11). No PodDisruptionBudget is simulated that an eviction would have to respect.

use serde::Serialize;

use super::{Refusal, World};
use crate::api::{Name, NsName, Phase, Pod};

/// Which Pods a drain may delete besides those that a controller will recreate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DrainOptions {
    /// Pods without a controller, which nothing recreates.
    pub force: bool,
    /// Pods with an emptyDir, whose data is lost.
    pub delete_empty_dir_data: bool,
}

/// The Pods because of which a drain is refused, each under the first filter that rejects it
/// (pkg/drain/filters.go, makeFilters).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DrainBlockers {
    /// They have an emptyDir; allowed with `deleteEmptyDirData`.
    pub local_storage: Vec<NsName>,
    /// They have no controller; allowed with `force`.
    pub unmanaged: Vec<NsName>,
}

impl DrainBlockers {
    pub fn is_empty(&self) -> bool {
        self.local_storage.is_empty() && self.unmanaged.is_empty()
    }
}

impl World {
    /// If kubectl refuses to evict, the node stays cordoned. Here a refused drain does not cordon it either.
    pub(super) fn drain(&mut self, node: &Name, options: DrainOptions) -> Result<(), Refusal> {
        self.cordon(node, true)?;
        let blockers = self.drain_blockers(node, options);
        if !blockers.is_empty() {
            return Err(Refusal::CannotDrain { node: node.clone(), blockers });
        }
        self.evict_pods(node);
        Ok(())
    }

    pub fn drain_blockers(&self, node: &str, options: DrainOptions) -> DrainBlockers {
        let mut blockers = DrainBlockers::default();
        for key in self.pods_on(node) {
            let Some(pod) = self.store.pods.get(&key).filter(|pod| !has_ended(pod)) else { continue };
            if pod.spec.has_empty_dir() && !options.delete_empty_dir_data {
                blockers.local_storage.push(key);
            } else if pod.meta.owner.is_none() && !options.force {
                blockers.unmanaged.push(key);
            }
        }
        blockers
    }
}

/// A finished Pod can always be deleted.
fn has_ended(pod: &Pod) -> bool {
    match pod.status.phase {
        Phase::Succeeded | Phase::Failed => true,
        Phase::Pending | Phase::Running => false,
    }
}
