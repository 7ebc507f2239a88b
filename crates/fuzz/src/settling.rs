//! Workloads, Services and Nodes at random: what is applied, scaled, deleted, killed, drained and cut off comes to rest
//! when it is left alone. Then owners, selectors, endpoints, counts and allocations agree, and nothing changes any
//! more.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use cluster::api::{
    Action, EndpointSlice, Kind, Labels, Name, NsName, ObjectRef, Phase, Pod, Selector, Service, TaintChange,
    Uid, parse,
};
use cluster::sim::{Run, Span, World};
use proptest::prelude::*;

use crate::invariants;
use crate::pick::Picks;

#[derive(Clone, Debug)]
pub struct Settling {
    seed: u64,
    operations: Vec<(Operation, Vec<u16>)>,
}

#[derive(Clone, Copy, Debug)]
enum Operation {
    Apply,
    Scale,
    Restart,
    Undo,
    Pause,
    DeletePod,
    Delete,
    Crash,
    Relabel,
    Select,
    Drain,
    Cordon,
    Taint,
    Power,
    CutOff,
    PauseKubeProxy,
    AddNode,
    Wait,
}

const OFTEN: &[(u32, Operation)] = &[
    (4, Operation::Apply),
    (2, Operation::Scale),
    (1, Operation::Restart),
    (1, Operation::Undo),
    (1, Operation::Pause),
    (2, Operation::DeletePod),
    (1, Operation::Delete),
    (1, Operation::Crash),
    (1, Operation::Relabel),
    (1, Operation::Select),
    (1, Operation::Drain),
    (1, Operation::Cordon),
    (1, Operation::Taint),
    (1, Operation::Power),
    (1, Operation::CutOff),
    (1, Operation::PauseKubeProxy),
    (1, Operation::AddNode),
    (4, Operation::Wait),
];

/// So many nodes a cluster may get here.
const NODES: usize = 6;
const TAINT: &str = "spare=yes";
/// Ten minutes of back-off for a Pod that crashed often, and as much for a rollout that waits for it.
const UNTIL_SETTLED: Span = Span::from_secs(1_300);
const QUIET: Span = Span::from_secs(120);

impl Settling {
    pub fn any() -> impl Strategy<Value = Settling> {
        let operation = proptest::strategy::Union::new_weighted(
            OFTEN.iter().map(|(weight, operation)| (*weight, Just(*operation))).collect(),
        );
        let step = (operation, proptest::collection::vec(any::<u16>(), 0..3));
        (any::<u16>(), proptest::collection::vec(step, 1..16))
            .prop_map(|(seed, operations)| Settling { seed: u64::from(seed), operations })
    }

    /// Panics where something does not hold.
    pub fn check(&self) {
        let mut run = begin(self.seed);
        for (operation, picks) in &self.operations {
            operation.run(&mut run, &mut Picks::new(picks));
            invariants::check(run.world());
        }
        leave_alone(&mut run);
        go_on(&mut run, UNTIL_SETTLED);
        let world = run.world();
        invariants::check(world);
        owners_agree(world);
        endpoints_agree(world);
        counts_agree(world);
        let settled = versions(world);
        go_on(&mut run, QUIET);
        assert_eq!(versions(run.world()), settled, "what is settled stays settled");
    }
}

/// The first form of each text, on three nodes, without clients.
fn begin(seed: u64) -> Run {
    const SCENARIO: &str =
        "\n---\n{apiVersion: packetyard/v1alpha1, kind: Scenario, spec: {clients: [], timing: realistic}}\n";
    let manifest = parse(&[&texts()[..8].join("\n---\n"), SCENARIO].concat());
    assert_eq!(manifest.diagnostics, [], "the manifests are good");
    let (run, refusals) = Run::new(&manifest, Some(seed));
    assert_eq!(refusals, [], "the API server takes these manifests");
    run
}

fn go_on(run: &mut Run, span: Span) {
    let to = run.world().now() + span;
    assert!(run.advance_to(to, u64::MAX), "it comes there");
}

