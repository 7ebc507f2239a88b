//! What a Node has: what its document says, and what a kubelet adds.

use super::{act, delete, node, pod, taint, taints};
use crate::support::{go_on, said, settle, start};
use cluster::api::{Action, Kind, ObjectRef, to_json, to_tree};
use cluster::sim::{Refusal, Run, Span};

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
        let written = run.world().store().written(node.meta.uid).expect("it was written");
        to_tree(&node.into(), Some(written))
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
    let stays = "spec.podCIDRs: Forbidden: node updates may not change podCIDR except from \"\" to valid";
    assert_eq!(said(&refused), [stays]);
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
