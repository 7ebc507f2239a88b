//! The log as the API server's Events, in upstream's own words: what `kubectl get events` lists. What no controller,
//! scheduler or kubelet would say is none.
//!
//! A kubelet passes on what a network, a registry or a container runtime answered. There is none here, so those
//! sentences, and they alone, are our own: why a probe failed (`pod_events::probe_failure`), why an image was not
//! pulled and why a sandbox was not made (`pull_failed`, `no_sandbox`).

use std::collections::BTreeMap;

use cluster::api::{ConditionStatus, Kind, Name, NsName, ObjectRef, Phase, ProbeKind, Uid, WaitingReason};
use cluster::control::listed;
use cluster::node::kubelet::ProbeFailure;
use cluster::sim::{KillReason, LogEntry, Logged, LoggedContainer, Time};

use crate::diagnosis::probe_kind;
use crate::pod_events::{self, probe_failure};
use crate::refusal;

/// A `v1` Event. The same event again is counted, as client-go's EventCorrelator does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub about: ObjectRef,
    /// The container that it is about.
    pub container: Option<LoggedContainer>,
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
    // For a Pod that is gone, how many events had been said: another of its name has events of its own.
    let mut gone = BTreeMap::<ObjectRef, usize>::new();
    for logged in log {
        if let LogEntry::PodGone { pod } = &logged.entry {
            gone.insert(ObjectRef::of_key(Kind::Pod, pod), events.len());
        }
        for said in said(&logged.entry) {
            let Some(event) = event(logged, said) else { continue };
            let since = gone.get(&event.about).copied().unwrap_or(0);
            match events[since..].iter_mut().find(|earlier| earlier.is_again(&event)) {
                Some(earlier) => {
                    earlier.count += 1;
                    earlier.last = event.last;
                }
                None => events.push(event),
            }
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
    container: Option<LoggedContainer>,
}

fn event(logged: &Logged, said: Said) -> Option<Event> {
    let Said { is_warning, reason, message, component, container } = said;
    let about = logged.entry.about()?;
    let at = logged.at;
    Some(Event { about, container, is_warning, reason, message, component, count: 1, first: at, last: at })
}

fn normal(component: &'static str, reason: &str, message: impl Into<String>) -> Option<Said> {
    let (reason, message) = (reason.into(), message.into());
    Some(Said { is_warning: false, reason, message, component, container: None })
}

fn warning(component: &'static str, reason: &str, message: impl Into<String>) -> Option<Said> {
    normal(component, reason, message).map(|said| Said { is_warning: true, ..said })
}

/// What a kubelet says of a container.
fn of(container: &LoggedContainer, reason: &str, message: impl Into<String>) -> Option<Said> {
    normal(KUBELET, reason, message).map(|said| Said { container: Some(container.clone()), ..said })
}

fn warning_of(container: &LoggedContainer, reason: &str, message: impl Into<String>) -> Option<Said> {
    of(container, reason, message).map(|said| Said { is_warning: true, ..said })
}

const SCHEDULER: &str = "default-scheduler";
const KUBELET: &str = "kubelet";
const SERVICE: &str = "service-controller";
const METALLB_CONTROLLER: &str = "metallb-controller";
const METALLB_SPEAKER: &str = "metallb-speaker";
const JOB: &str = "job-controller";
const CRON_JOB: &str = "cronjob-controller";

/// pkg/controller: controller_utils.go, statefulset/stateful_pod_control.go, deployment/sync.go,
/// daemon/daemon_controller.go, job/job_controller.go, cronjob/cronjob_controllerv2.go,
/// tainteviction/taint_eviction.go; pkg/kubelet: kuberuntime/kuberuntime_container.go, images/image_manager.go,
/// prober/prober.go, active_deadline.go. MetalLB: controller/service.go, speaker/main.go.
fn said(entry: &LogEntry) -> Vec<Said> {
    let one = match entry {
        LogEntry::Scheduled { pod, node } => {
            normal(SCHEDULER, "Scheduled", format!("Successfully assigned {pod} to {node}"))
        }
        LogEntry::FailedScheduling { error, .. } => warning(SCHEDULER, "FailedScheduling", error.to_string()),
        LogEntry::FailedCreate { owner, refusal: why } => {
            warning(controller(&owner.kind), "FailedCreate", format!("Error creating: {}", refusal(why)))
        }
        LogEntry::SuccessfulCreate { owner, pod } => {
            normal(controller(&owner.kind), "SuccessfulCreate", pod_was(owner, pod, ["Create", "Created"]))
        }
        LogEntry::SuccessfulDelete { owner, pod } => {
            normal(controller(&owner.kind), "SuccessfulDelete", pod_was(owner, pod, ["Delete", "Deleted"]))
        }
        LogEntry::SuccessfulCreateClaim { owner, pod, claim } => {
            let message = format!("Create Claim {claim} Pod {pod} in StatefulSet {} success", owner.name);
            normal(controller(&owner.kind), "SuccessfulCreate", message)
        }
        LogEntry::ScalingReplicaSet { replica_set, from, to, .. } => scaling(replica_set, *from, *to),
        LogEntry::EndedDaemonPod { pod, node, phase, .. } => ended_daemon_pod(pod, node, *phase),
        LogEntry::JobCompleted { .. } => normal(JOB, "Completed", "Job completed"),
        LogEntry::JobFailed { reason, message, .. } => warning(JOB, reason, &**message),
        LogEntry::JobSuspended { suspended: true, .. } => normal(JOB, "Suspended", "Job suspended"),
        LogEntry::JobSuspended { suspended: false, .. } => normal(JOB, "Resumed", "Job resumed"),
        LogEntry::CreatedJob { job, .. } => {
            normal(CRON_JOB, "SuccessfulCreate", format!("Created job {job}"))
        }
        LogEntry::DeletedJob { job, .. } => {
            normal(CRON_JOB, "SuccessfulDelete", format!("Deleted job {job}"))
        }
        LogEntry::SawCompletedJob { job, succeeded, .. } => {
            let condition = if *succeeded { "Complete" } else { "Failed" };
            normal(CRON_JOB, "SawCompletedJob", format!("Saw completed job: {job}, condition: {condition}"))
        }
        LogEntry::JobAlreadyActive { .. } => normal(
            CRON_JOB,
            "JobAlreadyActive",
            "Not starting job because prior execution is running and concurrency policy is Forbid",
        ),
        LogEntry::NoPodAddress { .. } => no_sandbox(),
        LogEntry::Pulled { container, image, .. } => of(container, "Pulled", is_present(image)),
        LogEntry::Created { container, .. } => of(container, "Created", "Container created"),
        LogEntry::Started { container, .. } => of(container, "Started", "Container started"),
        LogEntry::Unhealthy { container, probe, why, .. } => unhealthy(container, *probe, *why),
        LogEntry::BackOff { pod, uid, container } => back_off(pod, *uid, container),
        LogEntry::FailedPull { container, image, policy_is_never: true, .. } => {
            return never_pulled(container, image);
        }
        LogEntry::FailedPull { container, image, policy_is_never: false, .. } => {
            return pull_failed(container, image);
        }
        LogEntry::BackOffPull { container, image, .. } => return pull_backs_off(container, image),
        LogEntry::FailedConfiguration { container, what, .. } => {
            warning_of(container, "Failed", format!("Error: {what}"))
        }
        LogEntry::FailedMount { volume, what, .. } => {
            warning(KUBELET, "FailedMount", pod_events::failed_mount(volume, what))
        }
        LogEntry::DeadlineExceeded { .. } => {
            let message = "Pod was active on the node longer than the specified deadline";
            warning(KUBELET, "DeadlineExceeded", message)
        }
        LogEntry::Killing { container, why, .. } => of(container, "Killing", killing(container, *why)),
        LogEntry::PodRejected { reason, message, .. } => warning(KUBELET, reason, &**message),
        LogEntry::TaintManagerEviction { pod, cancelled } => {
            normal("taint-eviction-controller", "TaintManagerEviction", taint_eviction(pod, *cancelled))
        }
        LogEntry::NodeCondition { node, condition } => node_condition(node, *condition),
        LogEntry::EnsuringLoadBalancer { .. } => {
            normal(SERVICE, "EnsuringLoadBalancer", "Ensuring load balancer")
        }
        LogEntry::EnsuredLoadBalancer { .. } => {
            normal(SERVICE, "EnsuredLoadBalancer", "Ensured load balancer")
        }
        LogEntry::DeletingLoadBalancer { .. } => {
            normal(SERVICE, "DeletingLoadBalancer", "Deleting load balancer")
        }
        LogEntry::DeletedLoadBalancer { .. } => {
            normal(SERVICE, "DeletedLoadBalancer", "Deleted load balancer")
        }
        LogEntry::IpAllocated { ips, additional: false, .. } => {
            normal(METALLB_CONTROLLER, "IPAllocated", format!("Assigned IP {}", listed(ips)))
        }
        LogEntry::IpAllocated { ips, additional: true, .. } => {
            let ip = ips.first().map(ToString::to_string).unwrap_or_default();
            normal(METALLB_CONTROLLER, "IPAllocated", format!("Assigned additional IP \"{ip}\""))
        }
        LogEntry::AllocationFailed { service, error, keeps: false } => {
            let message = format!("Failed to allocate IP for \"{service}\": {error}");
            warning(METALLB_CONTROLLER, "AllocationFailed", message)
        }
        LogEntry::AllocationFailed { error, keeps: true, .. } => {
            let message = format!("invalid requested loadbalancer IPs: {error}");
            warning(METALLB_CONTROLLER, "LoadBalancerFailed", message)
        }
        LogEntry::NodeAssigned { node, .. } => {
            let message = format!("announcing from node \"{node}\" with protocol \"layer2\"");
            normal(METALLB_SPEAKER, "nodeAssigned", message)
        }
        // These are seen in objects, not said.
        LogEntry::Did { .. }
        | LogEntry::ClientsBegan { .. }
        | LogEntry::Refused { .. }
        | LogEntry::Warned { .. }
        | LogEntry::EvictionRefused { .. }
        | LogEntry::Ready { .. }
        | LogEntry::Crashed { .. }
        | LogEntry::Completed { .. }
        | LogEntry::PodGone { .. }
        | LogEntry::OrphanedPod { .. }
        | LogEntry::NamespaceGone { .. }
        | LogEntry::SliceChanged { .. }
        | LogEntry::ProxySynced { .. }
        | LogEntry::ProxySyncFailed { .. } => None,
    };
    one.into_iter().collect()
}

fn controller(kind: &Kind) -> &'static str {
    match kind {
        Kind::ReplicaSet => "replicaset-controller",
        Kind::ReplicationController => "replication-controller",
        Kind::StatefulSet => "statefulset-controller",
        Kind::DaemonSet => "daemonset-controller",
        Kind::Job => JOB,
        Kind::CronJob => CRON_JOB,
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
        | Kind::ServiceCidr
        | Kind::Other(_) => "controllermanager",
    }
}

