//! `v1` Node.

use std::net::IpAddr;

use serde::Serialize;

use super::{Meta, Str};
use crate::net::Cidr;

#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct Node {
    pub meta: Meta,
    pub spec: NodeSpec,
    /// `status.addresses` of type InternalIP, the primary first.
    pub addresses: Vec<IpAddr>,
    pub ready: NodeCondition,
    /// `status.allocatable.cpu`, in thousandths of a CPU.
    pub allocatable_cpu_milli: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct NodeSpec {
    /// `spec.podCIDRs`, the primary family first.
    pub pod_cidrs: Vec<Cidr>,
    /// `spec.unschedulable`: cordoned.
    pub unschedulable: bool,
    /// Has the taint `ToBeDeletedByClusterAutoscaler`: it is about to go.
    pub to_be_deleted: bool,
}

/// The Ready condition. `Unknown` is what the node lifecycle controller writes when a
/// kubelet stops reporting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize)]
pub enum NodeCondition {
    #[default]
    True,
    False,
    Unknown,
}

impl Node {
    /// The machines of this laboratory have four CPUs.
    pub const CPU_MILLI: u32 = 4_000;

    /// The taint of a node that the cluster autoscaler is about to delete.
    pub const TO_BE_DELETED: &str = "ToBeDeletedByClusterAutoscaler";

    /// cloud-provider, getNodeConditionPredicate: a load balancer sends to it, ready or not. The
    /// label's value counts as a boolean; one that is none excludes the node too.
    pub fn takes_balanced_traffic(&self) -> bool {
        let label = self.meta.labels.get("node.kubernetes.io/exclude-from-external-load-balancers");
        let included = label.is_none_or(|v| matches!(&**v, "0" | "f" | "F" | "false" | "False" | "FALSE"));
        included && !self.spec.to_be_deleted && self.meta.deleted.is_none()
    }

    /// The label `topology.kubernetes.io/zone`.
    pub fn zone(&self) -> Option<&Str> {
        self.meta.labels.get("topology.kubernetes.io/zone")
    }
}
