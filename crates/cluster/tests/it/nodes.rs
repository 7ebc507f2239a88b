//! Nodes as kubelets register them, and what becomes of one that does not report, or that is tainted.

use crate::support::{go_on, key, seconds, settle, start};
use cluster::api::{
    Action, ConditionStatus, Kind, Node, ObjectRef, Phase, Pod, Scope, TaintChange, to_json, to_tree,
};
use cluster::sim::{LogEntry, Refusal, Run, Span};

fn node<'a>(run: &'a Run, name: &str) -> &'a Node {
    run.world().store().node(name).unwrap_or_else(|| panic!("there is no {name}"))
}

fn pod<'a>(run: &'a Run, name: &str) -> &'a Pod {
    run.world().store().pods.get(&key(name)).unwrap_or_else(|| panic!("there is no Pod {name}"))
}

fn act(run: &mut Run, action: Action) {
    run.act(action.clone()).unwrap_or_else(|refusals| panic!("{action:?}: {refusals:?}"));
}

fn taints(run: &Run, name: &str) -> Vec<String> {
    let taints = node(run, name).spec.taints.iter();
    taints.map(|taint| TaintChange::Add(taint.clone()).to_string()).collect()
}

fn power(run: &mut Run, node: &str, on: bool) {
    act(run, Action::PowerNode { node: node.into(), on });
}

fn taint(run: &mut Run, node: &str, change: &str) {
    let change = TaintChange::parse(change).expect("a taint");
    act(run, Action::Taint { node: node.into(), taints: vec![change] });
}

const UNREACHABLE: [&str; 2] =
    ["node.kubernetes.io/unreachable:NoSchedule", "node.kubernetes.io/unreachable:NoExecute"];

