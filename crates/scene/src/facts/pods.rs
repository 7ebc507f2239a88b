//! Pods.

use cluster::api::{Kind, NsName, ObjectRef, OwnerRef, Pod, SET_BY_CONTROLLERS, Str, Uid, WaitingReason};
use cluster::diagnosis::{AskedPort, ContainerTrouble, Ending, NotReady};
use cluster::sim::World;
use litemap::LiteMap;

use super::SystemObjects;
use super::outside::Call;

/// As kubectl's column STATUS tells them apart, and a little more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PodState {
    Pending,
    SchedulingGated,
    Creating,
    /// So many of its init containers have ended well; and why the next one does not go on, if so.
    Init {
        done: u32,
        of: u32,
        held: Option<Held>,
    },
    Ready,
    NotReady,
    /// Its preStop hook runs.
    PreStop,
    Terminating,
    /// Its kubelet did not take it, for this reason: `OutOfcpu`.
    Rejected(Str),
    /// Its process ended with an error; `true`: it waits before it is started again.
    Crashed(bool),
    /// A container is not started: not for a crash, and not because it is still being made.
    Held(WaitingReason),
    /// Its processes have ended, and none of them with an error.
    Completed,
    NodeOff,
}

/// Why an init container does not go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    Waits(WaitingReason),
    Error,
}

impl PodState {
    /// Of a Pod that lacks this, or nothing.
    pub fn of(lacks: Option<&NotReady>) -> PodState {
        let Some(why) = lacks else { return PodState::Ready };
        match why {
            NotReady::NotScheduled
            | NotReady::OtherScheduler { .. }
            | NotReady::Unschedulable { .. }
            | NotReady::NoSuchNode { .. } => PodState::Pending,
            NotReady::Gated { .. } => PodState::SchedulingGated,
            NotReady::NodeOff { .. } => PodState::NodeOff,
            NotReady::Terminating(Ending::PreStop) => PodState::PreStop,
            NotReady::Terminating(
                Ending::NotSeen | Ending::NoKubelet | Ending::Sigterm | Ending::Stopped,
            ) => PodState::Terminating,
            NotReady::Succeeded => PodState::Completed,
            NotReady::Rejected { reason, .. } => PodState::Rejected(reason.clone()),
            NotReady::Failed { .. } => PodState::Crashed(false),
            NotReady::CannotMount(_) | NotReady::Creating => PodState::Creating,
            NotReady::Init { done, of, why, .. } => PodState::Init { done: *done, of: *of, held: held(why) },
            NotReady::Container { why, .. } => of_container(why),
            NotReady::NodeNotReady { .. } | NotReady::Gate { .. } | NotReady::NotReported => {
                PodState::NotReady
            }
        }
    }
}

fn held(why: &ContainerTrouble) -> Option<Held> {
    match why {
        ContainerTrouble::Waiting { reason, .. } => match reason {
            WaitingReason::ContainerCreating | WaitingReason::PodInitializing => None,
            WaitingReason::CrashLoopBackOff
            | WaitingReason::ErrImagePull
            | WaitingReason::ImagePullBackOff
            | WaitingReason::ErrImageNeverPull
            | WaitingReason::CreateContainerConfigError => Some(Held::Waits(*reason)),
        },
        ContainerTrouble::Killed { .. } => Some(Held::Waits(WaitingReason::CrashLoopBackOff)),
        ContainerTrouble::Ended { exit_code, .. } => (*exit_code != 0).then_some(Held::Error),
        ContainerTrouble::Runs | ContainerTrouble::Probe(_) => None,
    }
}

fn of_container(why: &ContainerTrouble) -> PodState {
    match why {
        ContainerTrouble::Waiting { reason, .. } => match reason {
            WaitingReason::ContainerCreating | WaitingReason::PodInitializing => PodState::Creating,
            WaitingReason::CrashLoopBackOff => PodState::Crashed(true),
            WaitingReason::ErrImagePull
            | WaitingReason::ImagePullBackOff
            | WaitingReason::ErrImageNeverPull
            | WaitingReason::CreateContainerConfigError => PodState::Held(*reason),
        },
        ContainerTrouble::Killed { .. } => PodState::Crashed(true),
        ContainerTrouble::Ended { exit_code: 0, .. } => PodState::Completed,
        ContainerTrouble::Ended { .. } => PodState::Crashed(false),
        ContainerTrouble::Runs | ContainerTrouble::Probe(_) => PodState::NotReady,
    }
}

