//! Random applies, scales, deletes and kills: owners, selectors and counts agree, and what is settled stays settled.

use std::sync::Arc;

use super::{QUIET, workload};
use crate::support::{go_on, start};
use cluster::api::{Action, Kind, NsName, ObjectRef, Pod, Uid};
use cluster::sim::{Run, Span, World};
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Operation {
    Apply(u8),
    Scale(u8, u32),
    Restart(u8),
    Undo(u8),
    Pause(bool),
    DeletePod(u8),
    DeleteWorkload(u8),
    Crash(u8),
    Relabel(u8, bool),
    Drain(u8),
    Uncordon(u8),
    Wait(u16),
}

fn operations() -> impl Strategy<Value = Vec<Operation>> {
    let operation = prop_oneof![
        3 => any::<u8>().prop_map(Operation::Apply),
        2 => (any::<u8>(), 0..7u32).prop_map(|(i, n)| Operation::Scale(i, n)),
        1 => any::<u8>().prop_map(Operation::Restart),
        1 => any::<u8>().prop_map(Operation::Undo),
        1 => any::<bool>().prop_map(Operation::Pause),
        2 => any::<u8>().prop_map(Operation::DeletePod),
        1 => any::<u8>().prop_map(Operation::DeleteWorkload),
        1 => any::<u8>().prop_map(Operation::Crash),
        1 => any::<(u8, bool)>().prop_map(|(i, b)| Operation::Relabel(i, b)),
        1 => any::<u8>().prop_map(Operation::Drain),
        1 => any::<u8>().prop_map(Operation::Uncordon),
        3 => (20..6_000u16).prop_map(Operation::Wait),
    ];
    proptest::collection::vec(operation, 1..16)
}

/// The same few objects in several forms.
fn texts() -> Vec<String> {
    let named = |kind: &str, image, spec: &str, name: &str| {
        let text = workload(kind, image, spec);
        text.replace("{name: web}", &format!("{{name: {name}}}")).replace("app: web", &format!("app: {name}"))
    };
    let mut texts = Vec::new();
    for (image, replicas) in [(1, 3), (2, 4), (3, 1)] {
        let rolling = format!("replicas: {replicas}, revisionHistoryLimit: 1,");
        texts.push(named("Deployment", image, &rolling, "web"));
        let recreate = format!("replicas: {replicas}, strategy: {{type: Recreate}},");
        texts.push(named("Deployment", image, &recreate, "again"));
        texts.push(named("StatefulSet", image, &format!("replicas: {replicas},"), "db"));
        let parallel = format!("replicas: {replicas}, podManagementPolicy: Parallel,");
        texts.push(named("StatefulSet", image, &parallel, "cache"));
        texts.push(named("DaemonSet", image, "", "agent"));
    }
    texts.push(
        "{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: web}, \
         spec: {maxUnavailable: 1, selector: {matchLabels: {app: web}}}}"
            .into(),
    );
    texts
}

