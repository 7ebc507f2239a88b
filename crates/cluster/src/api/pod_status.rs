//! `status` of a Pod (core/v1 PodStatus).

use std::net::IpAddr;

use serde::Serialize;

use super::Str;
use crate::sim::Time;
use netfilter::PerFamily;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize)]
pub enum Phase {
    #[default]
    Pending,
    Running,
    Succeeded,
    Failed,
}

impl Phase {
    pub fn as_str(self) -> &'static str {
        match self {
            Phase::Pending => "Pending",
            Phase::Running => "Running",
            Phase::Succeeded => "Succeeded",
            Phase::Failed => "Failed",
        }
    }

    /// The Pod's containers have ended for good.
    pub fn is_terminal(self) -> bool {
        match self {
            Phase::Succeeded | Phase::Failed => true,
            Phase::Pending | Phase::Running => false,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct PodStatus {
    pub phase: Phase,
    /// Why it is in this phase, if that is not seen in its containers: `DeadlineExceeded`.
    pub reason: Option<Str>,
    pub message: Option<Str>,
    pub conditions: PodConditions,
    /// The addresses of its node.
    pub host_ips: Option<PerFamily<IpAddr>>,
    pub pod_ips: Option<PerFamily<IpAddr>>,
    /// When the kubelet took it up.
    pub start_time: Option<Time>,
    pub init_container_statuses: Vec<ContainerStatus>,
    pub container_statuses: Vec<ContainerStatus>,
}

impl PodStatus {
    /// `podIP`: of the primary family.
    pub fn pod_ip(&self) -> Option<IpAddr> {
        self.pod_ips.map(|ips| *ips.primary())
    }

    /// Whether its condition Ready is true.
    pub fn is_ready(&self) -> bool {
        self.conditions.ready.as_ref().is_some_and(PodCondition::is_true)
    }

    /// Since when its condition Ready is true; `None` if it is not.
    pub fn ready_since(&self) -> Option<Time> {
        self.conditions.ready.as_ref().filter(|ready| ready.is_true())?.since
    }

    /// Of its init containers and then of the others.
    pub fn all_containers(&self) -> impl Iterator<Item = &ContainerStatus> {
        self.init_container_statuses.iter().chain(&self.container_statuses)
    }

    pub fn container(&self, name: &str) -> Option<&ContainerStatus> {
        self.all_containers().find(|status| &*status.name == name)
    }

    /// The restarts of all its containers together.
    pub fn restarts(&self) -> u32 {
        self.all_containers().map(|container| container.restart_count).fold(0, u32::saturating_add)
    }

    /// The most restarts of one of its containers (controller_utils.go, maxContainerRestarts).
    pub fn most_restarts(&self) -> u32 {
        self.all_containers().map(|container| container.restart_count).max().unwrap_or(0)
    }

    /// Why it does not run, in a word: of its main containers the last one's that waits or has ended (kubectl's
    /// column STATUS; printers/internalversion, printPod).
    pub fn waiting(&self) -> Option<&'static str> {
        self.container_statuses.iter().rev().find_map(|container| match &container.state {
            ContainerState::Waiting { reason, .. } => Some(reason.as_str()),
            ContainerState::Running { .. } => None,
            ContainerState::Terminated(ended) => Some(ended.reason.as_str()),
        })
    }

    /// The condition of that name.
    pub fn condition(&self, type_: &str) -> Option<&PodCondition> {
        self.conditions.iter().find(|(name, _)| *name == type_).map(|(_, condition)| condition)
    }
}

/// `status.conditions`.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct PodConditions {
    /// PodScheduled: the scheduler's.
    pub scheduled: Option<PodCondition>,
    /// PodReadyToStartContainers: it has a sandbox with addresses.
    pub ready_to_start_containers: Option<PodCondition>,
    pub initialized: Option<PodCondition>,
    pub ready: Option<PodCondition>,
    pub containers_ready: Option<PodCondition>,
    /// DisruptionTarget: it is about to be evicted.
    pub disruption_target: Option<PodCondition>,
    /// Those that somebody else sets, for readiness gates: by name, sorted.
    pub others: Vec<(Str, PodCondition)>,
}

impl PodConditions {
    /// Those that are set: what others set, and then what the kubelet sets, in its order (kubelet_pods.go,
    /// generateAPIPodStatus).
    pub fn iter(&self) -> impl Iterator<Item = (&str, &PodCondition)> {
        let others = self.others.iter().map(|(type_, condition)| (&**type_, condition));
        let own = [
            ("DisruptionTarget", &self.disruption_target),
            ("PodReadyToStartContainers", &self.ready_to_start_containers),
            ("Initialized", &self.initialized),
            ("Ready", &self.ready),
            ("ContainersReady", &self.containers_ready),
            ("PodScheduled", &self.scheduled),
        ];
        others.chain(own.into_iter().filter_map(|(type_, condition)| Some((type_, condition.as_ref()?))))
    }

