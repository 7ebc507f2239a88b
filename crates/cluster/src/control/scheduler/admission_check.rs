//! What a kubelet asks before it takes a Pod: the scheduler's filters for its own node (scheduler eventhandlers.go,
//! AdmissionCheck).

use std::sync::Arc;

use super::cache::NodeInfo;
use super::host_ports::{self, HostPort};
use super::node_resources::insufficient;
use super::requests::Resources;
use super::{node_affinity, taint_toleration};
use crate::api::{CPU, EPHEMERAL_STORAGE, MEMORY, Node, PODS, Pod, Rejection, Str};
use crate::sim::World;

/// The first check that fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum AdmissionFailure {
    Insufficient { resource: Str, requested: i64, used: i64, capacity: i64 },
    NodeAffinity,
    NodePorts,
    TaintToleration,
}

/// In milli of CPUs, in bytes, in pieces.
fn amount(resources: &Resources, name: &str) -> i64 {
    match name {
        CPU => resources.cpu_milli,
        MEMORY => resources.memory,
        EPHEMERAL_STORAGE => resources.ephemeral_storage,
        _ => resources.scalar.get(name).copied().unwrap_or(0),
    }
}

/// v1helper.IsExtendedResourceName.
fn is_extended(name: &str) -> bool {
    let is_native = !name.contains('/') || name.contains("kubernetes.io/");
    !is_native && !name.starts_with("requests.")
}

fn lacks(pod: &Pod, info: &NodeInfo) -> Option<AdmissionFailure> {
    let mut requests = Resources::requested_by(&pod.spec);
    // removeMissingExtendedResources: the cluster may provide what the node does not know.
    requests.scalar.retain(|name, _| !is_extended(name) || info.allocatable.scalar.contains_key(name));
    let resource: Str = match insufficient(&requests, info)?.reasons.into_iter().next()? {
        Rejection::TooManyPods => {
            let (used, capacity) = (info.pods, info.allowed_pods);
            return Some(AdmissionFailure::Insufficient {
                resource: PODS.into(),
                requested: 1,
                used,
                capacity,
            });
        }
        Rejection::Insufficient(resource) => resource,
        Rejection::NodeUnschedulable
        | Rejection::TaintToleration
        | Rejection::NodeAffinity
        | Rejection::NotNamedByAffinity
        | Rejection::NodePorts
        | Rejection::MissingTopologyLabel
        | Rejection::TopologySpread
        | Rejection::PodAffinity
        | Rejection::PodAntiAffinity
        | Rejection::ExistingPodAntiAffinity => return None,
    };
    Some(AdmissionFailure::Insufficient {
        requested: amount(&requests, &resource),
        used: amount(&info.requested, &resource),
        capacity: amount(&info.allocatable, &resource),
        resource,
    })
}

impl World {
    /// `is_active`: of the other Pods that are bound to the node, whether its kubelet has admitted one, and it has not
    /// ended.
    pub(crate) fn admission_check(
        &self,
        pod: &Pod,
        node: &Arc<Node>,
        is_active: impl Fn(&Pod) -> bool,
    ) -> Option<AdmissionFailure> {
        let ports = HostPort::of(&pod.spec);
        let mut used_ports = Vec::new();
        if !(ports.is_empty() && self.fits_all_that_is_bound(node)) {
            let mut info = NodeInfo::new(node);
            let others = self.store.pods_on(&node.meta.name).filter(|other| other.meta.uid != pod.meta.uid);
            others.filter(|other| is_active(other)).for_each(|other| info.add_pod(other));
            if let Some(failure) = lacks(pod, &info) {
                return Some(failure);
            }
            used_ports = info.used_ports;
        }
        let driving: Vec<_> = node.no_execute_taints().cloned().collect();
        if !node_affinity::matches(&pod.spec, node) {
            Some(AdmissionFailure::NodeAffinity)
        } else if !host_ports::fit(&ports, &used_ports) {
            Some(AdmissionFailure::NodePorts)
        } else if !taint_toleration::tolerates(&pod.spec, &driving) {
            Some(AdmissionFailure::TaintToleration)
        } else {
            None
        }
    }

    /// Whether all Pods that are bound to the node have enough there: then each has, and nothing need be counted.
    fn fits_all_that_is_bound(&self, node: &Node) -> bool {
        let Some(known) = self.scheduler.cache.node(&node.meta.name) else { return false };
        let (info, requested) = (known.info, &known.info.requested);
        let fits = |name: &str| amount(requested, name) <= amount(&info.allocatable, name);
        info.pods <= info.allowed_pods
            && [CPU, MEMORY, EPHEMERAL_STORAGE].into_iter().all(fits)
            && requested.scalar.keys().all(|name| fits(name))
    }
}
