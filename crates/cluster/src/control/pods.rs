//! What controllers do with the Pods they own: they find, adopt, release and make them
//! (pkg/controller/controller_utils.go, controller_ref_manager.go).

use std::sync::Arc;

use crate::api::{Kind, Meta, Metadata, NsName, ObjectRef, OwnerRef, Pod, PodStatus, PodTemplate, Selector};
use crate::sim::{LogEntry, Refusal, Span, Time, World};

/// The most Pods in a cluster, whatever the manifests ask for.
pub const POD_LIMIT: u32 = 20_000;

/// A controller's object, as the Pods it owns see it.
pub(crate) struct Owner<'a> {
    pub kind: Kind,
    pub meta: &'a Meta,
    pub selector: &'a Selector,
}

impl Owner<'_> {
    pub fn reference(&self) -> OwnerRef {
        OwnerRef::new(self.kind.clone(), self.meta)
    }

    pub fn object_ref(&self) -> ObjectRef {
        ObjectRef::new(self.kind.clone(), self.meta)
    }

    /// A Pod of the template, without a name (GetPodFromTemplate).
    pub fn pod_of(&self, template: &PodTemplate) -> Pod {
        let meta = Meta {
            generate_name: Some(format!("{}-", self.meta.name).as_str().into()),
            namespace: self.meta.namespace.clone(),
            labels: template.labels.clone(),
            annotations: template.annotations.clone(),
            owner: Some(self.reference()),
            ..Meta::default()
        };
        let written = Arc::new(template.written.clone());
        Pod { meta, spec: template.spec.clone(), status: PodStatus::default(), written }
    }
}

/// Of an object that is Terminating its controller keeps up the status alone, which nobody waits for here.
pub(crate) fn is_not_terminating<T: Metadata>(object: &&Arc<T>) -> bool {
    object.meta().deleted.is_none()
}

/// Its containers have ended for good (pkg/api/v1/pod/util.go, IsPodTerminal).
pub(crate) fn is_terminal(pod: &Pod) -> bool {
    pod.status.phase.is_terminal()
}

/// controller_utils.go, IsPodActive.
pub(crate) fn is_active(pod: &Pod) -> bool {
    pod.meta.deleted.is_none() && !is_terminal(pod)
}

/// controller_utils.go, IsPodTerminating.
pub(crate) fn is_terminating(pod: &Pod) -> bool {
    pod.meta.deleted.is_some() && !is_terminal(pod)
}

pub(crate) fn is_ready(pod: &Pod) -> bool {
    pod.status.is_ready()
}

/// When it is, or will be, available if it stays ready: ready for `min_ready_s` (pkg/api/v1/pod/util.go,
/// IsPodAvailable).
pub(crate) fn available_from(pod: &Pod, min_ready_s: u32) -> Option<Time> {
    let since = pod.status.ready_since().filter(|_| is_ready(pod))?;
    Some(since + Span::from_secs(u64::from(min_ready_s)))
}

pub(crate) fn is_available(pod: &Pod, min_ready_s: u32, now: Time) -> bool {
    available_from(pod, min_ready_s).is_some_and(|from| from <= now)
}

/// How long until the next of them is available (controller_utils.go, FindMinNextPodAvailabilityCheck).
pub(crate) fn next_available(pods: &[Arc<Pod>], min_ready_s: u32, now: Time) -> Option<Span> {
    let later = pods.iter().filter_map(|pod| available_from(pod, min_ready_s)).filter(|from| *from > now);
    later.min().map(|from| from.since(now))
}

