//! What a kubelet takes, and when it begins.

use super::{WEB, act, delete, is_there, node, pod, power, taints};
use crate::support::{go_on, seconds, settle, start};
use cluster::api::{Action, ConditionStatus, Kind, Phase};
use cluster::sim::{LogEntry, Run, Span};

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
