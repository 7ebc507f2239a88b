//! The log as the API server's Events, in upstream's own words: what `kubectl get events` lists. What no controller,
//! scheduler or kubelet would say is none.

use cluster::api::{ConditionStatus, Kind, ObjectRef, Phase, ProbeKind};
use cluster::node::kubelet::ProbeFailure;
use cluster::sim::{KillReason, LogEntry, Logged, Time};

use crate::refusal;

/// A `v1` Event. The same event again is counted, as client-go's EventCorrelator does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub about: ObjectRef,
    /// The container that it is about.
    pub container: Option<String>,
    /// Warning, or else Normal.
    pub is_warning: bool,
    pub reason: String,
    pub message: String,
    /// Who says it: `kubelet`, `deployment-controller`.
    pub component: &'static str,
    pub count: u32,
    pub first: Time,
    pub last: Time,
}

impl Event {
    pub fn type_(&self) -> &'static str {
        if self.is_warning { "Warning" } else { "Normal" }
    }

    fn is_again(&self, other: &Event) -> bool {
        let of = |event: &Event| (event.is_warning, event.component, event.container.clone());
        self.about == other.about
            && self.reason == other.reason
            && self.message == other.message
            && of(self) == of(other)
    }
}

/// In the order in which they were first said.
pub fn events<'a>(log: impl Iterator<Item = &'a Logged>) -> Vec<Event> {
    let mut events: Vec<Event> = Vec::new();
    for logged in log {
        let Some(event) = event(logged) else { continue };
        match events.iter_mut().find(|earlier| earlier.is_again(&event)) {
            Some(earlier) => {
                earlier.count += 1;
                earlier.last = event.last;
            }
            None => events.push(event),
        }
    }
    events
}

/// What is said, besides whom it is about and when.
struct Said {
    is_warning: bool,
    reason: String,
    message: String,
    component: &'static str,
    container: Option<String>,
}

fn event(logged: &Logged) -> Option<Event> {
    let Said { is_warning, reason, message, component, container } = said(&logged.entry)?;
    let about = logged.entry.about()?;
    let at = logged.at;
    Some(Event { about, container, is_warning, reason, message, component, count: 1, first: at, last: at })
}

fn normal(component: &'static str, reason: &str, message: String) -> Option<Said> {
    Some(Said { is_warning: false, reason: reason.into(), message, component, container: None })
}

fn warning(component: &'static str, reason: &str, message: String) -> Option<Said> {
    normal(component, reason, message).map(|said| Said { is_warning: true, ..said })
}

fn of_container(container: &str, said: Option<Said>) -> Option<Said> {
    said.map(|said| Said { container: Some(container.to_string()), ..said })
}

const SCHEDULER: &str = "default-scheduler";
const KUBELET: &str = "kubelet";
const SERVICE: &str = "service-controller";

fn said(entry: &LogEntry) -> Option<Said> {
    match entry {
        LogEntry::Scheduled { pod, node } => {
            normal(SCHEDULER, "Scheduled", format!("Successfully assigned {pod} to {node}"))
        }
        LogEntry::FailedScheduling { error, .. } => warning(SCHEDULER, "FailedScheduling", error.to_string()),
        LogEntry::FailedCreate { .. }
        | LogEntry::SuccessfulCreate { .. }
        | LogEntry::SuccessfulDelete { .. }
        | LogEntry::SuccessfulCreateClaim { .. }
        | LogEntry::ScalingReplicaSet { .. }
        | LogEntry::EndedDaemonPod { .. } => of_workload(entry),
        LogEntry::JobCompleted { .. }
        | LogEntry::JobFailed { .. }
        | LogEntry::JobSuspended { .. }
        | LogEntry::CreatedJob { .. }
        | LogEntry::DeletedJob { .. }
        | LogEntry::SawCompletedJob { .. }
        | LogEntry::JobAlreadyActive { .. } => of_job(entry),
        LogEntry::NoPodAddress { .. }
        | LogEntry::Pulled { .. }
        | LogEntry::Created { .. }
        | LogEntry::Started { .. }
        | LogEntry::Unhealthy { .. }
        | LogEntry::BackOff { .. }
        | LogEntry::FailedPull { .. }
        | LogEntry::BackOffPull { .. }
        | LogEntry::FailedConfiguration { .. }
        | LogEntry::FailedMount { .. }
        | LogEntry::DeadlineExceeded { .. }
        | LogEntry::Killing { .. } => of_kubelet(entry),
        LogEntry::PodRejected { reason, message, .. } => warning(KUBELET, reason, message.to_string()),
        LogEntry::TaintManagerEviction { pod, cancelled } => {
            let done = if *cancelled { "Cancelling deletion of Pod" } else { "Marking for deletion Pod" };
            normal("taint-eviction-controller", "TaintManagerEviction", format!("{done} {pod}"))
        }
        LogEntry::NodeCondition { node, condition } => match condition {
            ConditionStatus::True => {
                normal(KUBELET, "NodeReady", format!("Node {node} status is now: NodeReady"))
            }
            ConditionStatus::False | ConditionStatus::Unknown => {
                normal("node-controller", "NodeNotReady", format!("Node {node} status is now: NodeNotReady"))
            }
        },
        LogEntry::EnsuringLoadBalancer { .. } => {
            normal(SERVICE, "EnsuringLoadBalancer", "Ensuring load balancer".into())
        }
        LogEntry::EnsuredLoadBalancer { .. } => {
            normal(SERVICE, "EnsuredLoadBalancer", "Ensured load balancer".into())
        }
        LogEntry::DeletedLoadBalancer { .. } => {
            normal(SERVICE, "DeletedLoadBalancer", "Deleted load balancer".into())
        }
        // These are seen in objects, not said.
        LogEntry::Did { .. }
        | LogEntry::ClientsBegan { .. }
        | LogEntry::Refused { .. }
        | LogEntry::EvictionRefused { .. }
        | LogEntry::Ready { .. }
        | LogEntry::Crashed { .. }
        | LogEntry::Completed { .. }
        | LogEntry::PodGone { .. }
        | LogEntry::OrphanedPod { .. }
        | LogEntry::NamespaceGone { .. }
        | LogEntry::SliceChanged { .. }
        | LogEntry::ProxySynced { .. } => None,
    }
}

