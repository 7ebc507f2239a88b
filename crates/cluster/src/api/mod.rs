//! Kubernetes objects under their own field names: text in, typed objects and diagnostics out.

mod meta;
mod node;
mod pod;
mod service;
mod slice;
mod workload;

pub use meta::{Labels, Meta, Name, NsName, ObjectRef, OwnerRef, Str, Uid};
pub use node::{Node, NodeCondition, NodeSpec};
pub use pod::{Container, ContainerPort, EnvVar, Phase, Pod, PodSpec, PodStatus, PodTemplate, Probe};
pub use service::{
    LoadBalancerIngress, Service, ServicePort, ServiceSpec, ServiceType, SessionAffinity, TargetPort,
    TrafficPolicy,
};
pub use slice::{Endpoint, EndpointPort, EndpointSlice};
pub use workload::{
    Deployment, DeploymentStrategy, IntOrPercent, Operator, ReplicaSet, Requirement, Selector,
};