/// What a Pod is to the workload that made it, where its Pods are not all alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Of a StatefulSet: its number.
    Ordinal(u32),
    /// Of a DaemonSet: the one of its node.
    OfNode,
    /// Of a Job: it comes to an end.
    Task,
}

#[derive(Clone, Debug, PartialEq)]
pub struct PodFacts {
    pub uid: Uid,
    pub key: NsName,
    pub ip: Option<String>,
    pub state: PodState,
    /// What it lacks to be ready.
    pub lacks: Option<NotReady>,
    pub part: Option<Part>,
    /// It has its node's own address.
    pub host_network: bool,
    /// Ports that it is asked for and does not declare.
    pub assumed: Vec<AskedPort>,
    /// Those whose selector takes it.
    pub services: Vec<Uid>,
    pub labels: Vec<String>,
    pub node: Option<Uid>,
    /// Its ReplicaSet, StatefulSet ...
    pub owner: Option<Uid>,
    pub calls: Vec<Call>,
    pub restarts: u32,
}

impl PodFacts {
    /// Whether it comes or goes.
    pub fn is_changing(&self) -> bool {
        match self.state {
            PodState::Creating | PodState::Init { .. } | PodState::PreStop | PodState::Terminating => true,
            PodState::Ready
            | PodState::NotReady
            | PodState::Pending
            | PodState::SchedulingGated
            | PodState::Completed
            | PodState::NodeOff
            | PodState::Rejected(_)
            | PodState::Held(_)
            | PodState::Crashed(_) => false,
        }
    }

    /// How many lines tell of its calls: two clients with names of their own have one each.
    pub fn call_lines(&self) -> usize {
        let are_named = self.calls.iter().all(|call| call.name.is_some());
        match self.calls.len() {
            2 if are_named => 2,
            calls => calls.min(1),
        }
    }
}

pub(super) fn all(world: &World, system: SystemObjects, mut calls: LiteMap<Uid, Vec<Call>>) -> Vec<PodFacts> {
    let facts =
        |pod: &std::sync::Arc<Pod>| facts(world, pod, calls.remove(&pod.meta.uid).unwrap_or_default());
    let is_shown =
        |pod: &&std::sync::Arc<Pod>| system.shows(world, &ObjectRef::of_key(Kind::Pod, &pod.meta.key()));
    let mut pods: Vec<PodFacts> = world.store().pods.iter().filter(is_shown).map(facts).collect();
    pods.sort_unstable_by_key(|p| p.uid);
    pods
}

/// Without those of which somebody said what they are.
pub(super) fn assumed(asked: Vec<AskedPort>) -> Vec<AskedPort> {
    asked.into_iter().filter(|asked| asked.taken_for.is_assumed()).collect()
}

fn facts(world: &World, pod: &Pod, calls: Vec<Call>) -> PodFacts {
    let meta = &pod.meta;
    let services = world.store().services.iter();
    let runtime = world.pod_runtime(meta.uid);
    let node = pod.spec.node_name.as_deref().and_then(|name| world.store().node(name));
    // The kubelet knows the address before the API server does.
    let ip = runtime.and_then(|r| r.addresses).or(pod.status.pod_ips).map(|ips| *ips.primary());
    let lacks = world.not_ready(pod);
    PodFacts {
        uid: meta.uid,
        key: meta.key(),
        ip: ip.map(|ip| ip.to_string()),
        state: PodState::of(lacks.as_ref()),
        lacks,
        part: meta.owner.as_ref().and_then(|owner| part(pod, owner)),
        host_network: pod.spec.host_network,
        assumed: assumed(world.ports_asked_of(pod)),
        services: services.filter(|s| s.selects(&meta.namespace, &meta.labels)).map(|s| s.meta.uid).collect(),
        labels: labels(world, pod),
        node: node.map(|n| n.meta.uid),
        owner: meta.owner.as_ref().map(|o| o.uid),
        calls,
        restarts: pod.status.restarts(),
    }
}

