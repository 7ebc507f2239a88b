//! A container on its node: its process, and how it got there.

use std::sync::Arc;

use super::backoff::Backoff;
use super::worker::Workers;
use crate::api::{App, Container, ProbeKind, Str, Terminated, WaitingReason};
use crate::sim::{Span, Time};

#[derive(Clone, Debug)]
pub struct ContainerRuntime {
    pub role: Role,
    pub process: Process,
    /// The results that its probes get from a process that serves: false after a user made them fail.
    pub passes_readiness: bool,
    pub passes_liveness: bool,
    /// While it is being stopped.
    pub stopping: Option<Stopping>,
    /// What was said of its program; the rest is assumed.
    pub(super) app: Option<Arc<App>>,
    /// While its process exists.
    pub(super) running: Option<Running>,
    /// How its last process ended, and the one before it.
    pub(super) ended: Option<Terminated>,
    pub(super) ended_before: Option<Terminated>,
    /// Why it is not started, if that is more than its turn.
    pub(super) waits: Option<(WaitingReason, Option<Str>)>,
    /// A step is planned that starts it, or tries to.
    pub(super) is_starting: bool,
    /// A process of it has run in the Pod's present sandbox.
    pub(super) has_run: bool,
    pub(super) restart: Restart,
    pub(super) restart_count: u32,
    /// Incremented when its process starts and when it ends: steps that were planned before have no effect.
    pub(super) epoch: u32,
    pub(super) crash_backoff: Backoff,
    pub(super) pull_backoff: Backoff,
    pub(super) workers: Workers,
}

/// Whether a container that has ended is started again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Restart {
    /// As its Pod's restart policy says of how it ended.
    ByPolicy,
    /// This probe has killed it: unless the policy is `Never`.
    UnlessNever(ProbeKind),
    /// Its spec has changed.
    Always,
}

/// What a container is to its Pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Runs to its end before the next one starts.
    Init,
    /// An init container that goes on running.
    Sidecar,
    Main,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Process {
    /// Not started yet, or exited.
    Stopped,
    /// Runs, and does not listen yet.
    Starting,
    /// Runs and takes connections.
    Listening,
    /// Got SIGTERM: finishes open connections and accepts no new ones.
    ShuttingDown,
    /// Got SIGTERM, and goes on serving for a while, so that all nodes' rules can drop the endpoint first.
    Draining,
}

impl Process {
    /// Whether the process accepts connections.
    pub(crate) fn serves(self) -> bool {
        match self {
            Process::Listening | Process::Draining => true,
            Process::Stopped | Process::Starting | Process::ShuttingDown => false,
        }
    }

    pub(crate) fn runs(self) -> bool {
        self != Process::Stopped
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Running {
    pub since: Time,
    /// Its postStart hook has returned, or it has none: until then the kubelet does not report that it runs.
    pub is_reported: bool,
}

/// A container is being stopped (kuberuntime_container.go, killContainer).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stopping {
    pub since: Time,
    pub grace: Span,
    pub stage: StoppingStage,
    /// When its next step comes: one that was planned for another moment has no effect.
    pub(super) due: Time,
    /// When its process would end of itself after its SIGTERM.
    pub(super) exits: Time,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoppingStage {
    /// Its preStop hook runs; its process serves on.
    PreStop,
    /// A sidecar waits until the containers that it serves have ended.
    Turn,
    /// It got its SIGTERM.
    Sigterm,
}

impl ContainerRuntime {
    pub(super) fn new(role: Role, spec: &Container, ticks_from: Time) -> ContainerRuntime {
        ContainerRuntime {
            role,
            process: Process::Stopped,
            passes_readiness: true,
            passes_liveness: true,
            stopping: None,
            app: None,
            running: None,
            ended: None,
            ended_before: None,
            waits: None,
            is_starting: false,
            has_run: false,
            restart: Restart::ByPolicy,
            restart_count: 0,
            epoch: 0,
            crash_backoff: Backoff::default(),
            pull_backoff: Backoff::default(),
            workers: Workers::new(spec, ticks_from),
        }
    }

    /// It runs, its postStart hook has returned, and its startup probe has passed, or it has none
    /// (prober_manager.go, isContainerStarted).
    pub(super) fn is_started(&self) -> bool {
        self.running.is_some_and(|running| running.is_reported) && self.workers.startup_passed()
    }

    /// prober_manager.go, UpdatePodStatus. Without a readiness probe nothing would notice that a user made it
    /// unready: here it then is at once.
    pub(super) fn is_ready(&self) -> bool {
        match self.role {
            Role::Init => self.has_completed(),
            Role::Sidecar | Role::Main => {
                self.is_started() && self.workers.readiness().unwrap_or(self.passes_readiness)
            }
        }
    }

    /// Of an init container: it has ended as it should, in the Pod's present sandbox.
    pub(super) fn has_completed(&self) -> bool {
        self.has_run && self.running.is_none() && self.ended.is_some_and(|ended| ended.exit_code == 0)
    }

    /// Makes the steps that were planned for its process have no effect.
    pub(super) fn forget_plans(&mut self) {
        self.epoch += 1;
        self.is_starting = false;
        self.workers.forget_plans();
    }
}
