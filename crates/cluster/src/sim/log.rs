//! The log: what happened, as ids and arguments. `crates/words` makes sentences of them.

use std::fmt;
use std::net::IpAddr;

use serde::Serialize;

use super::{Refusal, Time};
use crate::api::{
    Action, ConditionStatus, FitError, Kind, Name, NsName, ObjectRef, Phase, ProbeKind, ServerWarning, Str,
    Uid,
};
use crate::control::AllocationError;
use crate::node::kubelet::{MissingConfiguration, ProbeFailure};

/// One thing that happened, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Logged {
    pub at: Time,
    pub entry: LogEntry,
}

impl Logged {
    /// Its estimated memory.
    pub(super) fn bytes(&self) -> u64 {
        const ENTRY: usize = 160;
        const DIAGNOSTIC: usize = 256;
        let mut bytes = ENTRY;
        if let LogEntry::Did { action } = &self.entry
            && let Some(text) = action.text()
        {
            bytes += text.len();
        }
        if let LogEntry::Refused { refusal: Refusal::Invalid { diagnostics } } = &self.entry {
            bytes += diagnostics.len() * DIAGNOSTIC;
        }
        bytes as u64
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum LogEntry {
    /// An action was carried out: a user's, or one from a link or a scenario.
    Did {
        action: Action,
    },
    /// An action of the scenario, or something the cloud tried, was refused.
    Refused {
        refusal: Refusal,
    },
    /// The API server warns of what it has taken.
    Warned {
        object: ObjectRef,
        warning: ServerWarning,
    },
    /// The cluster has settled, or was waited for long enough: this is the run's origin.
    ClientsBegan {
        settled: bool,
    },
    Scheduled {
        pod: NsName,
        node: Name,
    },
    /// The scheduler found no node for the Pod.
    FailedScheduling {
        pod: NsName,
        error: FitError,
    },
    /// A controller could not create a Pod.
    FailedCreate {
        owner: ObjectRef,
        refusal: Refusal,
    },
    SuccessfulCreate {
        owner: ObjectRef,
        pod: Name,
    },
    SuccessfulDelete {
        owner: ObjectRef,
        pod: Name,
    },
    SuccessfulCreateClaim {
        owner: ObjectRef,
        pod: Name,
        claim: Name,
    },
    ScalingReplicaSet {
        deployment: NsName,
        replica_set: Name,
        from: u32,
        to: u32,
    },
    /// A DaemonSet's Pod has ended, and is replaced.
    EndedDaemonPod {
        daemon_set: NsName,
        pod: NsName,
        node: Name,
        phase: Phase,
    },
    JobCompleted {
        job: NsName,
    },
    JobFailed {
        job: NsName,
        reason: &'static str,
        message: Str,
    },
    JobSuspended {
        job: NsName,
        suspended: bool,
    },
    CreatedJob {
        cron_job: NsName,
        job: Name,
    },
    DeletedJob {
        cron_job: NsName,
        job: Name,
    },
    SawCompletedJob {
        cron_job: NsName,
        job: Name,
        succeeded: bool,
    },
    JobAlreadyActive {
        cron_job: NsName,
    },
    /// `kubectl drain` was told that the Pod's budget forbids its eviction, and asks again.
    EvictionRefused {
        pod: NsName,
        budget: Name,
    },
    /// A taint NoExecute of its node, which it does not tolerate any longer, deletes the Pod; or it does not come to
    /// that, since the taint is gone.
    TaintManagerEviction {
        pod: NsName,
        cancelled: bool,
    },
    /// Its node no longer exists, and the Pod garbage collector deletes it.
    OrphanedPod {
        pod: NsName,
        node: Name,
    },
    /// The kubelet does not take it (kubelet.go, rejectPod).
    PodRejected {
        pod: NsName,
        reason: Str,
        message: Str,
    },
    /// The node's Pod range has no free address left.
    NoPodAddress {
        pod: NsName,
    },
    /// The image is on the node.
    Pulled {
        pod: NsName,
        container: LoggedContainer,
        image: Str,
    },
    Created {
        pod: NsName,
        container: LoggedContainer,
    },
    Started {
        pod: NsName,
        container: LoggedContainer,
        ip: Option<IpAddr>,
    },
    Ready {
        pod: NsName,
        ready: bool,
    },
    /// A probe failed, for the first time in a row.
    Unhealthy {
        pod: NsName,
        container: LoggedContainer,
        probe: ProbeKind,
        why: ProbeFailure,
    },
    /// A container's process ended of itself, with an error.
    Crashed {
        pod: NsName,
        container: LoggedContainer,
    },
    /// It ended of itself, with success.
    Completed {
        pod: NsName,
        container: LoggedContainer,
    },
    /// The container has crashed again, and waits before it is started again.
    BackOff {
        pod: NsName,
        uid: Uid,
        container: LoggedContainer,
    },
    /// The image cannot be pulled.
    FailedPull {
        pod: NsName,
        container: LoggedContainer,
        image: Str,
        /// imagePullPolicy Never: nothing was tried.
        policy_is_never: bool,
    },
    /// It waits before it is pulled again.
    BackOffPull {
        pod: NsName,
        container: LoggedContainer,
        image: Str,
    },
    /// A container's environment cannot be made.
    FailedConfiguration {
        pod: NsName,
        container: LoggedContainer,
        what: MissingConfiguration,
    },
    FailedMount {
        pod: NsName,
        volume: Str,
        what: MissingConfiguration,
    },
    /// `activeDeadlineSeconds` are over.
    DeadlineExceeded {
        pod: NsName,
    },
    /// The kubelet begins to stop a container.
    Killing {
        pod: NsName,
        container: LoggedContainer,
        why: KillReason,
    },
    PodGone {
        pod: NsName,
    },
    SliceChanged {
        service: NsName,
    },
    ProxySynced {
        node: Name,
    },
    /// `nft` has refused the rules because of a service port's name; those of before are in force.
    ProxySyncFailed {
        node: Name,
        port: Str,
    },
    NodeCondition {
        node: Name,
        condition: ConditionStatus,
    },
    /// All that was in it is gone, and itself.
    NamespaceGone {
        namespace: Name,
    },
    EnsuringLoadBalancer {
        service: NsName,
    },
    EnsuredLoadBalancer {
        service: NsName,
        ip: IpAddr,
    },
    DeletingLoadBalancer {
        service: NsName,
    },
    DeletedLoadBalancer {
        service: NsName,
    },
    /// From the Scenario's pool. `additional`: of a second family, beside the one that it has.
    IpAllocated {
        service: NsName,
        ips: Vec<IpAddr>,
        additional: bool,
    },
    /// `keeps`: it keeps the addresses that it has.
    AllocationFailed {
        service: NsName,
        error: AllocationError,
        keeps: bool,
    },
    /// The node answers for the Service's addresses from the pool.
    NodeAssigned {
        service: NsName,
        node: Name,
    },
}

/// A container of a Pod. The Pod itself may be gone when the entry is read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LoggedContainer {
    pub name: Str,
    /// It is one of `initContainers`.
    pub is_init: bool,
}

impl fmt::Display for LoggedContainer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// Why the kubelet stops a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum KillReason {
    /// Its Pod stops.
    Stopped,
    LivenessProbe,
    StartupProbe,
    /// Its image is another one now.
    DefinitionChanged,
}