/// A StatefulSet's controller has words of its own: `Create Pod db-0 in StatefulSet db successful`.
fn pod_was(owner: &ObjectRef, pod: &Name, [does, did]: [&str; 2]) -> String {
    match owner.kind == Kind::StatefulSet {
        true => format!("{does} Pod {pod} in StatefulSet {} successful", owner.name),
        false => format!("{did} pod: {pod}"),
    }
}

fn scaling(replica_set: &Name, from: u32, to: u32) -> Option<Said> {
    let way = if from < to { "up" } else { "down" };
    let message = format!("Scaled {way} replica set {replica_set} from {from} to {to}");
    normal("deployment-controller", "ScalingReplicaSet", message)
}

fn ended_daemon_pod(pod: &NsName, node: &Name, phase: Phase) -> Option<Said> {
    let found = |ended, plan| format!("Found {ended} daemon pod {pod} on node {node}, will try to {plan} it");
    match phase {
        Phase::Failed => warning("daemonset-controller", "FailedDaemonPod", found("failed", "kill")),
        Phase::Pending | Phase::Running | Phase::Succeeded => {
            normal("daemonset-controller", "SucceededDaemonPod", found("succeeded", "delete"))
        }
    }
}

fn no_sandbox() -> Option<Said> {
    let message = "Failed to create pod sandbox: no address of the node's Pod range is free";
    warning(KUBELET, "FailedCreatePodSandBox", message)
}

