//! What a Pod needs next, computed from what it has (kubelet.go, SyncPod; kuberuntime_manager.go, computePodActions).

use std::sync::Arc;

use super::container::{ContainerRuntime, Restart, Role};
use super::pod::{PodRuntime, Termination};
use crate::api::{Pod, RestartPolicy, Uid};
use crate::node::Machine;
use crate::sim::World;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Next {
    /// Start these containers; none if it waits for those that run.
    Start(Vec<u32>),
    /// Nothing is left to run: stop what still does, and the sandbox.
    Stop,
}

fn next(runtime: &PodRuntime) -> Next {
    let policy = runtime.pod.spec.restart_policy;
    let of_role = |role: Role| runtime.indices().filter(move |index| runtime.container(*index).role == role);
    let runs = |index: &u32| runtime.container(*index).running.is_some();
    let to_start: Vec<u32> = of_role(Role::Main)
        .filter(|index| !runs(index) && should_start(runtime.container(*index), policy))
        .collect();
    if to_start.is_empty() && !of_role(Role::Main).any(|index| runs(&index)) {
        return Next::Stop;
    }
    if runtime.is_initialized() {
        let sidecars = of_role(Role::Sidecar).filter(|index| !runs(index));
        return Next::Start(sidecars.chain(to_start).collect());
    }
    for index in runtime.indices() {
        let container = runtime.container(index);
        match container.role {
            Role::Main => break,
            Role::Init if container.has_completed() => {}
            Role::Init if container.has_run && policy == RestartPolicy::Never && !runs(&index) => {
                return Next::Stop;
            }
            Role::Sidecar if runs(&index) && container.is_started() => {}
            Role::Init | Role::Sidecar if runs(&index) => return Next::Start(Vec::new()),
            Role::Init | Role::Sidecar => return Next::Start(vec![index]),
        }
    }
    Next::Start(to_start)
}

/// container/helpers.go, ShouldContainerBeRestarted; one that a probe has killed is started again by the policy
/// OnFailure too, however it ended (kuberuntime_manager.go, shouldRestartOnFailure).
fn should_start(container: &ContainerRuntime, policy: RestartPolicy) -> bool {
    let Some(ended) = container.ended else { return true };
    match (policy, container.restart) {
        (RestartPolicy::Always, _) | (_, Restart::Always) => true,
        (RestartPolicy::OnFailure, Restart::ByPolicy) => ended.exit_code != 0,
        (RestartPolicy::OnFailure, Restart::UnlessNever(_)) => true,
        (RestartPolicy::Never, Restart::ByPolicy | Restart::UnlessNever(_)) => false,
    }
}

impl World {
    /// A Pod was bound to a node: the watch event goes to its kubelet. One that is deleted and was never started is not
    /// started any more: the kubelet deletes its object (pod_workers.go, UpdatePod; status_manager.go, canBeDeleted).
    pub(crate) fn kubelet_observes(&mut self, pod: &Arc<Pod>) {
        let Some(name) = &pod.spec.node_name else { return };
        let Some(found) = self.store.node(name).cloned() else { return };
        let (uid, node, now) = (pod.meta.uid, found.meta.uid, self.clock.now());
        if !self.machines.get(&node).is_some_and(Machine::kubelet_hears) || self.pods.contains_key(&uid) {
            return;
        }
        if pod.meta.deleted.is_some() {
            self.remove_stopped_pod(&pod.meta.key());
            return;
        }
        // What has ended is not run again.
        if pod.status.phase.is_terminal() || !self.admits(pod, &found) {
            return;
        }
        let mut runtime = PodRuntime::new(pod, node, now);
        for index in runtime.indices() {
            runtime.container_mut(index).app = self.app_of(pod, &runtime.spec_of(index).name.clone());
        }
        self.pods.insert(uid, Arc::new(runtime));
        self.plan_deadline(uid);
        self.sync_pod(uid);
    }

    /// Does what the Pod needs next, and reports its status.
    pub(super) fn sync_pod(&mut self, pod: Uid) {
        let Some(runtime) = self.pods.get(&pod) else { return };
        if !self.machines.get(&runtime.node).is_some_and(Machine::has_kubelet) {
            return;
        }
        if runtime.terminating.is_some() {
            self.go_on_stopping(pod);
            return;
        }
        match next(runtime) {
            Next::Stop => self.stop_pod(pod, Termination::Finished),
            Next::Start(_) if self.pods[&pod].addresses.is_none() => {
                if self.mounts(pod) {
                    self.start_sandbox(pod);
                }
            }
            Next::Start(containers) => {
                containers.into_iter().for_each(|container| self.start_container(pod, container));
            }
        }
        self.sync_status(pod);
    }

    /// The Pod's runtime, to change it.
    pub(super) fn runtime_mut(&mut self, pod: Uid) -> &mut PodRuntime {
        Arc::make_mut(self.pods.get_mut(&pod).expect("the kubelet knows the Pod"))
    }
}
