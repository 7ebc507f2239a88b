//! What the kubelet does when a running Pod's spec changes. Little of it may (core validation.go, ValidatePodUpdate).

use super::container::Restart;
use super::notice::Notice;
use super::step::KubeletStep;
use crate::api::{Pod, Str, Uid};
use crate::sim::{KillReason, Span, World};

impl World {
    /// A Pod was written: a change of what its kubelet acts upon goes there.
    pub(crate) fn kubelet_sees_change(&mut self, old: &Pod, new: &Pod) {
        let pod = new.meta.uid;
        if self.pods.contains_key(&pod) && acted_upon(old) != acted_upon(new) {
            let delay = self.watch_delay(pod, Notice::Spec);
            self.plan(pod, delay, KubeletStep::Update);
        }
    }

    /// A kubelet that hears again: whether such a change has passed it by.
    pub(super) fn missed_change(&self, stored: &Pod) -> bool {
        let runtime = self.pods.get(&stored.meta.uid);
        runtime.is_some_and(|runtime| acted_upon(&runtime.pod) != acted_upon(stored))
    }

    /// active_deadline.go: the time counts from the Pod's start, whenever the deadline was set.
    pub(super) fn plan_deadline(&mut self, pod: Uid) {
        let Some(runtime) = self.pods.get(&pod) else { return };
        if let Some(seconds) = runtime.pod.spec.active_deadline_s {
            let at = runtime.start_time + Span::from_secs(u64::from(seconds));
            self.plan(pod, at.since(self.clock.now()), KubeletStep::Deadline);
        }
    }

    /// Containers whose image has changed are stopped, and started again whatever the restart policy
    /// (kuberuntime_manager.go, computePodActions, containerChanged). Their back-off begins anew.
    pub(super) fn update_pod(&mut self, pod: Uid) {
        let runtime = &self.pods[&pod];
        if self.is_cut_off(runtime.node) {
            return;
        }
        let stored = self.store.pods.get(&runtime.key).filter(|stored| stored.meta.uid == pod);
        let Some(stored) = stored.cloned() else { return };
        let images = runtime.specs().zip(stored.spec.all_containers());
        let changed: Vec<bool> = images.map(|(old, new)| old.image != new.image).collect();
        let runtime = self.runtime_mut(pod);
        let has_new_deadline = runtime.pod.spec.active_deadline_s != stored.spec.active_deadline_s;
        runtime.pod = stored;
        let grace = runtime.grace();
        for index in runtime.indices().filter(|index| changed[*index as usize]) {
            let container = self.runtime_mut(pod).container_mut(index);
            container.restart = Restart::Always;
            container.crash_backoff = Default::default();
            self.stop_container(pod, index, grace, KillReason::DefinitionChanged);
        }
        if has_new_deadline {
            self.plan_deadline(pod);
        }
        self.sync_pod(pod);
    }
}

fn acted_upon(pod: &Pod) -> (Vec<&Str>, Option<u32>, i64) {
    let images = pod.spec.all_containers().map(|container| &container.image);
    (images.collect(), pod.spec.active_deadline_s, pod.spec.termination_grace_period_s)
}
