//! Which nodes, and which Pods beside it, a Pod asks for: `v1` Affinity.

use serde::Serialize;

use super::{Selector, Str};

/// `spec.affinity`.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct Affinity {
    pub node_affinity: NodeAffinity,
    pub pod_affinity: PodAffinity,
    pub pod_anti_affinity: PodAffinity,
}

#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct NodeAffinity {
    /// `requiredDuringSchedulingIgnoredDuringExecution`.
    pub required: Option<NodeSelector>,
    /// `preferredDuringSchedulingIgnoredDuringExecution`.
    pub preferred: Vec<PreferredSchedulingTerm>,
}

/// A node is selected if it matches one of the terms.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct NodeSelector {
    pub node_selector_terms: Vec<NodeSelectorTerm>,
}

/// All requirements must hold. A term without any selects nothing.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct NodeSelectorTerm {
    /// Of the node's labels.
    pub match_expressions: Vec<NodeSelectorRequirement>,
    /// Of the node's fields; the only one is `metadata.name`.
    pub match_fields: Vec<NodeSelectorRequirement>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NodeSelectorRequirement {
    pub key: Str,
    pub operator: NodeSelectorOperator,
    pub values: Vec<Str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum NodeSelectorOperator {
    In,
    NotIn,
    Exists,
    DoesNotExist,
    Gt,
    Lt,
}

impl NodeSelectorOperator {
    pub const ALL: [NodeSelectorOperator; 6] = [
        NodeSelectorOperator::In,
        NodeSelectorOperator::NotIn,
        NodeSelectorOperator::Exists,
        NodeSelectorOperator::DoesNotExist,
        NodeSelectorOperator::Gt,
        NodeSelectorOperator::Lt,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            NodeSelectorOperator::In => "In",
            NodeSelectorOperator::NotIn => "NotIn",
            NodeSelectorOperator::Exists => "Exists",
            NodeSelectorOperator::DoesNotExist => "DoesNotExist",
            NodeSelectorOperator::Gt => "Gt",
            NodeSelectorOperator::Lt => "Lt",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PreferredSchedulingTerm {
    /// 1 to 100.
    pub weight: u32,
    pub preference: NodeSelectorTerm,
}

/// `podAffinity` and `podAntiAffinity` have the same shape.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct PodAffinity {
    /// `requiredDuringSchedulingIgnoredDuringExecution`.
    pub required: Vec<PodAffinityTerm>,
    /// `preferredDuringSchedulingIgnoredDuringExecution`.
    pub preferred: Vec<WeightedPodAffinityTerm>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WeightedPodAffinityTerm {
    /// 1 to 100.
    pub weight: u32,
    pub pod_affinity_term: PodAffinityTerm,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PodAffinityTerm {
    /// None matches no Pod, an empty one every Pod.
    pub label_selector: Option<Selector>,
    /// With neither `namespaces` nor `namespaceSelector`, the namespace of the Pod that has the term.
    pub namespaces: Vec<Str>,
    pub namespace_selector: Option<Selector>,
    pub topology_key: Str,
    pub match_label_keys: Vec<Str>,
    pub mismatch_label_keys: Vec<Str>,
}

impl Affinity {
    /// All terms about other Pods.
    pub fn pod_terms_mut(&mut self) -> impl Iterator<Item = &mut PodAffinityTerm> {
        [&mut self.pod_affinity, &mut self.pod_anti_affinity].into_iter().flat_map(|affinity| {
            let preferred = affinity.preferred.iter_mut().map(|weighted| &mut weighted.pod_affinity_term);
            affinity.required.iter_mut().chain(preferred)
        })
    }
}
