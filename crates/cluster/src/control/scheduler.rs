//! Scheduler: a node for each Pod that has none.
//!
//! Filters: Ready, not cordoned, nodeSelector. Score: upstream's default soft spread over
//! hostnames, then zones (podtopologyspread/plugin.go, systemDefaultConstraints), then the node
//! with fewest Pods; equals by chance (schedule_one.go, selectHost). What else a scheduler looks at
//! decides nothing here: `docs/assumptions.md`, under Nodes.

use std::sync::Arc;

use crate::api::{Node, NodeCondition, NsName, Pod};
use crate::sim::{Chance, LogEntry, Purpose, World};

impl World {
    pub(crate) fn reconcile_scheduler(&mut self) {
        let waiting: Vec<Arc<Pod>> = self
            .store
            .pods
            .iter()
            .filter(|p| p.spec.node_name.is_none() && p.meta.deleted.is_none())
            .cloned()
            .collect();
        for pod in waiting {
            if let Some(node) = self.choose_node(&pod) {
                self.bind(&pod.meta.key(), &node);
            }
        }
    }

    fn choose_node(&self, pod: &Pod) -> Option<Arc<Node>> {
        let candidates: Vec<&Arc<Node>> = self.store.nodes.iter().filter(|n| fits(n, pod)).collect();
        let best = candidates.iter().map(|n| self.crowding(n, pod)).min()?;
        let equals: Vec<&Arc<Node>> =
            candidates.into_iter().filter(|n| self.crowding(n, pod) == best).collect();
        let subject = Chance::subject(&pod.meta.name);
        let at = self.chance.below(Purpose::Scheduler, subject, 0, equals.len() as u64);
        Some(equals[at as usize].clone())
    }

    /// Least is best: siblings on the node, siblings in the zone, Pods on the node.
    fn crowding(&self, node: &Node, pod: &Pod) -> (u32, u32, u32) {
        let zone = node.zone();
        let mut siblings_here = 0;
        let mut siblings_in_zone = 0;
        let mut pods_here = 0;
        for other in self.store.pods.iter().filter(|p| p.meta.deleted.is_none()) {
            let Some(other_node) = &other.spec.node_name else { continue };
            let here = *other_node == node.meta.name;
            let sibling = is_sibling(other, pod);
            pods_here += u32::from(here);
            siblings_here += u32::from(here && sibling);
            let in_zone = || self.store.node(other_node).is_some_and(|n| n.zone() == zone);
            siblings_in_zone += u32::from(sibling && in_zone());
        }
        (siblings_here, siblings_in_zone, pods_here)
    }

    fn bind(&mut self, key: &NsName, node: &Node) {
        let name = node.meta.name.clone();
        let Some(pod) = self.update_object::<Pod>(key, |p| p.spec.node_name = Some(name)) else { return };
        self.record(LogEntry::Scheduled { pod: key.clone(), node: node.meta.name.clone() });
        self.kubelet_observes(&pod);
    }
}

fn fits(node: &Node, pod: &Pod) -> bool {
    node.ready == NodeCondition::True
        && !node.spec.unschedulable
        && pod.spec.node_selector.iter().all(|(k, v)| node.meta.labels.get(k) == Some(v))
}

/// Of the same owner; of the same Deployment's earlier ReplicaSet too, since the default
/// constraints select by the Service or workload's labels and not by the template's hash.
fn is_sibling(a: &Pod, b: &Pod) -> bool {
    if a.meta.uid == b.meta.uid || a.meta.namespace != b.meta.namespace {
        return false;
    }
    let strip = |p: &Pod| {
        let mut labels = p.meta.labels.clone();
        labels.remove("pod-template-hash");
        labels
    };
    !a.meta.labels.is_empty() && strip(a) == strip(b)
}
