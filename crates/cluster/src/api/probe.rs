//! Probes of a container (core/v1 Probe).

use serde::Serialize;

use super::{Str, TargetPort};

/// A probe: what it asks, when it runs, and how many results in a row change the state. All times in seconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Probe {
    pub handler: ProbeHandler,
    pub initial_delay_s: u32,
    pub timeout_s: u32,
    pub period_s: u32,
    pub success_threshold: u32,
    pub failure_threshold: u32,
    /// Of a container that a liveness or startup probe kills; `None`: the Pod's.
    pub termination_grace_period_s: Option<u32>,
}

/// What a probe asks. It has one of these; that it has no other, validation says.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct ProbeHandler {
    /// The command.
    pub exec: Option<Vec<Str>>,
    /// The port.
    pub http_get: Option<TargetPort>,
    pub tcp_socket: Option<TargetPort>,
    pub grpc: Option<TargetPort>,
}

impl ProbeHandler {
    /// `None` for a command.
    pub fn port(&self) -> Option<&TargetPort> {
        [&self.http_get, &self.tcp_socket, &self.grpc].into_iter().flatten().next()
    }
}

impl Probe {
    /// core/v1 defaults.go, SetDefaults_Probe.
    pub const DEFAULT: Probe = Probe {
        handler: ProbeHandler { exec: None, http_get: None, tcp_socket: None, grpc: None },
        initial_delay_s: 0,
        timeout_s: 1,
        period_s: 10,
        success_threshold: 1,
        failure_threshold: 3,
        termination_grace_period_s: None,
    };

    /// Of these, 0 means the same as nothing.
    pub(super) fn set_defaults(&mut self) {
        for (number, default) in [
            (&mut self.timeout_s, Probe::DEFAULT.timeout_s),
            (&mut self.period_s, Probe::DEFAULT.period_s),
            (&mut self.success_threshold, Probe::DEFAULT.success_threshold),
            (&mut self.failure_threshold, Probe::DEFAULT.failure_threshold),
        ] {
            if *number == 0 {
                *number = default;
            }
        }
    }
}

impl Default for Probe {
    fn default() -> Probe {
        Probe::DEFAULT
    }
}

/// The three probes that a container may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum ProbeKind {
    /// Until it succeeds the other two do not run.
    Startup,
    Liveness,
    Readiness,
}

impl ProbeKind {
    pub const ALL: [ProbeKind; 3] = [ProbeKind::Startup, ProbeKind::Liveness, ProbeKind::Readiness];
}
