//! `v1` Node.

use std::net::IpAddr;

use serde::Serialize;

use super::decode::{self, Field, FieldCursor, fields};
use super::diagnostics::Diagnostics;
use super::field;
use super::kind::Codec;
use super::validate;
use super::{ApiResource, Meta, NameRule, Resource, Scope, Str, Tree, write};
use netfilter::Cidr;

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

impl Resource for Node {
    const API: ApiResource = ApiResource {
        kind: "Node",
        api_version: "v1",
        plural: "nodes",
        singular: "node",
        short_names: &["no"],
        scope: Scope::Cluster,
    };
    const NAME_RULE: NameRule = NameRule::Dns1123Subdomain;
}

impl Codec for Node {
    const FIELDS: &'static [Field] = fields::NODE;

    fn decode(root: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Node {
        decode::node::decode(root, diagnostics)
    }

    /// What is not written is the default of its type.
    fn set_defaults(&mut self) {}

    fn validate(&self) -> Vec<field::Error> {
        validate::meta::validate::<Node>(&self.meta)
    }

    fn print(&self, over: &mut Tree) {
        write::node::overlay(over, self);
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct NodeSpec {
    /// `spec.podCIDRs`, the primary family first.
    pub pod_cidrs: Vec<Cidr>,
    /// `spec.unschedulable`: cordoned.
    pub unschedulable: bool,
    /// Has the taint `ToBeDeletedByClusterAutoscaler`.
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
    /// The CPU of a simulated node: four CPUs.
    pub const CPU_MILLI: u32 = 4_000;

    /// The taint of a node that the cluster autoscaler is about to delete.
    pub const TO_BE_DELETED: &str = "ToBeDeletedByClusterAutoscaler";

    /// cloud-provider, getNodeConditionPredicate: whether load balancers may send to the node; it need not be ready.
    /// The value of the exclusion label is read as a boolean; an invalid one excludes the node too.
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
