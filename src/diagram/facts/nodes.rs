//! Nodes.

use cluster::api::{Node, NodeCondition, Uid};
use cluster::ordered::sort_by_key;
use cluster::sim::World;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeState {
    Ready,
    /// The API server says so.
    NotReady,
    /// It has no power, and the API server does not know yet.
    OffUnnoticed,
    /// It has no power, and is known not to be ready.
    Off,
    /// It has power again and does not report yet.
    Starting,
}

#[derive(Clone, Debug, PartialEq)]
pub struct NodeFacts {
    pub uid: Uid,
    pub name: cluster::api::Name,
    pub ip: String,
    pub zone: Option<String>,
    pub state: NodeState,
    pub cordoned: bool,
}

pub(super) fn all(world: &World) -> Vec<NodeFacts> {
    // The store's order is by name: `node-10` before `node-2`. Uids have the order of joining.
    let mut nodes: Vec<NodeFacts> = world.store().nodes.iter().map(|node| facts(world, node)).collect();
    sort_by_key(&mut nodes, |n| n.uid);
    nodes
}

fn facts(world: &World, node: &Node) -> NodeFacts {
    let uid = node.meta.uid;
    let power = world.machines().get(&uid).is_some_and(|m| m.power);
    let state = match (power, node.ready) {
        (true, NodeCondition::True) => NodeState::Ready,
        (true, NodeCondition::Unknown) => NodeState::Starting,
        (true, NodeCondition::False) => NodeState::NotReady,
        (false, NodeCondition::True) => NodeState::OffUnnoticed,
        (false, _) => NodeState::Off,
    };
    NodeFacts {
        uid,
        name: node.meta.name.clone(),
        ip: node.addresses.first().map(ToString::to_string).unwrap_or_default(),
        zone: node.zone().map(|zone| zone.to_string()),
        state,
        cordoned: node.spec.unschedulable,
    }
}