    /// One that a readiness gate asks for.
    pub fn other(&self, type_: &str) -> Option<&PodCondition> {
        self.others.iter().find(|(name, _)| &**name == type_).map(|(_, condition)| condition)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum ConditionStatus {
    True,
    False,
    Unknown,
}

impl ConditionStatus {
    pub fn of(holds: bool) -> ConditionStatus {
        if holds { ConditionStatus::True } else { ConditionStatus::False }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            ConditionStatus::True => "True",
            ConditionStatus::False => "False",
            ConditionStatus::Unknown => "Unknown",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PodCondition {
    pub status: ConditionStatus,
    pub reason: Option<&'static str>,
    pub message: Option<Str>,
    /// `lastTransitionTime`: since when it has this status.
    pub since: Option<Time>,
}

impl PodCondition {
    /// Without a reason.
    pub fn new(holds: bool) -> PodCondition {
        PodCondition { status: ConditionStatus::of(holds), reason: None, message: None, since: None }
    }

    pub fn is_true(&self) -> bool {
        self.status == ConditionStatus::True
    }

    /// As it is written after `old`: while the status stays, so does the time of its transition
    /// (status_manager.go, updateLastTransitionTime).
    pub fn after(mut self, old: Option<&PodCondition>, now: Time) -> PodCondition {
        let same = old.filter(|old| old.status == self.status);
        self.since = Some(same.and_then(|old| old.since).unwrap_or(now));
        self
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ContainerStatus {
    pub name: Str,
    pub image: Str,
    pub state: ContainerState,
    /// `lastState`: how its last process ended.
    pub last_state: Option<Terminated>,
    pub ready: bool,
    /// Its startup probe has passed, or it runs and has none.
    pub started: bool,
    pub restart_count: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum ContainerState {
    Waiting { reason: WaitingReason, message: Option<Str> },
    Running { since: Time },
    Terminated(Terminated),
}

impl ContainerState {
    pub fn is_running(&self) -> bool {
        matches!(self, ContainerState::Running { .. })
    }

    pub fn terminated(&self) -> Option<&Terminated> {
        match self {
            ContainerState::Terminated(ended) => Some(ended),
            ContainerState::Waiting { .. } | ContainerState::Running { .. } => None,
        }
    }
}

/// Why a container does not run yet, or not again (pkg/kubelet/container/sync_result.go, images/types.go).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum WaitingReason {
    ContainerCreating,
    /// Its Pod's init containers have not all completed.
    PodInitializing,
    CrashLoopBackOff,
    ErrImagePull,
    ImagePullBackOff,
    /// `imagePullPolicy: Never`, and the image is not on the node.
    ErrImageNeverPull,
    CreateContainerConfigError,
}

impl WaitingReason {
    pub fn as_str(self) -> &'static str {
        match self {
            WaitingReason::ContainerCreating => "ContainerCreating",
            WaitingReason::PodInitializing => "PodInitializing",
            WaitingReason::CrashLoopBackOff => "CrashLoopBackOff",
            WaitingReason::ErrImagePull => "ErrImagePull",
            WaitingReason::ImagePullBackOff => "ImagePullBackOff",
            WaitingReason::ErrImageNeverPull => "ErrImageNeverPull",
            WaitingReason::CreateContainerConfigError => "CreateContainerConfigError",
        }
    }
}

/// How a container's process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Terminated {
    pub exit_code: i32,
    pub reason: TerminatedReason,
    pub started_at: Time,
    pub finished_at: Time,
}

impl Terminated {
    /// By itself, or after a SIGTERM.
    pub fn exited(exit_code: i32, started_at: Time, finished_at: Time) -> Terminated {
        let reason = if exit_code == 0 { TerminatedReason::Completed } else { TerminatedReason::Error };
        Terminated { exit_code, reason, started_at, finished_at }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum TerminatedReason {
    Completed,
    Error,
    /// Its node lost power while it ran: containerd finds no process and no exit code.
    Unknown,
}

impl TerminatedReason {
    pub fn as_str(self) -> &'static str {
        match self {
            TerminatedReason::Completed => "Completed",
            TerminatedReason::Error => "Error",
            TerminatedReason::Unknown => "Unknown",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_keeps_its_time_while_its_status_stays() {
        let first = PodCondition::new(false).after(None, Time(5));
        assert_eq!(first.since, Some(Time(5)));
        let again =
            PodCondition { reason: Some("Other"), ..PodCondition::new(false) }.after(Some(&first), Time(9));
        assert_eq!((again.since, again.reason), (Some(Time(5)), Some("Other")));
        assert_eq!(PodCondition::new(true).after(Some(&again), Time(9)).since, Some(Time(9)));
    }
}
