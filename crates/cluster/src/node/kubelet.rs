//! Kubelet: a Pod's life on its node, from binding to removal.
//! Source: pkg/kubelet (kubelet.go, pod_workers.go, prober/worker.go, kuberuntime).
//!
//! A Pod is one process here: its containers start and stop together. What that leaves out is in
//! `docs/assumptions.md`, under Pods.

use std::net::IpAddr;
use std::sync::Arc;

use crate::api::{
    ContainerState, ContainerStatus, NsName, Phase, Pod, PodCondition, PodStatus, Probe, Str, Terminated,
    Uid, WaitingReason,
};
use crate::sim::{Chance, Event, LogEntry, Purpose, Span, Time, World};
use netfilter::PerFamily;

/// The Pod's actual state on its node. The API server may not have heard of it yet.
#[derive(Clone, Debug)]
pub struct PodRuntime {
    pub key: NsName,
    pub uid: Uid,
    pub node: Uid,
    /// The Pod's end of its veth pair, while it is up.
    pub addresses: Option<PerFamily<IpAddr>>,
    pub process: Process,
    /// The result that the readiness probe gets: false after a user made it fail.
    pub passes_probe: bool,
    /// The Pod's status as the kubelet knows it. It reports it as soon as the API server can be reached
    /// (pkg/kubelet/status, status_manager.go).
    pub status: Summary,
    /// Stopped and cleaned up while the API server could not be reached.
    gone: bool,
    /// Incremented at each start and stop: steps that were planned before have no effect.
    epoch: u32,
    /// The same for probes. They have an epoch of their own because a SIGTERM does not stop them.
    probe_epoch: u32,
    successes: u32,
    failures: u32,
    crashes: u32,
}

impl PodRuntime {
    /// Whether the address belongs to the Pod's network namespace.
    pub(crate) fn has_address(&self, address: IpAddr) -> bool {
        address.is_loopback() || self.addresses.is_some_and(|own| own.contains(&address))
    }

    fn epoch_of(&self, step: KubeletStep) -> u32 {
        if step == KubeletStep::Probe { self.probe_epoch } else { self.epoch }
    }

    /// Makes the steps that were planned for the containers, and for their probes, have no effect.
    fn forget_plans(&mut self) {
        self.epoch += 1;
        self.probe_epoch += 1;
    }
}

/// The status of all its containers, which start and stop together.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Summary {
    phase: Phase,
    pod_ips: Option<PerFamily<IpAddr>>,
    ready: bool,
    started: Option<Time>,
    restarts: u32,
    waiting: Option<Str>,
}

