//! Why a Pod fits on no node, as the scheduler counts it (scheduler framework/types.go, FitError). Its text is the
//! message of the Pod's condition PodScheduled, and of the event FailedScheduling.

use std::fmt;

use serde::Serialize;

use super::{PodCondition, Str};

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum FitError {
    /// The cluster has no node at all (schedule_one.go, ErrNoNodesAvailable).
    NoNodes,
    Nodes {
        all: u32,
        rejections: Rejections,
        preemption: Preemption,
    },
}

impl FitError {
    /// The Pod's condition PodScheduled.
    pub fn condition(&self) -> PodCondition {
        let message = self.to_string();
        PodCondition {
            reason: Some("Unschedulable"),
            message: Some(message.as_str().into()),
            ..PodCondition::new(false)
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum Rejections {
    /// Each term of its node affinity names two nodes at once (nodeaffinity, errReasonConflict).
    AffinityConflict,
    /// A claim that one of its volumes names does not exist (volumerestrictions and volumebinding, PreFilter).
    ClaimNotFound(Str),
    /// How many nodes were rejected for each reason, in the order of the filters. A node can have several.
    Counted(Vec<(Rejection, u32)>),
}

/// Why a filter rejects a node.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Rejection {
    NodeUnschedulable,
    TaintToleration,
    NodeAffinity,
    /// The Pod's node affinity names other nodes: no filter looked at this one.
    NotNamedByAffinity,
    NodePorts,
    TooManyPods,
    Insufficient(Str),
    MissingTopologyLabel,
    TopologySpread,
    PodAffinity,
    PodAntiAffinity,
    ExistingPodAntiAffinity,
}

/// What came of the attempt to preempt (plugins/defaultpreemption), which never finds a victim here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Preemption {
    /// `preemptionPolicy: Never`.
    NotEligible,
    Tried {
        /// Nodes where deleting Pods would not help.
        not_helpful: u32,
        /// Nodes where it would, if there were Pods to delete.
        no_victims: u32,
    },
}

/// Each plugin's ErrReason.
impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Rejection::NodeUnschedulable => "node(s) were unschedulable",
            Rejection::TaintToleration => "node(s) had untolerated taint(s)",
            Rejection::NodeAffinity => "node(s) didn't match Pod's node affinity/selector",
            Rejection::NotNamedByAffinity => "node(s) didn't satisfy plugin(s) [NodeAffinity]",
            Rejection::NodePorts => "node(s) didn't have free ports for the requested pod ports",
            Rejection::TooManyPods => "Too many pods",
            Rejection::Insufficient(resource) => return write!(f, "Insufficient {resource}"),
            Rejection::MissingTopologyLabel => {
                "node(s) didn't match pod topology spread constraints (missing required label)"
            }
            Rejection::TopologySpread => "node(s) didn't match pod topology spread constraints",
            Rejection::PodAffinity => "node(s) didn't match pod affinity rules",
            Rejection::PodAntiAffinity => "node(s) didn't match pod anti-affinity rules",
            Rejection::ExistingPodAntiAffinity => "node(s) didn't satisfy existing pods anti-affinity rules",
        })
    }
}

/// FitError.Error. The first half of what follows the filters' reasons is what the plugin DynamicResources says of
/// every Pod without resource claims.
impl fmt::Display for FitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FitError::NoNodes => f.write_str("no nodes available to schedule pods"),
            FitError::Nodes { all, rejections, preemption } => {
                write!(f, "0/{all} nodes are available:")?;
                match rejections {
                    Rejections::AffinityConflict => f.write_str(" pod affinity terms conflict.")?,
                    Rejections::ClaimNotFound(claim) => {
                        write!(f, " persistentvolumeclaim \"{claim}\" not found.")?;
                    }
                    Rejections::Counted(reasons) => {
                        histogram(f, reasons.iter().map(|(reason, count)| format!("{count} {reason}")))?;
                    }
                }
                f.write_str(" no new claims to deallocate, preemption: ")?;
                match *preemption {
                    Preemption::NotEligible => f.write_str("not eligible due to preemptionPolicy=Never."),
                    Preemption::Tried { not_helpful, no_victims } => {
                        write!(f, "0/{all} nodes are available:")?;
                        let reasons = [
                            (not_helpful, "Preemption is not helpful for scheduling"),
                            (no_victims, "No preemption victims found for incoming pod"),
                        ];
                        let reasons = reasons.iter().filter(|(count, _)| *count > 0);
                        histogram(f, reasons.map(|(count, reason)| format!("{count} {reason}")))
                    }
                }
            }
        }
    }
}

/// sortReasonsHistogram: sorted as texts, numbers included.
fn histogram(f: &mut fmt::Formatter<'_>, reasons: impl Iterator<Item = String>) -> fmt::Result {
    let mut reasons: Vec<String> = reasons.collect();
    reasons.sort();
    if reasons.is_empty() { Ok(()) } else { write!(f, " {}.", reasons.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(all: u32, reasons: &[(Rejection, u32)], not_helpful: u32) -> FitError {
        FitError::Nodes {
            all,
            rejections: Rejections::Counted(reasons.to_vec()),
            preemption: Preemption::Tried { not_helpful, no_victims: all - not_helpful },
        }
    }

    /// After framework/types_test.go, TestFitError_Error, and what a real scheduler said.
    #[test]
    fn the_message_is_upstreams() {
        let mut never = counted(3, &[(Rejection::TooManyPods, 3)], 0);
        if let FitError::Nodes { preemption, .. } = &mut never {
            *preemption = Preemption::NotEligible;
        }
        for (error, expected) in [
            (FitError::NoNodes, "no nodes available to schedule pods"),
            (
                counted(3, &[(Rejection::Insufficient("cpu".into()), 3)], 0),
                "0/3 nodes are available: 3 Insufficient cpu. no new claims to deallocate, preemption: 0/3 nodes are \
                 available: 3 No preemption victims found for incoming pod.",
            ),
            (
                counted(3, &[(Rejection::NodeUnschedulable, 1), (Rejection::TaintToleration, 2)], 3),
                "0/3 nodes are available: 1 node(s) were unschedulable, 2 node(s) had untolerated taint(s). no new \
                 claims to deallocate, preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.",
            ),
            (
                counted(12, &[(Rejection::NodeAffinity, 2), (Rejection::NodePorts, 10)], 2),
                "0/12 nodes are available: 10 node(s) didn't have free ports for the requested pod ports, 2 node(s) \
                 didn't match Pod's node affinity/selector. no new claims to deallocate, preemption: 0/12 nodes are \
                 available: 10 No preemption victims found for incoming pod, 2 Preemption is not helpful for scheduling.",
            ),
            (
                FitError::Nodes {
                    all: 3,
                    rejections: Rejections::ClaimNotFound("data".into()),
                    preemption: Preemption::Tried { not_helpful: 3, no_victims: 0 },
                },
                "0/3 nodes are available: persistentvolumeclaim \"data\" not found. no new claims to deallocate, \
                 preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.",
            ),
            (
                never,
                "0/3 nodes are available: 3 Too many pods. no new claims to deallocate, preemption: not eligible due \
                 to preemptionPolicy=Never.",
            ),
        ] {
            assert_eq!(error.to_string(), expected);
        }
    }
}
