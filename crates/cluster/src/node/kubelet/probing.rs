//! What the probes of a Pod's containers find, and what the kubelet does then (prober/prober.go, kubelet.go
//! handleProbeSync). Probes are not packets here.

use serde::Serialize;

use super::app::port_number;
use super::container::Restart;
use super::pod::PodRuntime;
use super::step::KubeletStep;
use super::worker::Outcome;
use crate::api::{Container, Probe, ProbeKind, Str, TargetPort, Uid};
use crate::sim::{Event, KillReason, LogEntry, Span, World};

/// Why a probe failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum ProbeFailure {
    /// Nobody listens on the port that it asks.
    Refused { port: u16 },
    /// The container's process does not serve, so its command fails.
    Command,
    /// A user made it fail.
    Forced,
}

/// A probe without whose success a container is not ready.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum UnmetProbe {
    /// It would fail now.
    Fails { kind: ProbeKind, why: ProbeFailure },
    /// It asks a port by a name that the container does not have, and so is never run.
    NoSuchPort { kind: ProbeKind, name: Str },
    /// It would succeed now, and has not run often enough.
    NotYet { kind: ProbeKind },
    /// Somebody made the container unready, which has no probe.
    Forced,
}

impl World {
    /// `None` for a container that does not run, or is ready.
    pub(crate) fn unmet_probe(&self, pod: Uid, container: &str) -> Option<UnmetProbe> {
        let runtime = self.pods.get(&pod)?;
        let index = runtime.index_of(container)?;
        let (container, spec) = (runtime.container(index), runtime.spec_of(index));
        container.running?;
        let (kind, probe) = match container.workers.startup_passed() {
            false => (ProbeKind::Startup, spec.startup.as_ref()),
            true => (ProbeKind::Readiness, spec.readiness.as_ref()),
        };
        let Some(probe) = probe else {
            return (!container.passes_readiness).then_some(UnmetProbe::Forced);
        };
        if kind == ProbeKind::Readiness && container.workers.readiness() == Some(true) {
            return None;
        }
        Some(match (self.found(runtime, index, kind), probe.handler.port()) {
            (Err(why), _) => UnmetProbe::Fails { kind, why },
            (Ok(Outcome::Error), Some(TargetPort::Name(name))) => {
                UnmetProbe::NoSuchPort { kind, name: name.clone() }
            }
            (Ok(Outcome::Success | Outcome::Failure | Outcome::Error), _) => UnmetProbe::NotYet { kind },
        })
    }

    /// The probe that has killed a container which has not started since, and the port that it asks.
    pub(crate) fn killed_by(&self, pod: Uid, container: &str) -> Option<(ProbeKind, Option<u16>)> {
        let runtime = self.pods.get(&pod)?;
        let index = runtime.index_of(container)?;
        let spec = runtime.spec_of(index);
        let Restart::UnlessNever(kind) = runtime.container(index).restart else { return None };
        let port = probe_of(spec, kind).and_then(|probe| port_number(spec, probe.handler.port()?));
        Some((kind, port))
    }

    fn found(&self, runtime: &PodRuntime, index: u32, kind: ProbeKind) -> Result<Outcome, ProbeFailure> {
        let (container, spec) = (runtime.container(index), runtime.spec_of(index));
        let port: Option<&TargetPort> = probe_of(spec, kind).and_then(|probe| probe.handler.port());
        match port.map(|port| port_number(spec, port)) {
            Some(None) => return Ok(Outcome::Error),
            Some(Some(port)) if self.listener(runtime.uid, port).is_none() => {
                return Err(ProbeFailure::Refused { port });
            }
            None if !container.process.serves() => return Err(ProbeFailure::Command),
            Some(Some(_)) | None => {}
        }
        let passes = match kind {
            ProbeKind::Startup => true,
            ProbeKind::Liveness => container.passes_liveness,
            ProbeKind::Readiness => container.passes_readiness,
        };
        if passes { Ok(Outcome::Success) } else { Err(ProbeFailure::Forced) }
    }

