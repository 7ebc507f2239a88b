//! What holds of every Pod's life, whatever is done to it.

use std::collections::BTreeMap;

use proptest::prelude::*;

use crate::support;
use cluster::api::{Action, App, Exits, Kind, NsName, ObjectRef, Phase, Pod, Prerequisite, Uid};
use cluster::node::kubelet::{ContainerRuntime, Process, Role};
use cluster::sim::{Run, Span, Time, World};

/// Two Pods with all that a Pod can have, of a Deployment and alone.
const PODS: &str = "
apiVersion: v1
kind: Pod
metadata: {name: alone}
spec:
  nodeName: node-1
  restartPolicy: OnFailure
  terminationGracePeriodSeconds: 8
  initContainers:
  - {name: first, image: i}
  - {name: proxy, image: i, restartPolicy: Always, ports: [{containerPort: 1}],
     startupProbe: {tcpSocket: {port: 1}, periodSeconds: 2}, lifecycle: {preStop: {sleep: {seconds: 3}}}}
  containers:
  - {name: web, image: i, ports: [{containerPort: 80}],
     livenessProbe: {httpGet: {port: 80}, periodSeconds: 3, failureThreshold: 2},
     readinessProbe: {httpGet: {port: 80}, periodSeconds: 2, failureThreshold: 2, successThreshold: 2}}
  - {name: other, image: i}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 5
      containers:
      - {name: web, image: j, ports: [{containerPort: 80}], envFrom: [{configMapRef: {name: c}}],
         lifecycle: {preStop: {exec: {command: [x]}}},
         readinessProbe: {exec: {command: [x]}, periodSeconds: 1}}
---
{apiVersion: packetyard/v1alpha1, kind: Scenario, spec: {clients: []}}
";

#[derive(Clone, Debug)]
enum Step {
    Readiness(u8, bool),
    Liveness(u8, bool),
    Crash(u8),
    Finish(u8, u8),
    Delete(u8),
    Exits(u8, u8),
    Drains(u8),
    Missing(u8, bool),
    Power(bool),
    CutOff(bool),
    Wait(u16),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        any::<(u8, bool)>().prop_map(|(i, pass)| Step::Readiness(i, pass)),
        any::<(u8, bool)>().prop_map(|(i, pass)| Step::Liveness(i, pass)),
        any::<u8>().prop_map(Step::Crash),
        any::<(u8, u8)>().prop_map(|(i, code)| Step::Finish(i, code % 2)),
        any::<u8>().prop_map(Step::Delete),
        any::<(u8, u8)>().prop_map(|(after, code)| Step::Exits(after % 30, code % 2)),
        any::<u8>().prop_map(|seconds| Step::Drains(seconds % 20)),
        any::<(u8, bool)>().prop_map(|(i, missing)| Step::Missing(i, missing)),
        any::<bool>().prop_map(Step::Power),
        any::<bool>().prop_map(Step::CutOff),
        (100..30_000u16).prop_map(Step::Wait),
        (100..30_000u16).prop_map(Step::Wait),
        (100..30_000u16).prop_map(Step::Wait),
    ];
    proptest::collection::vec(step, 1..20)
}

fn action(world: &World, step: &Step) -> Option<Action> {
    let pods: Vec<NsName> = world.store().pods.keys().cloned().collect();
    let pod = |i: u8| (!pods.is_empty()).then(|| pods[usize::from(i) % pods.len()].clone());
    let app = |start_up, drains, exits| App {
        of: ObjectRef { kind: Kind::Deployment, namespace: "default".into(), name: "web".into() },
        container: None,
        serves: None,
        refuses: Vec::new(),
        start_up,
        drains,
        pre_stop: Some(Span::from_secs(2)),
        exits,
    };
    let seconds = |s: u8| Span::from_secs(u64::from(s));
    Some(match *step {
        Step::Readiness(i, pass) => Action::SetReadiness { pod: pod(i)?, container: None, pass },
        Step::Liveness(i, pass) => Action::SetLiveness { pod: pod(i)?, container: None, pass },
        Step::Crash(i) => Action::CrashPod { pod: pod(i)?, container: None },
        Step::Finish(i, code) => Action::FinishPod { pod: pod(i)?, container: None, exit_code: code },
        Step::Delete(i) => {
            let NsName { namespace, name } = pod(i)?;
            Action::delete(ObjectRef { kind: Kind::Pod, namespace, name })
        }
        Step::Exits(after, code) => {
            let exits = Exits { after: seconds(after), code };
            Action::SetApp { app: app(Some(seconds(after / 2)), None, Some(exits)) }
        }
        Step::Drains(s) => Action::SetApp { app: app(None, Some(seconds(s)), None) },
        Step::Missing(i, missing) => {
            let what = ["image/i", "image/j", "cm/c"][usize::from(i) % 3];
            Action::SetMissing { what: Prerequisite::parse(what).expect("it names one"), missing }
        }
        Step::Power(on) => Action::PowerNode { node: "node-1".into(), on },
        Step::CutOff(on) => Action::CutOffNode { node: "node-1".into(), on },
        Step::Wait(_) => return None,
    })
}