/// The same few objects in several forms.
fn texts() -> Vec<String> {
    let mut texts = Vec::new();
    for (image, replicas) in [(1, 3), (2, 4), (3, 1)] {
        let replicas = format!("replicas: {replicas},");
        texts.push(workload("Deployment", "web", image, &format!("{replicas} revisionHistoryLimit: 1,")));
        texts.push(workload(
            "Deployment",
            "again",
            image,
            &format!("{replicas} strategy: {{type: Recreate}},"),
        ));
        texts.push(workload("StatefulSet", "db", image, &format!("{replicas} serviceName: db,")));
        let parallel = format!("{replicas} podManagementPolicy: Parallel,");
        texts.push(workload("StatefulSet", "cache", image, &parallel));
        texts.push(workload("DaemonSet", "agent", image, ""));
        texts.push(service("web", ["", "type: NodePort,", "type: LoadBalancer,"][image as usize - 1]));
        texts.push(service("db", ["clusterIP: None,", "clusterIP: None,", ""][image as usize - 1]));
        texts.push(service(
            "cache",
            ["", "publishNotReadyAddresses: true,", "type: NodePort,"][image as usize - 1],
        ));
    }
    texts.push(
        "{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: web}, \
         spec: {maxUnavailable: 1, selector: {matchLabels: {app: web}}}}"
            .into(),
    );
    texts
}

fn workload(kind: &str, name: &str, image: u32, spec: &str) -> String {
    format!(
        "{{apiVersion: apps/v1, kind: {kind}, metadata: {{name: {name}}}, spec: {{{spec} selector: {{matchLabels: \
         {{app: {name}}}}}, template: {{metadata: {{labels: {{app: {name}}}}}, spec: {{terminationGracePeriodSeconds: \
         1, containers: [{{name: web, image: 'nginx:{image}', ports: [{{containerPort: 8080}}]}}]}}}}}}}}"
    )
}

fn service(name: &str, spec: &str) -> String {
    format!(
        "{{apiVersion: v1, kind: Service, metadata: {{name: {name}}}, spec: {{{spec} selector: {{app: {name}}}, ports: \
         [{{port: 80, targetPort: 8080}}]}}}}"
    )
}

impl Operation {
    fn run(self, run: &mut Run, picks: &mut Picks<'_>) {
        match self {
            Operation::Wait => go_on(run, Span::from_millis(20 + picks.number() as u64 % 6_000)),
            operation => {
                // What the API server refuses changes nothing.
                if let Some(action) = operation.action(run.world(), picks) {
                    drop(run.act(action));
                }
            }
        }
    }

    /// `None`: there is nothing that it could be done to.
    fn action(self, world: &World, picks: &mut Picks<'_>) -> Option<Action> {
        let store = world.store();
        let pods = || -> Vec<NsName> { store.pods.keys().cloned().collect() };
        Some(match self {
            Operation::Apply => Action::apply(&picks.of(&texts())),
            Operation::Scale => {
                let object = one_of(picks, &workloads(world))?;
                Action::Scale { object, replicas: picks.number() as u32 % 7 }
            }
            Operation::Restart => Action::RolloutRestart { object: one_of(picks, &workloads(world))? },
            Operation::Undo => {
                Action::RolloutUndo { object: one_of(picks, &workloads(world))?, to_revision: None }
            }
            Operation::Pause => Action::PauseRollout { deployment: web(), on: picks.flag() },
            Operation::DeletePod => Action::delete(pod_ref(&one_of(picks, &pods())?)),
            Operation::Delete => {
                let services = store.services.keys().map(|key| ObjectRef::of_key(Kind::Service, key));
                let all: Vec<ObjectRef> = workloads(world).into_iter().chain(services).collect();
                Action::delete(one_of(picks, &all)?)
            }
            Operation::Crash => {
                let living = store.pods.iter().filter(|pod| pod.meta.deleted.is_none());
                let living: Vec<NsName> = living.map(|pod| pod.meta.key()).collect();
                Action::CrashPod { pod: one_of(picks, &living)?, container: None }
            }
            Operation::Relabel => {
                let object = pod_ref(&one_of(picks, &pods())?);
                Action::SetLabels { object, labels: labels(picks) }
            }
            Operation::Select => {
                let services: Vec<NsName> = store.services.keys().cloned().collect();
                Action::SetSelector { service: one_of(picks, &services)?, selector: labels(picks) }
            }
            Operation::Drain => Action::Drain {
                node: node(picks, world),
                force: true,
                delete_empty_dir_data: true,
                ignore_daemonsets: true,
            },
            Operation::Cordon => Action::Cordon { node: node(picks, world), on: picks.flag() },
            Operation::Taint => {
                let effect = picks.of(&["NoSchedule", "NoExecute"]);
                let taint = TaintChange::parse(&format!("{TAINT}:{effect}")).expect("it is one");
                Action::Taint { node: node(picks, world), taints: vec![taint] }
            }
            Operation::Power => Action::PowerNode { node: node(picks, world), on: picks.flag() },
            Operation::CutOff => Action::CutOffNode { node: node(picks, world), on: !picks.flag() },
            Operation::PauseKubeProxy => {
                Action::PauseKubeProxy { node: node(picks, world), on: !picks.flag() }
            }
            Operation::AddNode if store.nodes.len() >= NODES => return None,
            Operation::AddNode => Action::AddNode { name: None, zone: Some("a".into()) },
            Operation::Wait => return None,
        })
    }
}

