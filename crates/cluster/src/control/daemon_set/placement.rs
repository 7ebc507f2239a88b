//! On which nodes a DaemonSet's Pods run (daemon_controller.go, NodeShouldRunDaemonPod), and how a Pod is bound to one:
//! by a node affinity that only this node has, so that the default scheduler looks at the rest.

use crate::api::{
    DaemonSet, Name, Node, NodeSelector, NodeSelectorOperator, NodeSelectorRequirement, NodeSelectorTerm,
    Pod, PodSpec, Taint, TaintEffect, Toleration, TolerationOperator, tolerate,
};
use crate::control::scheduler::{node_affinity_matches, tolerates_taints};

const NODE_NAME: &str = "metadata.name";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Placement {
    /// A Pod belongs on the node.
    pub should_run: bool,
    /// One that is there may stay: no taint drives it away.
    pub may_stay: bool,
}

pub(super) fn should_run(set: &DaemonSet, node: &Node) -> Placement {
    let mut spec = set.spec.template.spec.clone();
    add_tolerations(&mut spec);
    let has_name = spec.node_name.as_ref().is_none_or(|name| *name == node.meta.name);
    if !has_name || !node_affinity_matches(&spec, node) {
        return Placement { should_run: false, may_stay: false };
    }
    Placement {
        should_run: tolerates_taints(&spec, &node.spec.taints),
        may_stay: node.no_execute_taints().all(|taint| tolerate(&spec.tolerations, taint)),
    }
}

/// The node that a Pod of a DaemonSet is for (util/daemonset_util.go, GetTargetNodeName).
pub(super) fn target_of(pod: &Pod) -> Option<&Name> {
    let required = || pod.spec.affinity.as_ref()?.node_affinity.required.as_ref();
    let by_field = || {
        let mut fields = required()?.node_selector_terms.iter().flat_map(|term| &term.match_fields);
        fields.find(|field| &*field.key == NODE_NAME)?.values.first()
    };
    pod.spec.node_name.as_ref().or_else(by_field)
}

/// Makes the Pod one for this node (ReplaceDaemonSetPodNodeNameNodeAffinity: terms that the template has were asked
/// before), and one that stays where others are driven away.
pub(super) fn pin(pod: &mut Pod, node: &Name) {
    let field = NodeSelectorRequirement {
        key: NODE_NAME.into(),
        operator: NodeSelectorOperator::In,
        values: vec![node.clone()],
    };
    let term = NodeSelectorTerm { match_expressions: Vec::new(), match_fields: vec![field] };
    let affinity = pod.spec.affinity.get_or_insert_with(Box::default);
    affinity.node_affinity.required = Some(NodeSelector { node_selector_terms: vec![term] });
    add_tolerations(&mut pod.spec);
}

/// AddOrUpdateDaemonPodTolerations.
fn add_tolerations(spec: &mut PodSpec) {
    let pressure = ["disk", "memory", "pid"].map(|of| format!("node.kubernetes.io/{of}-pressure"));
    let mut taints = vec![
        Taint::new(Taint::NOT_READY, TaintEffect::NoExecute),
        Taint::new(Taint::UNREACHABLE, TaintEffect::NoExecute),
    ];
    taints.extend(pressure.iter().map(|key| Taint::new(key, TaintEffect::NoSchedule)));
    taints.push(Taint::new(Taint::UNSCHEDULABLE, TaintEffect::NoSchedule));
    if spec.host_network {
        taints.push(Taint::new("node.kubernetes.io/network-unavailable", TaintEffect::NoSchedule));
    }
    for taint in taints {
        let toleration = Toleration {
            key: taint.key,
            operator: Some(TolerationOperator::Exists),
            value: "".into(),
            effect: Some(taint.effect),
            toleration_seconds: None,
        };
        // AddOrUpdateToleration: the template's own one for the same taint is not kept beside it.
        let same = |own: &&mut Toleration| {
            (&own.key, own.operator, &own.value, own.effect)
                == (&toleration.key, toleration.operator, &toleration.value, toleration.effect)
        };
        match spec.tolerations.iter_mut().find(same) {
            Some(own) => *own = toleration,
            None => spec.tolerations.push(toleration),
        }
    }
}