impl Summary {
    fn published(&self, pod: &Pod, now: Time) -> PodStatus {
        let started = self.started.unwrap_or(now);
        let container = |container: &crate::api::Container| ContainerStatus {
            name: container.name.clone(),
            image: container.image.clone(),
            state: match self.waiting.as_deref() {
                None => ContainerState::Running { since: started },
                Some("Error") => ContainerState::Terminated(Terminated::exited(1, started, now)),
                Some("CrashLoopBackOff") => {
                    ContainerState::Waiting { reason: WaitingReason::CrashLoopBackOff, message: None }
                }
                Some(_) => {
                    ContainerState::Waiting { reason: WaitingReason::ContainerCreating, message: None }
                }
            },
            last_state: None,
            ready: self.ready,
            started: self.waiting.is_none(),
            restart_count: self.restarts,
        };
        let old = &pod.status.conditions;
        let mut conditions = old.clone();
        conditions.scheduled = Some(PodCondition::new(true).after(old.scheduled.as_ref(), now));
        conditions.ready = Some(PodCondition::new(self.ready).after(old.ready.as_ref(), now));
        PodStatus {
            phase: self.phase,
            conditions,
            pod_ips: self.pod_ips,
            start_time: self.started,
            container_statuses: pod.spec.containers.iter().map(container).collect(),
            ..PodStatus::default()
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Process {
    /// Not started yet, or exited.
    Stopped,
    /// Runs and takes connections.
    Listening,
    /// Got SIGTERM: finishes open connections and accepts no new ones.
    ShuttingDown,
    /// Got SIGTERM, and goes on serving for half of its grace period, so that all nodes' rules can drop the
    /// endpoint first.
    Draining,
}

impl Process {
    /// Whether the process accepts connections.
    pub(crate) fn serves(self) -> bool {
        matches!(self, Process::Listening | Process::Draining)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KubeletStep {
    /// The network is set up: the Pod has its address.
    Sandbox,
    /// The container runs.
    Start,
    /// The readiness probe runs.
    Probe,
    /// The kubelet has seen the deletion.
    Sigterm,
    /// The process has ended, or was killed after its grace period.
    Exited,
    /// The sandbox is gone, and the kubelet reports this to the API server.
    Removed,
}

impl World {
    /// A Pod was bound to a node: the watch event goes to its kubelet.
    pub(crate) fn kubelet_observes(&mut self, pod: &Pod) {
        let Some(name) = &pod.spec.node_name else { return };
        let Some(node) = self.store.node(name).map(|n| n.meta.uid) else { return };
        if self.is_cut_off(node) {
            return;
        }
        let runtime = PodRuntime {
            key: pod.meta.key(),
            uid: pod.meta.uid,
            node,
            addresses: None,
            process: Process::Stopped,
            passes_probe: true,
            status: Summary::default(),
            gone: false,
            epoch: 0,
            probe_epoch: 0,
            successes: 0,
            failures: 0,
            crashes: 0,
        };
        self.pods.insert(pod.meta.uid, runtime);
        self.update_status(pod.meta.uid, |status| status.waiting = Some("ContainerCreating".into()));
        self.start_sandbox(pod.meta.uid);
    }

    fn is_cut_off(&self, node: Uid) -> bool {
        self.machines.get(&node).is_some_and(|m| m.cut_off)
    }

    /// Changes the kubelet's own status of a Pod, and reports it if the API server can be reached.
    fn update_status(&mut self, pod: Uid, change: impl FnOnce(&mut Summary)) {
        let Some(runtime) = self.pods.get_mut(&pod) else { return };
        change(&mut runtime.status);
        self.report_status(pod);
    }

    fn report_status(&mut self, pod: Uid) {
        let now = self.clock.now();
        let Some(runtime) = self.pods.get(&pod).filter(|r| !self.is_cut_off(r.node)) else { return };
        let (key, status) = (runtime.key.clone(), runtime.status.clone());
        let Some(old) = self.store.pods.get(&key).filter(|p| p.meta.uid == pod) else { return };
        let turned = old.status.is_ready() != status.ready;
        let ready = status.ready;
        let status = status.published(old, now);
        self.update_object::<Pod>(&key, |p| p.status = status);
        if turned {
            self.record(LogEntry::Ready { pod: key, ready });
        }
    }

    /// The API server can be reached again: the kubelet reports every Pod, starts the new ones, and stops
    /// those that were deleted meanwhile.
    pub(crate) fn kubelet_reconnects(&mut self, node: Uid) {
        let Some(name) = self.machines.get(&node).map(|m| m.name.clone()) else { return };
        for key in self.pods_on(&name) {
            let Some(pod) = self.store.pods.get(&key).cloned() else { continue };
            let uid = pod.meta.uid;
            match self.pods.get(&uid) {
                None => self.kubelet_observes(&pod),
                Some(runtime) if runtime.gone => {
                    self.plan(uid, Span::ZERO, KubeletStep::Removed);
                    continue;
                }
                Some(_) => self.report_status(uid),
            }
            let stopping = self
                .pods
                .get(&uid)
                .is_some_and(|r| matches!(r.process, Process::ShuttingDown | Process::Draining));
            if pod.meta.deleted.is_some() && !stopping {
                self.plan(uid, Span::ZERO, KubeletStep::Sigterm);
            }
        }
    }

    fn start_sandbox(&mut self, pod: Uid) {
        let delay = self.timing.watch_delay + self.timing.pod_sandbox + self.start_jitter(pod);
        self.plan(pod, delay, KubeletStep::Sandbox);
    }

    /// A random delay, so that Pods do not all start at the same moment: images and disks differ.
    fn start_jitter(&self, pod: Uid) -> Span {
        let spread = self.timing.pod_start_spread.0.max(1);
        let Some(runtime) = self.pods.get(&pod) else { return Span::ZERO };
        let subject = Chance::subject(&runtime.key.name);
        Span(self.chance.below(Purpose::PodStart, subject, u64::from(runtime.epoch), spread))
    }

    fn plan(&mut self, pod: Uid, delay: Span, step: KubeletStep) {
        let Some(epoch) = self.pods.get(&pod).map(|r| r.epoch_of(step)) else { return };
        let at = self.clock.now() + delay;
        self.schedule(at, Event::Kubelet { pod, epoch, step });
    }

    pub(crate) fn kubelet_step(&mut self, pod: Uid, epoch: u32, step: KubeletStep) {
        let Some(runtime) = self.pods.get(&pod) else { return };
        let powered = self.machines.get(&runtime.node).is_some_and(|m| m.power);
        if runtime.epoch_of(step) != epoch || !powered {
            return;
        }
        match step {
            KubeletStep::Sandbox => self.sandbox_ready(pod),
            KubeletStep::Start => self.container_started(pod),
            KubeletStep::Probe => self.probe(pod),
            KubeletStep::Sigterm => self.sigterm(pod),
            KubeletStep::Exited => self.exited(pod),
            KubeletStep::Removed => self.pod_stopped(pod),
        }
    }

    /// The kubelet deletes the Pod from the API server, as soon as it can reach it.
    fn pod_stopped(&mut self, pod: Uid) {
        let Some(runtime) = self.pods.get(&pod) else { return };
        if !self.is_cut_off(runtime.node) {
            self.pod_removed(pod);
        } else if let Some(runtime) = self.pods.get_mut(&pod) {
            runtime.gone = true;
        }
    }

    fn sandbox_ready(&mut self, pod: Uid) {
        let Some(node) = self.pods.get(&pod).map(|r| r.node) else { return };
        let addresses = self.machines.get_mut(&node).and_then(|m| m.cni.allocate(pod));
        if addresses.is_none() {
            let key = self.pods[&pod].key.clone();
            self.record(LogEntry::NoPodAddress { pod: key });
            return;
        }
        if let Some(runtime) = self.pods.get_mut(&pod) {
            runtime.addresses = addresses;
        }
        self.plan(pod, self.timing.container_start, KubeletStep::Start);
    }

    fn container_started(&mut self, pod: Uid) {
        let now = self.clock.now();
        let Some(runtime) = self.pods.get_mut(&pod) else { return };
        runtime.process = Process::Listening;
        runtime.successes = 0;
        runtime.failures = 0;
        let (key, addresses) = (runtime.key.clone(), runtime.addresses);
        self.update_status(pod, |status| {
            status.phase = Phase::Running;
            status.pod_ips = addresses;
            status.waiting = None;
            status.started = Some(now);
        });
        self.record(LogEntry::Started { pod: key.clone(), ip: addresses.map(|ips| *ips.primary()) });
        match self.probe_of(&key) {
            None => self.set_pod_ready(pod, self.pods[&pod].passes_probe),
            Some(probe) => {
                let delay = Span::from_secs(u64::from(probe.initial_delay_s));
                self.plan(pod, delay + self.probe_phase(pod), KubeletStep::Probe);
            }
        }
    }

    /// prober/worker.go: probes do not all run at the same moment.
    fn probe_phase(&self, pod: Uid) -> Span {
        let Some(runtime) = self.pods.get(&pod) else { return Span::ZERO };
        let subject = Chance::subject(&runtime.key.name);
        Span(self.chance.below(Purpose::ProbePhase, subject, u64::from(runtime.epoch), 500_000_000))
    }

    /// The probe that decides the Pod's readiness: that of the first container which has one.
    fn probe_of(&self, key: &NsName) -> Option<Probe> {
        self.store.pods.get(key)?.spec.containers.iter().find_map(|c| c.readiness.clone())
    }

    fn probe(&mut self, pod: Uid) {
        let Some(runtime) = self.pods.get_mut(&pod) else { return };
        let key = runtime.key.clone();
        let passes = runtime.passes_probe && runtime.process.serves();
        if passes {
            runtime.successes += 1;
            runtime.failures = 0;
        } else {
            runtime.failures += 1;
            runtime.successes = 0;
        }
        let (successes, failures, ready) = (runtime.successes, runtime.failures, runtime.status.ready);
        let Some(probe) = self.probe_of(&key) else { return };
        if !ready && successes >= probe.success_threshold.max(1) {
            self.set_pod_ready(pod, true);
        } else if ready && failures >= probe.failure_threshold.max(1) {
            self.record(LogEntry::Unhealthy { pod: key });
            self.set_pod_ready(pod, false);
        }
        self.plan(pod, Span::from_secs(u64::from(probe.period_s.max(1))), KubeletStep::Probe);
    }

    /// A user makes the probe fail, or pass again. Without a probe nothing would notice, so the Pod's Ready
    /// condition then changes at once.
    pub(crate) fn set_probe_result(&mut self, key: &NsName, pass: bool) {
        let Some(uid) = self.store.pods.get(key).map(|p| p.meta.uid) else { return };
        let Some(runtime) = self.pods.get_mut(&uid) else { return };
        runtime.passes_probe = pass;
        let running = runtime.process.serves();
        if running && self.probe_of(key).is_none() {
            self.set_pod_ready(uid, pass);
        }
    }

    fn set_pod_ready(&mut self, pod: Uid, ready: bool) {
        if self.pods.get(&pod).is_none_or(|r| r.status.ready == ready) {
            return;
        }
        self.update_status(pod, |status| status.ready = ready);
    }

    /// The process exits by itself, with an error.
    pub(crate) fn crash(&mut self, key: &NsName) {
        let Some(uid) = self.store.pods.get(key).map(|p| p.meta.uid) else { return };
        let timing = Arc::clone(&self.timing);
        let Some(runtime) = self.pods.get_mut(&uid) else { return };
        if runtime.process == Process::Stopped {
            return;
        }
        runtime.process = Process::Stopped;
        runtime.forget_plans();
        let crashes = runtime.crashes;
        runtime.crashes += 1;
        self.process_ended(uid);
        self.record(LogEntry::Crashed { pod: key.clone() });
        self.set_pod_ready(uid, false);
        // The first restart is at once; then 10 s, doubled each time (kuberuntime, doBackOff).
        let backoff = match crashes {
            0 => Span::ZERO,
            n => Span((timing.crash_backoff.0 << (n - 1).min(10)).min(timing.crash_backoff_max.0)),
        };
        self.update_status(uid, |status| {
            status.restarts += 1;
            status.waiting = Some(if crashes == 0 { "Error".into() } else { "CrashLoopBackOff".into() });
        });
        self.plan(uid, backoff + timing.container_start, KubeletStep::Start);
    }

    /// `kubectl delete pod`. `grace` in seconds; `None`: the Pod's own.
    pub(crate) fn delete_pod(&mut self, key: &NsName, grace: Option<u32>) {
        let Some(pod) = self.store.pods.get(key).cloned() else { return };
        let node = pod.spec.node_name.as_ref().and_then(|name| self.machine_named(name));
        let cut_off = node.is_some_and(|m| m.cut_off);
        let unbound = node.is_none() || (!cut_off && !self.pods.contains_key(&pod.meta.uid));
        if unbound || grace == Some(0) {
            self.pod_removed(pod.meta.uid);
            self.remove_object::<Pod>(key);
            return;
        }
        if pod.meta.deleted.is_some() {
            return;
        }
        let now = self.clock.now();
        self.record(LogEntry::Killing { pod: key.clone() });
        self.update_object::<Pod>(key, |p| p.meta.deleted = Some(now));
        if cut_off {
            return;
        }
        let delay = self.watch_delay(pod.meta.uid, 0);
        self.plan(pod.meta.uid, delay, KubeletStep::Sigterm);
    }

    /// The process stops listening at once and ends a little later, unless it drains; SIGKILL after the grace
    /// period. Until then the readiness probe goes on (prober/worker.go, doProbe: a DeletionTimestamp stops
    /// liveness and startup probes only), so that a Pod which terminates may cease to serve.
    fn sigterm(&mut self, pod: Uid) {
        let Some(runtime) = self.pods.get_mut(&pod) else { return };
        runtime.epoch += 1;
        let running = runtime.process == Process::Listening;
        runtime.process = match running {
            true if self.config.apps_drain => Process::Draining,
            true => Process::ShuttingDown,
            false => Process::Stopped,
        };
        let drains = runtime.process == Process::Draining;
        let key = runtime.key.clone();
        let grace = self.store.pods.get(&key).map_or(0, |p| p.spec.termination_grace_period_s);
        let grace = Span::from_secs(u64::from(grace));
        let needs = match running {
            true if drains => Span(grace.0 / 2),
            true => self.timing.app_shutdown,
            false => Span::ZERO,
        };
        self.touch_pod(pod);
        self.plan(pod, needs.min(grace), KubeletStep::Exited);
    }

    fn exited(&mut self, pod: Uid) {
        self.process_stops(pod);
        let Some(runtime) = self.pods.get_mut(&pod) else { return };
        // The kubelet forgets the probes (SyncTerminatingPod, probeManager.RemovePod).
        runtime.probe_epoch += 1;
        let (node, addresses) = (runtime.node, runtime.addresses.take());
        if let (Some(machine), Some(addresses)) = (self.machines.get_mut(&node), addresses) {
            machine.cni.release(&addresses);
        }
        self.set_pod_ready(pod, false);
        let delay = self.watch_delay(pod, 1);
        self.plan(pod, delay, KubeletStep::Removed);
    }

    /// Does nothing if the process does not run.
    fn process_stops(&mut self, pod: Uid) {
        let Some(runtime) = self.pods.get_mut(&pod) else { return };
        if std::mem::replace(&mut runtime.process, Process::Stopped) != Process::Stopped {
            self.process_ended(pod);
        }
    }

    fn pod_removed(&mut self, pod: Uid) {
        // Also after a forced deletion, where the Pod object is gone at once: the kubelet still kills the process.
        self.process_stops(pod);
        let Some(runtime) = self.pods.remove(&pod) else { return };
        if let (Some(machine), Some(addresses)) = (self.machines.get_mut(&runtime.node), runtime.addresses) {
            machine.cni.release(&addresses);
        }
        if self.store.pods.get(&runtime.key).is_some_and(|p| p.meta.uid == pod) {
            self.remove_object::<Pod>(&runtime.key);
            self.record(LogEntry::PodGone { pod: runtime.key });
        }
    }

    /// The node lost power: its processes end and its links go down, without any report to the API server.
    pub(crate) fn pods_lose_power(&mut self, node: Uid) {
        let mut here = Vec::new();
        for (_, runtime) in self.pods.iter_mut().filter(|(_, r)| r.node == node) {
            runtime.process = Process::Stopped;
            runtime.addresses = None;
            runtime.forget_plans();
            here.push(runtime.uid);
        }
        self.machine_falls_silent(node, &here);
    }

    /// The node has power again: its kubelet makes new sandboxes, with new addresses, for the Pods that are
    /// still bound to it and not deleted, and reports the others as removed.
    pub(crate) fn pods_regain_power(&mut self, node: Uid, after: Span) {
        let here: Vec<(Uid, NsName)> =
            self.pods.values().filter(|r| r.node == node).map(|r| (r.uid, r.key.clone())).collect();
        for (uid, key) in here {
            if self.store.pods.get(&key).is_some_and(|p| p.meta.deleted.is_some()) {
                self.plan(uid, after, KubeletStep::Removed);
                continue;
            }
            self.update_status(uid, |status| {
                status.restarts += 1;
                status.ready = false;
                status.pod_ips = None;
                status.waiting = Some("ContainerCreating".into());
            });
            let delay = after + self.timing.pod_sandbox + self.start_jitter(uid);
            self.plan(uid, delay, KubeletStep::Sandbox);
        }
    }

    /// Whether a process in the Pod accepts connections on the port. A Pod that declares no port at all
    /// listens on every port, since `containerPort` is only informational.
    pub(crate) fn listens(&self, pod: Uid, port: u16) -> bool {
        let Some(runtime) = self.pods.get(&pod) else { return false };
        if !runtime.process.serves() {
            return false;
        }
        let Some(pod) = self.store.pods.get(&runtime.key) else { return false };
        let mut declared =
            pod.spec.containers.iter().chain(pod.spec.sidecars()).flat_map(|c| &c.ports).peekable();
        declared.peek().is_none() || declared.any(|p| p.container_port == port)
    }

    /// How long a change takes to reach a watcher of this subject.
    pub(crate) fn watch_delay(&self, subject: Uid, ordinal: u64) -> Span {
        let spread = self.timing.watch_delay_spread.0.max(1);
        let key = Chance::join(u64::from(subject.0), self.store.resource_version());
        self.timing.watch_delay + Span(self.chance.below(Purpose::WatchDelay, key, ordinal, spread))
    }
}
