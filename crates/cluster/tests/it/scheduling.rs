//! Which node each Pod gets, and what is said of those that get none.

use std::collections::{BTreeMap, BTreeSet};

use crate::support::{go_on, key, seconds, start};
use cluster::api::{Action, Kind, Labels, Node, NsName, ObjectRef, Pod, PriorityClass, Taint};
use cluster::sim::{LogEntry, Refusal, Run, Span, World};
use proptest::prelude::*;

/// Three nodes of four CPUs, in zones a, b and c.
fn settled(manifests: &[&str]) -> Run {
    let mut run = start(&manifests.join("\n---\n"), 7);
    run.advance_to(seconds(60), u64::MAX);
    run
}

fn pod(name: &str, spec: &str) -> String {
    format!(
        "{{apiVersion: v1, kind: Pod, metadata: {{name: {name}, labels: {{app: {name}}}}}, \
         spec: {{{spec} containers: [{{name: c, image: i}}]}}}}"
    )
}

fn requesting(name: &str, spec: &str, requests: &str) -> String {
    format!(
        "{{apiVersion: v1, kind: Pod, metadata: {{name: {name}, labels: {{app: {name}}}}}, \
         spec: {{{spec} containers: [{{name: c, image: i, resources: {{requests: {requests}}}}}]}}}}"
    )
}

fn deployment(replicas: u32, image: &str, spec: &str) -> String {
    format!(
        "{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: web}}, spec: {{replicas: {replicas}, \
         selector: {{matchLabels: {{app: web}}}}, template: {{metadata: {{labels: {{app: web}}}}, \
         spec: {{{spec} containers: [{{name: web, image: '{image}'}}]}}}}}}}}"
    )
}

fn node_of(run: &Run, name: &str) -> Option<String> {
    let pod = run.world().store().pods.get(&key(name)).expect("the Pod is there");
    pod.spec.node_name.as_ref().map(ToString::to_string)
}

/// Of the Pod's condition PodScheduled.
fn message(pod: &Pod) -> String {
    let condition = pod.status.conditions.scheduled.as_ref();
    condition.and_then(|condition| condition.message.as_ref()).map(ToString::to_string).unwrap_or_default()
}

fn message_of(run: &Run, name: &str) -> String {
    message(run.world().store().pods.get(&key(name)).expect("the Pod is there"))
}

fn delete(run: &mut Run, name: &str) {
    let object = ObjectRef { kind: Kind::Pod, namespace: "default".into(), name: name.into() };
    run.act(Action::delete(object)).expect("it can be deleted");
}

const NOT_HELPFUL: &str = "no new claims to deallocate, preemption: 0/3 nodes are available: 3 Preemption is not \
                           helpful for scheduling.";

#[test]
fn what_fits_nowhere_says_why_in_the_schedulers_words() {
    let taints: Vec<String> = (1..=2)
        .map(|n| format!("{{apiVersion: v1, kind: Node, metadata: {{name: node-{n}}}, spec: {{taints: [{{key: k, effect: NoSchedule}}]}}}}"))
        .collect();
    let cordoned = "{apiVersion: v1, kind: Node, metadata: {name: node-3}, spec: {unschedulable: true}}";
    let none_victims = "no new claims to deallocate, preemption: 0/3 nodes are available: 3 No preemption victims \
                        found for incoming pod.";
    for (manifests, expected) in [
        (
            vec![requesting("p", "", "{cpu: 5}")],
            format!("0/3 nodes are available: 3 Insufficient cpu. {NOT_HELPFUL}"),
        ),
        (
            (1..=3)
                .map(|n| requesting(&format!("a{n}"), "", "{cpu: 3}"))
                .chain([requesting("p", "", "{cpu: 3}")])
                .collect(),
            format!("0/3 nodes are available: 3 Insufficient cpu. {none_victims}"),
        ),
        (
            vec![pod("p", "nodeSelector: {gpu: 'yes'},")],
            format!(
                "0/3 nodes are available: 3 node(s) didn't match Pod's node affinity/selector. {NOT_HELPFUL}"
            ),
        ),
        (
            vec![taints[0].clone(), taints[1].clone(), cordoned.to_string(), pod("p", "")],
            format!(
                "0/3 nodes are available: 1 node(s) were unschedulable, 2 node(s) had untolerated taint(s). {NOT_HELPFUL}"
            ),
        ),
        (
            vec![pod(
                "p",
                "affinity: {podAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: \
                 kubernetes.io/hostname, labelSelector: {matchLabels: {app: nobody}}}]}},",
            )],
            format!("0/3 nodes are available: 3 node(s) didn't match pod affinity rules. {NOT_HELPFUL}"),
        ),
        (
            vec![pod("p", "schedulingGates: [{name: example.com/wait}],")],
            "Scheduling is blocked due to non-empty scheduling gates".into(),
        ),
        (vec![pod("p", "schedulerName: another,")], String::new()),
    ] {
        let manifests: Vec<&str> = manifests.iter().map(|text| &**text).collect();
        let nodes = "{apiVersion: packetyard/v1alpha1, kind: Scenario, spec: {nodes: [{name: node-1}, {name: node-2}, {name: node-3}]}}";
        let run = settled(&[&[nodes], &manifests[..]].concat());
        assert_eq!((node_of(&run, "p"), message_of(&run, "p")), (None, expected));
    }
}

