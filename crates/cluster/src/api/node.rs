//! `v1` Node.

use std::net::IpAddr;

use serde::Serialize;

use super::decode::{self, Field, FieldCursor, fields};
use super::diagnostics::Diagnostics;
use super::field;
use super::kind::Codec;
use super::validate;
use super::{
    ApiResource, CPU, ConditionStatus, EPHEMERAL_STORAGE, MEMORY, Meta, NameRule, PODS, Quantity, Resource,
    ResourceList, Scope, Str, Taint, TaintEffect, Tree, write,
};
use crate::sim::Time;
use netfilter::Cidr;

#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct Node {
    pub meta: Meta,
    pub spec: NodeSpec,
    /// `status.addresses` of type InternalIP, the primary first.
    pub addresses: Vec<IpAddr>,
    pub conditions: NodeConditions,
    /// `status.capacity`: what the machine has.
    pub capacity: ResourceList,
    /// `status.allocatable`: what its Pods may request together.
    pub allocatable: ResourceList,
    pub info: NodeInfo,
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

    /// What the document leaves out is what a kubelet without reservations finds on a machine as [`Node::machine`].
    fn set_defaults(&mut self) {
        for (name, quantity) in Node::machine() {
            let written = self.allocatable.get(name).copied();
            self.capacity.entry(name.into()).or_insert(written.unwrap_or(quantity));
        }
        for (name, quantity) in &self.capacity {
            self.allocatable.entry(name.clone()).or_insert(*quantity);
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

/// Those of `status.conditions` that a kubelet writes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NodeConditions {
    pub memory_pressure: NodeCondition,
    pub disk_pressure: NodeCondition,
    pub pid_pressure: NodeCondition,
    pub ready: NodeCondition,
}

impl NodeConditions {
    /// In the kubelet's order.
    pub fn iter(&self) -> [(&'static str, &NodeCondition); 4] {
        [
            ("MemoryPressure", &self.memory_pressure),
            ("DiskPressure", &self.disk_pressure),
            ("PIDPressure", &self.pid_pressure),
            ("Ready", &self.ready),
        ]
    }

    pub(crate) fn iter_mut(&mut self) -> [&mut NodeCondition; 4] {
        [&mut self.memory_pressure, &mut self.disk_pressure, &mut self.pid_pressure, &mut self.ready]
    }
}

/// Those of a node that is well.
impl Default for NodeConditions {
    fn default() -> NodeConditions {
        NodeConditions::reported(true, Time::ZERO)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NodeCondition {
    pub status: ConditionStatus,
    pub reason: &'static str,
    pub message: &'static str,
    /// `lastHeartbeatTime`: when the kubelet wrote it.
    pub heartbeat: Time,
    /// `lastTransitionTime`: since when it has this status.
    pub since: Time,
}

/// `status.nodeInfo`.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct NodeInfo {
    pub architecture: Str,
    pub boot_id: Str,
    pub container_runtime_version: Str,
    pub kernel_version: Str,
    pub kubelet_version: Str,
    pub machine_id: Str,
    pub operating_system: Str,
    pub os_image: Str,
    pub system_uuid: Str,
}

impl NodeInfo {
    /// With the names that they have on the wire.
    pub(crate) fn fields_mut(&mut self) -> [(&'static str, &mut Str); 9] {
        [
            ("architecture", &mut self.architecture),
            ("bootID", &mut self.boot_id),
            ("containerRuntimeVersion", &mut self.container_runtime_version),
            ("kernelVersion", &mut self.kernel_version),
            ("kubeletVersion", &mut self.kubelet_version),
            ("machineID", &mut self.machine_id),
            ("operatingSystem", &mut self.operating_system),
            ("osImage", &mut self.os_image),
            ("systemUUID", &mut self.system_uuid),
        ]
    }
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

    /// The status of its condition Ready.
    pub fn ready(&self) -> ConditionStatus {
        self.conditions.ready.status
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

    /// core/v1 well_known_labels.go, LabelNodeExcludeBalancers.
    pub const EXCLUDED_FROM_BALANCERS: &str = "node.kubernetes.io/exclude-from-external-load-balancers";

    /// cloud-provider, getNodeConditionPredicate: whether load balancers may send to the node; it need not be ready.
    /// The value of the exclusion label is read as a boolean; an invalid one excludes the node too.
    pub fn takes_balanced_traffic(&self) -> bool {
        let label = self.meta.labels.get(Node::EXCLUDED_FROM_BALANCERS);
        let included = label.is_none_or(|v| matches!(&**v, "0" | "f" | "F" | "false" | "False" | "FALSE"));
        included && !self.is_to_be_deleted() && self.meta.deleted.is_none()
    }

    /// Those that drive away Pods which do not tolerate them.
    pub fn no_execute_taints(&self) -> impl Iterator<Item = &Taint> {
        self.spec.taints.iter().filter(|taint| taint.effect == TaintEffect::NoExecute)
    }

    /// The label `topology.kubernetes.io/zone`.
    pub fn zone(&self) -> Option<&Str> {
        self.meta.labels.get("topology.kubernetes.io/zone")
    }
}