impl LogEntry {
    /// The object that the entry is about.
    pub fn about(&self) -> Option<ObjectRef> {
        match self {
            LogEntry::Scheduled { pod, .. }
            | LogEntry::FailedScheduling { pod, .. }
            | LogEntry::NoPodAddress { pod }
            | LogEntry::Pulled { pod, .. }
            | LogEntry::Created { pod, .. }
            | LogEntry::Started { pod, .. }
            | LogEntry::Ready { pod, .. }
            | LogEntry::Unhealthy { pod, .. }
            | LogEntry::Crashed { pod, .. }
            | LogEntry::Completed { pod, .. }
            | LogEntry::BackOff { pod, .. }
            | LogEntry::FailedPull { pod, .. }
            | LogEntry::BackOffPull { pod, .. }
            | LogEntry::FailedConfiguration { pod, .. }
            | LogEntry::FailedMount { pod, .. }
            | LogEntry::DeadlineExceeded { pod }
            | LogEntry::Killing { pod, .. }
            | LogEntry::EvictionRefused { pod, .. }
            | LogEntry::TaintManagerEviction { pod, .. }
            | LogEntry::OrphanedPod { pod, .. }
            | LogEntry::PodRejected { pod, .. }
            | LogEntry::PodGone { pod } => Some(ObjectRef::of_key(Kind::Pod, pod)),
            LogEntry::FailedCreate { owner, .. }
            | LogEntry::SuccessfulCreate { owner, .. }
            | LogEntry::SuccessfulDelete { owner, .. }
            | LogEntry::SuccessfulCreateClaim { owner, .. } => Some(owner.clone()),
            LogEntry::ScalingReplicaSet { deployment, .. } => {
                Some(ObjectRef::of_key(Kind::Deployment, deployment))
            }
            LogEntry::EndedDaemonPod { daemon_set, .. } => {
                Some(ObjectRef::of_key(Kind::DaemonSet, daemon_set))
            }
            LogEntry::JobCompleted { job }
            | LogEntry::JobFailed { job, .. }
            | LogEntry::JobSuspended { job, .. } => Some(ObjectRef::of_key(Kind::Job, job)),
            LogEntry::CreatedJob { cron_job, .. }
            | LogEntry::DeletedJob { cron_job, .. }
            | LogEntry::SawCompletedJob { cron_job, .. }
            | LogEntry::JobAlreadyActive { cron_job } => Some(ObjectRef::of_key(Kind::CronJob, cron_job)),
            LogEntry::SliceChanged { service }
            | LogEntry::EnsuringLoadBalancer { service }
            | LogEntry::EnsuredLoadBalancer { service, .. }
            | LogEntry::DeletingLoadBalancer { service }
            | LogEntry::DeletedLoadBalancer { service }
            | LogEntry::IpAllocated { service, .. }
            | LogEntry::AllocationFailed { service, .. }
            | LogEntry::NodeAssigned { service, .. } => Some(ObjectRef::of_key(Kind::Service, service)),
            LogEntry::ProxySynced { node }
            | LogEntry::ProxySyncFailed { node, .. }
            | LogEntry::NodeCondition { node, .. } => Some(ObjectRef::node(node)),
            LogEntry::NamespaceGone { namespace } => Some(ObjectRef::of_namespace(namespace)),
            LogEntry::Did { action } => action.about(),
            LogEntry::Warned { object, .. } => Some(object.clone()),
            LogEntry::Refused { .. } | LogEntry::ClientsBegan { .. } => None,
        }
    }
}