/// What the real control plane has of these three Nodes (its kubelet was a fake, and had other programs' names).
#[test]
fn a_node_is_as_written_with_what_a_kubelet_adds() {
    let text = "
apiVersion: v1
kind: Node
metadata: {name: alpha, labels: {topology.kubernetes.io/zone: x}}
---
apiVersion: v1
kind: Node
metadata: {name: beta, labels: {kubernetes.io/arch: arm64}}
spec: {unschedulable: true}
status:
  capacity: {cpu: '2', example.com/gpu: '1'}
  allocatable: {cpu: 1900m}
  addresses: [{type: InternalIP, address: 192.0.2.7}]
  nodeInfo: {osImage: Debian}
  conditions: [{type: NetworkUnavailable, status: 'False', reason: RouteCreated}]
---
apiVersion: v1
kind: Node
metadata: {name: gamma}
spec: {taints: [{key: a, effect: NoSchedule}]}
";
    let mut run = start(text, 7);
    go_on(&mut run, Span::from_secs(1));
    let printed = |name: &str| {
        let node = node(&run, name).clone();
        let source = run.world().store().source(node.meta.uid).expect("it was written");
        to_tree(&node.into(), Some(&source.tree))
    };
    let alpha = printed("alpha");
    let status = |tree: &cluster::api::Tree, field: &str| {
        to_json(tree.field("status").expect("a status").field(field).expect("a field"))
    };
    assert_eq!(
        status(&alpha, "capacity"),
        r#"{"cpu":"4","ephemeral-storage":"100Gi","memory":"16Gi","pods":"110"}"#
    );
    assert_eq!(status(&alpha, "capacity"), status(&alpha, "allocatable"));
    assert_eq!(
        status(&alpha, "addresses"),
        r#"[{"address":"192.168.0.11","type":"InternalIP"},{"address":"alpha","type":"Hostname"}]"#
    );
    let conditions = status(&alpha, "conditions");
    for expected in [
        r#""message":"kubelet has sufficient memory available","reason":"KubeletHasSufficientMemory","status":"False","type":"MemoryPressure""#,
        r#""message":"kubelet has no disk pressure","reason":"KubeletHasNoDiskPressure","status":"False","type":"DiskPressure""#,
        r#""message":"kubelet has sufficient PID available","reason":"KubeletHasSufficientPID","status":"False","type":"PIDPressure""#,
        r#""message":"kubelet is posting ready status","reason":"KubeletReady","status":"True","type":"Ready""#,
    ] {
        assert!(conditions.contains(expected), "{conditions}");
    }
    let info = status(&alpha, "nodeInfo");
    for expected in
        [r#""kubeletVersion":"v1.36.3""#, r#""architecture":"amd64""#, r#""operatingSystem":"linux""#]
    {
        assert!(info.contains(expected), "{info}");
    }
    let beta = printed("beta");
    assert_eq!(
        status(&beta, "allocatable"),
        r#"{"cpu":"1900m","ephemeral-storage":"100Gi","example.com/gpu":"1","memory":"16Gi","pods":"110"}"#
    );
    assert!(status(&beta, "addresses").contains("192.0.2.7"));
    assert!(status(&beta, "nodeInfo").contains(r#""architecture":"arm64""#));
    assert!(status(&beta, "nodeInfo").contains(r#""osImage":"Debian""#));
    assert!(status(&beta, "conditions").starts_with(r#"[{"type":"NetworkUnavailable""#));
    assert_eq!(taints(&run, "beta"), ["node.kubernetes.io/unschedulable:NoSchedule"]);
    assert_eq!(taints(&run, "gamma"), ["a:NoSchedule"]);
}

#[test]
fn a_node_keeps_the_range_that_it_brings() {
    let node = |name: &str, spec: &str| {
        format!("---\napiVersion: v1\nkind: Node\nmetadata: {{name: {name}}}\nspec: {{{spec}}}\n")
    };
    let web = "---\napiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {nodeName: b, containers: [{name: web, image: i}]}\n";
    // The first range is spoken for, by a Node that comes later.
    let text = node("a", "") + &node("b", "podCIDR: 10.244.1.0/24") + web;
    let mut run = start(&text, 7);
    settle(&mut run);
    let range = |run: &Run, name: &str| self::node(run, name).spec.pod_cidrs[0].to_string();
    assert_eq!((range(&run, "a"), range(&run, "b")), ("10.244.2.0/24".into(), "10.244.1.0/24".into()));
    assert_eq!(pod(&run, "web").status.pod_ip().map(|ip| ip.to_string()).as_deref(), Some("10.244.1.2"));
    let taken = node("c", "podCIDR: 10.244.1.128/25");
    let refused = run.act(Action::apply(&taken)).expect_err("it is b's");
    assert!(matches!(refused[..], [Refusal::PodRangeNotFree { .. }]), "{refused:?}");
    let refused =
        run.act(Action::apply(&node("c", "podCIDR: 10.9.0.0/24"))).expect_err("it is not the cluster's");
    assert!(matches!(refused[..], [Refusal::PodRangeNotInCluster { .. }]), "{refused:?}");
    let refused = run.act(Action::apply(&node("b", "podCIDR: 10.244.9.0/24"))).expect_err("it stays");
    assert!(matches!(refused[..], [Refusal::Immutable { field: "spec.podCIDRs", .. }]), "{refused:?}");
    // Where all nodes bring another range, that is the cluster's.
    let run = start(&(node("a", "podCIDR: 10.4.0.0/24") + &node("b", "podCIDR: 10.4.1.0/24")), 7);
    assert_eq!((range(&run, "a"), range(&run, "b")), ("10.4.0.0/24".into(), "10.4.1.0/24".into()));
}

fn written_node(name: &str, spec: &str) -> String {
    format!("---\napiVersion: v1\nkind: Node\nmetadata: {{name: {name}}}\nspec: {{{spec}}}\n")
}

const V6: &str =
    "---\napiVersion: packetyard/v1alpha1\nkind: Scenario\nspec: {serviceCIDR: 'fd99::/112', clients: []}\n";

/// What is not for any node is in nobody's way, and what fills the cluster's range leaves nothing to look for.
#[test]
fn a_range_that_a_node_brings_keeps_no_other_node_from_its_own() {
    let range = |run: &Run, name: &str| node(run, name).spec.pod_cidrs[0].to_string();
    // The Node's range is all of the cluster's.
    let text = written_node("a", "podCIDR: 'fd00::/20'") + &written_node("b", "") + V6;
    let manifest = crate::support::manifest(&text);
    let (run, refusals) = Run::new(&manifest, Some(7));
    assert!(matches!(refusals[..], [Refusal::NoPodRangeLeft { .. }]), "{refusals:?}");
    assert_eq!(range(&run, "a"), "fd00::/20");
    // No range holds both Nodes' ranges, so that the cluster has its usual one, and holds neither.
    let text = written_node("a", "podCIDR: 10.4.0.0/24") + &written_node("b", "podCIDR: 10.244.0.0/15");
    let text = text + &written_node("c", "podCIDR: 172.16.0.0/24") + &written_node("d", "");
    let (run, refusals) = Run::new(&crate::support::manifest(&text), Some(7));
    assert_eq!(refusals.len(), 3, "{refusals:?}");
    assert_eq!(range(&run, "d"), "10.244.1.0/24");
}

/// cidr_set.go: the search goes on from the last range, and begins anew behind the end.
#[test]
fn the_range_of_a_node_that_is_gone_is_given_again_when_its_turn_comes() {
    let scenario =
        "apiVersion: packetyard/v1alpha1\nkind: Scenario\nspec: {podCIDR: 10.1.0.0/22, clients: []}\n";
    let mut run = start(scenario, 7);
    let add = |run: &mut Run, name: &str| run.act(Action::AddNode { name: Some(name.into()), zone: None });
    let refused = add(&mut run, "fourth").expect_err("three have all of it");
    assert!(matches!(refused[..], [Refusal::NoPodRangeLeft { .. }]), "{refused:?}");
    for (name, expected) in [("node-2", "10.1.2.0/24"), ("node-1", "10.1.1.0/24")] {
        delete(&mut run, Kind::Node, name);
        add(&mut run, "again").expect("there is room");
        assert_eq!(node(&run, "again").spec.pod_cidrs[0].to_string(), expected);
        delete(&mut run, Kind::Node, "again");
        add(&mut run, name).expect("there is room");
    }
}

/// kubelet_node_status.go, validateNodeIP; and what somebody else has, or may get.
#[test]
fn a_node_has_no_address_that_is_somebody_elses() {
    for (written, expected) in [
        ("192.0.2.7", "192.0.2.7"),
        ("198.51.100.3", "192.168.0.11"),
        ("203.0.113.10", "192.168.0.11"),
        ("224.0.0.5", "192.168.0.11"),
        ("169.254.1.1", "192.168.0.11"),
        ("255.255.255.255", "192.168.0.11"),
        ("127.0.0.1", "192.168.0.11"),
        ("10.244.3.1", "192.168.0.11"),
        ("10.96.0.10", "192.168.0.11"),
    ] {
        let status = format!("status: {{addresses: [{{type: InternalIP, address: {written}}}]}}\n");
        let run = start(&(written_node("a", "") + &status), 7);
        let addresses: Vec<String> = node(&run, "a").addresses.iter().map(ToString::to_string).collect();
        assert_eq!(addresses, [expected], "{written}");
    }
}

const WEB: &str = "
apiVersion: v1
kind: Pod
metadata: {name: web}
spec: {nodeName: node-2, containers: [{name: web, image: i}]}
---
apiVersion: v1
kind: Pod
metadata: {name: patient}
spec:
  nodeName: node-2
  tolerations: [{key: k, operator: Exists, effect: NoExecute, tolerationSeconds: 3}]
  containers: [{name: web, image: i}]
---
apiVersion: v1
kind: Pod
metadata: {name: deaf}
spec: {nodeName: node-2, tolerations: [{operator: Exists}], containers: [{name: web, image: i}]}
---
apiVersion: packetyard/v1alpha1
kind: Scenario
spec: {timing: realistic, clients: [], nodes: [{name: node-1, zone: a}, {name: node-2, zone: b}, {name: node-3, zone: b}]}
";

#[test]
fn a_cordoned_node_has_the_taint_that_says_so() {
    let mut run = start(WEB, 7);
    settle(&mut run);
    act(&mut run, Action::Cordon { node: "node-2".into(), on: true });
    assert!(taints(&run, "node-2").is_empty(), "a controller writes it");
    go_on(&mut run, Span::from_secs(1));
    assert_eq!(taints(&run, "node-2"), ["node.kubernetes.io/unschedulable:NoSchedule"]);
    act(&mut run, Action::Cordon { node: "node-2".into(), on: false });
    go_on(&mut run, Span::from_secs(1));
    assert!(taints(&run, "node-2").is_empty());
}

/// Upstream's times: 50 s of silence, then the taints; 300 s later its Pods go, but for those that tolerate all.
#[test]
fn a_silent_node_is_tainted_and_its_pods_go() {
    let mut run = start(WEB, 7);
    settle(&mut run);
    power(&mut run, "node-2", false);
    go_on(&mut run, Span::from_secs(49));
    assert_eq!(node(&run, "node-2").ready(), ConditionStatus::True);
    go_on(&mut run, Span::from_secs(2));
    for (type_, condition) in node(&run, "node-2").conditions.iter() {
        assert_eq!(
            (condition.status, condition.reason, condition.message),
            (ConditionStatus::Unknown, "NodeStatusUnknown", "Kubelet stopped posting node status."),
            "{type_}"
        );
    }
    let mut there = taints(&run, "node-2");
    there.sort();
    assert_eq!(there, [UNREACHABLE[1], UNREACHABLE[0]]);
    // Nobody reports of its containers: only the Pod's condition changes.
    let web = &pod(&run, "web").status;
    assert!(!web.is_ready() && web.container_statuses[0].ready, "{web:?}");
    go_on(&mut run, Span::from_secs(298));
    assert!(pod(&run, "web").meta.deleted.is_none());
    go_on(&mut run, Span::from_secs(3));
    for (name, evicted) in [("web", true), ("patient", true), ("deaf", false)] {
        let pod = pod(&run, name);
        assert_eq!(pod.meta.deleted.is_some(), evicted, "{name}");
        let condition = pod.status.condition("DisruptionTarget").map(|condition| condition.reason);
        assert_eq!(condition, evicted.then_some(Some("DeletionByTaintManager")), "{name}");
    }
    power(&mut run, "node-2", true);
    go_on(&mut run, Span::from_secs(30));
    assert!(taints(&run, "node-2").is_empty() && node(&run, "node-2").ready() == ConditionStatus::True);
    assert!(run.world().store().pods.get(&key("web")).is_none(), "its kubelet has removed it");
}

#[test]
fn a_node_that_comes_back_in_time_keeps_its_pods() {
    let mut run = start(WEB, 7);
    settle(&mut run);
    act(&mut run, Action::CutOffNode { node: "node-2".into(), on: true });
    go_on(&mut run, Span::from_secs(100));
    assert_eq!(taints(&run, "node-2").len(), 2);
    act(&mut run, Action::CutOffNode { node: "node-2".into(), on: false });
    go_on(&mut run, Span::from_secs(1));
    let no_execute = taints(&run, "node-2");
    assert!(no_execute.iter().all(|taint| taint.ends_with(":NoExecute")), "{no_execute:?}");
    go_on(&mut run, Span::from_secs(5));
    assert!(taints(&run, "node-2").is_empty(), "the controller has looked at all nodes");
    go_on(&mut run, Span::from_secs(400));
    assert!(pod(&run, "web").meta.deleted.is_none() && pod(&run, "web").status.is_ready());
}

/// evictionLimiterQPS: one node of a zone in ten seconds. node-2 and node-3 are in one zone.
#[test]
fn the_nodes_of_a_zone_are_tainted_one_after_the_other() {
    let mut run = start(WEB, 7);
    settle(&mut run);
    power(&mut run, "node-2", false);
    power(&mut run, "node-3", false);
    let driving = |run: &Run| {
        let has = |name: &&str| taints(run, name).iter().any(|taint| taint == UNREACHABLE[1]);
        ["node-1", "node-2", "node-3"].iter().filter(|name| has(name)).count()
    };
    go_on(&mut run, Span::from_secs(52));
    assert_eq!(driving(&run), 1);
    go_on(&mut run, Span::from_secs(9));
    assert_eq!(driving(&run), 2);
    // When no node reports any more, none is tainted so, and nobody is evicted.
    power(&mut run, "node-1", false);
    go_on(&mut run, Span::from_secs(52));
    assert_eq!(driving(&run), 0);
    go_on(&mut run, Span::from_secs(400));
    assert!(pod(&run, "web").meta.deleted.is_none());
    assert_eq!(taints(&run, "node-1"), [UNREACHABLE[0]]);
    // As soon as one does again, the others are.
    power(&mut run, "node-1", true);
    go_on(&mut run, Span::from_secs(60));
    assert_eq!(driving(&run), 2);
}

#[test]
fn a_taint_drives_away_who_does_not_tolerate_it() {
    let mut run = start(WEB, 7);
    settle(&mut run);
    taint(&mut run, "node-2", "k=v:NoExecute");
    go_on(&mut run, Span::from_secs(1));
    assert_eq!(taints(&run, "node-2"), ["k=v:NoExecute"]);
    let is_going = |run: &Run, name: &str| {
        run.world().store().pods.get(&key(name)).is_none_or(|pod| pod.meta.deleted.is_some())
    };
    assert!(is_going(&run, "web") && !is_going(&run, "patient") && !is_going(&run, "deaf"));
    go_on(&mut run, Span::from_secs(3));
    assert!(is_going(&run, "patient"));
    go_on(&mut run, Span::from_secs(60));
    assert!(!is_going(&run, "deaf"));
    let refused = run
        .act(Action::Taint {
            node: "node-2".into(),
            taints: vec![TaintChange::parse("x-").expect("a removal")],
        })
        .expect_err("it has none");
    assert!(matches!(refused[..], [Refusal::NoSuchTaint { .. }]), "{refused:?}");
}

#[test]
fn a_taint_that_goes_in_time_drives_nobody_away() {
    let mut run = start(WEB, 7);
    settle(&mut run);
    taint(&mut run, "node-2", "k=v:NoExecute");
    go_on(&mut run, Span::from_secs(2));
    taint(&mut run, "node-2", "k:NoExecute-");
    go_on(&mut run, Span::from_secs(60));
    assert!(taints(&run, "node-2").is_empty() && pod(&run, "patient").meta.deleted.is_none());
    // The time begins anew.
    taint(&mut run, "node-2", "k=v:NoExecute");
    go_on(&mut run, Span::from_secs(2));
    assert!(pod(&run, "patient").meta.deleted.is_none());
    go_on(&mut run, Span::from_millis(1_500));
    assert!(run.world().store().pods.get(&key("patient")).is_none_or(|pod| pod.meta.deleted.is_some()));
}

#[test]
fn a_node_that_starts_takes_no_pods_before_it_is_ready() {
    let mut run = start(WEB, 7);
    settle(&mut run);
    act(&mut run, Action::AddNode { name: Some("late".into()), zone: None });
    assert_eq!(taints(&run, "late"), ["node.kubernetes.io/not-ready:NoSchedule"]);
    assert_eq!(node(&run, "late").conditions.ready.reason, "KubeletNotReady");
    let began = run.world().now();
    go_on(&mut run, Span::from_secs(6));
    assert_eq!(
        taints(&run, "late"),
        ["node.kubernetes.io/not-ready:NoSchedule", "node.kubernetes.io/not-ready:NoExecute"]
    );
    go_on(&mut run, Span::from_secs(20));
    assert!(taints(&run, "late").is_empty() && node(&run, "late").ready() == ConditionStatus::True);
    assert!(node(&run, "late").conditions.ready.since > began && began > seconds(0));
}

fn delete(run: &mut Run, kind: Kind, name: &str) {
    let namespace = if kind.scope() == Scope::Cluster { "" } else { "default" };
    let object = ObjectRef { kind, namespace: namespace.into(), name: name.into() };
    act(run, Action::DeleteObject { object });
}

fn is_there(run: &Run, name: &str) -> bool {
    run.world().store().pods.get(&key(name)).is_some()
}

/// podgc looks every 20 s, and leaves a Pod of an unknown node for 40 s more.
#[test]
fn a_pod_of_a_node_that_is_not_there_waits_until_it_is_collected() {
    let text = format!(
        "
apiVersion: v1
kind: Pod
metadata: {{name: lost}}
spec: {{nodeName: nowhere, containers: [{{name: c, image: i}}]}}
---{WEB}"
    );
    let mut run = start(&text, 7);
    go_on(&mut run, Span::from_secs(39));
    assert!(
        pod(&run, "lost").status.phase == Phase::Pending
            && pod(&run, "lost").status.conditions.iter().count() == 0
    );
    go_on(&mut run, Span::from_secs(2));
    assert!(!is_there(&run, "lost") && is_there(&run, "web"));
}

#[test]
fn the_pods_of_a_deleted_node_are_collected() {
    let mut run = start(WEB, 7);
    settle(&mut run);
    delete(&mut run, Kind::Node, "node-2");
    go_on(&mut run, Span::from_secs(30));
    assert!(
        pod(&run, "web").status.phase == Phase::Running
            && run.world().pod_runtime(pod(&run, "web").meta.uid).is_none()
    );
    // Nobody is there to end it with grace.
    delete(&mut run, Kind::Pod, "web");
    assert!(pod(&run, "web").meta.deleted.is_some());
    go_on(&mut run, Span::from_secs(35));
    for name in ["web", "patient", "deaf"] {
        assert!(!is_there(&run, name), "{name}");
    }
}

/// A node of the same name that comes in time takes its Pods again.
#[test]
fn a_node_that_comes_again_in_time_keeps_its_pods() {
    let mut run = start(WEB, 7);
    settle(&mut run);
    delete(&mut run, Kind::Node, "node-2");
    go_on(&mut run, Span::from_secs(10));
    act(&mut run, Action::AddNode { name: Some("node-2".into()), zone: None });
    go_on(&mut run, Span::from_secs(100));
    assert!(is_there(&run, "web") && pod(&run, "web").status.is_ready());
}

/// kube-controller-manager deletes by force what is Terminating on a node that somebody says is off for good.
#[test]
fn a_node_out_of_service_gives_its_pods_back() {
    let mut run = start(WEB, 7);
    settle(&mut run);
    power(&mut run, "node-2", false);
    go_on(&mut run, Span::from_secs(60));
    delete(&mut run, Kind::Pod, "web");
    go_on(&mut run, Span::from_secs(60));
    assert!(is_there(&run, "web"), "its kubelet does not report");
    taint(&mut run, "node-2", "node.kubernetes.io/out-of-service=nodeshutdown:NoExecute");
    go_on(&mut run, Span::from_secs(21));
    assert!(!is_there(&run, "web"));
}

/// What a kubelet answers to Pods that the scheduler did not bring (kubelet.go, rejectPod).
#[test]
fn a_kubelet_takes_only_what_fits() {
    let pod_of = |name: &str, spec: &str| {
        format!(
            "---\napiVersion: v1\nkind: Pod\nmetadata: {{name: {name}}}\nspec: {{nodeName: node-1, {spec}}}\n"
        )
    };
    let plain = "containers: [{name: c, image: i}]";
    let cpu =
        |cpu: &str| format!("containers: [{{name: c, image: i, resources: {{requests: {{cpu: '{cpu}'}}}}}}]");
    let port = "containers: [{name: c, image: i, ports: [{containerPort: 80, hostPort: 8080}]}]";
    let text = "
apiVersion: v1
kind: Node
metadata: {name: node-1}
status: {capacity: {pods: '4'}}
"
    .to_string()
        + &pod_of("first", &cpu("3"))
        + &pod_of("second", &cpu("2"))
        + &pod_of("port", port)
        + &pod_of("same-port", port)
        + &pod_of("elsewhere", &format!("nodeSelector: {{zone: b}}, {plain}"))
        + &pod_of("third", plain)
        + &pod_of("gpu", "containers: [{name: c, image: i, resources: {limits: {example.com/gpu: 1}}}]")
        + &pod_of("fifth", plain);
    let mut run = start(&text, 7);
    settle(&mut run);
    let insufficient = |resource: &str, requested: i64, used: i64, capacity: i64| {
        format!(
            "OutOf{resource}: Pod was rejected: Node didn't have enough resource: {resource}, requested: {requested}, \
             used: {used}, capacity: {capacity}"
        )
    };
    for (name, expected) in [
        ("first", None),
        ("second", Some(insufficient("cpu", 2000, 3000, 4000))),
        ("port", None),
        (
            "same-port",
            Some(
                "NodePorts: Pod was rejected: Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports"
                    .into(),
            ),
        ),
        (
            "elsewhere",
            Some(
                "NodeAffinity: Pod was rejected: Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector"
                    .into(),
            ),
        ),
        ("third", None),
        // What the node does not know somebody else may provide.
        ("gpu", None),
        ("fifth", Some(insufficient("pods", 1, 4, 4))),
    ] {
        let status = &pod(&run, name).status;
        let said = status.reason.as_ref().zip(status.message.as_ref());
        assert_eq!(said.map(|(reason, message)| format!("{reason}: {message}")), expected, "{name}");
        let phase = if expected.is_some() { Phase::Failed } else { Phase::Running };
        assert_eq!(status.phase, phase, "{name}");
        assert_eq!(run.world().pod_runtime(pod(&run, name).meta.uid).is_some(), expected.is_none(), "{name}");
    }
    // It has failed for good, and goes at once when it is deleted.
    delete(&mut run, Kind::Pod, "first");
    go_on(&mut run, Span::from_secs(60));
    assert_eq!(pod(&run, "second").status.phase, Phase::Failed);
    delete(&mut run, Kind::Pod, "second");
    assert!(!is_there(&run, "second"));
}

/// backOffPeriod: the kubelet tries every 10 s.
#[test]
fn a_pod_waits_for_a_free_address() {
    let pod_of = |name: &str| {
        format!(
            "---\napiVersion: v1\nkind: Pod\nmetadata: {{name: {name}}}\nspec: {{nodeName: a, terminationGracePeriodSeconds: 1, containers: [{{name: c, image: i}}]}}\n"
        )
    };
    let text = "apiVersion: v1\nkind: Node\nmetadata: {name: a}\nspec: {podCIDR: 10.244.0.0/30}\n"
        .to_string()
        + &pod_of("one")
        + &pod_of("two");
    let mut run = start(&text, 7);
    go_on(&mut run, Span::from_secs(60));
    let ready =
        |run: &Run| ["one", "two"].map(|name| is_there(run, name) && pod(run, name).status.is_ready());
    let (first, second) = match ready(&run) {
        [true, false] => ("one", "two"),
        [false, true] => ("two", "one"),
        both => panic!("there is one address: {both:?}"),
    };
    delete(&mut run, Kind::Pod, first);
    go_on(&mut run, Span::from_secs(30));
    assert!(!is_there(&run, first) && pod(&run, second).status.is_ready());
    let address = pod(&run, second).status.pod_ip().map(|ip| ip.to_string());
    assert_eq!(address.as_deref(), Some("10.244.0.2"));
}

fn pod_on(node: &str, name: &str, requests: &str) -> Action {
    Action::apply(&format!(
        "{{apiVersion: v1, kind: Pod, metadata: {{name: {name}}}, spec: {{nodeName: {node}, \
         containers: [{{name: c, image: i, resources: {{requests: {{cpu: '{requests}'}}}}}}]}}}}"
    ))
}

fn log_of(run: &Run, pod: &str) -> Vec<&'static str> {
    let of = |key: &cluster::api::NsName| &*key.name == pod;
    let entries = run.world().log().iter().filter_map(|logged| match &logged.entry {
        LogEntry::Started { pod, .. } if of(pod) => Some("started"),
        LogEntry::PodGone { pod } if of(pod) => Some("gone"),
        LogEntry::PodRejected { pod, .. } if of(pod) => Some("rejected"),
        _ => None,
    });
    entries.collect()
}

/// The kubelet deletes the object of a Pod that it never ran, and does not run it, whether it would have taken it or not.
#[test]
fn what_was_bound_and_deleted_while_nobody_heard_is_not_started() {
    let cut_off = |on| Action::CutOffNode { node: "node-2".into(), on };
    let power = |on| Action::PowerNode { node: "node-2".into(), on };
    for (off, on) in [(cut_off(true), cut_off(false)), (power(false), power(true))] {
        let mut run = start(WEB, 7);
        settle(&mut run);
        act(&mut run, off);
        act(&mut run, pod_on("node-2", "late", "1"));
        act(&mut run, pod_on("node-2", "large", "99"));
        go_on(&mut run, Span::from_secs(5));
        for name in ["late", "large"] {
            assert_eq!(log_of(&run, name), [""; 0], "nobody has heard of {name}");
            delete(&mut run, Kind::Pod, name);
            assert!(pod(&run, name).meta.deleted.is_some(), "its kubelet has to confirm it");
        }
        go_on(&mut run, Span::from_secs(5));
        act(&mut run, on);
        go_on(&mut run, Span::from_secs(60));
        for name in ["late", "large"] {
            assert!(!is_there(&run, name), "{name}");
            assert_eq!(log_of(&run, name), ["gone"], "{name}");
        }
    }
}

/// A kubelet without power rejects nothing; when it starts it takes up what was bound to its node meanwhile.
#[test]
fn a_kubelet_takes_up_its_pods_when_it_starts() {
    let mut run = start(WEB, 7);
    settle(&mut run);
    power(&mut run, "node-2", false);
    act(&mut run, pod_on("node-2", "late", "1"));
    act(&mut run, pod_on("node-2", "large", "99"));
    go_on(&mut run, Span::from_secs(5));
    assert_eq!(pod(&run, "large").status.phase, Phase::Pending, "nobody is there to reject it");
    power(&mut run, "node-2", true);
    go_on(&mut run, Span::from_secs(60));
    assert_eq!(pod(&run, "large").status.phase, Phase::Failed);
    assert!(pod(&run, "late").status.is_ready() && pod(&run, "web").status.is_ready());
    // One that boots is not there yet: what it ran it learns to have been deleted when it is.
    act(&mut run, Action::AddNode { name: Some("new".into()), zone: None });
    act(&mut run, pod_on("new", "early", "1"));
    power(&mut run, "node-2", false);
    power(&mut run, "node-2", true);
    delete(&mut run, Kind::Pod, "late");
    while node(&run, "new").ready() != ConditionStatus::True {
        assert_eq!(log_of(&run, "early"), [""; 0]);
        assert!(is_there(&run, "late") && log_of(&run, "late") == ["started"]);
        go_on(&mut run, Span::from_millis(500));
    }
    go_on(&mut run, Span::from_secs(30));
    assert!(pod(&run, "early").status.is_ready() && !is_there(&run, "late"));
    assert_eq!(log_of(&run, "late"), ["started", "gone"]);
}

/// kubectl apply: what the text does not say, and the text before did not say, is somebody else's.
#[test]
fn a_node_that_is_applied_again_keeps_what_others_have_set() {
    let text = |spec: &str, labels: &str| {
        format!(
            "{{apiVersion: v1, kind: Node, metadata: {{name: a, labels: {{{labels}}}}}, spec: {{{spec}}}}}"
        )
    };
    let mut run = start(&text("", "own: x, gone: x"), 7);
    settle(&mut run);
    act(&mut run, Action::Cordon { node: "a".into(), on: true });
    taint(&mut run, "a", "k=v:NoSchedule");
    let mut labels = node(&run, "a").meta.labels.clone();
    labels.insert("others".into(), "y".into());
    act(&mut run, Action::SetLabels { object: ObjectRef::node(&"a".into()), labels });
    go_on(&mut run, Span::from_secs(1));
    let label = |run: &Run, key: &str| node(run, "a").meta.labels.get(key).map(ToString::to_string);
    act(&mut run, Action::apply(&text("", "own: z")));
    go_on(&mut run, Span::from_secs(1));
    assert!(node(&run, "a").spec.unschedulable, "somebody has cordoned it");
    assert_eq!(taints(&run, "a"), ["k=v:NoSchedule", "node.kubernetes.io/unschedulable:NoSchedule"]);
    assert_eq!(label(&run, "others").as_deref(), Some("y"));
    assert_eq!((label(&run, "own").as_deref(), label(&run, "gone")), (Some("z"), None));
    assert_eq!(label(&run, "kubernetes.io/hostname").as_deref(), Some("a"));
    // Once the text says it, it is the text's.
    act(&mut run, Action::apply(&text("unschedulable: false", "")));
    go_on(&mut run, Span::from_secs(1));
    assert_eq!(taints(&run, "a"), ["k=v:NoSchedule"]);
    act(&mut run, Action::apply(&text("taints: [{key: own, effect: NoSchedule}], unschedulable: true", "")));
    act(&mut run, Action::apply(&text("", "")));
    go_on(&mut run, Span::from_secs(1));
    assert!(!node(&run, "a").spec.unschedulable && taints(&run, "a").is_empty());
}
