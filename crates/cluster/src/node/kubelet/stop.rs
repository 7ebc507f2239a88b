//! How containers and Pods stop: preStop, SIGTERM, SIGKILL, and in which order (kubelet.go, SyncTerminatingPod;
//! kuberuntime_container.go, killContainer; kuberuntime_termination_order.go).

use super::container::{Process, Role, Stopping, StoppingStage};
use super::notice::Notice;
use super::pod::{PodRuntime, Termination};
use super::step::{ContainerStep, KubeletStep};
use crate::api::{NsName, Pod, Terminated, Uid};
use crate::control::awaits_others;
use crate::node::Machine;
use crate::sim::{KillReason, LogEntry, Span, World};

/// Every container gets so much time after its SIGTERM, even if its preStop hook has used up all
/// (minimumGracePeriodInSeconds).
const MINIMUM_GRACE: Span = Span::from_secs(2);
/// 128 + SIGKILL.
const KILLED: i32 = 137;

impl World {
    /// `kubectl delete pod`. `grace` in seconds; `None`: the Pod's own.
    ///
    /// A Pod that is on no node, or whose containers have ended, is deleted at once (registry/core/pod/strategy.go,
    /// CheckGracefulDelete). One on a node that does not exist waits for podgc.
    pub(crate) fn delete_pod(&mut self, key: &NsName, grace: Option<u32>) {
        let Some(pod) = self.store.pods.get(key).cloned() else { return };
        let node = pod.spec.node_name.as_ref().and_then(|name| self.machine_named(name));
        let hears = node.is_some_and(Machine::kubelet_hears);
        let unknown = hears && !self.pods.contains_key(&pod.meta.uid);
        // registry/core/pod/strategy.go, CheckGracefulDelete; generic/registry/store.go, Delete: without a grace period
        // the API server waits for no kubelet.
        let at_once = grace.map_or(pod.spec.termination_grace_period_s == 0, |seconds| seconds == 0);
        // One that finalizers hold is still there for its kubelet to stop.
        let at_once = at_once && !awaits_others(&pod.meta);
        if pod.spec.node_name.is_none() || unknown || at_once || pod.status.phase.is_terminal() {
            self.pod_removed(pod.meta.uid);
            self.remove_object::<Pod>(key);
            return;
        }
        if pod.meta.deleted.is_some() {
            return;
        }
        let now = self.clock.now();
        self.update_object::<Pod>(key, |pod| {
            pod.meta.deleted = Some(now);
            pod.meta.deletion_grace_s = grace;
        });
        if !hears {
            return;
        }
        self.runtime_mut(pod.meta.uid).deletion_grace = grace.map(|s| Span::from_secs(u64::from(s)));
        let delay = self.watch_delay(pod.meta.uid, Notice::Deletion);
        self.plan(pod.meta.uid, delay, KubeletStep::Terminate);
    }

    /// The kubelet has seen the deletion.
    pub(super) fn terminate_deleted(&mut self, pod: Uid) {
        match self.pods[&pod].terminating {
            None => self.stop_pod(pod, Termination::Deleted),
            Some(_) => {
                self.runtime_mut(pod).terminating = Some(Termination::Deleted);
                self.go_on_stopping(pod);
            }
        }
    }

    pub(super) fn deadline_exceeded(&mut self, pod: Uid) {
        if self.pods[&pod].terminating.is_none() {
            let key = self.pods[&pod].key.clone();
            self.record(LogEntry::DeadlineExceeded { pod: key });
            self.stop_pod(pod, Termination::DeadlineExceeded);
        }
    }

    /// Stops all containers for good. Readiness probes go on until all have ended, so that a Pod which terminates
    /// may cease to serve; liveness and startup probes do not (prober/worker.go, doProbe).
    pub(super) fn stop_pod(&mut self, pod: Uid, why: Termination) {
        let runtime = self.runtime_mut(pod);
        runtime.terminating = Some(why);
        runtime.epoch += 1;
        runtime.sandbox_planned = false;
        for container in &mut runtime.containers {
            container.workers.stop_liveness_and_startup();
            if container.running.is_none() {
                container.forget_plans();
            }
        }
        let grace = runtime.grace();
        for index in self.pods[&pod].indices() {
            self.stop_container(pod, index, grace, KillReason::Stopped);
        }
        self.go_on_stopping(pod);
    }

    /// Runs the container's preStop hook, if it has one and there is time for it; then comes its SIGTERM.
    pub(super) fn stop_container(&mut self, pod: Uid, index: u32, grace: Span, why: KillReason) {
        let now = self.clock.now();
        let runtime = &self.pods[&pod];
        let container = runtime.container(index);
        if container.running.is_none() || container.stopping.is_some() {
            return;
        }
        let hook = runtime.spec_of(index).lifecycle.pre_stop.as_ref();
        let takes = hook.map_or(Span::ZERO, |hook| self.hook_takes(hook, container.app.as_deref()));
        let takes = takes.min(grace);
        let (key, name) = self.named(pod, index);
        self.record(LogEntry::Killing { pod: key, container: name, why });
        let stopping = Stopping { since: now, grace, stage: StoppingStage::PreStop, exit_code: 0 };
        self.runtime_mut(pod).container_mut(index).stopping = Some(stopping);
        self.touch_pod(pod);
        match takes == Span::ZERO {
            true => self.pre_stopped(pod, index),
            false => self.plan_container(pod, index, takes, ContainerStep::PreStopped),
        }
    }

