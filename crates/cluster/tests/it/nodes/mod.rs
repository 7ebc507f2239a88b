//! Nodes as kubelets register them, and what becomes of one that does not report, or that is tainted.

mod collected;
mod kubelet;
mod lifecycle;
mod written;

use crate::support::key;
use cluster::api::{Action, Kind, Node, ObjectRef, Pod, Scope, TaintChange};
use cluster::sim::Run;

/// Pods on node-2, of which some tolerate what others do not.
pub const WEB: &str = "
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

pub fn node<'a>(run: &'a Run, name: &str) -> &'a Node {
    run.world().store().node(name).unwrap_or_else(|| panic!("there is no {name}"))
}

pub fn pod<'a>(run: &'a Run, name: &str) -> &'a Pod {
    run.world().store().pods.get(&key(name)).unwrap_or_else(|| panic!("there is no Pod {name}"))
}

pub fn act(run: &mut Run, action: Action) {
    run.act(action.clone()).unwrap_or_else(|refusals| panic!("{action:?}: {refusals:?}"));
}

pub fn taints(run: &Run, name: &str) -> Vec<String> {
    let taints = node(run, name).spec.taints.iter();
    taints.map(|taint| TaintChange::Add(taint.clone()).to_string()).collect()
}

pub fn power(run: &mut Run, node: &str, on: bool) {
    act(run, Action::PowerNode { node: node.into(), on });
}

pub fn taint(run: &mut Run, node: &str, change: &str) {
    let change = TaintChange::parse(change).expect("a taint");
    act(run, Action::Taint { node: node.into(), taints: vec![change] });
}

pub fn delete(run: &mut Run, kind: Kind, name: &str) {
    let namespace = if kind.scope() == Scope::Cluster { "" } else { "default" };
    let object = ObjectRef { kind, namespace: namespace.into(), name: name.into() };
    act(run, Action::delete(object));
}

pub fn is_there(run: &Run, name: &str) -> bool {
    run.world().store().pods.get(&key(name)).is_some()
}
