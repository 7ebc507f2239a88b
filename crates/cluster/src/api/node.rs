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
}

#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct NodeSpec {
    /// `spec.podCIDRs`, the primary family first.
    pub pod_cidrs: Vec<Cidr>,
    /// `spec.unschedulable`: cordoned.
    pub unschedulable: bool,
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
    /// The label `topology.kubernetes.io/zone`.
    pub fn zone(&self) -> Option<&Str> {
        self.meta.labels.get("topology.kubernetes.io/zone")
    }
}
