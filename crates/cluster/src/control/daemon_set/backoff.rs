//! For how long a DaemonSet leaves a Pod that failed, so that it does not fight with a kubelet that rejects all of them
//! (daemon_controller.go, failedPodsBackoff).

use litemap::LiteMap;

use crate::api::{DaemonSet, Name, Uid};
use crate::node::kubelet::Backoff;
use crate::sim::{Span, WorkItem, World};

/// NewDaemonSetsController's argument in kube-controller-manager, startDaemonSetController.
const FIRST: Span = Span::from_secs(1);
const LONGEST: Span = Span::from_secs(15 * 60);

/// By the set, its generation and the node (failedPodsBackoffKey).
pub(crate) type FailedPods = LiteMap<(Uid, u32, Name), Backoff>;

impl World {
    /// Whether a Pod that failed there stays for now. If not, the next one stays longer.
    pub(super) fn waits_with_failed(&mut self, set: &DaemonSet, node: &Name) -> bool {
        let now = self.now();
        let key = (set.meta.uid, set.status.observed_generation, node.clone());
        let mut backoff = self.failed_daemons.get(&key).copied().unwrap_or_default();
        if backoff.holds(now, LONGEST) {
            self.enqueue_after(WorkItem::DaemonSet(set.meta.key()), backoff.delay());
            return true;
        }
        backoff.next(now, now, FIRST, LONGEST);
        self.failed_daemons.retain(|_, other| !other.has_expired(now, LONGEST));
        self.failed_daemons.insert(key, backoff);
        false
    }
}
