//! Scheduler: binds Pods that have no node.
//!
//! Filters: Ready, not cordoned, nodeSelector. Score: upstream's default soft spread over
//! hostnames, then zones (podtopologyspread/plugin.go, systemDefaultConstraints), then the node with the
//! fewest Pods; among equal scores by chance (schedule_one.go, selectHost). Other criteria are not modelled:
//! `docs/assumptions.md`, under Nodes.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::api::{Node, NodeCondition, NsName, Pod, Str};
use crate::sim::{Chance, LogEntry, Purpose, World};
use crate::store::Store;

impl World {
    pub(crate) fn schedule_pod(&mut self, key: &NsName) {
        let waits = |pod: &&Arc<Pod>| pod.spec.node_name.is_none() && pod.meta.deleted.is_none();
        let Some(pod) = self.store.pods.get(key).filter(waits) else { return };
        if let Some(node) = choose_node(&self.store, self.chance, pod) {
            self.bind(key, &node);
        }
    }

    fn bind(&mut self, key: &NsName, node: &Node) {
        let name = node.meta.name.clone();
        let Some(pod) = self.update_object::<Pod>(key, |p| p.spec.node_name = Some(name)) else { return };
        self.record(LogEntry::Scheduled { pod: key.clone(), node: node.meta.name.clone() });
        self.kubelet_observes(&pod);
    }
}

/// The least crowded node that passes the filters; among equals one by chance.
fn choose_node(store: &Store, chance: Chance, pod: &Pod) -> Option<Arc<Node>> {
    let candidates: Vec<&Arc<Node>> = store.nodes.iter().filter(|n| fits(n, pod)).collect();
    let crowding = crowding(store, pod);
    let best = candidates.iter().map(|n| crowding.of(n)).min()?;
    let equals: Vec<&Arc<Node>> = candidates.into_iter().filter(|n| crowding.of(n) == best).collect();
    let subject = Chance::subject(&pod.meta.name);
    let at = chance.below(Purpose::Scheduler, subject, 0, equals.len() as u64);
    Some(equals[at as usize].clone())
}

/// Counts the Pods that are bound, once for all nodes.
fn crowding<'a>(store: &'a Store, pod: &Pod) -> Crowding<'a> {
    let nodes = store.nodes.iter().map(|n| (&*n.meta.name, (n.zone().map(|z| &**z), OnNode::default())));
    let mut nodes: BTreeMap<&str, (Option<&str>, OnNode)> = nodes.collect();
    let mut siblings_in_zone: BTreeMap<Option<&str>, u32> = BTreeMap::new();
    for other in store.pods.iter().filter(|p| p.meta.deleted.is_none()) {
        let Some(name) = &other.spec.node_name else { continue };
        let Some((zone, here)) = nodes.get_mut(&**name) else { continue };
        here.pods += 1;
        if is_sibling(other, pod) {
            here.siblings += 1;
            *siblings_in_zone.entry(*zone).or_default() += 1;
        }
    }
    let nodes = nodes.into_iter().map(|(name, (_, here))| (name, here)).collect();
    Crowding { nodes, siblings_in_zone }
}

#[derive(Clone, Copy, Default)]
struct OnNode {
    siblings: u32,
    pods: u32,
}

/// How many Pods, and how many siblings of the Pod to be bound, each node and zone has.
struct Crowding<'a> {
    nodes: BTreeMap<&'a str, OnNode>,
    /// Nodes without a zone count as one zone.
    siblings_in_zone: BTreeMap<Option<&'a str>, u32>,
}

impl Crowding<'_> {
    /// Least is best: siblings on the node, siblings in the zone, Pods on the node.
    fn of(&self, node: &Node) -> (u32, u32, u32) {
        let here = self.nodes.get(&*node.meta.name).copied().unwrap_or_default();
        let in_zone = self.siblings_in_zone.get(&node.zone().map(|z| &**z)).copied().unwrap_or_default();
        (here.siblings, in_zone, here.pods)
    }
}

fn fits(node: &Node, pod: &Pod) -> bool {
    node.ready == NodeCondition::True
        && !node.spec.unschedulable
        && pod.spec.node_selector.iter().all(|(k, v)| node.meta.labels.get(k) == Some(v))
}

/// Whether both have the same owner, or ReplicaSets of the same Deployment: the default constraints select by
/// the labels of the Service or workload, without the template hash.
fn is_sibling(a: &Pod, b: &Pod) -> bool {
    if a.meta.uid == b.meta.uid || a.meta.namespace != b.meta.namespace {
        return false;
    }
    !a.meta.labels.is_empty() && labels_of_workload(a).eq(labels_of_workload(b))
}

fn labels_of_workload(pod: &Pod) -> impl Iterator<Item = (&Str, &Str)> {
    pod.meta.labels.iter().filter(|(key, _)| &***key != "pod-template-hash")
}