/// A Pod as a DaemonSet's controller makes it: it names its node.
#[test]
fn a_pod_that_names_its_node_is_tried_there_only() {
    let affinity = "affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: \
                    [{matchFields: [{key: metadata.name, operator: In, values: [node-2]}]}]}}},";
    let run = settled(&[&pod("small", affinity), &requesting("p", affinity, "{cpu: 5}")]);
    assert_eq!(node_of(&run, "small").as_deref(), Some("node-2"));
    let expected = format!(
        "0/3 nodes are available: 1 Insufficient cpu, 2 node(s) didn't satisfy plugin(s) [NodeAffinity]. {NOT_HELPFUL}"
    );
    assert_eq!(message_of(&run, "p"), expected);
}

/// How many Pods each node has, most first.
fn spread(world: &World) -> Vec<usize> {
    let mut nodes: BTreeMap<&str, usize> = BTreeMap::new();
    for pod in world.store().pods.iter() {
        *nodes.entry(pod.spec.node_name.as_deref().unwrap_or("nowhere")).or_default() += 1;
    }
    let mut counts: Vec<usize> = nodes.into_values().collect();
    counts.sort_unstable_by(|a, b| b.cmp(a));
    counts
}

#[test]
fn a_new_revision_is_spread_by_itself() {
    let mut run = settled(&[&deployment(3, "web:1", "")]);
    assert_eq!(spread(run.world()), [1, 1, 1]);
    for revision in 2..6 {
        run.act(Action::apply(&deployment(3, &format!("web:{revision}"), "")))
            .expect("an image can be changed");
        go_on(&mut run, Span::from_secs(120));
        assert_eq!(spread(run.world()), [1, 1, 1], "revision {revision}");
    }
}

#[test]
fn constraints_forbid_or_only_prefer() {
    let constraint = |key: &str, action: &str| {
        format!(
            "topologySpreadConstraints: [{{maxSkew: 1, topologyKey: {key}, whenUnsatisfiable: {action}, \
             labelSelector: {{matchLabels: {{app: web}}}}}}],"
        )
    };
    let hard = settled(&[&deployment(7, "web", &constraint("topology.kubernetes.io/zone", "DoNotSchedule"))]);
    assert_eq!(spread(hard.world()), [3, 2, 2]);
    let mut cordoned = hard;
    cordoned.act(Action::Cordon { node: "node-1".into(), on: true }).expect("a node can be cordoned");
    cordoned.act(Action::scale_deployment(&key("web"), 12)).expect("it can be scaled");
    go_on(&mut cordoned, Span::from_secs(60));
    let waiting: Vec<String> = cordoned.world().store().pods_on("").map(|pod| message(pod)).collect();
    assert!(!waiting.is_empty(), "the zone of the cordoned node still counts");
    for message in waiting {
        assert!(message.contains("2 node(s) didn't match pod topology spread constraints"), "{message}");
        assert!(message.contains("1 node(s) were unschedulable"), "{message}");
    }
}

