//! `spec` and `status` of Nodes.

use super::{at, map, printed, put_or_remove, text};
use crate::api::{Node, NodeCondition, Tree};

pub fn overlay(tree: &mut Tree, node: &Node) {
    let spec = at(tree, "spec");
    put_or_remove(spec, "podCIDR", node.spec.pod_cidrs.first().map(|c| text(&c.to_string())));
    put_or_remove(spec, "podCIDRs", node.spec.pod_cidrs.first().map(|_| printed(&node.spec.pod_cidrs)));
    put_or_remove(spec, "unschedulable", node.spec.unschedulable.then(|| Tree::bool(true)));
    if node.spec.to_be_deleted && spec.field("taints").is_none() {
        let taint = [("effect", text("NoSchedule")), ("key", text(Node::TO_BE_DELETED))];
        spec.put("taints", Tree::seq(vec![map(taint)]));
    }
    let status = at(tree, "status");
    let address =
        |ip: &std::net::IpAddr| map([("address", text(&ip.to_string())), ("type", text("InternalIP"))]);
    let hostname = map([("address", text(&node.meta.name)), ("type", text("Hostname"))]);
    let addresses = node.addresses.iter().map(address).chain([hostname]).collect();
    status.put("addresses", Tree::seq(addresses));
    let ready = match node.ready {
        NodeCondition::True => "True",
        NodeCondition::False => "False",
        NodeCondition::Unknown => "Unknown",
    };
    status.put("conditions", Tree::seq(vec![map([("status", text(ready)), ("type", text("Ready"))])]));
    at(status, "allocatable").put("cpu", text(&cpu(node.allocatable_cpu_milli)));
}

/// Thousandths of a CPU as the API server prints them (apimachinery resource/quantity.go, CanonicalizeBytes).
fn cpu(milli: u32) -> String {
    if milli.is_multiple_of(1_000) { (milli / 1_000).to_string() } else { format!("{milli}m") }
}