fn one_of<T: Clone>(picks: &mut Picks<'_>, all: &[T]) -> Option<T> {
    (!all.is_empty()).then(|| picks.of(all))
}

fn web() -> NsName {
    NsName::new("default", "web")
}

fn pod_ref(key: &NsName) -> ObjectRef {
    ObjectRef::of_key(Kind::Pod, key)
}

fn labels(picks: &mut Picks<'_>) -> Labels {
    [("app".into(), picks.of(&["web", "db", "cache", "nobody"]).into())].into_iter().collect()
}

fn nodes(world: &World) -> Vec<Name> {
    world.store().nodes.keys().map(|key| key.name.clone()).collect()
}

fn node(picks: &mut Picks<'_>, world: &World) -> Name {
    picks.of(&nodes(world))
}

/// No ReplicaSet of a Deployment: one that is scaled by hand to the very size that the Deployment gets makes upstream's
/// controller see a scaling event for ever (sync.go, isScalingEvent and scale).
fn workloads(world: &World) -> Vec<ObjectRef> {
    let kinds = [Kind::Deployment, Kind::StatefulSet, Kind::DaemonSet];
    let of = |kind: &Kind| -> Vec<ObjectRef> {
        world.store().metas(kind).map(|meta| ObjectRef::new(kind.clone(), meta)).collect()
    };
    kinds.iter().flat_map(of).collect()
}

/// All nodes run, are reached and take Pods; no kube-proxy and no rollout is paused.
fn leave_alone(run: &mut Run) {
    for node in nodes(run.world()) {
        let taint = TaintChange::parse(&format!("{}-", TAINT.split_once('=').expect("a value").0));
        let actions = [
            Action::PowerNode { node: node.clone(), on: true },
            Action::CutOffNode { node: node.clone(), on: false },
            Action::PauseKubeProxy { node: node.clone(), on: false },
            Action::Cordon { node: node.clone(), on: false },
            Action::Taint { node, taints: vec![taint.expect("it is one")] },
        ];
        // A node that has no such taint refuses to lose it.
        actions.into_iter().for_each(|action| drop(run.act(action)));
    }
    if run.world().store().deployments.get(&web()).is_some() {
        run.act(Action::PauseRollout { deployment: web(), on: false }).expect("it is there");
    }
}

/// An owner is there, and selects what it owns.
fn owners_agree(world: &World) {
    let store = world.store();
    let sets = store.replica_sets.iter().map(|set| (set.meta.uid, &set.spec.selector));
    let stateful = store.stateful_sets.iter().map(|set| (set.meta.uid, &set.spec.selector));
    let daemons = store.daemon_sets.iter().map(|set| (set.meta.uid, &set.spec.selector));
    let selectors: BTreeMap<Uid, &Selector> = sets.chain(stateful).chain(daemons).collect();
    for pod in store.pods.iter().filter(|pod| pod.meta.deleted.is_none()) {
        let Some(owner) = &pod.meta.owner else { continue };
        let selects = selectors.get(&owner.uid).map(|selector| selector.matches(&pod.meta.labels));
        assert_eq!(selects, Some(true), "{} is {}'s", pod.meta.name, owner.name);
    }
}

