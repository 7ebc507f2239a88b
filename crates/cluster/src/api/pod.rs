//! `v1` Pod and the template that workloads make Pods from.

use std::net::IpAddr;

use serde::Serialize;

use super::decode::{self, Field, FieldCursor, fields};
use super::diagnostics::Diagnostics;
use super::field;
use super::kind::Codec;
use super::validate;
use super::{ApiResource, Labels, Meta, Name, NameRule, Resource, Scope, Str, Tree, write};
use crate::sim::Time;
use netfilter::{PerFamily, Protocol};

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Pod {
    pub meta: Meta,
    pub spec: PodSpec,
    pub status: PodStatus,
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

impl Codec for Pod {
    const FIELDS: &'static [Field] = fields::POD;

    fn decode(root: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Pod {
        decode::pod::decode(root, diagnostics)
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
    pub containers: Vec<Container>,
    /// Only those with `restartPolicy: Always` (sidecars): their ports count in FindPort.
    pub sidecars: Vec<Container>,
    /// Seconds, 30 by default.
    pub termination_grace_period_s: u32,
    pub hostname: Option<Str>,
    pub subdomain: Option<Str>,
    pub host_network: bool,
    /// One of `spec.volumes` is an emptyDir.
    pub has_empty_dir: bool,
    /// `spec.nodeSelector`.
    pub node_selector: Labels,
}

impl Default for PodSpec {
    fn default() -> PodSpec {
        PodSpec {
            node_name: None,
            containers: Vec::new(),
            sidecars: Vec::new(),
            termination_grace_period_s: 30,
            hostname: None,
            subdomain: None,
            host_network: false,
            has_empty_dir: false,
            node_selector: Labels::new(),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct Container {
    pub name: Str,
    pub image: Str,
    pub ports: Vec<ContainerPort>,
    pub env: Vec<EnvVar>,
    pub command: Vec<Str>,
    pub args: Vec<Str>,
    pub readiness: Option<Probe>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ContainerPort {
    pub name: Option<Str>,
    pub container_port: u16,
    pub protocol: Protocol,
}

/// An environment variable with a literal value (`valueFrom` is kept, not simulated).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EnvVar {
    pub name: Str,
    pub value: Str,
}

/// `readinessProbe`: when it runs, and how many results in a row change the condition. All times in seconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Probe {
    pub initial_delay_s: u32,
    pub period_s: u32,
    pub success_threshold: u32,
    pub failure_threshold: u32,
}

impl Default for Probe {
    fn default() -> Probe {
        Probe { initial_delay_s: 0, period_s: 10, success_threshold: 1, failure_threshold: 3 }
    }
}

/// What a Deployment's or a ReplicaSet's Pods are made from.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct PodTemplate {
    pub labels: Labels,
    pub annotations: Labels,
    pub spec: PodSpec,
    /// The template as written, with the fields that the simulation does not read: they matter when two templates
    /// are compared. Null if it did not come from a text.
    #[serde(skip)]
    pub written: Tree,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize)]
pub enum Phase {
    #[default]
    Pending,
    Running,
    Succeeded,
    Failed,
}

#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct PodStatus {
    pub phase: Phase,
    pub pod_ips: Option<PerFamily<IpAddr>>,
    /// The Ready condition.
    pub ready: bool,
    pub ready_since: Option<Time>,
    pub started: Option<Time>,
    pub restarts: u32,
    /// Why a container waits: `ContainerCreating`, `CrashLoopBackOff`.
    pub waiting: Option<Str>,
}

impl PodStatus {
    /// `podIP`: of the primary family.
    pub fn pod_ip(&self) -> Option<IpAddr> {
        self.pod_ips.map(|ips| *ips.primary())
    }
}
