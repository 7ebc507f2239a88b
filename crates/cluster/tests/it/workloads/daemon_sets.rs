//! DaemonSets, and drains that leave their Pods.

use super::{apply, begin, history, image, minutes, object, pods_of, workload};
use crate::support::key;
use cluster::api::{Action, DaemonSet, Kind};
use cluster::sim::{LogEntry, Refusal, Run, Span, World};

fn set(image: u32, more: &str) -> String {
    workload("DaemonSet", image, more)
}

fn web(run: &Run) -> DaemonSet {
    DaemonSet::clone(run.world().store().daemon_sets.get(&key("web")).expect("it is there"))
}

/// `node-1:1 node-2:2`: the images on each node, of Pods that do not terminate.
fn places(world: &World) -> String {
    let living = pods_of(world, &Kind::DaemonSet).filter(|pod| pod.meta.deleted.is_none());
    let place = |pod: &std::sync::Arc<cluster::api::Pod>| {
        format!("{}:{}", pod.spec.node_name.as_deref().unwrap_or("nowhere"), image(pod))
    };
    let mut places: Vec<String> = living.map(place).collect();
    places.sort_unstable();
    places.join(" ")
}

#[test]
fn each_node_has_one_also_when_it_is_cordoned_or_new() {
    let mut run = begin(&set(1, ""));
    minutes(&mut run, 1);
    assert_eq!(places(run.world()), "node-1:1 node-2:1 node-3:1");
    run.act(Action::Cordon { node: "node-2".into(), on: true }).expect("it is there");
    run.act(Action::AddNode { name: Some("node-4".into()), zone: None }).expect("there is room");
    minutes(&mut run, 2);
    assert_eq!(places(run.world()), "node-1:1 node-2:1 node-3:1 node-4:1");
    let status = web(&run).status;
    assert_eq!((status.desired_number_scheduled, status.number_available), (4, 4));
    assert_eq!((status.updated_number_scheduled, status.number_misscheduled), (4, 0));
    let node = cluster::api::ObjectRef::node(&"node-4".into());
    run.act(Action::delete(node)).expect("it is there");
    minutes(&mut run, 1);
    assert_eq!(places(run.world()), "node-1:1 node-2:1 node-3:1");
}

#[test]
fn labels_of_the_node_decide() {
    let text = set(1, "").replace("terminationGracePeriodSeconds: 1,", "nodeSelector: {disk: fast},");
    let mut run = begin(&text);
    minutes(&mut run, 1);
    assert_eq!(places(run.world()), "");
    let labels = |fast: bool| {
        let fast = fast.then(|| ("disk".into(), "fast".into()));
        let name = ("kubernetes.io/hostname".into(), "node-2".into());
        Action::SetLabels { object: object_of_node(), labels: [name].into_iter().chain(fast).collect() }
    };
    run.act(labels(true)).expect("it is there");
    minutes(&mut run, 1);
    assert_eq!(places(run.world()), "node-2:1");
    run.act(labels(false)).expect("it is there");
    minutes(&mut run, 1);
    assert_eq!(places(run.world()), "");
}

fn object_of_node() -> cluster::api::ObjectRef {
    cluster::api::ObjectRef::node(&"node-2".into())
}

#[test]
fn an_update_takes_one_node_after_the_other() {
    let mut run = begin(&set(1, ""));
    minutes(&mut run, 1);
    apply(&mut run, &set(2, ""));
    let fewest = history(&mut run, Span::from_secs(120), |world| {
        pods_of(world, &Kind::DaemonSet).filter(|p| p.meta.deleted.is_none() && p.status.is_ready()).count()
    });
    assert_eq!(fewest.iter().min(), Some(&2), "{fewest:?}");
    assert_eq!(places(run.world()), "node-1:2 node-2:2 node-3:2");
    let generation = web(&run).meta.annotations.get("deprecated.daemonset.template.generation").cloned();
    assert_eq!(generation.as_deref(), Some("2"));
}

