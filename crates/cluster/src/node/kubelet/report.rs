//! What the kubelet tells the API server (pkg/kubelet/status, status_manager.go).

use std::sync::Arc;

use super::pod::{PodRuntime, Termination};
use super::{KubeletStep, status};
use crate::api::{NsName, Pod, PodConditions, Uid};
use crate::sim::{LogEntry, Span, World};

impl World {
    pub(super) fn is_cut_off(&self, node: Uid) -> bool {
        self.machines.get(&node).is_some_and(|machine| machine.cut_off)
    }

    /// Computes a Pod's status anew and reports it, if there is anything new and the API server can be reached.
    pub(super) fn sync_status(&mut self, pod: Uid) {
        let now = self.clock.now();
        let Some(runtime) = self.pods.get(&pod) else { return };
        let host_ips = self.machines.get(&runtime.node).map(|machine| machine.addresses);
        let new = status::status(runtime, self.conditions_of_others(pod), host_ips, now);
        if runtime.status == new {
            return;
        }
        self.runtime_mut(pod).status = new;
        self.touch_pod(pod);
        self.report_status(pod);
    }

    /// The conditions that others have written: the API server's, as long as it can be reached.
    fn conditions_of_others(&self, pod: Uid) -> &PodConditions {
        let runtime = &self.pods[&pod];
        let stored = self.store.pods.get(&runtime.key).filter(|stored| stored.meta.uid == pod);
        match stored.filter(|_| !self.is_cut_off(runtime.node)) {
            Some(stored) => &stored.status.conditions,
            None => &runtime.status.conditions,
        }
    }

    pub(super) fn report_status(&mut self, pod: Uid) {
        let Some(runtime) = self.pods.get(&pod).filter(|runtime| !self.is_cut_off(runtime.node)) else {
            return;
        };
        let Some(old) = self.store.pods.get(&runtime.key).filter(|stored| stored.meta.uid == pod) else {
            return;
        };
        if old.status == runtime.status {
            return;
        }
        let (key, status) = (runtime.key.clone(), runtime.status.clone());
        let ready = status.is_ready();
        // Of one that ended, its end is told.
        let turned = old.status.is_ready() != ready && !status.phase.is_terminal();
        self.update_object::<Pod>(&key, |stored| stored.status = status);
        if turned {
            self.record(LogEntry::Ready { pod: key, ready });
        }
    }

    /// The kubelet deletes the Pod from the API server, as soon as it can reach it.
    pub(super) fn pod_stopped(&mut self, pod: Uid) {
        let Some(runtime) = self.pods.get(&pod) else { return };
        if self.is_cut_off(runtime.node) {
            self.runtime_mut(pod).gone = true;
        } else {
            self.pod_removed(pod);
        }
    }

    /// Nothing is left of the Pod. After a forced deletion the object has gone before, and its processes end now.
    pub(super) fn pod_removed(&mut self, pod: Uid) {
        self.kill_all(pod);
        self.release_sandbox(pod);
        let Some(runtime) = self.pods.remove(&pod) else { return };
        self.touch_pod(pod);
        if self.store.pods.get(&runtime.key).is_some_and(|stored| stored.meta.uid == pod) {
            self.remove_stopped_pod(&runtime.key);
        }
    }

    /// Finalizers may hold the object of a Pod of which nothing is left.
    pub(super) fn remove_stopped_pod(&mut self, pod: &NsName) {
        self.remove_object::<Pod>(pod);
        if self.store.pods.get(pod).is_none() {
            self.record(LogEntry::PodGone { pod: pod.clone() });
        }
    }

    /// A kubelet that has just started takes up the Pods that were bound to its node before.
    pub(crate) fn kubelet_lists(&mut self, node: &str) {
        let bound: Vec<Arc<Pod>> = self.store.pods_on(node).cloned().collect();
        for pod in &bound {
            self.kubelet_observes(pod);
        }
    }

    /// The API server can be reached again: the kubelet reports every Pod, starts the new ones, and stops
    /// those that were deleted meanwhile.
    pub(crate) fn kubelet_reconnects(&mut self, node: Uid) {
        let Some(name) = self.machines.get(&node).map(|machine| machine.name.clone()) else { return };
        for key in self.pods_on(&name) {
            let Some(pod) = self.store.pods.get(&key).cloned() else { continue };
            let uid = pod.meta.uid;
            match self.pods.get(&uid).map(|runtime| runtime.gone) {
                None => {
                    self.kubelet_observes(&pod);
                    continue;
                }
                Some(true) => {
                    self.plan(uid, Span::ZERO, KubeletStep::Removed);
                    continue;
                }
                Some(false) => {
                    self.sync_status(uid);
                    self.report_status(uid);
                    if self.missed_change(&pod) {
                        self.plan(uid, Span::ZERO, KubeletStep::Update);
                    }
                }
            }
            // One that ended by itself meanwhile has yet to learn that it is deleted.
            let knows = |runtime: &Arc<PodRuntime>| {
                runtime.terminating == Some(Termination::Deleted)
                    && runtime.news_of_grace(&pod.meta).is_none()
            };
            if pod.meta.deleted.is_some() && !self.pods.get(&uid).is_some_and(knows) {
                self.plan(uid, Span::ZERO, KubeletStep::Terminate);
            }
        }
    }
}