fn is_present(image: &str) -> String {
    format!("Container image {image:?} already present on machine and can be accessed by the pod")
}

/// images/image_manager.go, EnsureImageExists; then kuberuntime_container.go, startContainer.
fn pull_failed(container: &LoggedContainer, image: &str) -> Vec<Said> {
    let pulling = of(container, "Pulling", format!("Pulling image {image:?}"));
    let failed = warning_of(container, "Failed", format!("Failed to pull image {image:?}: not found"));
    [pulling, failed, not_created(container, WaitingReason::ErrImagePull)].into_iter().flatten().collect()
}

fn never_pulled(container: &LoggedContainer, image: &str) -> Vec<Said> {
    let reason = WaitingReason::ErrImageNeverPull;
    let message = format!("Container image {image:?} is not present with pull policy of Never");
    let said = warning_of(container, reason.as_str(), message);
    [said, not_created(container, reason)].into_iter().flatten().collect()
}

fn pull_backs_off(container: &LoggedContainer, image: &str) -> Vec<Said> {
    let said = of(container, "BackOff", format!("Back-off pulling image {image:?}"));
    [said, not_created(container, WaitingReason::ImagePullBackOff)].into_iter().flatten().collect()
}

fn not_created(container: &LoggedContainer, why: WaitingReason) -> Option<Said> {
    warning_of(container, "Failed", format!("Error: {}", why.as_str()))
}

