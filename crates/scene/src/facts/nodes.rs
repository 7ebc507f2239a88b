//! Nodes.

use cluster::api::{ConditionStatus, Node, Uid};
use cluster::sim::World;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeState {
    Ready,
    /// The API server says so.
    NotReady,
    /// It has no power, and the API server has not noticed yet.
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
    /// `key:Effect`, without those by which controllers say what `state` and `cordoned` do.
    pub taints: Vec<String>,
}

/// The keys of the node lifecycle controller's taints begin so.
const OF_CONTROLLERS: &str = "node.kubernetes.io/";

pub(super) fn all(world: &World) -> Vec<NodeFacts> {
    // The store's order is by name: `node-10` before `node-2`. Uids have the order of joining.
    let mut nodes: Vec<NodeFacts> = world.store().nodes.iter().map(|node| facts(world, node)).collect();
    nodes.sort_unstable_by_key(|n| n.uid);
    nodes
}

fn facts(world: &World, node: &Node) -> NodeFacts {
    let uid = node.meta.uid;
    let machine = world.machines().get(&uid);
    let power = machine.is_some_and(|m| m.power);
    // A node that was cut off still has its rules; one that had no power has none yet.
    let starts = machine.is_some_and(|m| !m.cut_off && m.proxy.synced_at().is_none());
    let state = match (power, node.ready()) {
        (true, ConditionStatus::True) => NodeState::Ready,
        (true, ConditionStatus::False | ConditionStatus::Unknown) if starts => NodeState::Starting,
        (true, ConditionStatus::False | ConditionStatus::Unknown) => NodeState::NotReady,
        (false, ConditionStatus::True) => NodeState::OffUnnoticed,
        (false, ConditionStatus::False | ConditionStatus::Unknown) => NodeState::Off,
    };
    let taints = node.spec.taints.iter().filter(|taint| !taint.key.starts_with(OF_CONTROLLERS));
    NodeFacts {
        uid,
        name: node.meta.name.clone(),
        ip: node.addresses.first().map(ToString::to_string).unwrap_or_default(),
        zone: node.zone().map(|zone| zone.to_string()),
        state,
        cordoned: node.spec.unschedulable,
        taints: taints.map(|taint| format!("{}:{}", taint.key, taint.effect.as_str())).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{WEB, pass, run};
    use cluster::api::{Action, TaintChange};

    #[test]
    fn a_node_tells_its_taints_but_not_those_of_controllers() {
        let mut run = run(WEB, 3);
        let name = all(run.world())[0].name.clone();
        let taints = |text: &str| vec![TaintChange::parse(text).expect("a taint")];
        run.act(Action::Taint { node: name.clone(), taints: taints("gpu=a:NoSchedule") })
            .expect("it may be tainted");
        run.act(Action::Cordon { node: name, on: true }).expect("it may be cordoned");
        pass(&mut run, 1_000);
        let node = all(run.world())[0].clone();
        assert_eq!((&*node.taints, node.cordoned), (&["gpu:NoSchedule".to_string()][..], true));
        assert_eq!(crate::words::taints(&node).as_deref(), Some("gpu:NoSchedule"));
        assert!(crate::words::node_label(&node, "synced").contains(", tainted gpu:NoSchedule, "));
    }

    #[test]
    fn a_node_that_is_cut_off_is_not_ready_and_one_that_has_power_again_starts() {
        let mut run = run(WEB, 3);
        let state = |run: &cluster::sim::Run, nth: usize| all(run.world())[nth].state;
        let name = all(run.world())[0].name.clone();
        run.act(Action::CutOffNode { node: name.clone(), on: true }).expect("it may be cut off");
        pass(&mut run, 55_000);
        assert_eq!(state(&run, 0), NodeState::NotReady);
        run.act(Action::CutOffNode { node: name, on: false }).expect("it may be joined again");
        let before = state(&run, 0);
        assert_eq!(before, NodeState::NotReady, "until it reports");
        pass(&mut run, 15_000);
        assert_eq!(state(&run, 0), NodeState::Ready);
        let name = all(run.world())[1].name.clone();
        run.act(Action::PowerNode { node: name.clone(), on: false }).expect("it may be switched off");
        pass(&mut run, 55_000);
        assert_eq!(state(&run, 1), NodeState::Off);
        run.act(Action::PowerNode { node: name, on: true }).expect("it may be switched on");
        assert_eq!(state(&run, 1), NodeState::Starting);
    }
}