#[test]
fn with_surge_the_new_pod_comes_first() {
    let more = "updateStrategy: {rollingUpdate: {maxSurge: 1, maxUnavailable: 0}},";
    let mut run = begin(&set(1, more));
    minutes(&mut run, 1);
    apply(&mut run, &set(2, more));
    let ready = history(&mut run, Span::from_secs(120), |world| {
        pods_of(world, &Kind::DaemonSet).filter(|p| p.meta.deleted.is_none() && p.status.is_ready()).count()
    });
    assert_eq!((ready.iter().min(), ready.iter().max()), (Some(&3), Some(&4)), "{ready:?}");
    assert_eq!(places(run.world()), "node-1:2 node-2:2 node-3:2");
}

#[test]
fn on_delete_waits() {
    let more = "updateStrategy: {type: OnDelete},";
    let mut run = begin(&set(1, more));
    minutes(&mut run, 1);
    apply(&mut run, &set(2, more));
    minutes(&mut run, 1);
    assert_eq!(places(run.world()), "node-1:1 node-2:1 node-3:1");
    let second =
        pods_of(run.world(), &Kind::DaemonSet).find(|p| p.spec.node_name.as_deref() == Some("node-2"));
    let name = second.map(|pod| pod.meta.name.clone()).expect("it has one");
    run.act(Action::delete(object(Kind::Pod, &name))).expect("it is there");
    minutes(&mut run, 1);
    assert_eq!(places(run.world()), "node-1:1 node-2:2 node-3:1");
}

#[test]
fn a_drain_leaves_daemons_if_it_is_told_to() {
    let mut run = begin(&set(1, ""));
    minutes(&mut run, 1);
    let drain = |ignore_daemonsets| Action::Drain {
        node: "node-2".into(),
        force: true,
        delete_empty_dir_data: true,
        ignore_daemonsets,
    };
    let refused = |run: &Run| {
        let entries = run.world().log().iter().filter_map(|logged| match &logged.entry {
            LogEntry::Refused { refusal: Refusal::CannotDrain { blockers, .. } } => Some(blockers.clone()),
            _ => None,
        });
        entries.collect::<Vec<_>>()
    };
    run.act(drain(false)).expect("its cordon is done");
    let blockers = refused(&run);
    assert_eq!(blockers.len(), 1, "a DaemonSet's Pod stands in the way");
    assert_eq!(blockers[0].daemon_set_managed.len(), 1);
    let is_cordoned = |run: &Run| run.world().store().node("node-2").is_some_and(|n| n.spec.unschedulable);
    assert!(is_cordoned(&run), "kubectl cordons before it looks at the Pods");
    minutes(&mut run, 1);
    assert_eq!(places(run.world()), "node-1:1 node-2:1 node-3:1");
    run.act(drain(true)).expect("they are left");
    minutes(&mut run, 1);
    assert_eq!(refused(&run).len(), 1, "and nothing else does");
    assert_eq!(places(run.world()), "node-1:1 node-2:1 node-3:1");
}

const BUDGET: &str = "\n---\n{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: web}, \
    spec: {minAvailable: 5, selector: {matchLabels: {app: web}}}}";

/// Pods that are ready only some seconds after they run: a budget of 5 of 6 lets one go at a time.
#[test]
fn a_drain_waits_for_the_budget() {
    let web = workload("Deployment", 1, "replicas: 6,").replace(
        "ports: [{containerPort: 8080}]",
        "ports: [{containerPort: 8080}], readinessProbe: {initialDelaySeconds: 3, tcpSocket: {port: 8080}}",
    );
    let mut run = begin(&[&*web, BUDGET].concat());
    minutes(&mut run, 1);
    let budget = run.world().store().disruption_budgets.get(&key("web")).expect("it is there").status.clone();
    assert_eq!((budget.expected_pods, budget.desired_healthy, budget.disruptions_allowed), (6, 5, 1));
    let drain = Action::Drain {
        node: "node-2".into(),
        force: false,
        delete_empty_dir_data: false,
        ignore_daemonsets: false,
    };
    run.act(drain).expect("nothing stands in the way");
    let ready = history(&mut run, Span::from_secs(120), |world| {
        world.store().pods.iter().filter(|p| p.meta.deleted.is_none() && p.status.is_ready()).count()
    });
    assert_eq!(ready.iter().min(), Some(&5), "{ready:?}");
    let left = run.world().store().pods_on("node-2").count();
    assert_eq!(left, 0, "in the end all are gone");
    let mut log = run.world().log().iter();
    assert!(log.any(|logged| matches!(logged.entry, LogEntry::EvictionRefused { .. })));
}

