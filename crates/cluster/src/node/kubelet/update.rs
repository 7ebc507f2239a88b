//! What the kubelet does when a running Pod's spec changes. Only images may (core validation.go, ValidatePodUpdate).

use super::container::Restart;
use super::step::KubeletStep;
use crate::api::{Pod, Str, Uid};
use crate::sim::{KillReason, World};

impl World {
    /// A Pod was written: a change of its images goes to its kubelet.
    pub(crate) fn kubelet_sees_change(&mut self, old: &Pod, new: &Pod) {
        let pod = new.meta.uid;
        if self.pods.contains_key(&pod) && images(old) != images(new) {
            let delay = self.watch_delay(pod, 5);
            self.plan(pod, delay, KubeletStep::Update);
        }
    }

    /// A kubelet that hears again: whether a change of the Pod's images has passed it by.
    pub(super) fn missed_images(&self, stored: &Pod) -> bool {
        self.pods.get(&stored.meta.uid).is_some_and(|runtime| images(&runtime.pod) != images(stored))
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
        runtime.pod = stored;
        let grace = runtime.grace();
        for index in runtime.indices().filter(|index| changed[*index as usize]) {
            let container = self.runtime_mut(pod).container_mut(index);
            container.restart = Restart::Always;
            container.crash_backoff = Default::default();
            self.stop_container(pod, index, grace, KillReason::DefinitionChanged);
        }
        self.sync_pod(pod);
    }
}

fn images(pod: &Pod) -> Vec<&Str> {
    pod.spec.all_containers().map(|container| &container.image).collect()
}