/// What the controllers of Pods say (pkg/controller: controller_utils.go, statefulset/stateful_pod_control.go,
/// deployment/sync.go, daemon/daemon_controller.go).
fn of_workload(entry: &LogEntry) -> Option<Said> {
    match entry {
        LogEntry::FailedCreate { owner, refusal: why } => {
            warning(controller(&owner.kind), "FailedCreate", format!("Error creating: {}", refusal(why)))
        }
        LogEntry::SuccessfulCreate { owner, pod } => {
            let message = match owner.kind {
                Kind::StatefulSet => format!("Create Pod {pod} in StatefulSet {} successful", owner.name),
                _ => format!("Created pod: {pod}"),
            };
            normal(controller(&owner.kind), "SuccessfulCreate", message)
        }
        LogEntry::SuccessfulDelete { owner, pod } => {
            let message = match owner.kind {
                Kind::StatefulSet => format!("Delete Pod {pod} in StatefulSet {} successful", owner.name),
                _ => format!("Deleted pod: {pod}"),
            };
            normal(controller(&owner.kind), "SuccessfulDelete", message)
        }
        LogEntry::SuccessfulCreateClaim { owner, pod, claim } => {
            let message = format!("Create Claim {claim} Pod {pod} in StatefulSet {} success", owner.name);
            normal(controller(&owner.kind), "SuccessfulCreate", message)
        }
        LogEntry::ScalingReplicaSet { replica_set, from, to, .. } => {
            let way = if from < to { "up" } else { "down" };
            let message = format!("Scaled {way} replica set {replica_set} from {from} to {to}");
            normal("deployment-controller", "ScalingReplicaSet", message)
        }
        LogEntry::EndedDaemonPod { pod, node, phase, .. } => {
            let (ended, plan) = match phase {
                Phase::Failed => ("failed", "kill"),
                Phase::Pending | Phase::Running | Phase::Succeeded => ("succeeded", "delete"),
            };
            let message = format!("Found {ended} daemon pod {pod} on node {node}, will try to {plan} it");
            match phase {
                Phase::Failed => warning("daemonset-controller", "FailedDaemonPod", message),
                Phase::Pending | Phase::Running | Phase::Succeeded => {
                    normal("daemonset-controller", "SucceededDaemonPod", message)
                }
            }
        }
        _ => None,
    }
}

fn controller(kind: &Kind) -> &'static str {
    match kind {
        Kind::ReplicaSet => "replicaset-controller",
        Kind::ReplicationController => "replication-controller",
        Kind::StatefulSet => "statefulset-controller",
        Kind::DaemonSet => "daemonset-controller",
        Kind::Job => "job-controller",
        Kind::CronJob => "cronjob-controller",
        Kind::Deployment
        | Kind::Service
        | Kind::ControllerRevision
        | Kind::PodDisruptionBudget
        | Kind::Pod
        | Kind::EndpointSlice
        | Kind::Endpoints
        | Kind::Node
        | Kind::Namespace
        | Kind::PriorityClass
        | Kind::Other(_) => "controllermanager",
    }
}

/// pkg/controller/job/job_controller.go, cronjob/cronjob_controllerv2.go.
fn of_job(entry: &LogEntry) -> Option<Said> {
    const JOB: &str = "job-controller";
    const CRON_JOB: &str = "cronjob-controller";
    match entry {
        LogEntry::JobCompleted { .. } => normal(JOB, "Completed", "Job completed".into()),
        LogEntry::JobFailed { reason, message, .. } => warning(JOB, reason, message.to_string()),
        LogEntry::JobSuspended { suspended: true, .. } => normal(JOB, "Suspended", "Job suspended".into()),
        LogEntry::JobSuspended { suspended: false, .. } => normal(JOB, "Resumed", "Job resumed".into()),
        LogEntry::CreatedJob { job, .. } => {
            normal(CRON_JOB, "SuccessfulCreate", format!("Created job {job}"))
        }
        LogEntry::DeletedJob { job, .. } => {
            normal(CRON_JOB, "SuccessfulDelete", format!("Deleted job {job}"))
        }
        LogEntry::SawCompletedJob { job, succeeded, .. } => {
            let condition = if *succeeded { "Complete" } else { "Failed" };
            let message = format!("Saw completed job: {job}, condition: {condition}");
            normal(CRON_JOB, "SawCompletedJob", message)
        }
        LogEntry::JobAlreadyActive { .. } => normal(
            CRON_JOB,
            "JobAlreadyActive",
            "Not starting job because prior execution is running and concurrency policy is Forbid".into(),
        ),
        _ => None,
    }
}