fn nth<T: Clone>(all: Vec<T>, index: u8) -> Option<T> {
    (!all.is_empty()).then(|| all[usize::from(index) % all.len()].clone())
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

fn action(world: &World, operation: &Operation) -> Option<Action> {
    let pods: Vec<NsName> = world.store().pods.keys().cloned().collect();
    let nodes: Vec<_> = world.store().nodes.keys().map(|key| key.name.clone()).collect();
    let pod_ref = |key: &NsName| ObjectRef::of_key(Kind::Pod, key);
    Some(match operation {
        Operation::Apply(i) => Action::apply(&nth(texts(), *i)?),
        Operation::Scale(i, replicas) => {
            Action::Scale { object: nth(workloads(world), *i)?, replicas: *replicas }
        }
        Operation::Restart(i) => Action::RolloutRestart { object: nth(workloads(world), *i)? },
        Operation::Undo(i) => Action::RolloutUndo { object: nth(workloads(world), *i)?, to_revision: None },
        Operation::Pause(on) => Action::PauseRollout { deployment: NsName::new("default", "web"), on: *on },
        Operation::DeletePod(i) => Action::DeleteObject { object: pod_ref(&nth(pods, *i)?) },
        Operation::DeleteWorkload(i) => Action::DeleteObject { object: nth(workloads(world), *i)? },
        Operation::Crash(i) => {
            let living = world.store().pods.iter().filter(|pod| pod.meta.deleted.is_none());
            Action::CrashPod { pod: nth(living.map(|pod| pod.meta.key()).collect(), *i)?, container: None }
        }
        Operation::Relabel(i, web) => {
            let app = if *web { "web" } else { "db" };
            let labels = [("app".into(), app.into())].into_iter().collect();
            Action::SetLabels { object: pod_ref(&nth(pods, *i)?), labels }
        }
        Operation::Drain(i) => Action::Drain {
            node: nth(nodes, *i)?,
            force: true,
            delete_empty_dir_data: true,
            ignore_daemonsets: true,
        },
        Operation::Uncordon(i) => Action::Cordon { node: nth(nodes, *i)?, on: false },
        Operation::Wait(_) => return None,
    })
}

/// An owner is there, is of the kind that it is said to be, and selects what it owns.
fn owners_agree(world: &World) {
    let store = world.store();
    for pod in store.pods.iter().filter(|pod| pod.meta.deleted.is_none()) {
        let Some(owner) = &pod.meta.owner else { continue };
        let key = NsName { namespace: pod.meta.namespace.clone(), name: owner.name.clone() };
        let labels = &pod.meta.labels;
        let selects = match owner.kind {
            Kind::ReplicaSet => store.replica_sets.get(&key).map(|set| set.spec.selector.matches(labels)),
            Kind::StatefulSet => store.stateful_sets.get(&key).map(|set| set.spec.selector.matches(labels)),
            Kind::DaemonSet => store.daemon_sets.get(&key).map(|set| set.spec.selector.matches(labels)),
            _ => None,
        };
        assert_eq!(selects, Some(true), "{} is {}'s", pod.meta.name, owner.name);
    }
}

/// What the status of each workload says is what there is, and, of those that can, what there shall be.
fn counts_agree(world: &World) {
    let store = world.store();
    let living = |owner: Uid| store.pods_of(owner).filter(|pod| pod.meta.deleted.is_none());
    let ready = |owner: Uid| living(owner).filter(|pod| pod.status.is_ready()).count() as u32;
    for set in store.replica_sets.iter() {
        let (uid, status) = (set.meta.uid, &set.status);
        assert_eq!(set.spec.replicas, living(uid).count() as u32, "{}", set.meta.name);
        assert_eq!(
            (status.replicas, status.ready_replicas),
            (set.spec.replicas, ready(uid)),
            "{}",
            set.meta.name
        );
        assert_eq!((status.terminating_replicas, status.observed_generation), (0, set.meta.generation));
    }
    for deployment in store.deployments.iter() {
        let sets = store.replica_sets_of(deployment.meta.uid);
        let total: u32 = sets.map(|set| set.spec.replicas).sum();
        let status = &deployment.status;
        assert_eq!(status.replicas, total, "{}", deployment.meta.name);
        if !deployment.spec.paused && status.available_replicas == deployment.spec.replicas {
            assert_eq!(total, deployment.spec.replicas, "{}", deployment.meta.name);
            assert_eq!(status.updated_replicas, total, "{}", deployment.meta.name);
        }
    }
    for set in store.stateful_sets.iter() {
        assert_eq!(set.status.replicas, store.pods_of(set.meta.uid).count() as u32, "{}", set.meta.name);
        assert_eq!(set.status.ready_replicas, ready(set.meta.uid), "{}", set.meta.name);
        assert!(set.status.replicas <= set.spec.replicas, "{}", set.meta.name);
    }
    for set in store.daemon_sets.iter() {
        assert_eq!(set.status.desired_number_scheduled as usize, store.nodes.len(), "{}", set.meta.name);
        let mut nodes: Vec<&Arc<Pod>> = living(set.meta.uid).collect();
        nodes.sort_by_key(|pod| pod.spec.node_name.clone());
        nodes.dedup_by_key(|pod| pod.spec.node_name.clone());
        assert_eq!(nodes.len(), living(set.meta.uid).count(), "one on each node: {}", set.meta.name);
    }
}

/// Everything in the store, by its version.
fn versions(world: &World) -> Vec<(String, u64)> {
    let all = Kind::SIMULATED.iter().flat_map(|kind| world.store().metas(kind));
    all.map(|meta| (meta.name.to_string(), meta.resource_version)).collect()
}

fn play(operations: &[Operation]) -> Run {
    let mut run = start(&[&texts()[..5].join("\n---\n"), QUIET].concat(), 7);
    for operation in operations {
        match (action(run.world(), operation), operation) {
            // What the API server refuses changes nothing.
            (Some(action), _) => drop(run.act(action)),
            (None, Operation::Wait(millis)) => go_on(&mut run, Span::from_millis(u64::from(*millis))),
            (None, _) => {}
        }
    }
    for node in ["node-1", "node-2", "node-3"] {
        run.act(Action::Cordon { node: node.into(), on: false }).expect("it is there");
    }
    run
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_done_it_settles_and_stays_settled(operations in operations()) {
        let mut run = play(&operations);
        // Ten minutes of back-off for a Pod that crashed often, and as much for a rollout that waits for it.
        go_on(&mut run, Span::from_secs(1_300));
        owners_agree(run.world());
        counts_agree(run.world());
        let settled = versions(run.world());
        go_on(&mut run, Span::from_secs(120));
        prop_assert_eq!(versions(run.world()), settled);
    }
}