#[test]
fn anti_affinity_takes_a_node_for_each() {
    let anti = "affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: \
                kubernetes.io/hostname, labelSelector: {matchLabels: {app: web}}}]}},";
    let mut run = settled(&[&deployment(4, "web", anti)]);
    assert_eq!(spread(run.world()), [1, 1, 1, 1], "one is nowhere");
    run.act(Action::AddNode { name: None, zone: None }).expect("a node can be added");
    go_on(&mut run, Span::from_secs(120));
    assert_eq!(run.world().store().pods_on("").count(), 0);
}

#[test]
fn the_higher_priority_comes_first() {
    let class =
        "{apiVersion: scheduling.k8s.io/v1, kind: PriorityClass, metadata: {name: high}, value: 1000}";
    let manifests = [
        class.to_string(),
        requesting("low", "nodeSelector: {kubernetes.io/hostname: node-1},", "{cpu: 3}"),
        requesting(
            "high",
            "priorityClassName: high, nodeSelector: {kubernetes.io/hostname: node-1},",
            "{cpu: 3}",
        ),
        requesting("critical", "priorityClassName: system-node-critical,", "{cpu: 1}"),
    ];
    let run = settled(&manifests.each_ref().map(|text| &**text));
    assert_eq!((node_of(&run, "low"), node_of(&run, "high").as_deref()), (None, Some("node-1")));
    let priority = |name: &str| run.world().store().pods.get(&key(name)).and_then(|pod| pod.spec.priority);
    let system = PriorityClass::SYSTEM[0].1;
    assert_eq!(["low", "high", "critical"].map(priority), [Some(0), Some(1000), Some(system)]);
}

#[test]
fn a_class_must_be_there_when_a_pod_is_created() {
    let mut run = settled(&[&deployment(1, "web", "priorityClassName: high,")]);
    assert_eq!(run.world().store().pods.len(), 0);
    let refused = |entry: &LogEntry| matches!(entry, LogEntry::FailedCreate { refusal: Refusal::NoPriorityClass { class, .. }, .. } if &**class == "high");
    assert_eq!(run.world().log().iter().filter(|logged| refused(&logged.entry)).count(), 1);
    let bare = Action::apply(&pod("bare", "priorityClassName: high,"));
    let why = run.act(bare.clone()).expect_err("there is no such class");
    assert_eq!(why, [Refusal::NoPriorityClass { pod: key("bare"), class: "high".into() }]);
    let class = "{apiVersion: scheduling.k8s.io/v1, kind: PriorityClass, metadata: {name: high}, value: 9}";
    run.act(Action::apply(class)).expect("a class can be made");
    run.act(bare).expect("the class is there");
    go_on(&mut run, Span::from_secs(60));
    assert_eq!(run.world().store().pods.len(), 2);
}

#[test]
fn a_pod_that_leaves_makes_room() {
    let mut run =
        settled(&[&requesting("first", "nodeSelector: {kubernetes.io/hostname: node-1},", "{cpu: 3}")]);
    let second = requesting("second", "nodeSelector: {kubernetes.io/hostname: node-1},", "{cpu: 3}");
    run.act(Action::apply(&second)).expect("it can be made");
    go_on(&mut run, Span::from_secs(10));
    assert!(
        message_of(&run, "second")
            .starts_with("0/3 nodes are available: 1 Insufficient cpu, 2 node(s) didn't")
    );
    delete(&mut run, "first");
    go_on(&mut run, Span::from_secs(60));
    assert_eq!(node_of(&run, "second").as_deref(), Some("node-1"));
    assert_eq!(message_of(&run, "second"), "");
}