/// The slices of a Service hold the Pods that it selects, each with its address and whether it is ready.
fn endpoints_agree(world: &World) {
    const BY_CONTROLLER: (&str, &str) =
        ("endpointslice.kubernetes.io/managed-by", "endpointslice-controller.k8s.io");
    let is_by_controller = |slice: &&Arc<EndpointSlice>| {
        slice.meta.labels.iter().any(|(key, value)| (&**key, &**value) == BY_CONTROLLER)
    };
    for service in world.store().services.iter() {
        let slices = world.store().slices.iter().filter(is_by_controller);
        let own = slices.filter(|slice| slice.service == service.meta.name);
        let found = own.flat_map(|slice| &slice.endpoints).map(|e| (e.address, e.ready));
        let found: BTreeSet<(IpAddr, bool)> = found.collect();
        assert_eq!(found, selected(world, service), "endpoints of {}", service.meta.name);
    }
}

fn selected(world: &World, service: &Service) -> BTreeSet<(IpAddr, bool)> {
    let pods = world.store().pods.iter();
    let selected = pods.filter(|pod| service.selects(&pod.meta.namespace, &pod.meta.labels));
    let serving = selected.filter(|pod| !matches!(pod.status.phase, Phase::Succeeded | Phase::Failed));
    let always = service.spec.publish_not_ready_addresses;
    let endpoint = |pod: &Arc<Pod>| {
        let ready = always || (pod.status.is_ready() && pod.meta.deleted.is_none());
        Some((*pod.status.pod_ips.as_ref()?.primary(), ready))
    };
    serving.filter_map(endpoint).collect()
}

/// What the status of each workload says is what there is, and, of those that can, what there shall be.
fn counts_agree(world: &World) {
    let store = world.store();
    let living = |owner: Uid| store.pods_of(owner).filter(|pod| pod.meta.deleted.is_none());
    let ready = |owner: Uid| living(owner).filter(|pod| pod.status.is_ready()).count() as u32;
    for set in store.replica_sets.iter() {
        let (uid, status) = (set.meta.uid, &set.status);
        assert_eq!(set.spec.replicas, living(uid).count() as u32, "{}", set.meta.name);
        let counts = (status.replicas, status.ready_replicas);
        assert_eq!(counts, (set.spec.replicas, ready(uid)), "{}", set.meta.name);
        assert_eq!((status.terminating_replicas, status.observed_generation), (0, set.meta.generation));
    }
    for deployment in store.deployments.iter() {
        let total: u32 = store.replica_sets_of(deployment.meta.uid).map(|set| set.spec.replicas).sum();
        let status = &deployment.status;
        assert_eq!(status.replicas, total, "{}", deployment.meta.name);
        if status.available_replicas == deployment.spec.replicas {
            let counts = (total, status.updated_replicas);
            assert_eq!(counts, (deployment.spec.replicas, total), "{}", deployment.meta.name);
        }
    }
    for set in store.stateful_sets.iter() {
        let (name, status) = (&set.meta.name, &set.status);
        let pods = store.pods_of(set.meta.uid).count() as u32;
        assert_eq!((status.replicas, status.ready_replicas), (pods, ready(set.meta.uid)), "{name}");
        // It can make no Pod whose name another has, and then does nothing after it.
        let is_held_up = store.pods.iter().any(|pod| {
            let is_own = pod.meta.owner.as_ref().is_some_and(|owner| owner.uid == set.meta.uid);
            !is_own && pod.meta.name.strip_prefix(&**name).is_some_and(|rest| rest.starts_with('-'))
        });
        let wanted = set.spec.replicas;
        assert!(is_held_up || pods <= wanted, "{name} has {pods} Pods and wants {wanted}");
    }
    for set in store.daemon_sets.iter() {
        assert_eq!(set.status.desired_number_scheduled as usize, store.nodes.len(), "{}", set.meta.name);
        let nodes: BTreeSet<_> = living(set.meta.uid).map(|pod| pod.spec.node_name.clone()).collect();
        assert_eq!(nodes.len(), living(set.meta.uid).count(), "one on each node: {}", set.meta.name);
    }
}

/// Everything in the store, by its version.
fn versions(world: &World) -> Vec<(String, u64)> {
    let all = Kind::SIMULATED.iter().flat_map(|kind| world.store().metas(kind));
    all.map(|meta| (meta.name.to_string(), meta.resource_version)).collect()
}
