//! Pods.

use cluster::api::{NsName, Pod, Uid};
use cluster::node::kubelet::Process;
use cluster::sim::World;
use litemap::LiteMap;

use super::outside::Call;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PodState {
    Pending,
    Creating,
    Ready,
    NotReady,
    Terminating,
    /// Its process ended with an error; `true`: it waits before it is started again.
    Crashed(bool),
    /// Its processes have ended, and none of them with an error.
    Completed,
    NodeOff,
}

#[derive(Clone, Debug, PartialEq)]
pub struct PodFacts {
    pub uid: Uid,
    pub key: NsName,
    pub ip: Option<String>,
    pub state: PodState,
    /// Those whose selector takes it.
    pub services: Vec<Uid>,
    pub labels: Vec<String>,
    pub node: Option<Uid>,
    /// Its ReplicaSet.
    pub owner: Option<Uid>,
    pub calls: Vec<Call>,
    pub restarts: u32,
}

pub(super) fn all(world: &World, mut calls: LiteMap<Uid, Vec<Call>>) -> Vec<PodFacts> {
    let facts = |pod: &std::sync::Arc<Pod>| {
        let calls = calls.remove(&pod.meta.uid).unwrap_or_default();
        facts(world, pod, calls)
    };
    let mut pods: Vec<PodFacts> = world.store().pods.iter().map(facts).collect();
    pods.sort_unstable_by_key(|p| p.uid);
    pods
}

fn facts(world: &World, pod: &Pod, calls: Vec<Call>) -> PodFacts {
    let meta = &pod.meta;
    let services = world.store().services.iter();
    let runtime = world.pod_runtime(meta.uid);
    let node = pod.spec.node_name.as_deref().and_then(|name| world.store().node(name));
    // The kubelet knows the address before the API server does.
    let ip = runtime.and_then(|r| r.addresses).or(pod.status.pod_ips).map(|ips| *ips.primary());
    PodFacts {
        uid: meta.uid,
        key: meta.key(),
        ip: ip.map(|ip| ip.to_string()),
        state: state(world, pod),
        services: services.filter(|s| s.selects(&meta.namespace, &meta.labels)).map(|s| s.meta.uid).collect(),
        labels: labels(world, pod),
        node: node.map(|n| n.meta.uid),
        owner: meta.owner.as_ref().map(|o| o.uid),
        calls,
        restarts: pod.status.restarts(),
    }
}

fn state(world: &World, pod: &Pod) -> PodState {
    let runtime = world.pod_runtime(pod.meta.uid);
    let machine = runtime.and_then(|r| world.machines().get(&r.node));
    if machine.is_some_and(|m| !m.power) {
        return PodState::NodeOff;
    }
    if pod.meta.deleted.is_some() {
        return PodState::Terminating;
    }
    match pod.status.waiting() {
        Some("CrashLoopBackOff") => return PodState::Crashed(true),
        Some("Error") => return PodState::Crashed(false),
        Some("Completed") => return PodState::Completed,
        Some(_) | None => {}
    }
    match runtime {
        None => PodState::Pending,
        Some(_) if pod.status.is_ready() => PodState::Ready,
        Some(runtime) if runtime.main_process() != Process::Stopped => PodState::NotReady,
        Some(_) => PodState::Creating,
    }
}

/// Labels that no manifest has: a card has no room for what its Pod does not differ in.
const SET_BY_CONTROLLERS: &[&str] = &[
    "apps.kubernetes.io/pod-index",
    "batch.kubernetes.io/controller-uid",
    "batch.kubernetes.io/job-completion-index",
    "batch.kubernetes.io/job-name",
    "controller-revision-hash",
    "controller-uid",
    "job-name",
    "pod-template-generation",
    "pod-template-hash",
    "statefulset.kubernetes.io/pod-name",
    "topology.kubernetes.io/region",
    "topology.kubernetes.io/zone",
];

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

    fn state_of_a_job(exit_code: u32) -> PodState {
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
        state(run.world(), pod)
    }

    #[test]
    fn a_pod_that_ended_well_has_no_error() {
        assert_eq!(state_of_a_job(0), PodState::Completed);
        assert_eq!(state_of_a_job(1), PodState::Crashed(false));
    }
}