#[test]
fn two_pods_cannot_have_one_port_of_a_node() {
    let with_port = |name: &str, port: &str| {
        format!(
            "{{apiVersion: v1, kind: Pod, metadata: {{name: {name}}}, spec: {{nodeSelector: {{kubernetes.io/hostname: \
             node-1}}, containers: [{{name: c, image: i, ports: [{{containerPort: 80, hostPort: 80{port}}}]}}]}}}}"
        )
    };
    let manifests = [with_port("a", ""), with_port("b", ""), with_port("c", ", protocol: UDP")];
    let run = settled(&manifests.each_ref().map(|text| &**text));
    let bound = ["a", "b", "c"].map(|name| node_of(&run, name).is_some());
    assert!(bound[2] && (bound[0] ^ bound[1]), "{bound:?}");
    let waits = if bound[0] { "b" } else { "a" };
    assert!(message_of(&run, waits).contains("1 node(s) didn't have free ports for the requested pod ports"));
}

/// What is done to a random cluster, by numbers that are folded onto what is there.
#[derive(Clone, Debug)]
enum Step {
    Scale(u8, u8),
    Cordon(u8, bool),
    DeletePod(u8),
    AddNode,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        any::<(u8, u8)>().prop_map(|(which, count)| Step::Scale(which, count % 12)),
        any::<(u8, bool)>().prop_map(|(which, on)| Step::Cordon(which, on)),
        any::<u8>().prop_map(Step::DeletePod),
        Just(Step::AddNode),
    ];
    proptest::collection::vec(step, 0..6)
}

/// Of a node: labels and taints.
fn node() -> impl Strategy<Value = String> {
    let labels = prop::sample::select(vec!["disk: ssd", "disk: hdd", "gpu: 'yes'", ""]);
    let taints = prop::sample::select(vec![
        "",
        "",
        "{key: dedicated, value: db, effect: NoSchedule}",
        "{key: old, effect: PreferNoSchedule}",
    ]);
    let cpu = prop::sample::select(vec!["1", "2500m", "4"]);
    (labels, taints, cpu).prop_map(|(labels, taints, cpu)| {
        format!("labels: {{{labels}}}}}, spec: {{taints: [{taints}]}}, status: {{allocatable: {{cpu: {cpu}, memory: 8Gi, pods: 9}}}}")
    })
}

