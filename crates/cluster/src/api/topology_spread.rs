//! How evenly Pods are spread over nodes and zones: `v1` TopologySpreadConstraint.

use serde::Serialize;

use super::{Selector, Str};

/// An entry of `spec.topologySpreadConstraints`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TopologySpreadConstraint {
    /// At least 1.
    pub max_skew: u32,
    /// The label whose values are the domains.
    pub topology_key: Str,
    pub when_unsatisfiable: WhenUnsatisfiable,
    /// None matches no Pod, an empty one every Pod.
    pub label_selector: Option<Selector>,
    pub min_domains: Option<u32>,
    pub node_affinity_policy: Option<NodeInclusionPolicy>,
    pub node_taints_policy: Option<NodeInclusionPolicy>,
    pub match_label_keys: Vec<Str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum WhenUnsatisfiable {
    DoNotSchedule,
    ScheduleAnyway,
}

impl WhenUnsatisfiable {
    pub fn as_str(self) -> &'static str {
        match self {
            WhenUnsatisfiable::DoNotSchedule => "DoNotSchedule",
            WhenUnsatisfiable::ScheduleAnyway => "ScheduleAnyway",
        }
    }
}

/// Whether nodes that the Pod does not ask for, or does not tolerate, count as domains.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum NodeInclusionPolicy {
    Ignore,
    Honor,
}

impl NodeInclusionPolicy {
    pub fn as_str(self) -> &'static str {
        match self {
            NodeInclusionPolicy::Ignore => "Ignore",
            NodeInclusionPolicy::Honor => "Honor",
        }
    }
}