impl World {
    /// All Pods of an owner, after it has released those that its selector no longer matches, and adopted those
    /// without an owner that match and that pass the `filter`.
    pub(crate) fn claim_pods(&mut self, owner: &Owner<'_>, filter: impl Fn(&Pod) -> bool) -> Vec<Arc<Pod>> {
        let lives = |pod: &&Arc<Pod>| pod.meta.deleted.is_none();
        let matches = |pod: &Pod| owner.selector.matches(&pod.meta.labels) && filter(pod);
        let owned: Vec<Arc<Pod>> = self.store.pods_of(owner.meta.uid).cloned().collect();
        let released = owned.iter().filter(lives).filter(|pod| !matches(pod));
        let released: Vec<NsName> = released.map(|pod| pod.meta.key()).collect();
        for pod in &released {
            self.update_object::<Pod>(pod, |p| p.meta.owner = None);
        }
        let orphans = self.store.orphans_matched_by(&owner.meta.namespace, owner.selector);
        let adopted: Vec<NsName> =
            orphans.filter(|pod| is_active(pod) && filter(pod)).map(|pod| pod.meta.key()).collect();
        for pod in &adopted {
            self.update_object::<Pod>(pod, |p| p.meta.owner = Some(owner.reference()));
        }
        match released.is_empty() && adopted.is_empty() {
            true => owned,
            false => self.store.pods_of(owner.meta.uid).cloned().collect(),
        }
    }

    /// False if the Pod is refused; that the limit on Pods is reached is logged once, until the owner has all of
    /// its Pods (a real quota's events are merged too: reason FailedCreate).
    pub(crate) fn create_pod(&mut self, owner: &Owner<'_>, mut pod: Pod) -> bool {
        if let Err(refusal) = self.admit_one_more(&mut pod) {
            if self.failed_creates.insert(owner.object_ref()) {
                self.record(LogEntry::FailedCreate { owner: owner.object_ref(), refusal });
            }
            return false;
        }
        // Without an event: it will not change (RealPodControl.createPods).
        let Ok(pod) = self.create_object(pod) else { return false };
        self.record(LogEntry::SuccessfulCreate { owner: owner.object_ref(), pod: pod.meta.name.clone() });
        if pod.spec.node_name.is_some() {
            self.kubelet_observes(&pod);
        }
        true
    }

    /// If there is room for it.
    pub(crate) fn admit_one_more(&self, pod: &mut Pod) -> Result<(), Refusal> {
        match self.store.pods.len() < POD_LIMIT as usize {
            true => self.admit_pod(pod),
            false => Err(Refusal::TooManyReplicas { limit: POD_LIMIT }),
        }
    }

    pub(crate) fn has_all_pods(&mut self, owner: &Owner<'_>) {
        if !self.failed_creates.is_empty() {
            self.failed_creates.remove(&owner.object_ref());
        }
    }

    /// Deletes a Pod on behalf of its owner.
    pub(crate) fn delete_owned_pod(&mut self, owner: &Owner<'_>, pod: &Pod) {
        self.delete_pod(&pod.meta.key(), None);
        self.record(LogEntry::SuccessfulDelete { owner: owner.object_ref(), pod: pod.meta.name.clone() });
    }

    /// Gives a Pod a name that is made from its `generateName` and that no Pod has. (Upstream the API server refuses a
    /// duplicate, and the controller retries.)
    pub(crate) fn name_pod(&mut self, owner: &Owner<'_>, pod: &mut Pod) {
        let base = pod.meta.generate_name.clone().unwrap_or_default();
        pod.meta.name = self.generate_name::<Pod>(owner.meta, &base);
    }
}

/// How many calls a controller makes of `count`, in batches of 1, 2, 4 ... that stop at the first one in which a
/// call fails (replica_set.go, slowStartBatch). What is left is tried at the next sync.
pub(crate) fn slow_start(count: u32, mut call: impl FnMut(u32) -> bool) -> u32 {
    let (mut done, mut batch) = (0, count.min(1));
    while batch > 0 {
        let successes = (done..done + batch).filter(|index| call(*index)).count() as u32;
        done += successes;
        if successes < batch {
            return done;
        }
        batch = (2 * batch).min(count - done);
    }
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The cases of replica_set_test.go, TestSlowStartBatch: how many calls, how many of them succeed.
    #[test]
    fn batches_grow_until_one_fails() {
        for (count, quota, calls) in [(0, 0, 0), (10, 0, 1), (10, 1, 3), (10, 5, 7), (10, 15, 10), (1, 15, 1)]
        {
            let mut made = 0;
            let successes = slow_start(count, |_| {
                made += 1;
                made <= quota
            });
            assert_eq!((made, successes), (calls, quota.min(count)), "{count} with room for {quota}");
        }
    }
}