/// Of a Deployment: the spec of its Pods.
fn workload() -> impl Strategy<Value = (u8, String)> {
    let selector =
        prop::sample::select(vec!["", "", "nodeSelector: {disk: ssd},", "nodeSelector: {gpu: 'yes'},"]);
    let tolerations = prop::sample::select(vec![
        "",
        "tolerations: [{key: dedicated, operator: Exists}],",
        "tolerations: [{operator: Exists}],",
    ]);
    let requests = prop::sample::select(vec![
        "{}",
        "{cpu: 400m}",
        "{cpu: 1, memory: 3Gi}",
        "{cpu: 3}",
        "{memory: 100Mi}",
    ]);
    let ports = prop::sample::select(vec![
        "",
        "",
        "{containerPort: 80, hostPort: 80}",
        "{containerPort: 80, hostPort: 80, protocol: UDP}",
    ]);
    (0..8_u8, selector, tolerations, requests, ports).prop_map(
        |(replicas, selector, tolerations, requests, ports)| {
            let container =
                format!("{{name: c, image: i, resources: {{requests: {requests}}}, ports: [{ports}]}}");
            (replicas, format!("{selector} {tolerations} containers: [{container}]"))
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn a_bound_pod_fits_and_a_waiting_one_does_not(
        nodes in proptest::collection::vec(node(), 1..5),
        workloads in proptest::collection::vec(workload(), 1..4),
        steps in steps(),
    ) {
        let nodes = nodes.iter().enumerate().map(|(n, rest)| {
            format!("{{apiVersion: v1, kind: Node, metadata: {{name: node-{n}, {rest}}}")
        });
        let workloads = workloads.iter().enumerate().map(|(n, (replicas, spec))| {
            format!(
                "{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: w{n}}}, spec: {{replicas: {replicas}, selector: \
                 {{matchLabels: {{app: w{n}}}}}, template: {{metadata: {{labels: {{app: w{n}}}}}, spec: {{{spec}}}}}}}}}"
            )
        });
        let manifests: Vec<String> = nodes.chain(workloads).collect();
        let mut run = start(&manifests.join("\n---\n"), 7);
        go_on(&mut run, Span::from_secs(60));
        check_placement(run.world());
        for step in steps {
            if let Some(action) = action(run.world(), &step) {
                run.act(action).expect("it is possible");
            }
            go_on(&mut run, Span::from_secs(60));
            check_placement(run.world());
        }
    }
}

fn action(world: &World, step: &Step) -> Option<Action> {
    let store = world.store();
    fn nth<T>(mut all: Vec<T>, index: u8) -> Option<T> {
        let count = all.len();
        (count > 0).then(|| all.swap_remove(usize::from(index) % count))
    }
    Some(match step {
        Step::Scale(which, replicas) => {
            let deployment = nth(store.deployments.keys().cloned().collect(), *which)?;
            Action::scale_deployment(&deployment, u32::from(*replicas))
        }
        Step::Cordon(which, on) => {
            let NsName { name, .. } = nth(store.nodes.keys().cloned().collect(), *which)?;
            Action::Cordon { node: name, on: *on }
        }
        Step::DeletePod(which) => {
            let NsName { namespace, name } = nth(store.pods.keys().cloned().collect(), *which)?;
            Action::delete(ObjectRef { kind: Kind::Pod, namespace, name })
        }
        Step::AddNode => Action::AddNode { name: None, zone: Some("z".into()) },
    })
}

/// By a plain reading of the objects, which shares nothing with the scheduler.
fn check_placement(world: &World) {
    let store = world.store();
    let on = |node: &Node| -> Vec<&Pod> { store.pods_on(&node.meta.name).map(|pod| &**pod).collect() };
    for node in store.nodes.iter() {
        assert!(has_room(node, &on(node)), "{}: {:?}", node.meta.name, on(node));
        for pod in on(node) {
            assert!(may_run(pod, node), "{} on {}", pod.meta.name, node.meta.name);
        }
    }
    for pod in store.pods_on("") {
        assert!(message(pod).contains("nodes are available"), "{} says why: {}", pod.meta.name, message(pod));
        for node in store.nodes.iter().filter(|node| !node.spec.unschedulable) {
            let mut together = on(node);
            together.push(pod);
            assert!(
                !may_run(pod, node) || !has_room(node, &together),
                "{} fits on {}",
                pod.meta.name,
                node.meta.name
            );
        }
    }
}

fn has_room(node: &Node, pods: &[&Pod]) -> bool {
    let requested = |resource: &str| -> i64 {
        let containers = pods.iter().flat_map(|pod| &pod.spec.containers);
        containers
            .filter_map(|c| c.resources.requests.get(resource))
            .map(|quantity| quantity.milli_value())
            .sum()
    };
    let allocatable =
        |resource: &str| node.allocatable.get(resource).map_or(0, |quantity| quantity.milli_value());
    let ports =
        pods.iter().flat_map(|pod| &pod.spec.containers).flat_map(|c| &c.ports).filter(|p| p.host_port != 0);
    let mut seen = BTreeSet::new();
    ["cpu", "memory"].iter().all(|resource| requested(resource) <= allocatable(resource))
        && pods.len() as i64 * 1000 <= allocatable("pods")
        && ports.into_iter().all(|port| seen.insert((port.protocol.as_str(), port.host_port)))
}

fn may_run(pod: &Pod, node: &Node) -> bool {
    let labels: &Labels = &node.meta.labels;
    let tolerated = |key: &str| {
        pod.spec.tolerations.iter().any(|toleration| toleration.key.is_empty() || &*toleration.key == key)
    };
    pod.spec.node_selector.iter().all(|(key, value)| labels.get(key) == Some(value))
        && node
            .spec
            .taints
            .iter()
            // Pods stay on a node that is cordoned later.
            .filter(|taint| &*taint.key != Taint::UNSCHEDULABLE)
            .all(|taint| taint.effect.as_str() == "PreferNoSchedule" || tolerated(&taint.key))
}
