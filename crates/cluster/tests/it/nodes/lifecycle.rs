//! Taints: of a cordon, of silence, and what they drive away.

use super::{WEB, act, node, pod, power, taint, taints};
use crate::support::{go_on, key, settle, start};
use cluster::api::{Action, ConditionStatus, TaintChange};
use cluster::sim::{Refusal, Run, Span};

const UNREACHABLE: [&str; 2] =
    ["node.kubernetes.io/unreachable:NoSchedule", "node.kubernetes.io/unreachable:NoExecute"];

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
