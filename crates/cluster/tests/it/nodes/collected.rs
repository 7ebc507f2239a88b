//! Pods of nodes that are gone (podgc).

use super::{WEB, act, delete, is_there, pod, power, taint};
use crate::support::{go_on, settle, start};
use cluster::api::{Action, Kind, Phase};
use cluster::sim::Span;

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
    // No kubelet is there that would end it in its grace period.
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
