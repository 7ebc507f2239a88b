//! Which changes may let a Pod fit that fitted nowhere: each plugin's queueing hints (EventsToRegister). A change that
//! concerns no plugin which rejected the Pod does not wake it; upstream tries such a Pod again after five minutes
//! anyway (podMaxInUnschedulablePodsDuration), which is not simulated.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::cache::{KnownNode, NodeInfo};
use super::host_ports::{self, HostPort};
use super::requests::Resources;
use super::{inter_pod_affinity, node_affinity, node_resources, pod_topology_spread, taint_toleration};
use crate::api::{FitError, Node, Pod, PodAffinityTerm, Rejection, Rejections, WhenUnsatisfiable};
use crate::store::Store;

/// What rejected a Pod (UnschedulablePlugins).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rejector {
    /// There was no node at all.
    NoNodes,
    NodeUnschedulable,
    TaintToleration,
    NodeAffinity,
    NodePorts,
    NodeResourcesFit,
    PodTopologySpread,
    InterPodAffinity,
}

impl Rejector {
    const ALL: [Rejector; 8] = [
        Rejector::NoNodes,
        Rejector::NodeUnschedulable,
        Rejector::TaintToleration,
        Rejector::NodeAffinity,
        Rejector::NodePorts,
        Rejector::NodeResourcesFit,
        Rejector::PodTopologySpread,
        Rejector::InterPodAffinity,
    ];

    pub fn of(error: &FitError) -> BTreeSet<Rejector> {
        match error {
            FitError::NoNodes => [Rejector::NoNodes].into(),
            FitError::Nodes { rejections: Rejections::AffinityConflict, .. } => {
                [Rejector::NodeAffinity].into()
            }
            FitError::Nodes { rejections: Rejections::Counted(reasons), .. } => {
                reasons.iter().map(|(reason, _)| Rejector::of_reason(reason)).collect()
            }
        }
    }

    fn of_reason(reason: &Rejection) -> Rejector {
        match reason {
            Rejection::NodeUnschedulable => Rejector::NodeUnschedulable,
            Rejection::TaintToleration => Rejector::TaintToleration,
            Rejection::NodeAffinity | Rejection::NotNamedByAffinity => Rejector::NodeAffinity,
            Rejection::NodePorts => Rejector::NodePorts,
            Rejection::TooManyPods | Rejection::Insufficient(_) => Rejector::NodeResourcesFit,
            Rejection::MissingTopologyLabel | Rejection::TopologySpread => Rejector::PodTopologySpread,
            Rejection::PodAffinity | Rejection::PodAntiAffinity | Rejection::ExistingPodAntiAffinity => {
                Rejector::InterPodAffinity
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
    pub fn concerns(self) -> &'static [Rejector] {
        match self {
            ClusterEvent::PodAdded(_) | ClusterEvent::PodUpdated(..) => {
                &[Rejector::PodTopologySpread, Rejector::InterPodAffinity]
            }
            ClusterEvent::PodDeleted(_) => &[
                Rejector::NodePorts,
                Rejector::NodeResourcesFit,
                Rejector::PodTopologySpread,
                Rejector::InterPodAffinity,
            ],
            ClusterEvent::NodeAdded(_) | ClusterEvent::NodeUpdated(..) => &Rejector::ALL,
            ClusterEvent::NodeDeleted(_) => &[Rejector::PodTopologySpread],
        }
    }

    /// Whether the plugin would let the Pod be tried again.
    pub fn may_help(self, store: &Store, pod: &Pod, rejector: Rejector) -> bool {
        match self {
            ClusterEvent::PodAdded(new) => pod_changed(store, pod, None, Some(new), rejector),
            ClusterEvent::PodUpdated(old, new) => pod_changed(store, pod, Some(old), Some(new), rejector),
            ClusterEvent::PodDeleted(old) => pod_changed(store, pod, Some(old), None, rejector),
            ClusterEvent::NodeAdded(new) => node_is_there(pod, None, new, rejector),
            ClusterEvent::NodeUpdated(old, new) => node_is_there(pod, Some(old), new, rejector),
            ClusterEvent::NodeDeleted(old) => {
                rejector == Rejector::PodTopologySpread && has_topology_keys(pod, old)
            }
        }
    }
}

fn pod_changed(store: &Store, pod: &Pod, old: Option<&Pod>, new: Option<&Pod>, rejector: Rejector) -> bool {
    let deleted = old.filter(|_| new.is_none());
    match rejector {
        Rejector::NodePorts => deleted
            .is_some_and(|deleted| !host_ports::fit(&HostPort::of(&pod.spec), &HostPort::of(&deleted.spec))),
        Rejector::NodeResourcesFit => deleted.is_some(),
        Rejector::PodTopologySpread => {
            let counted =
                |other: Option<&Pod>| other.is_some_and(|other| pod_topology_spread::counts(pod, other));
            counted(old) != counted(new)
        }
        Rejector::InterPodAffinity => affine_pod_changed(store, pod, old, new),
        Rejector::NoNodes
        | Rejector::NodeUnschedulable
        | Rejector::TaintToleration
        | Rejector::NodeAffinity => false,
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
fn node_is_there(pod: &Pod, old: Option<&Arc<Node>>, new: &Arc<Node>, rejector: Rejector) -> bool {
    let spec = &pod.spec;
    let (before, after) = (old.map(NodeInfo::new), NodeInfo::new(new));
    let became = |holds: &dyn Fn(KnownNode<'_>) -> bool| {
        let was = before.as_ref().and_then(NodeInfo::known).is_some_and(holds);
        !was && after.known().is_some_and(holds)
    };
    match rejector {
        Rejector::NoNodes | Rejector::NodePorts => old.is_none(),
        Rejector::NodeUnschedulable => became(&|node| !node.node.spec.unschedulable),
        Rejector::TaintToleration => became(&|node| taint_toleration::tolerates(spec, &node.info.taints)),
        Rejector::NodeAffinity => became(&|node| node_affinity::matches(spec, node.node)),
        Rejector::NodeResourcesFit => {
            let requests = Resources::requested_by(spec);
            let fits = node_resources::insufficient(&requests, &after).is_none();
            fits && before.is_none_or(|before| has_more(&before, &after))
        }
        Rejector::PodTopologySpread => {
            let (was, is) = (old.is_some_and(|old| has_topology_keys(pod, old)), has_topology_keys(pod, new));
            let changed = || {
                old.is_none_or(|old| old.meta.labels != new.meta.labels || old.spec.taints != new.spec.taints)
            };
            was != is || (is && changed())
        }
        Rejector::InterPodAffinity => affine_node_changed(pod, old, new),
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
