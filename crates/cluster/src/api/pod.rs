//! `v1` Pod and the template that workloads make Pods from.

use std::sync::Arc;

use serde::Serialize;

use super::decode::complete_template;
use super::decode::{self, Field, FieldCursor, fields};
use super::diagnostics::Diagnostics;
use super::field;
use super::kind::Codec;
use super::validate;
use super::{
    Affinity, ApiResource, Container, Labels, Meta, Name, NameRule, PodDnsConfig, PodStatus,
    PreemptionPolicy, Resource, ResourceList, ResourceRequirements, RestartPolicy, Scope, Str, Toleration,
    TopologySpreadConstraint, Tree, Volume, VolumeSource, write,
};
use crate::sim::Span;

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Pod {
    pub meta: Meta,
    pub spec: PodSpec,
    pub status: PodStatus,
    /// The template that it was made from, as written, with the fields that the simulation does not read, and with what
    /// was applied to it since. Null for a Pod that has a document of its own.
    #[serde(skip)]
    pub written: Arc<Tree>,
}

impl Resource for Pod {
    const API: ApiResource = ApiResource {
        kind: "Pod",
        api_version: "v1",
        plural: "pods",
        singular: "pod",
        short_names: &["po"],
        scope: Scope::Namespaced,
    };
    const NAME_RULE: NameRule = NameRule::Dns1123Subdomain;
}

impl Pod {
    /// The one that its deletion came with, or its own.
    pub fn deletion_grace(&self) -> Span {
        let asked = self.meta.deletion_grace_s.map(|seconds| Span::from_secs(u64::from(seconds)));
        asked.unwrap_or(self.spec.grace_period())
    }
}

impl Codec for Pod {
    const FIELDS: &'static [Field] = fields::POD;

    fn decode(root: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Pod {
        decode::pod::decode(root, diagnostics)
    }

    fn set_defaults(&mut self) {
        self.spec.set_defaults();
        self.spec.set_defaults_of_pod();
    }

    fn validate(&self) -> Vec<field::Error> {
        validate::pod::validate(self)
    }

    fn print(&self, over: &mut Tree) {
        write::pod::overlay(over, self);
    }
}

/// The part of `spec` that the simulation reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PodSpec {
    /// `spec.nodeName`: set by the scheduler, or by the manifest.
    pub node_name: Option<Name>,
    pub init_containers: Vec<Container>,
    pub containers: Vec<Container>,
    pub restart_policy: RestartPolicy,
    /// As written: see `grace_period`.
    pub termination_grace_period_s: i64,
    /// Seconds from its start time until it fails, whatever it does.
    pub active_deadline_s: Option<u32>,
    /// As written; `None` is `ClusterFirst`.
    pub dns_policy: Option<Str>,
    pub dns_config: Option<Box<PodDnsConfig>>,
    /// `readinessGates[].conditionType`: conditions without which it is not ready.
    pub readiness_gates: Vec<Str>,
    pub hostname: Option<Str>,
    pub subdomain: Option<Str>,
    pub host_network: bool,
    pub volumes: Vec<Volume>,
    /// `spec.nodeSelector`.
    pub node_selector: Labels,
    pub affinity: Option<Box<Affinity>>,
    pub tolerations: Vec<Toleration>,
    pub topology_spread_constraints: Vec<TopologySpreadConstraint>,
    /// The names of `spec.schedulingGates`: as long as there are any, the scheduler leaves the Pod alone.
    pub scheduling_gates: Vec<Str>,
    pub scheduler_name: Str,
    pub priority_class_name: Option<Str>,
    /// Set when the Pod is created, from its PriorityClass.
    pub priority: Option<i32>,
    pub preemption_policy: Option<PreemptionPolicy>,
    /// `spec.overhead`: what running the Pod takes besides its containers.
    pub overhead: ResourceList,
    /// `spec.resources`: of the Pod as a whole.
    pub resources: ResourceRequirements,
}

impl Default for PodSpec {
    fn default() -> PodSpec {
        PodSpec {
            node_name: None,
            init_containers: Vec::new(),
            containers: Vec::new(),
            restart_policy: RestartPolicy::Always,
            termination_grace_period_s: i64::from(PodSpec::DEFAULT_TERMINATION_GRACE_PERIOD_S),
            active_deadline_s: None,
            dns_policy: None,
            dns_config: None,
            readiness_gates: Vec::new(),
            hostname: None,
            subdomain: None,
            host_network: false,
            volumes: Vec::new(),
            node_selector: Labels::new(),
            affinity: None,
            tolerations: Vec::new(),
            topology_spread_constraints: Vec::new(),
            scheduling_gates: Vec::new(),
            scheduler_name: PodSpec::DEFAULT_SCHEDULER.into(),
            priority_class_name: None,
            priority: None,
            preemption_policy: None,
            overhead: ResourceList::new(),
            resources: ResourceRequirements::default(),
        }
    }
}

impl PodSpec {
    /// core/v1 types.go, DefaultTerminationGracePeriodSeconds.
    pub const DEFAULT_TERMINATION_GRACE_PERIOD_S: u32 = 30;

    pub const DEFAULT_SCHEDULER: &str = "default-scheduler";

    /// core/v1 defaults.go, SetDefaults_Pod: of a Pod, not of a template.
    fn set_defaults_of_pod(&mut self) {
        for container in self.containers.iter_mut().chain(&mut self.init_containers) {
            container.resources.set_defaults();
            for port in container.ports.iter_mut().filter(|port| self.host_network && port.host_port == 0) {
                port.host_port = port.container_port;
            }
        }
    }

    /// For how long its containers may run after they were told to stop. A negative number is one second
    /// (registry/core/pod/strategy.go, CheckGracefulDelete).
    pub fn grace_period(&self) -> Span {
        Span::from_secs(u64::try_from(self.termination_grace_period_s).unwrap_or(1))
    }

    /// The init containers that run beside the others: their ports count in FindPort.
    pub fn sidecars(&self) -> impl Iterator<Item = &Container> {
        self.init_containers.iter().filter(|container| container.is_sidecar())
    }

    /// The init containers, and then the others.
    pub fn all_containers(&self) -> impl Iterator<Item = &Container> {
        self.init_containers.iter().chain(&self.containers)
    }

    /// core/v1 defaults.go, SetDefaults_PodSpec.
    pub(in crate::api) fn set_defaults(&mut self) {
        self.init_containers.iter_mut().chain(&mut self.containers).for_each(Container::set_defaults);
    }

    pub fn has_empty_dir(&self) -> bool {
        self.volumes.iter().any(|volume| volume.source == VolumeSource::EmptyDir)
    }
}

/// What a Deployment's or a ReplicaSet's Pods are made from.
#[derive(Clone, Debug, Eq, Default, Serialize)]
pub struct PodTemplate {
    pub labels: Labels,
    pub annotations: Labels,
    pub spec: PodSpec,
    /// The template as written, with the fields that the simulation does not read: they matter when two templates
    /// are compared. Null if it did not come from a text.
    #[serde(skip)]
    pub written: Tree,
}

/// Two are equal if the API server would store the same for both, however they are written
/// (apiequality.Semantic.DeepEqual of what it has defaulted).
impl PartialEq for PodTemplate {
    fn eq(&self, other: &PodTemplate) -> bool {
        let PodTemplate { labels, annotations, spec, written } = self;
        let is_same = (labels, annotations, spec, written)
            == (&other.labels, &other.annotations, &other.spec, &other.written);
        is_same || complete_template(self) == complete_template(other)
    }
}
