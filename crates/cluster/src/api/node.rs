//! `v1` Node.

use std::net::IpAddr;

use serde::Serialize;

use super::decode::{self, Field, FieldCursor, fields};
use super::diagnostics::Diagnostics;
use super::field;
use super::kind::Codec;
use super::validate;
use super::{
    ApiResource, CPU, EPHEMERAL_STORAGE, MEMORY, Meta, NameRule, PODS, Quantity, Resource, ResourceList,
    Scope, Str, Taint, Tree, write,
};
use netfilter::Cidr;

#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct Node {
    pub meta: Meta,
    pub spec: NodeSpec,
    /// `status.addresses` of type InternalIP, the primary first.
    pub addresses: Vec<IpAddr>,
    pub ready: NodeCondition,
    /// `status.allocatable`: what its Pods may request together.
    pub allocatable: ResourceList,
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

    fn set_defaults(&mut self) {
        for (name, quantity) in Node::machine() {
            self.allocatable.entry(name.into()).or_insert(quantity);
        }
    }

    fn validate(&self) -> Vec<field::Error> {
        validate::node::validate(self)
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
    pub taints: Vec<Taint>,
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
    /// What a simulated machine has: four CPUs, 16Gi of memory, and room for as many Pods as a kubelet takes by
    /// default.
    pub fn machine() -> [(&'static str, Quantity); 4] {
        [
            (CPU, Quantity::whole(4)),
            (EPHEMERAL_STORAGE, Quantity::bytes(100 << 30)),
            (MEMORY, Quantity::bytes(16 << 30)),
            (PODS, Quantity::whole(110)),
        ]
    }

    /// Thousandths of a CPU.
    pub fn allocatable_cpu_milli(&self) -> i64 {
        self.allocatable.get(CPU).map_or(0, |cpu| cpu.milli_value())
    }

    /// Whether the cluster autoscaler is about to delete it.
    pub fn is_to_be_deleted(&self) -> bool {
        self.spec.taints.iter().any(|taint| &*taint.key == Node::TO_BE_DELETED)
    }

    /// The taint of a node that the cluster autoscaler is about to delete.
    pub const TO_BE_DELETED: &str = "ToBeDeletedByClusterAutoscaler";

    /// cloud-provider, getNodeConditionPredicate: whether load balancers may send to the node; it need not be ready.
    /// The value of the exclusion label is read as a boolean; an invalid one excludes the node too.
    pub fn takes_balanced_traffic(&self) -> bool {
        let label = self.meta.labels.get("node.kubernetes.io/exclude-from-external-load-balancers");
        let included = label.is_none_or(|v| matches!(&**v, "0" | "f" | "F" | "false" | "False" | "FALSE"));
        included && !self.is_to_be_deleted() && self.meta.deleted.is_none()
    }

    /// The label `topology.kubernetes.io/zone`.
    pub fn zone(&self) -> Option<&Str> {
        self.meta.labels.get("topology.kubernetes.io/zone")
    }
}
