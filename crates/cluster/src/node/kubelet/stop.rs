//! How containers and Pods stop: preStop, SIGTERM, SIGKILL, and in which order (kubelet.go, SyncTerminatingPod;
//! kuberuntime_container.go, killContainer; kuberuntime_termination_order.go).

use super::container::{Process, Role, Stopping, StoppingStage};
use super::notice::Notice;
use super::pod::{PodRuntime, Termination};
use super::step::{ContainerStep, KubeletStep};
use crate::api::{NsName, Pod, Terminated, Uid};
use crate::control::awaits_others;
use crate::node::Machine;
use crate::sim::{KillReason, LogEntry, Span, Time, World};

/// Every container gets so much time after its SIGTERM, even if its preStop hook has used up all
/// (minimumGracePeriodInSeconds).
const MINIMUM_GRACE: Span = Span::from_secs(2);
/// 128 + SIGKILL.
const KILLED: i32 = 137;

impl World {
    /// `kubectl delete pod`. `grace` in seconds; `None`: the Pod's own.
    ///
    /// A Pod that is on no node, or whose containers have ended, is deleted at once (registry/core/pod/strategy.go,
    /// CheckGracefulDelete). One on a node that does not exist waits for podgc. Another deletion can shorten the grace
    /// period (C-24).
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
        let Some((deleted, grace)) = deletion_of(&pod, grace, self.clock.now()) else { return };
        self.update_object::<Pod>(key, |pod| {
            pod.meta.deleted = Some(deleted);
            pod.meta.deletion_grace_s = grace;
        });
        if !hears {
            return;
        }
        let delay = self.watch_delay(pod.meta.uid, Notice::Deletion);
        self.plan(pod.meta.uid, delay, KubeletStep::Terminate);
    }

    /// The kubelet has seen the deletion, or another one. Of a Pod that stops already, the grace period can only be
    /// shortened (pod_workers.go, UpdatePod and calculateEffectiveGracePeriod).
    pub(super) fn terminate_deleted(&mut self, pod: Uid) {
        let runtime = &self.pods[&pod];
        let stored = self.store.pods.get(&runtime.key).filter(|stored| stored.meta.uid == pod);
        let asked = stored.and_then(|stored| runtime.news_of_grace(&stored.meta));
        let stops = runtime.terminating.is_some();
        let runtime = self.runtime_mut(pod);
        runtime.deletion_grace = asked.or(runtime.deletion_grace);
        if !stops {
            self.stop_pod(pod, Termination::Deleted);
            return;
        }
        runtime.terminating = Some(Termination::Deleted);
        if let Some(grace) = asked {
            for index in self.pods[&pod].indices() {
                self.stop_sooner(pod, index, grace);
            }
        }
        self.go_on_stopping(pod);
    }

    /// The container is stopped once more, with the grace period counted from now: the hook is run again, and its
    /// process gets no second SIGTERM (containerd container_stop.go, stopContainer).
    ///
    /// A sidecar's wait for its turn ends here, too; there nobody tells it (terminationOrdering.waitForTurn).
    fn stop_sooner(&mut self, pod: Uid, index: u32, grace: Span) {
        let now = self.clock.now();
        let Some(stopping) = self.pods[&pod].container(index).stopping else { return };
        match stopping.stage {
            StoppingStage::PreStop | StoppingStage::Turn => {
                self.runtime_mut(pod).container_mut(index).stopping = None;
                self.stop_container(pod, index, grace, KillReason::Stopped);
            }
            StoppingStage::Sigterm => {
                let takes = self.pre_stop_takes(pod, index, grace);
                let again = Stopping { since: now, grace, ..stopping };
                let killed = now + takes + left_of(&again, now + takes).max(MINIMUM_GRACE);
                let due = stopping.exits.min(killed);
                self.runtime_mut(pod).container_mut(index).stopping = Some(Stopping { due, ..again });
                self.plan_container(pod, index, due.since(now), ContainerStep::Stopped);
            }
        }
    }

    /// How long its preStop hook runs, if it has one.
    fn pre_stop_takes(&self, pod: Uid, index: u32, grace: Span) -> Span {
        let runtime = &self.pods[&pod];
        let hook = runtime.spec_of(index).lifecycle.pre_stop.as_ref();
        let takes = hook.map(|hook| self.hook_takes(hook, runtime.container(index).app.as_deref()));
        takes.unwrap_or_default().min(grace)
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
        let takes = self.pre_stop_takes(pod, index, grace);
        let (key, name) = self.named(pod, index);
        self.record(LogEntry::Killing { pod: key, container: name, why });
        let due = now + takes;
        let stopping = Stopping { since: now, grace, stage: StoppingStage::PreStop, due, exits: due };
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
        stopping.due = now + left;
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
        let (stage, exits, due) = (StoppingStage::Sigterm, now + needs, now + needs.min(left));
        container.stopping = Some(Stopping { stage, exits, due, ..stopping });
        self.touch_pod(pod);
        self.plan_container(pod, index, needs.min(left), ContainerStep::Stopped);
        self.wake_probes(pod, None);
    }

    /// The process has ended after its SIGTERM: as it should, or by a SIGKILL.
    pub(super) fn process_stopped(&mut self, pod: Uid, index: u32) {
        let now = self.clock.now();
        let container = self.pods[&pod].container(index);
        let (Some(stopping), Some(running)) = (container.stopping, container.running) else { return };
        let exit_code = if stopping.exits > now { KILLED } else { 0 };
        self.process_exited(pod, index, Terminated::exited(exit_code, running.since, now));
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

/// When the Pod is deleted, and with which grace period: `None` for its own. `None` if it was deleted before, with one
/// that is no longer: that stands (apiserver registry/rest/delete.go, BeforeDelete).
fn deletion_of(pod: &Pod, grace: Option<u32>, now: Time) -> Option<(Time, Option<u32>)> {
    let Some(before) = pod.meta.deleted else { return Some((now, grace)) };
    let seconds = |seconds: u32| Span::from_secs(u64::from(seconds));
    let asked = grace.filter(|asked| seconds(*asked) < pod.deletion_grace())?;
    match before + seconds(asked) < now && asked > 0 {
        // It is over: one second is left, for the kubelet.
        true => Some((now - seconds(1), Some(1))),
        false => Some((before, Some(asked))),
    }
}

/// Time is counted in whole seconds (executePreStopHook, waitForTurn).
fn left_of(stopping: &Stopping, now: Time) -> Span {
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
