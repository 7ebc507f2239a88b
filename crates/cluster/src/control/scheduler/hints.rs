//! Which changes may let a Pod fit that fitted nowhere: each plugin's queueing hints (EventsToRegister). A change that
//! concerns no plugin which rejected the Pod does not wake it; upstream tries such a Pod again after five minutes
//! anyway (podMaxInUnschedulablePodsDuration), which is not simulated.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::cache::{CachedNode, NodeInfo};
use super::host_ports::{self, HostPort};
use super::requests::Resources;
use super::{inter_pod_affinity, node_affinity, node_resources, pod_topology_spread, taint_toleration};
use crate::api::{FitError, Node, Pod, PodAffinityTerm, Rejection, Rejections, WhenUnsatisfiable};
use crate::store::Store;

/// What rejected a Pod (UnschedulablePlugins).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Plugin {
    /// There was no node at all.
    NoNodes,
    NodeUnschedulable,
    TaintToleration,
    NodeAffinity,
    NodePorts,
    NodeResourcesFit,
    /// VolumeRestrictions and VolumeBinding: a claim is missing.
    VolumeBinding,
    PodTopologySpread,
    InterPodAffinity,
}

impl Plugin {
    const ALL: [Plugin; 9] = [
        Plugin::NoNodes,
        Plugin::NodeUnschedulable,
        Plugin::TaintToleration,
        Plugin::NodeAffinity,
        Plugin::NodePorts,
        Plugin::NodeResourcesFit,
        Plugin::VolumeBinding,
        Plugin::PodTopologySpread,
        Plugin::InterPodAffinity,
    ];

    pub fn of(error: &FitError) -> BTreeSet<Plugin> {
        match error {
            FitError::NoNodes => [Plugin::NoNodes].into(),
            FitError::Nodes { rejections: Rejections::AffinityConflict, .. } => [Plugin::NodeAffinity].into(),
            FitError::Nodes { rejections: Rejections::ClaimNotFound(_), .. } => {
                [Plugin::VolumeBinding].into()
            }
            FitError::Nodes { rejections: Rejections::Counted(reasons), .. } => {
                reasons.iter().map(|(reason, _)| Plugin::of_reason(reason)).collect()
            }
        }
    }

    fn of_reason(reason: &Rejection) -> Plugin {
        match reason {
            Rejection::NodeUnschedulable => Plugin::NodeUnschedulable,
            Rejection::TaintToleration => Plugin::TaintToleration,
            Rejection::NodeAffinity | Rejection::NotNamedByAffinity => Plugin::NodeAffinity,
            Rejection::NodePorts => Plugin::NodePorts,
            Rejection::TooManyPods | Rejection::Insufficient(_) => Plugin::NodeResourcesFit,
            Rejection::MissingTopologyLabel | Rejection::TopologySpread => Plugin::PodTopologySpread,
            Rejection::PodAffinity | Rejection::PodAntiAffinity | Rejection::ExistingPodAntiAffinity => {
                Plugin::InterPodAffinity
            }
        }
    }
}

