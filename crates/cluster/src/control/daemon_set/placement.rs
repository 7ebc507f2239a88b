//! On which nodes a DaemonSet's Pods run (daemon_controller.go, NodeShouldRunDaemonPod).

use crate::api::{DaemonSet, Name, Node, Pod};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Placement {
    /// A Pod belongs on the node.
    pub should_run: bool,
    /// One that is there may stay.
    pub may_stay: bool,
}

/// The node's name and labels decide. That it is cordoned does not: the set's Pods tolerate it.
pub(super) fn should_run(set: &DaemonSet, node: &Node) -> Placement {
    let spec = &set.spec.template.spec;
    let has_name = spec.node_name.as_ref().is_none_or(|name| *name == node.meta.name);
    let has_labels = spec.node_selector.iter().all(|(key, value)| node.meta.labels.get(key) == Some(value));
    let fits = has_name && has_labels;
    Placement { should_run: fits, may_stay: fits }
}

/// The node that a Pod of a DaemonSet is for (util/daemonset_util.go, GetTargetNodeName).
pub(super) fn target_of(pod: &Pod) -> Option<&Name> {
    pod.spec.node_name.as_ref()
}

/// Makes the Pod one for this node.
pub(super) fn pin(pod: &mut Pod, node: &Name) {
    pod.spec.node_name = Some(node.clone());
}