fn unhealthy(container: &LoggedContainer, probe: ProbeKind, why: ProbeFailure) -> Option<Said> {
    let kind = probe_kind(probe);
    let (first, rest) = kind.split_at(1);
    let message = format!("{}{rest} probe failed: {}", first.to_ascii_uppercase(), probe_failure(why));
    warning_of(container, "Unhealthy", message)
}

/// kuberuntime_manager.go, doBackOff; the Pod as util/format names it.
fn back_off(pod: &NsName, uid: Uid, container: &LoggedContainer) -> Option<Said> {
    let pod = format!("{}_{}({})", pod.name, pod.namespace, uid.to_uuid());
    warning_of(container, "BackOff", format!("Back-off restarting failed container {container} in pod {pod}"))
}

fn killing(container: &LoggedContainer, why: KillReason) -> String {
    let restarted = |why| format!("Container {container} {why}, will be restarted");
    match why {
        KillReason::Stopped => format!("Stopping container {container}"),
        KillReason::LivenessProbe => restarted("failed liveness probe"),
        KillReason::StartupProbe => restarted("failed startup probe"),
        KillReason::DefinitionChanged => restarted("definition changed"),
    }
}

/// taint_eviction.go: emitPodDeletionEvent, emitCancelPodDeletionEvent.
pub(crate) fn taint_eviction(pod: &NsName, cancelled: bool) -> String {
    let does = if cancelled { "Cancelling deletion of Pod" } else { "Marking for deletion Pod" };
    format!("{does} {pod}")
}