#[test]
fn a_budget_that_allows_nothing_blocks_a_drain_until_it_is_given_up() {
    let web = workload("Deployment", 1, "replicas: 3,");
    let budget = BUDGET.replace("minAvailable: 5", "maxUnavailable: 0");
    let mut run = begin(&[&*web, &*budget].concat());
    minutes(&mut run, 1);
    let drain = Action::Drain {
        node: "node-2".into(),
        force: false,
        delete_empty_dir_data: false,
        ignore_daemonsets: false,
    };
    run.act(drain).expect("nothing stands in the way");
    minutes(&mut run, 2);
    assert_eq!(run.world().store().pods_on("node-2").count(), 1);
    run.act(Action::Cordon { node: "node-2".into(), on: false }).expect("it is there");
    minutes(&mut run, 1);
    apply(&mut run, &budget.replace("maxUnavailable: 0", "maxUnavailable: 3"));
    minutes(&mut run, 2);
    assert_eq!(run.world().store().pods_on("node-2").count(), 1, "the drain is over");
}

/// NodeShouldRunDaemonPod: a taint that nobody tolerates keeps them away, a cordoned node and one that is unreachable
/// do not.
#[test]
fn taints_and_affinity_decide_where_its_pods_run_and_an_unreachable_node_keeps_its_own() {
    let text = "{apiVersion: v1, kind: Node, metadata: {name: plain}}\n---\n\
        {apiVersion: v1, kind: Node, metadata: {name: cordoned}, spec: {unschedulable: true}}\n---\n\
        {apiVersion: v1, kind: Node, metadata: {name: tainted}, spec: {taints: [{key: gpu, effect: NoSchedule}]}}\n---\n\
        {apiVersion: v1, kind: Node, metadata: {name: other, labels: {disk: none}}}\n---\n\
        {apiVersion: apps/v1, kind: DaemonSet, metadata: {name: agent}, spec: {selector: {matchLabels: {a: b}}, template: \
        {metadata: {labels: {a: b}}, spec: {containers: [{name: c, image: i}], affinity: {nodeAffinity: \
        {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: \
        [{matchExpressions: [{key: disk, operator: DoesNotExist}]}]}}}}}}}";
    let mut run = begin(text);
    minutes(&mut run, 1);
    let nodes = |run: &Run| -> Vec<String> {
        let pods = run.world().store().pods.iter().filter(|pod| pod.meta.deleted.is_none());
        let mut nodes: Vec<String> =
            pods.filter_map(|pod| Some(pod.spec.node_name.as_ref()?.to_string())).collect();
        nodes.sort();
        nodes
    };
    assert_eq!(nodes(&run), ["cordoned", "plain"]);
    run.act(Action::PowerNode { node: "plain".into(), on: false }).expect("it has power");
    minutes(&mut run, 10);
    assert_eq!(nodes(&run), ["cordoned", "plain"], "its Pod tolerates that for ever");
}

/// daemon_controller.go, failedPodsBackoff: 1 s, 2 s, 4 s and so on, to 15 minutes.
#[test]
fn a_set_whose_pods_a_kubelet_rejects_waits_longer_and_longer() {
    let text = "{apiVersion: v1, kind: Node, metadata: {name: small}, status: {capacity: {cpu: '1'}}}\n---\n\
        {apiVersion: apps/v1, kind: DaemonSet, metadata: {name: agent}, spec: {selector: {matchLabels: {a: b}}, template: \
        {metadata: {labels: {a: b}}, spec: {nodeName: small, containers: \
        [{name: c, image: i, resources: {requests: {cpu: '2'}}}]}}}}";
    let mut run = begin(text);
    minutes(&mut run, 80);
    let failed = run.world().log().iter().filter(|l| matches!(l.entry, LogEntry::EndedDaemonPod { .. }));
    let times: Vec<u64> = failed.map(|logged| logged.at.0 / 1_000_000_000).collect();
    let waits: Vec<u64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900, 900]);
}