/// pkg/kubelet: kuberuntime_container.go, images/image_manager.go, prober/prober.go, active_deadline.go.
fn of_kubelet(entry: &LogEntry) -> Option<Said> {
    match entry {
        LogEntry::NoPodAddress { .. } => warning(
            KUBELET,
            "FailedCreatePodSandBox",
            "Failed to create pod sandbox: no address of the node's Pod range is free".into(),
        ),
        LogEntry::Pulled { container, image, .. } => {
            let is_there = format!(
                "Container image {image:?} already present on machine and can be accessed by the pod"
            );
            of_container(container, normal(KUBELET, "Pulled", is_there))
        }
        LogEntry::Created { container, .. } => {
            of_container(container, normal(KUBELET, "Created", "Container created".into()))
        }
        LogEntry::Started { container, .. } => {
            of_container(container, normal(KUBELET, "Started", "Container started".into()))
        }
        LogEntry::Unhealthy { container, probe, why, .. } => {
            let message = format!("{} probe failed: {}", probe_name(*probe), probe_failure(*why));
            of_container(container, warning(KUBELET, "Unhealthy", message))
        }
        LogEntry::BackOff { pod, container } => {
            let message = format!(
                "Back-off restarting failed container {container} in pod {}_{}",
                pod.name, pod.namespace
            );
            of_container(container, warning(KUBELET, "BackOff", message))
        }
        LogEntry::FailedPull { container, image, .. } => of_container(
            container,
            warning(KUBELET, "Failed", format!("Failed to pull image {image:?}: not found")),
        ),
        LogEntry::BackOffPull { container, image, .. } => {
            of_container(container, normal(KUBELET, "BackOff", format!("Back-off pulling image {image:?}")))
        }
        LogEntry::FailedConfiguration { container, what, .. } => {
            of_container(container, warning(KUBELET, "Failed", format!("Error: {what}")))
        }
        LogEntry::FailedMount { volume, what, .. } => {
            let message = format!("MountVolume.SetUp failed for volume \"{volume}\" : {what} not found");
            warning(KUBELET, "FailedMount", message)
        }
        LogEntry::DeadlineExceeded { .. } => warning(
            KUBELET,
            "DeadlineExceeded",
            "Pod was active on the node longer than the specified deadline".into(),
        ),
        LogEntry::Killing { container, why, .. } => {
            let message = match why {
                KillReason::Stopped => format!("Stopping container {container}"),
                KillReason::LivenessProbe => {
                    format!("Container {container} failed liveness probe, will be restarted")
                }
                KillReason::StartupProbe => {
                    format!("Container {container} failed startup probe, will be restarted")
                }
                KillReason::DefinitionChanged => {
                    format!("Container {container} definition changed, will be restarted")
                }
            };
            of_container(container, normal(KUBELET, "Killing", message))
        }
        _ => None,
    }
}

fn probe_name(probe: ProbeKind) -> &'static str {
    match probe {
        ProbeKind::Startup => "Startup",
        ProbeKind::Liveness => "Liveness",
        ProbeKind::Readiness => "Readiness",
    }
}

fn probe_failure(why: ProbeFailure) -> String {
    match why {
        ProbeFailure::Refused { port } => format!("connection refused on port {port}"),
        ProbeFailure::Command => "command failed".into(),
        ProbeFailure::Forced => "made to fail".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cluster::api::NsName;

    fn logged(seconds: u64, entry: LogEntry) -> Logged {
        Logged { at: Time(seconds * 1_000_000_000), entry }
    }

    #[test]
    fn the_same_event_again_is_counted() {
        let pod = || NsName::new("default", "web-1");
        let back_off = || LogEntry::BackOff { pod: pod(), container: "web".into() };
        let log = [
            logged(1, LogEntry::Scheduled { pod: pod(), node: "node-1".into() }),
            logged(2, back_off()),
            logged(3, LogEntry::Ready { pod: pod(), ready: true }),
            logged(9, back_off()),
        ];
        let [scheduled, back_off] = &events(log.iter())[..] else { panic!("two events") };
        assert_eq!(scheduled.message, "Successfully assigned default/web-1 to node-1");
        assert_eq!((scheduled.type_(), scheduled.count), ("Normal", 1));
        assert_eq!((back_off.type_(), back_off.count), ("Warning", 2));
        assert_eq!((back_off.first.0, back_off.last.0), (2_000_000_000, 9_000_000_000));
    }
}