    /// What the Pod's probes would find may have changed: those for which that could matter run at their next tick.
    /// The readiness probe of `started`, a container that the kubelet has just found started, runs at once.
    pub(super) fn wake_probes(&mut self, pod: Uid, started: Option<u32>) {
        let Some(runtime) = self.pods.get(&pod) else { return };
        if runtime.containers.iter().all(|container| container.workers.are_none()) {
            return;
        }
        for index in runtime.indices() {
            for kind in ProbeKind::ALL {
                self.plan_probe(pod, index, kind, started == Some(index) && kind == ProbeKind::Readiness);
            }
        }
    }

    fn plan_probe(&mut self, pod: Uid, index: u32, kind: ProbeKind, at_once: bool) {
        let now = self.clock.now();
        let runtime = &self.pods[&pod];
        let container = runtime.container(index);
        let Some(running) = container.running.filter(|running| running.is_reported) else { return };
        let may_run = match kind {
            ProbeKind::Startup => true,
            ProbeKind::Liveness | ProbeKind::Readiness => container.workers.startup_passed(),
        };
        if !may_run || container.workers.get(kind).is_none() {
            return;
        }
        let outcome = self.found(runtime, index, kind).unwrap_or(Outcome::Failure);
        let epoch = container.epoch;
        let worker = self.runtime_mut(pod).container_mut(index).workers.get_mut(kind);
        let at = worker.and_then(|worker| worker.plan(outcome, running.since, now, at_once));
        if let Some(at) = at {
            self.schedule(at, Event::Kubelet { pod, epoch, step: KubeletStep::Probe(index, kind) });
        }
    }

    pub(super) fn probe(&mut self, pod: Uid, index: u32, kind: ProbeKind) {
        let found = self.found(&self.pods[&pod], index, kind);
        let outcome = found.unwrap_or(Outcome::Failure);
        let Some(worker) = self.runtime_mut(pod).container_mut(index).workers.get_mut(kind) else { return };
        let changed = worker.observe(outcome);
        let is_said = worker.is_first_of_row();
        if let Err(why) = found
            && is_said
        {
            let (key, container) = self.named(pod, index);
            self.record(LogEntry::Unhealthy { pod: key, container, probe: kind, why });
        }
        match (kind, outcome) {
            _ if !changed => {}
            (ProbeKind::Readiness, _) => self.sync_status(pod),
            (ProbeKind::Startup, Outcome::Success) => self.container_started(pod, index),
            (ProbeKind::Startup | ProbeKind::Liveness, Outcome::Failure) => {
                self.kill_unhealthy(pod, index, kind)
            }
            (ProbeKind::Startup | ProbeKind::Liveness, Outcome::Error)
            | (ProbeKind::Liveness, Outcome::Success) => {}
        }
        self.wake_probes(pod, None);
    }

    /// The container is stopped with the probe's own grace period, if it has one, and started again.
    fn kill_unhealthy(&mut self, pod: Uid, index: u32, kind: ProbeKind) {
        let runtime = &self.pods[&pod];
        let spec = runtime.spec_of(index);
        let (probe, why) = match kind {
            ProbeKind::Startup => (&spec.startup, KillReason::StartupProbe),
            ProbeKind::Liveness | ProbeKind::Readiness => (&spec.liveness, KillReason::LivenessProbe),
        };
        let own = probe.as_ref().and_then(|probe| probe.termination_grace_period_s);
        let grace = own.map_or(runtime.grace(), |seconds| Span::from_secs(u64::from(seconds)));
        self.runtime_mut(pod).container_mut(index).restart = Restart::UnlessNever(kind);
        self.stop_container(pod, index, grace, why);
        self.sync_status(pod);
    }
}

fn probe_of(container: &Container, kind: ProbeKind) -> Option<&Probe> {
    match kind {
        ProbeKind::Startup => container.startup.as_ref(),
        ProbeKind::Liveness => container.liveness.as_ref(),
        ProbeKind::Readiness => container.readiness.as_ref(),
    }
}