fn part(pod: &Pod, owner: &OwnerRef) -> Option<Part> {
    match owner.kind {
        Kind::StatefulSet => {
            let (_, ordinal) = pod.meta.name.rsplit_once('-')?;
            Some(Part::Ordinal(ordinal.parse().ok()?))
        }
        Kind::DaemonSet => Some(Part::OfNode),
        Kind::Job => Some(Part::Task),
        Kind::Service
        | Kind::Deployment
        | Kind::ReplicaSet
        | Kind::ReplicationController
        | Kind::ControllerRevision
        | Kind::CronJob
        | Kind::PodDisruptionBudget
        | Kind::Pod
        | Kind::EndpointSlice
        | Kind::Endpoints
        | Kind::Node
        | Kind::Namespace
        | Kind::PriorityClass
        | Kind::ServiceCidr
        | Kind::Other(_) => None,
    }
}

/// Labels that a selector uses come first, since users change those most often. Of the others, those that controllers
/// set are left out.
fn labels(world: &World, pod: &Pod) -> Vec<String> {
    let selected = |key: &str| {
        let mut services = world.store().services.iter();
        services.any(|s| s.spec.selector.as_ref().is_some_and(|selector| selector.contains_key(key)))
    };
    let shown = |key: &str| selected(key) || !SET_BY_CONTROLLERS.contains(&key);
    let labels = pod.meta.labels.iter().filter(|(key, _)| shown(key));
    let (first, others): (Vec<_>, Vec<_>) = labels.partition(|(key, _)| selected(key));
    first.into_iter().chain(others).map(|(key, value)| format!("{key}={value}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use cluster::api::parse;
    use cluster::sim::{Run, Span, Time};

    fn state_of_a_job(exit_code: u8) -> PodState {
        let text = format!(
            "{{apiVersion: batch/v1, kind: Job, metadata: {{name: once}}, spec: {{backoffLimit: 0, template: {{spec: \
             {{restartPolicy: Never, containers: [{{name: c, image: busybox}}]}}}}}}}}\n---\n\
             {{apiVersion: packetyard/v1alpha1, kind: Scenario, spec: {{clients: [], apps: [{{of: Job/once, \
             exits: {{after: 1s, code: {exit_code}}}}}]}}}}"
        );
        let (mut run, refusals) = Run::new(&parse(&text), Some(7));
        assert_eq!(refusals, []);
        assert!(run.advance_to(Time::ZERO + Span::from_secs(20), u64::MAX));
        let pod = run.world().store().pods.iter().next().expect("the Job keeps its Pod");
        PodState::of(run.world().not_ready(pod).as_ref())
    }

    /// The Pods of a text half a minute in: name, state, part, and whether it has its node's address.
    fn pods(text: &str) -> Vec<(String, PodState, Option<Part>, bool)> {
        pods_of(
            &[text, "---\n{apiVersion: packetyard/v1alpha1, kind: Scenario, spec: {clients: []}}"].concat(),
        )
    }

    fn pods_of(text: &str) -> Vec<(String, PodState, Option<Part>, bool)> {
        let (mut run, refusals) = Run::new(&parse(text), Some(7));
        assert_eq!(refusals, []);
        run.advance_to(Time::ZERO + Span::from_secs(30), u64::MAX);
        let all = all(run.world(), SystemObjects::Hidden, LiteMap::new()).into_iter();
        all.map(|p| (p.key.name.to_string(), p.state, p.part, p.host_network)).collect()
    }

    fn workload(kind: &str, spec: &str) -> String {
        format!(
            "{{apiVersion: apps/v1, kind: {kind}, metadata: {{name: db}}, spec: {{selector: {{matchLabels: {{app: db}}}}, \
             template: {{metadata: {{labels: {{app: db}}}}, spec: {{{spec}, containers: [{{name: c, image: i}}]}}}}}}}}\n"
        )
    }

    #[test]
    fn each_pod_says_what_it_is_to_its_workload() {
        let found = pods(&workload("StatefulSet", "hostNetwork: false"));
        assert_eq!(found, [("db-0".into(), PodState::Ready, Some(Part::Ordinal(0)), false)]);
        let found = pods(&workload("DaemonSet", "hostNetwork: true"));
        assert_eq!(found.len(), 3);
        let is_so = |(_, state, part, host): &(String, PodState, Option<Part>, bool)| {
            (state, part, *host) == (&PodState::Ready, &Some(Part::OfNode), true)
        };
        assert!(found.iter().all(is_so), "{found:?}");
    }

    /// Nothing serves on 9, so the sidecar's startup probe fails: its container is not started.
    #[test]
    fn a_pod_that_initializes_counts_its_init_containers() {
        let init = "initContainers: [{name: a, image: i}, {name: b, image: i, restartPolicy: Always, \
            startupProbe: {tcpSocket: {port: 9}, failureThreshold: 100}, ports: [{containerPort: 8}]}]";
        let refuses = "---\n{apiVersion: packetyard/v1alpha1, kind: Scenario, spec: {clients: [], apps: [{of: \
            Deployment/db, refuses: [9]}]}}\n";
        let found = pods_of(&[&*workload("Deployment", init), refuses].concat());
        let [(_, state, None, false)] = &found[..] else { panic!("one Pod: {found:?}") };
        assert_eq!(*state, PodState::Init { done: 1, of: 2, held: None });
    }

    /// `kubectl get pods` has these words, too.
    #[test]
    fn a_pod_that_is_gated_or_rejected_says_so() {
        let pod =
            |spec: &str| format!("{{apiVersion: v1, kind: Pod, metadata: {{name: p}}, spec: {{{spec}}}}}\n");
        let large = "containers: [{name: c, image: i, resources: {requests: {cpu: 100}}}]";
        for (spec, expected) in [
            (format!("schedulingGates: [{{name: a.com/g}}], {large}"), PodState::SchedulingGated),
            (format!("nodeName: node-1, {large}"), PodState::Rejected("OutOfcpu".into())),
        ] {
            let found = pods(&pod(&spec));
            assert_eq!(found[0].1, expected, "{spec}");
        }
    }

    #[test]
    fn what_is_asked_of_one_pod_of_a_workload_is_not_asked_of_all() {
        let set = workload("StatefulSet", "hostNetwork: false");
        let set = set.replace("spec: {selector", "spec: {replicas: 2, selector");
        let set = set.replace("image: i", "image: i, ports: [{containerPort: 9000}]");
        let service = "---\n{apiVersion: v1, kind: Service, metadata: {name: one}, spec: {selector: \
            {statefulset.kubernetes.io/pod-name: db-1}, ports: [{port: 80}]}}\n";
        let quiet = "---\n{apiVersion: packetyard/v1alpha1, kind: Scenario, spec: {clients: []}}";
        let (mut run, _) = Run::new(&parse(&[&*set, service, quiet].concat()), Some(7));
        run.advance_to(Time::ZERO + Span::from_secs(30), u64::MAX);
        let assumed = |pod: PodFacts| (pod.key.name.to_string(), pod.assumed.len());
        let found: Vec<_> =
            all(run.world(), SystemObjects::Hidden, LiteMap::new()).into_iter().map(assumed).collect();
        assert_eq!(found, [("db-0".to_string(), 0), ("db-1".to_string(), 1)]);
    }

    #[test]
    fn what_a_pod_lacks_gives_its_state() {
        let waits = |reason| ContainerTrouble::Waiting { reason, message: None, restarts: 1 };
        let container = |why| NotReady::Container { container: "c".into(), why };
        let init = |why| NotReady::Init { done: 0, of: 2, container: "c".into(), why };
        for (lacks, expected) in [
            (NotReady::Unschedulable { message: "0/3".into() }, PodState::Pending),
            (NotReady::Gated { gate: "example.com/g".into() }, PodState::SchedulingGated),
            (
                NotReady::Rejected { reason: "OutOfcpu".into(), message: None },
                PodState::Rejected("OutOfcpu".into()),
            ),
            (NotReady::Terminating(Ending::PreStop), PodState::PreStop),
            (NotReady::Terminating(Ending::NoKubelet), PodState::Terminating),
            (NotReady::Succeeded, PodState::Completed),
            (
                container(waits(WaitingReason::ImagePullBackOff)),
                PodState::Held(WaitingReason::ImagePullBackOff),
            ),
            (container(waits(WaitingReason::CrashLoopBackOff)), PodState::Crashed(true)),
            (container(waits(WaitingReason::ContainerCreating)), PodState::Creating),
            (init(ContainerTrouble::Runs), PodState::Init { done: 0, of: 2, held: None }),
            (
                init(waits(WaitingReason::ErrImagePull)),
                PodState::Init { done: 0, of: 2, held: Some(Held::Waits(WaitingReason::ErrImagePull)) },
            ),
        ] {
            assert_eq!(PodState::of(Some(&lacks)), expected, "{lacks:?}");
        }
        assert_eq!(PodState::of(None), PodState::Ready);
    }

    #[test]
    fn a_pod_that_ended_well_has_no_error() {
        assert_eq!(state_of_a_job(0), PodState::Completed);
        assert_eq!(state_of_a_job(1), PodState::Crashed(false));
    }
}