fn node_condition(node: &Name, condition: ConditionStatus) -> Option<Said> {
    match condition {
        ConditionStatus::True => {
            normal(KUBELET, "NodeReady", format!("Node {node} status is now: NodeReady"))
        }
        ConditionStatus::False | ConditionStatus::Unknown => {
            normal("node-controller", "NodeNotReady", format!("Node {node} status is now: NodeNotReady"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cluster::api::{NsName, Prerequisite};
    use cluster::node::kubelet::MissingConfiguration;

    fn logged(seconds: u64, entry: LogEntry) -> Logged {
        Logged { at: Time(seconds * 1_000_000_000), entry }
    }

    #[test]
    fn the_same_event_again_is_counted() {
        let pod = || NsName::new("default", "web-1");
        let container = LoggedContainer { name: "web".into(), is_init: true };
        let back_off = || LogEntry::BackOff { pod: pod(), uid: Uid(7), container: container.clone() };
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
        let uid = Uid(7).to_uuid();
        assert_eq!(
            back_off.message,
            format!("Back-off restarting failed container web in pod web-1_default({uid})")
        );
        assert_eq!(back_off.container.as_ref(), Some(&container));
        assert_eq!((back_off.first.0, back_off.last.0), (2_000_000_000, 9_000_000_000));
    }

    #[test]
    fn another_pod_of_the_same_name_has_events_of_its_own() {
        let pod = || NsName::new("default", "db-0");
        let scheduled = || LogEntry::Scheduled { pod: pod(), node: "node-1".into() };
        let log =
            [logged(1, scheduled()), logged(5, LogEntry::PodGone { pod: pod() }), logged(6, scheduled())];
        let counts: Vec<(u32, u64)> = events(log.iter()).iter().map(|e| (e.count, e.first.0)).collect();
        assert_eq!(counts, [(1, 1_000_000_000), (1, 6_000_000_000)]);
    }

    #[test]
    fn what_cannot_be_had_is_said_as_a_kubelet_says_it() {
        let (pod, image) = (NsName::new("default", "web-1"), "web:2");
        let container = || LoggedContainer { name: "web".into(), is_init: false };
        let failed = |policy_is_never| LogEntry::FailedPull {
            pod: pod.clone(),
            container: container(),
            image: image.into(),
            policy_is_never,
        };
        let back_off =
            LogEntry::BackOffPull { pod: pod.clone(), container: container(), image: image.into() };
        let map = Prerequisite::ConfigMap(NsName::new("default", "settings"));
        let mount = |what| LogEntry::FailedMount { pod: pod.clone(), volume: "conf".into(), what };
        let object = MissingConfiguration::Object(map.clone());
        let key = MissingConfiguration::Key { object: map, key: "log".into() };
        let log =
            [failed(false), back_off, failed(true), mount(object), mount(key)].map(|entry| logged(1, entry));
        let said: Vec<String> =
            events(log.iter()).iter().map(|e| format!("{} {}: {}", e.type_(), e.reason, e.message)).collect();
        let expected = [
            "Normal Pulling: Pulling image \"web:2\"",
            "Warning Failed: Failed to pull image \"web:2\": not found",
            "Warning Failed: Error: ErrImagePull",
            "Normal BackOff: Back-off pulling image \"web:2\"",
            "Warning Failed: Error: ImagePullBackOff",
            "Warning ErrImageNeverPull: Container image \"web:2\" is not present with pull policy of Never",
            "Warning Failed: Error: ErrImageNeverPull",
            "Warning FailedMount: MountVolume.SetUp failed for volume \"conf\" : configmap \"settings\" not found",
            "Warning FailedMount: MountVolume.SetUp failed for volume \"conf\" : references non-existent config key: log",
        ];
        assert_eq!(said, expected);
    }

    #[test]
    fn a_probe_begins_the_sentence_that_says_why_it_failed() {
        let container = LoggedContainer { name: "web".into(), is_init: false };
        let why = ProbeFailure::Refused { port: 80 };
        let said = unhealthy(&container, ProbeKind::Readiness, why).expect("it is said");
        assert_eq!(said.message, "Readiness probe failed: connection refused on port 80");
    }
}
