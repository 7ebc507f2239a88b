//! Kubernetes objects under their own field names: text in, typed objects and diagnostics out.

mod action;
mod diagnostic;
mod manifest;
mod meta;
mod node;
mod pod;
mod scenario;
mod service;
mod slice;
mod tree;
mod workload;

pub use action::{Action, TimedAction};
pub use diagnostic::{Diagnostic, DiagnosticKind, Format, NameRule, Rule, Severity};
pub use manifest::{Manifest, Parsed, Source, Typed, decode_object, parse};
pub use meta::{Labels, Meta, Name, NsName, ObjectRef, OwnerRef, Str, Uid};
pub use node::{Node, NodeCondition, NodeSpec};
pub use pod::{Container, ContainerPort, EnvVar, Phase, Pod, PodSpec, PodStatus, PodTemplate, Probe};
pub use scenario::{ClientFrom, ClientSpec, Scenario, ScenarioNode, TimingProfile};
pub use service::{
    LoadBalancerIngress, Service, ServicePort, ServiceSpec, ServiceType, SessionAffinity, TargetPort,
    TrafficPolicy,
};
pub use slice::{Endpoint, EndpointPort, EndpointSlice};
pub use tree::{Entry, Position, Step, Tree, Type, Value};
pub use workload::{
    Deployment, DeploymentStrategy, IntOrPercent, Operator, ReplicaSet, Requirement, Selector,
};
