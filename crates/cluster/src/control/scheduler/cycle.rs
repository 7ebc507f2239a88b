//! One Pod's turn: the nodes that it fits on, and the best of them (schedule_one.go, schedulePod).

use std::collections::BTreeMap;

use super::cache::CachedNode;
use super::host_ports::{self, HostPort};
use super::requests::Resources;
use super::score::normalize;
use super::{
    Cluster, inter_pod_affinity, node_affinity, node_resources, pod_topology_spread, taint_toleration,
};
use crate::api::{FitError, Name, Pod, Preemption, PreemptionPolicy, Rejection, Rejections};
use crate::sim::{Chance, Purpose};

/// The node for the Pod; among equals one by chance (selectHost). Upstream stops looking when 100 nodes fit; here all
/// are looked at.
///
/// `missing_claim`: without it the Pod is not bound.
pub fn find_node(
    cluster: Cluster<'_>,
    chance: Chance,
    pod: &Pod,
    missing_claim: Option<Name>,
) -> Result<Name, FitError> {
    let feasible = nodes_that_fit(cluster, pod, missing_claim)?;
    let scores = match &feasible[..] {
        [_] => vec![0],
        nodes => scores(cluster, pod, nodes),
    };
    let best = scores.iter().max();
    let equals: Vec<CachedNode<'_>> = feasible
        .iter()
        .zip(&scores)
        .filter(|(_, score)| Some(*score) == best)
        .map(|(node, _)| *node)
        .collect();
    let at = chance.below(Purpose::Scheduler, Chance::subject(&pod.meta.name), 0, equals.len() as u64);
    Ok(equals[at as usize].node.meta.name.clone())
}

/// Why a node was rejected, and whether deleting Pods there could help (Unschedulable, or
/// UnschedulableAndUnresolvable).
struct Rejected {
    reasons: Vec<Rejection>,
    is_resolvable: bool,
}

/// At least one node (findNodesThatFitPod).
fn nodes_that_fit<'a>(
    cluster: Cluster<'a>,
    pod: &'a Pod,
    missing_claim: Option<Name>,
) -> Result<Vec<CachedNode<'a>>, FitError> {
    let all = cluster.cache.nodes().count() as u32;
    if all == 0 {
        return Err(FitError::NoNodes);
    }
    let named = node_affinity::named_nodes(&pod.spec);
    if named.as_ref().is_some_and(|names| names.is_empty()) {
        return Err(fit_error(pod, all, Rejections::AffinityConflict, 0));
    }
    if let Some(claim) = missing_claim {
        return Err(fit_error(pod, all, Rejections::ClaimNotFound(claim), 0));
    }
    let filters = Filters::new(cluster, pod);
    let (mut feasible, mut counts, mut resolvable) = (Vec::new(), BTreeMap::new(), 0);
    for node in cluster.cache.nodes() {
        if named.as_ref().is_some_and(|names| !names.contains(&node.node.meta.name)) {
            *counts.entry(Rejection::NotNamedByAffinity).or_default() += 1;
            continue;
        }
        let Some(rejected) = filters.reject(node) else {
            feasible.push(node);
            continue;
        };
        resolvable += u32::from(rejected.is_resolvable);
        for reason in rejected.reasons {
            *counts.entry(reason).or_default() += 1;
        }
    }
    if feasible.is_empty() {
        return Err(fit_error(pod, all, Rejections::Counted(counts.into_iter().collect()), resolvable));
    }
    Ok(feasible)
}

/// `resolvable`: nodes where preemption would look for victims. It finds none: nobody is preempted here.
fn fit_error(pod: &Pod, all: u32, rejections: Rejections, resolvable: u32) -> FitError {
    let preemption = match pod.spec.preemption_policy.unwrap_or_default() {
        PreemptionPolicy::Never => Preemption::NotEligible,
        PreemptionPolicy::PreemptLowerPriority => {
            Preemption::Tried { not_helpful: all - resolvable, no_victims: resolvable }
        }
    };
    FitError::Nodes { all, rejections, preemption }
}

