//! `spec` and `status` of Nodes.

use super::{at, map, printed, put_or_remove, scheduling, text};
use crate::api::{Node, NodeCondition, Tree};

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
    let ready = match node.ready {
        NodeCondition::True => "True",
        NodeCondition::False => "False",
        NodeCondition::Unknown => "Unknown",
    };
    status.put("conditions", Tree::seq(vec![map([("status", text(ready)), ("type", text("Ready"))])]));
    put_or_remove(status, "allocatable", scheduling::resource_list(&node.allocatable));
}
