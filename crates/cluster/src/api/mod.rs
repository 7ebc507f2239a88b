//! Kubernetes objects under their own field names: text in, typed objects and diagnostics out.

mod action;
mod affinity;
mod container;
mod cron;
mod decode;
mod diagnostic;
mod diagnostics;
mod dns_config;
mod duration;
mod endpoints;
mod field;
mod findings;
mod fit_error;
mod kind;
mod lifecycle;
mod maker;
mod manifest;
mod message;
mod meta;
mod namespace;
mod node;
mod patch;
mod patched_pod;
mod pod;
mod pod_status;
mod prerequisite;
mod priority_class;
mod probe;
mod quantity;
mod read;
mod resources;
pub(crate) mod scenario;
mod selectors;
mod served;
mod server_warning;
mod service;
mod service_cidr;
mod service_policy;
mod slice;
mod taint_change;
#[cfg(test)]
mod tests;
mod text;
mod toleration;
mod topology_spread;
mod tree;
mod update;
mod validate;
mod volume;
mod workload;
mod write;

pub use action::{Action, Manifests, TimedAction};
pub use affinity::{
    Affinity, NodeAffinity, NodeSelector, NodeSelectorOperator, NodeSelectorRequirement, NodeSelectorTerm,
    PodAffinity, PodAffinityTerm, PreferredSchedulingTerm, WeightedPodAffinityTerm,
};
pub use container::{Container, ContainerPort, EnvObject, EnvSource, EnvVar, ImagePullPolicy, RestartPolicy};
pub use cron::Schedule;
pub use decode::canonical_template;
pub(crate) use decode::{pull_policy, pull_policy_of};
pub use diagnostic::{
    Diagnostic, DiagnosticKind, Format, NameProblem, NameRule, Problem, Rule, Severity, SpecialRange,
};
pub use dns_config::PodDnsConfig;
pub use duration::{parse_duration, parse_moment};
pub use endpoints::{EndpointAddress, EndpointSubset, Endpoints};
pub(crate) use field::{Error as FieldError, Path as FieldPath};
pub use findings::{Finding, findings};
pub use fit_error::{FitError, Preemption, Rejection, Rejections};
pub(crate) use kind::Codec;
pub use kind::{ApiResource, Kind, KubeObject, Metadata, Resource, Scope, Unsimulated, Workload};
pub use lifecycle::{Lifecycle, LifecycleHandler};
pub use maker::{is_custom, makes_pods};
pub use manifest::{InvalidObject, Manifest, ManifestObject, Source};
pub use meta::{Labels, Meta, Name, NsName, ObjectRef, OwnerRef, Propagation, Uid};
pub use namespace::Namespace;
pub use netfilter::Str;
pub use node::{Node, NodeCondition, NodeConditions, NodeInfo, NodeSpec};
pub use patch::{OperationProblem, PatchProblem, PatchText, PatchType};
pub(crate) use patched_pod::{PatchedPod, patched_pod};
pub use pod::{Pod, PodSpec, PodTemplate};
pub use pod_status::{
    ConditionStatus, ContainerState, ContainerStatus, Phase, PodCondition, PodConditions, PodStatus,
    Terminated, TerminatedReason, WaitingReason,
};
pub use prerequisite::Prerequisite;
pub use priority_class::{PreemptionPolicy, PriorityClass};
pub use probe::{Probe, ProbeHandler, ProbeKind};
pub use quantity::Quantity;
pub use read::{MAX_OBJECTS, Reader, decode_object, parse};
pub use resources::{CPU, EPHEMERAL_STORAGE, MEMORY, PODS, ResourceList, ResourceRequirements};
pub(crate) use scenario::check_action;
pub use scenario::{
    AddressPool, App, ClientFrom, ClientSpec, CloudProvider, ClusterDns, DetectLocalMode, Exits,
    FieldValidation, KubeProxy, MAX_ACTIONS, MAX_APPS, NodePortAddresses, Resolve, Scenario, ScenarioNode,
    Start, TimingProfile,
};
pub use selectors::{NearMiss, SET_BY_CONTROLLERS, near_miss, selects};
pub(crate) use served::{ServedIn, served};
pub use server_warning::{PortOverlap, ServerWarning};
pub use service::{
    IpFamilyPolicy, LoadBalancerIngress, Service, ServicePort, ServiceSpec, ServiceType, SessionAffinity,
    TargetPort, TrafficPolicy,
};
pub use service_cidr::{ServiceCidr, ServiceCidrReady};
pub use service_policy::{PolicyField, ServicePolicy, TOPOLOGY_MODE};
pub use slice::{AddressType, Endpoint, EndpointPort, EndpointSlice};
pub use taint_change::TaintChange;
pub use text::{
    MAX_DEPTH, MAX_DOCUMENTS, MAX_IN_FLOW, MAX_NODES, MAX_TEXT_BYTES, to_json, to_json_indented, to_yaml,
};
pub use toleration::{Taint, TaintEffect, Toleration, TolerationOperator, tolerate};
pub use topology_spread::{NodeInclusionPolicy, TopologySpreadConstraint, WhenUnsatisfiable};
pub use tree::{Entry, Position, Step, Tree, Type, Value};
pub(crate) use update::Update;
pub(crate) use validate::{listed, server_warnings};
pub use volume::{Volume, VolumeObject, VolumeSource};
pub(crate) use workload::generated_selector;
pub use workload::{
    CompletionMode, ConcurrencyPolicy, Condition, Conditions, ControllerRevision, CronJob, CronJobSpec,
    CronJobStatus, DaemonSet, DaemonSetSpec, DaemonSetStatus, DaemonSetUpdateStrategy, Deployment,
    DeploymentSpec, DeploymentStatus, DeploymentStrategy, IntOrPercent, Job, JobSpec, JobStatus, JobTemplate,
    Operator, PodDisruptionBudget, PodDisruptionBudgetSpec, PodDisruptionBudgetStatus, PodManagementPolicy,
    PodReplacementPolicy, ReplicaSet, ReplicaSetSpec, ReplicaSetStatus, ReplicationController, Requirement,
    Retention, Selector, StatefulSet, StatefulSetSpec, StatefulSetStatus, StatefulSetUpdateStrategy,
    StatusSubresource, UnhealthyPodEvictionPolicy, VolumeClaimTemplate, index_text,
};
pub(crate) use write::rfc3339;
pub use write::{timestamp, to_tree};