#[derive(Default)]
struct Seen {
    phases: BTreeMap<Uid, Phase>,
}

impl Seen {
    fn check(&mut self, world: &World) {
        for pod in world.store().pods.iter() {
            self.phases_go_forward(pod);
            ready_only_if_all_are(world, pod);
            grace_is_kept(world, pod);
        }
    }

    fn phases_go_forward(&mut self, pod: &Pod) {
        let (uid, phase) = (pod.meta.uid, pod.status.phase);
        let old = self.phases.insert(uid, phase).unwrap_or_default();
        let is_forward = match old {
            Phase::Pending => true,
            Phase::Running => phase != Phase::Pending,
            Phase::Succeeded | Phase::Failed => phase == old,
        };
        assert!(is_forward, "{} goes from {old:?} to {phase:?}", pod.meta.name);
    }
}

/// What the kubelet says is what is.
fn ready_only_if_all_are(world: &World, pod: &Pod) {
    if !pod.status.is_ready() {
        return;
    }
    assert!(pod.status.container_statuses.iter().all(|container| container.ready), "{:?}", pod.status);
    let Some(runtime) = world.pod_runtime(pod.meta.uid) else { return };
    // What a node without power, or that cannot report, has said before stands until somebody notices.
    if runtime.status == pod.status && runtime.addresses.is_some() {
        let runs = |container: &ContainerRuntime| {
            container.process != Process::Stopped || container.role == Role::Init
        };
        assert!(runtime.containers.iter().all(runs), "{:?}", runtime.containers);
    }
}

/// A container has its grace period, the two seconds that it gets at least, and no more.
fn grace_is_kept(world: &World, pod: &Pod) {
    let Some(runtime) = world.pod_runtime(pod.meta.uid) else { return };
    for container in &runtime.containers {
        let Some(stopping) = container.stopping else { continue };
        let most = stopping.grace + Span::from_secs(2);
        assert!(
            world.now().since(stopping.since) <= most,
            "{} is stopped too slowly: {stopping:?}",
            pod.meta.name
        );
    }
}

fn go_on(run: &mut Run, seen: &mut Seen, span: Span) {
    let end = run.world().now() + span;
    while run.world().now() < end {
        let next = Time((run.world().now() + Span::from_millis(500)).0.min(end.0));
        run.advance_to(next, u64::MAX);
        seen.check(run.world());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_is_done(steps in steps(), seed in any::<u64>()) {
        let mut run = support::start(PODS, seed);
        let mut seen = Seen::default();
        go_on(&mut run, &mut seen, Span::from_secs(10));
        for step in &steps {
            match (step, action(run.world(), step)) {
                (Step::Wait(millis), _) => go_on(&mut run, &mut seen, Span::from_millis(u64::from(*millis))),
                (_, Some(action)) => {
                    // What is refused changes nothing, which others test.
                    let _ = run.act(action);
                    seen.check(run.world());
                }
                (_, None) => {}
            }
        }
        for on in [Action::PowerNode { node: "node-1".into(), on: true }, Action::CutOffNode { node: "node-1".into(), on: false }] {
            let _ = run.act(on);
        }
        go_on(&mut run, &mut seen, Span::from_secs(600));
        let is_stopping = |pod: &Pod| pod.meta.deleted.is_some();
        prop_assert!(!run.world().store().pods.iter().any(|pod| is_stopping(pod)), "every end comes to its end");
    }
}

#[test]
fn a_pod_that_ended_and_was_deleted_on_a_node_cut_off_goes_when_it_is_back() {
    let mut run = support::start(PODS, 0);
    let mut seen = Seen::default();
    go_on(&mut run, &mut seen, Span::from_secs(10));
    let alone = NsName::new("default", "alone");
    let cut_off = |on| Action::CutOffNode { node: "node-1".into(), on };
    run.act(cut_off(true)).expect("there is such a node");
    let finished = Action::FinishPod { pod: alone.clone(), container: None, exit_code: 0 };
    run.act(finished).expect("the Pod runs");
    go_on(&mut run, &mut seen, Span::from_millis(4_500));
    let pod = run.world().store().pods.get(&alone).expect("its node has not heard of it");
    let deleted = Action::delete(ObjectRef::new(Kind::Pod, &pod.meta));
    run.act(deleted).expect("there is such a Pod");
    run.act(cut_off(false)).expect("there is such a node");
    go_on(&mut run, &mut seen, Span::from_secs(10));
    assert!(run.world().store().pods.get(&alone).is_none(), "the Pod's end has come to its end");
}
