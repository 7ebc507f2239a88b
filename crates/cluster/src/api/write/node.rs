//! `spec` and `status` of Nodes.

use super::{at, map, printed, put_or_remove, rfc3339, scheduling, text};
use crate::api::{Node, NodeCondition, Tree};

/// The port at which a kubelet listens (pkg/cluster/ports/ports.go, KubeletPort).
const KUBELET_PORT: i64 = 10_250;

pub fn overlay(tree: &mut Tree, node: &Node) {
    let spec = at(tree, "spec");
    put_or_remove(spec, "podCIDR", node.spec.pod_cidrs.first().map(|c| text(&c.to_string())));
    put_or_remove(spec, "podCIDRs", node.spec.pod_cidrs.first().map(|_| printed(&node.spec.pod_cidrs)));
    put_or_remove(spec, "unschedulable", node.spec.unschedulable.then(|| Tree::bool(true)));
    let taints: Vec<Tree> = node.spec.taints.iter().map(scheduling::taint).collect();
    put_or_remove(spec, "taints", (!taints.is_empty()).then(|| Tree::seq(taints)));
    let status = at(tree, "status");
    let address =
        |ip: &std::net::IpAddr| map([("address", text(&ip.to_string())), ("type", text("InternalIP"))]);
    let hostname = map([("address", text(&node.meta.name)), ("type", text("Hostname"))]);
    let addresses = node.addresses.iter().map(address).chain([hostname]).collect();
    status.put("addresses", Tree::seq(addresses));
    put_or_remove(status, "allocatable", scheduling::resource_list(&node.allocatable));
    put_or_remove(status, "capacity", scheduling::resource_list(&node.capacity));
    let conditions = conditions(status, node);
    status.put("conditions", conditions);
    let endpoint = map([("Port", Tree::int(KUBELET_PORT))]);
    status.put("daemonEndpoints", map([("kubeletEndpoint", endpoint)]));
    let out = at(status, "nodeInfo");
    // Deprecated, and no kubelet sets it any more; but the field is not left out.
    put_or_remove(out, "kubeProxyVersion", Some(text("")));
    for (name, value) in node.info.clone().fields_mut() {
        out.put(name, text(value));
    }
}

/// Those that others than the kubelet have written come first.
fn conditions(status: &Tree, node: &Node) -> Tree {
    let own = node.conditions.iter();
    let is_own = |written: &Tree| {
        let type_ = written.field("type").and_then(Tree::as_str);
        type_.is_some_and(|type_| own.iter().any(|(own, _)| *own == &**type_))
    };
    let written = status.field("conditions").map_or(&[][..], Tree::items);
    let others = written.iter().filter(|written| !is_own(written)).cloned();
    Tree::seq(others.chain(own.iter().map(|(type_, is)| condition(type_, is))).collect())
}

fn condition(type_: &str, condition: &NodeCondition) -> Tree {
    let NodeCondition { status, reason, message, heartbeat, since } = condition;
    map([
        ("lastHeartbeatTime", text(&rfc3339::print(*heartbeat))),
        ("lastTransitionTime", text(&rfc3339::print(*since))),
        ("message", text(message)),
        ("reason", text(reason)),
        ("status", text(status.as_str())),
        ("type", text(type_)),
    ])
}