    /// Sidecars stop after the containers that they serve: the main containers, and the sidecars that started after
    /// them.
    pub(super) fn pre_stopped(&mut self, pod: Uid, index: u32) {
        let now = self.clock.now();
        let runtime = &self.pods[&pod];
        if !waits_for_turn(runtime, index) {
            self.sigterm(pod, index);
            return;
        }
        let Some(stopping) = &mut self.runtime_mut(pod).container_mut(index).stopping else { return };
        stopping.stage = StoppingStage::Turn;
        let left = left_of(stopping, now);
        self.plan_container(pod, index, left, ContainerStep::TurnOver);
    }

    /// SIGTERM: the process drains, or stops listening at once and ends a little later; SIGKILL after the rest of
    /// its grace period.
    pub(super) fn sigterm(&mut self, pod: Uid, index: u32) {
        let now = self.clock.now();
        let container = self.pods[&pod].container(index);
        let Some(stopping) = container.stopping.filter(|s| s.stage != StoppingStage::Sigterm) else { return };
        let left = left_of(&stopping, now).max(MINIMUM_GRACE);
        let drains = container.app.as_deref().and_then(|app| app.drains);
        let drains = drains.or(self.config.apps_drain.then_some(Span(stopping.grace.0 / 2)));
        let (process, needs) = match drains.filter(|_| container.process.serves()) {
            Some(drains) => (Process::Draining, drains),
            None => (Process::ShuttingDown, self.timing.app_shutdown),
        };
        let container = self.runtime_mut(pod).container_mut(index);
        container.process = process;
        container.epoch += 1;
        let exit_code = if needs > left { KILLED } else { 0 };
        container.stopping = Some(Stopping { stage: StoppingStage::Sigterm, exit_code, ..stopping });
        self.touch_pod(pod);
        self.plan_container(pod, index, needs.min(left), ContainerStep::Stopped);
        self.wake_probes(pod, None);
    }

    /// The process has ended after its SIGTERM: as it should, or by a SIGKILL.
    pub(super) fn process_stopped(&mut self, pod: Uid, index: u32) {
        let now = self.clock.now();
        let container = self.pods[&pod].container(index);
        let (Some(stopping), Some(running)) = (container.stopping, container.running) else { return };
        self.process_exited(pod, index, Terminated::exited(stopping.exit_code, running.since, now));
    }

    /// The process ends of itself.
    pub(super) fn process_ends(&mut self, pod: Uid, index: u32) {
        let exits = self.exits_of(&self.pods[&pod], index);
        let code = exits.map_or(0, |exits| i32::from(exits.code));
        self.ends_with(pod, index, code);
    }

    pub(super) fn ends_with(&mut self, pod: Uid, index: u32, exit_code: i32) {
        let Some(running) = self.pods[&pod].container(index).running else { return };
        let (key, container) = self.named(pod, index);
        self.record(match exit_code {
            0 => LogEntry::Completed { pod: key, container },
            _ => LogEntry::Crashed { pod: key, container },
        });
        self.process_exited(pod, index, Terminated::exited(exit_code, running.since, self.clock.now()));
    }

    /// A container has no process any more. What that means for its Pod is seen next.
    pub(super) fn process_exited(&mut self, pod: Uid, index: u32, ended: Terminated) {
        let container = self.runtime_mut(pod).container_mut(index);
        container.process = Process::Stopped;
        container.running = None;
        container.stopping = None;
        container.ended_before = container.ended.replace(ended);
        container.forget_plans();
        container.workers.process_ended();
        self.process_ended(pod, index);
        self.wake_probes(pod, None);
        self.sync_pod(pod);
    }

    /// Whose turn it is to stop gets its SIGTERM; when nothing runs any more, the sandbox goes too.
    pub(super) fn go_on_stopping(&mut self, pod: Uid) {
        for index in self.pods[&pod].indices().rev() {
            let runtime = &self.pods[&pod];
            let waits = runtime.container(index).stopping.is_some_and(|s| s.stage == StoppingStage::Turn);
            if waits && !waits_for_turn(runtime, index) {
                self.sigterm(pod, index);
            }
        }
        if self.pods[&pod].any_runs() {
            self.sync_status(pod);
            return;
        }
        self.runtime_mut(pod).forget_plans();
        self.release_sandbox(pod);
        self.sync_status(pod);
        if self.is_deleted(pod) {
            let delay = self.watch_delay(pod, Notice::End);
            self.plan(pod, delay, KubeletStep::Removed);
        }
    }

    fn is_deleted(&self, pod: Uid) -> bool {
        let runtime = &self.pods[&pod];
        let stored = self.store.pods.get(&runtime.key).filter(|stored| stored.meta.uid == pod);
        runtime.terminating == Some(Termination::Deleted)
            || stored.is_some_and(|stored| stored.meta.deleted.is_some())
    }

    /// SIGKILL for all.
    pub(super) fn kill_all(&mut self, pod: Uid) {
        let Some(runtime) = self.pods.get(&pod) else { return };
        for index in runtime.indices() {
            let container = self.runtime_mut(pod).container_mut(index);
            if std::mem::replace(&mut container.process, Process::Stopped).runs() {
                container.running = None;
                self.process_ended(pod, index);
            }
        }
    }
}

/// Time is counted in whole seconds (executePreStopHook, waitForTurn).
fn left_of(stopping: &Stopping, now: crate::sim::Time) -> Span {
    let waited = now.since(stopping.since).0 / 1_000_000_000;
    Span(stopping.grace.0.saturating_sub(Span::from_secs(waited).0))
}

/// A sidecar whose Pod stops, while a container that stops before it runs.
fn waits_for_turn(runtime: &PodRuntime, index: u32) -> bool {
    let before = |other: u32| match runtime.container(other).role {
        Role::Main => true,
        Role::Sidecar => other > index,
        Role::Init => false,
    };
    let mut others = runtime.indices().filter(|other| before(*other));
    runtime.container(index).role == Role::Sidecar
        && runtime.terminating.is_some()
        && others.any(|other| runtime.container(other).process.runs())
}