/// What the filters know of the Pod before they see a node (PreFilter).
struct Filters<'a> {
    pod: &'a Pod,
    ports: Vec<HostPort>,
    requests: Resources,
    spread: pod_topology_spread::Filter<'a>,
    affinity: inter_pod_affinity::Filter<'a>,
}

impl<'a> Filters<'a> {
    fn new(cluster: Cluster<'a>, pod: &'a Pod) -> Filters<'a> {
        Filters {
            pod,
            ports: HostPort::of(&pod.spec),
            requests: Resources::requested_by(&pod.spec),
            spread: pod_topology_spread::Filter::new(cluster, pod),
            affinity: inter_pod_affinity::Filter::new(cluster, pod),
        }
    }

    /// The first filter that rejects the node, in the order of apis/config/v1/default_plugins.go. NodeName is not among
    /// them: a Pod that names its node does not come here. Volumes are taken to fit everywhere.
    fn reject(&self, node: CachedNode<'_>) -> Option<Rejected> {
        let (spec, one) =
            (&self.pod.spec, |reason, is_resolvable| Rejected { reasons: vec![reason], is_resolvable });
        if !taint_toleration::may_schedule(spec, node.node) {
            return Some(one(Rejection::NodeUnschedulable, false));
        }
        if !taint_toleration::tolerates(spec, &node.node.spec.taints) {
            return Some(one(Rejection::TaintToleration, false));
        }
        if !node_affinity::matches(spec, node.node) {
            return Some(one(Rejection::NodeAffinity, false));
        }
        if !host_ports::fit(&self.ports, &node.info.used_ports) {
            return Some(one(Rejection::NodePorts, true));
        }
        if let Some(found) = node_resources::insufficient(&self.requests, node.info) {
            return Some(Rejected { reasons: found.reasons, is_resolvable: found.is_resolvable });
        }
        if let Some(reason) = self.spread.rejects(self.pod, node) {
            let is_resolvable = reason != Rejection::MissingTopologyLabel;
            return Some(one(reason, is_resolvable));
        }
        let reason = self.affinity.rejects(node)?;
        let is_resolvable = reason != Rejection::PodAffinity;
        Some(one(reason, is_resolvable))
    }
}

/// prioritizeNodes, with the weights of default_plugins.go. ImageLocality scores all alike: every node is taken to have
/// no image.
fn scores<'a>(cluster: Cluster<'a>, pod: &Pod, nodes: &[CachedNode<'a>]) -> Vec<i64> {
    let mut totals = vec![0; nodes.len()];
    let mut add = |weight: i64, scores: &[i64]| {
        for (total, score) in totals.iter_mut().zip(scores) {
            *total += weight * score;
        }
    };
    let of_nodes = |score: &dyn Fn(&CachedNode<'_>) -> i64| nodes.iter().map(score).collect::<Vec<i64>>();
    let mut taints = of_nodes(&|node| taint_toleration::intolerable(&pod.spec, &node.node.spec.taints));
    normalize(&mut taints, true);
    add(3, &taints);
    let mut affinity = of_nodes(&|node| node_affinity::score(&pod.spec, node.node));
    normalize(&mut affinity, false);
    add(2, &affinity);
    let non_zero = Resources::non_zero_requested_by(&pod.spec);
    add(1, &of_nodes(&|node| node_resources::least_allocated(&non_zero, node.info)));
    if let Some(spread) = pod_topology_spread::scores(cluster, pod, nodes) {
        add(2, &spread);
    }
    if let Some(affinity) = inter_pod_affinity::scores(cluster, pod, nodes) {
        add(2, &affinity);
    }
    let requests = Resources::requested_by(&pod.spec);
    // None of them scores a Pod that requests nothing.
    add(1, &of_nodes(&|node| node_resources::balanced_allocation(&requests, node.info).unwrap_or(0)));
    totals
}