/// A change of a Pod on a node, or of a node. Pods that end count as deleted.
#[derive(Clone, Copy)]
pub enum ClusterEvent<'a> {
    PodAdded(&'a Pod),
    /// Its labels have changed.
    PodUpdated(&'a Pod, &'a Pod),
    PodDeleted(&'a Pod),
    NodeAdded(&'a Arc<Node>),
    NodeUpdated(&'a Arc<Node>, &'a Arc<Node>),
    NodeDeleted(&'a Node),
}

impl ClusterEvent<'_> {
    /// The plugins that have registered for it.
    pub fn concerns(self) -> &'static [Plugin] {
        match self {
            ClusterEvent::PodAdded(_) | ClusterEvent::PodUpdated(..) => {
                &[Plugin::PodTopologySpread, Plugin::InterPodAffinity]
            }
            ClusterEvent::PodDeleted(_) => &[
                Plugin::NodePorts,
                Plugin::NodeResourcesFit,
                Plugin::PodTopologySpread,
                Plugin::InterPodAffinity,
            ],
            ClusterEvent::NodeAdded(_) | ClusterEvent::NodeUpdated(..) => &Plugin::ALL,
            ClusterEvent::NodeDeleted(_) => &[Plugin::PodTopologySpread],
        }
    }

    /// Whether the plugin would let the Pod be tried again.
    pub fn may_help(self, store: &Store, pod: &Pod, plugin: Plugin) -> bool {
        match self {
            ClusterEvent::PodAdded(new) => pod_changed(store, pod, None, Some(new), plugin),
            ClusterEvent::PodUpdated(old, new) => pod_changed(store, pod, Some(old), Some(new), plugin),
            ClusterEvent::PodDeleted(old) => pod_changed(store, pod, Some(old), None, plugin),
            ClusterEvent::NodeAdded(new) => node_is_there(pod, None, new, plugin),
            ClusterEvent::NodeUpdated(old, new) => node_is_there(pod, Some(old), new, plugin),
            ClusterEvent::NodeDeleted(old) => {
                plugin == Plugin::PodTopologySpread && has_topology_keys(pod, old)
            }
        }
    }
}

fn pod_changed(store: &Store, pod: &Pod, old: Option<&Pod>, new: Option<&Pod>, plugin: Plugin) -> bool {
    let deleted = old.filter(|_| new.is_none());
    match plugin {
        Plugin::NodePorts => deleted
            .is_some_and(|deleted| !host_ports::fit(&HostPort::of(&pod.spec), &HostPort::of(&deleted.spec))),
        Plugin::NodeResourcesFit => deleted.is_some(),
        Plugin::PodTopologySpread => {
            let counted =
                |other: Option<&Pod>| other.is_some_and(|other| pod_topology_spread::counts(pod, other));
            counted(old) != counted(new)
        }
        Plugin::InterPodAffinity => affine_pod_changed(store, pod, old, new),
        Plugin::NoNodes
        | Plugin::NodeUnschedulable
        | Plugin::TaintToleration
        | Plugin::NodeAffinity
        | Plugin::VolumeBinding => false,
    }
}

/// InterPodAffinity.isSchedulableAfterPodChange: it now matches what the Pod wants, or no longer what it avoids, or it
/// no longer avoids the Pod.
fn affine_pod_changed(store: &Store, pod: &Pod, old: Option<&Pod>, new: Option<&Pod>) -> bool {
    let matches_all = |terms: &[PodAffinityTerm], owner: &Pod, other: Option<&Pod>| {
        let about = |other| terms.iter().all(|term| inter_pod_affinity::matches(store, term, owner, other));
        !terms.is_empty() && other.is_some_and(about)
    };
    let (wanted, avoided) = (inter_pod_affinity::wanted(pod), inter_pod_affinity::avoided(pod));
    let avoided_the_pod = || {
        old.filter(|_| new.is_none())
            .is_some_and(|old| matches_all(inter_pod_affinity::avoided(old), old, Some(pod)))
    };
    (!matches_all(wanted, pod, old) && matches_all(wanted, pod, new))
        || (matches_all(avoided, pod, old) && !matches_all(avoided, pod, new))
        || avoided_the_pod()
}

/// A node was added (`old` is None) or changed.
fn node_is_there(pod: &Pod, old: Option<&Arc<Node>>, new: &Arc<Node>, plugin: Plugin) -> bool {
    let spec = &pod.spec;
    let (before, after) = (old.map(NodeInfo::new), NodeInfo::new(new));
    let became = |holds: &dyn Fn(CachedNode<'_>) -> bool| {
        let was = before.as_ref().and_then(NodeInfo::known).is_some_and(holds);
        !was && after.known().is_some_and(holds)
    };
    match plugin {
        Plugin::NoNodes | Plugin::NodePorts => old.is_none(),
        Plugin::NodeUnschedulable => became(&|node| !node.node.spec.unschedulable),
        Plugin::TaintToleration => became(&|node| taint_toleration::tolerates(spec, &node.node.spec.taints)),
        Plugin::NodeAffinity => became(&|node| node_affinity::matches(spec, node.node)),
        Plugin::NodeResourcesFit => {
            let requests = Resources::requested_by(spec);
            let fits = node_resources::insufficient(&requests, &after).is_none();
            fits && before.is_none_or(|before| has_more(&before, &after))
        }
        // No node brings a claim: `retry_for_claims`.
        Plugin::VolumeBinding => false,
        Plugin::PodTopologySpread => {
            let (was, is) = (old.is_some_and(|old| has_topology_keys(pod, old)), has_topology_keys(pod, new));
            let changed = || {
                old.is_none_or(|old| old.meta.labels != new.meta.labels || old.spec.taints != new.spec.taints)
            };
            was != is || (is && changed())
        }
        Plugin::InterPodAffinity => affine_node_changed(pod, old, new),
    }
}

/// haveAnyRequestedResourcesIncreased, of all resources.
fn has_more(before: &NodeInfo, after: &NodeInfo) -> bool {
    let (old, new) = (&before.allocatable, &after.allocatable);
    let more_scalar =
        new.scalar.iter().any(|(name, amount)| *amount > old.scalar.get(name).copied().unwrap_or(0));
    after.allowed_pods > before.allowed_pods
        || new.cpu_milli > old.cpu_milli
        || new.memory > old.memory
        || new.ephemeral_storage > old.ephemeral_storage
        || more_scalar
}

fn has_topology_keys(pod: &Pod, node: &Node) -> bool {
    let constraints = pod.spec.topology_spread_constraints.iter();
    let mut hard = constraints.filter(|c| c.when_unsatisfiable == WhenUnsatisfiable::DoNotSchedule);
    hard.all(|constraint| node.meta.labels.contains_key(&constraint.topology_key))
}

/// InterPodAffinity.isSchedulableAfterNodeChange: the node has come into another domain.
fn affine_node_changed(pod: &Pod, old: Option<&Arc<Node>>, new: &Arc<Node>) -> bool {
    let wants = |term: &PodAffinityTerm| {
        let is = new.meta.labels.get(&term.topology_key);
        is.is_some() && old.and_then(|old| old.meta.labels.get(&term.topology_key)) != is
    };
    let avoids = |term: &PodAffinityTerm| {
        let was = old.and_then(|old| old.meta.labels.get(&term.topology_key));
        old.is_none() || (was.is_some() && was != new.meta.labels.get(&term.topology_key))
    };
    // A Pod that others avoid has no term of its own to say so; upstream leaves it to the next flush.
    inter_pod_affinity::wanted(pod).iter().any(wants)
        || inter_pod_affinity::avoided(pod).iter().any(avoids)
        || old.is_none()
}
