//! What the scheduler knows of each node (scheduler backend/cache, framework/types.go, NodeInfo): kept up to date with
//! each write, so that a Pod's turn does not look at all Pods.

use std::collections::BTreeSet;
use std::sync::Arc;

use litemap::LiteMap;

use super::host_ports::HostPort;
use super::requests::Resources;
use crate::api::{Node, NsName, PODS, Pod, Str};

#[derive(Clone, Debug, Default)]
pub struct Cache {
    /// By name. A node without a Node object has Pods that name it.
    nodes: LiteMap<Str, Arc<NodeInfo>>,
    /// Pods on nodes that have terms about other Pods.
    with_affinity: BTreeSet<NsName>,
}

#[derive(Clone, Debug, Default)]
pub struct NodeInfo {
    pub node: Option<Arc<Node>>,
    pub allocatable: Resources,
    pub allowed_pods: i64,
    pub requested: Resources,
    /// As `requested`, with a minimum for each container.
    pub non_zero_requested: Resources,
    pub used_ports: Vec<HostPort>,
    pub pods: i64,
}

/// A node that exists, and what is on it.
#[derive(Clone, Copy)]
pub struct CachedNode<'a> {
    pub node: &'a Node,
    pub info: &'a NodeInfo,
}

impl Cache {
    /// By name.
    pub fn nodes(&self) -> impl Iterator<Item = CachedNode<'_>> {
        self.nodes.values().filter_map(|info| info.known())
    }

    pub fn node(&self, name: &str) -> Option<CachedNode<'_>> {
        self.nodes.get(name)?.known()
    }

    pub fn pods_with_affinity(&self) -> impl Iterator<Item = &NsName> {
        self.with_affinity.iter()
    }

    /// The estimated memory: all of it, though nodes without a change are shared.
    pub fn bytes(&self) -> u64 {
        (self.nodes.len() * size_of::<(Str, NodeInfo)>() + self.with_affinity.len() * size_of::<NsName>())
            as u64
    }

    pub fn follow_node(&mut self, old: Option<&Arc<Node>>, new: Option<&Arc<Node>>) {
        let Some(name) = new.or(old).map(|node| node.meta.name.clone()) else { return };
        self.change(name, |info| match new {
            Some(node) => info.set_node(node),
            None => info.node = None,
        });
    }

    pub fn follow_pod(&mut self, old: Option<&Arc<Pod>>, new: Option<&Arc<Pod>>) {
        let (old, new) = (old.filter(|pod| is_assigned(pod)), new.filter(|pod| is_assigned(pod)));
        if old.map(|pod| &pod.spec) == new.map(|pod| &pod.spec) {
            return;
        }
        if let Some(pod) = old {
            self.change(pod.spec.node_name.clone().unwrap_or_default(), |info| info.remove_pod(pod));
            self.with_affinity.remove(&pod.meta.key());
        }
        if let Some(pod) = new {
            self.change(pod.spec.node_name.clone().unwrap_or_default(), |info| info.add_pod(pod));
            if has_pod_terms(pod) {
                self.with_affinity.insert(pod.meta.key());
            }
        }
    }

    fn change(&mut self, name: Str, change: impl FnOnce(&mut NodeInfo)) {
        let info = Arc::make_mut(self.nodes.entry(name.clone()).or_default());
        change(info);
        if info.node.is_none() && info.pods == 0 {
            self.nodes.remove(&name);
        }
    }
}

/// Whether it takes room on a node: it is bound, and has not ended.
pub fn is_assigned(pod: &Pod) -> bool {
    pod.spec.node_name.is_some() && !pod.status.phase.is_terminal()
}

fn has_pod_terms(pod: &Pod) -> bool {
    let terms =
        |affinity: &crate::api::PodAffinity| !affinity.required.is_empty() || !affinity.preferred.is_empty();
    let affinity = pod.spec.affinity.as_ref();
    affinity.is_some_and(|affinity| terms(&affinity.pod_affinity) || terms(&affinity.pod_anti_affinity))
}

impl NodeInfo {
    pub fn new(node: &Arc<Node>) -> NodeInfo {
        let mut info = NodeInfo::default();
        info.set_node(node);
        info
    }

    pub fn known(&self) -> Option<CachedNode<'_>> {
        Some(CachedNode { node: self.node.as_deref()?, info: self })
    }

    fn set_node(&mut self, node: &Arc<Node>) {
        self.allocatable = Resources::new(&node.allocatable);
        self.allowed_pods = node.allocatable.get(PODS).map_or(0, |pods| pods.value());
        self.node = Some(node.clone());
    }

    pub fn add_pod(&mut self, pod: &Pod) {
        self.requested.add(&Resources::requested_by(&pod.spec));
        self.non_zero_requested.add(&Resources::non_zero_requested_by(&pod.spec));
        self.used_ports.extend(HostPort::of(&pod.spec));
        self.pods += 1;
    }

    fn remove_pod(&mut self, pod: &Pod) {
        self.requested.subtract(&Resources::requested_by(&pod.spec));
        self.non_zero_requested.subtract(&Resources::non_zero_requested_by(&pod.spec));
        for port in HostPort::of(&pod.spec) {
            if let Some(at) = self.used_ports.iter().position(|used| *used == port) {
                self.used_ports.swap_remove(at);
            }
        }
        self.pods -= 1;
    }
}
