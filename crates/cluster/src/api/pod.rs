//! `v1` Pod and the template that workloads make Pods from.

use std::net::IpAddr;

use serde::Serialize;

use super::decode::{self, Field, FieldCursor, fields};
use super::diagnostics::Diagnostics;
use super::field;
use super::kind::Codec;
use super::validate;
use super::{ApiResource, Labels, Meta, Name, NameRule, Resource, Scope, Str, TargetPort, Tree, write};
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

    fn set_defaults(&mut self) {
        self.spec.set_defaults();
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
    pub init_containers: Vec<Container>,
    /// As written; `None` is `Always`, and only that is simulated.
    pub restart_policy: Option<Str>,
    pub termination_grace_period_s: u32,
    /// As written; `None` is `ClusterFirst`, and only that is simulated.
    pub dns_policy: Option<Str>,
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
            init_containers: Vec::new(),
            restart_policy: None,
            termination_grace_period_s: PodSpec::DEFAULT_TERMINATION_GRACE_PERIOD_S,
            dns_policy: None,
            hostname: None,
            subdomain: None,
            host_network: false,
            has_empty_dir: false,
            node_selector: Labels::new(),
        }
    }
}

impl PodSpec {
    /// core/v1 types.go, DefaultTerminationGracePeriodSeconds.
    pub const DEFAULT_TERMINATION_GRACE_PERIOD_S: u32 = 30;

    /// The init containers that run beside the others (`restartPolicy: Always`): their ports count in FindPort.
    pub fn sidecars(&self) -> impl Iterator<Item = &Container> {
        self.init_containers.iter().filter(|container| container.restart_policy.as_deref() == Some("Always"))
    }

    /// core/v1 defaults.go, SetDefaults_PodSpec.
    pub(super) fn set_defaults(&mut self) {
        self.init_containers.iter_mut().chain(&mut self.containers).for_each(Container::set_defaults);
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
    /// Kept, not simulated, as the startup probe.
    pub liveness: Option<Probe>,
    pub startup: Option<Probe>,
    /// Of an init container: with `Always` it is a sidecar.
    pub restart_policy: Option<Str>,
}

impl Container {
    fn set_defaults(&mut self) {
        for probe in [&mut self.readiness, &mut self.liveness, &mut self.startup].into_iter().flatten() {
            probe.set_defaults();
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ContainerPort {
    pub name: Option<Str>,
    pub container_port: u16,
    /// 0 for none. Kept, not simulated.
    pub host_port: u16,
    pub protocol: Protocol,
}

/// An environment variable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EnvVar {
    pub name: Str,
    /// `None` for one with `valueFrom`, which is kept, not simulated.
    pub value: Option<Str>,
}

/// A probe: what it asks, when it runs, and how many results in a row change the condition. All times in seconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Probe {
    pub handler: ProbeHandler,
    pub initial_delay_s: u32,
    pub timeout_s: u32,
    pub period_s: u32,
    pub success_threshold: u32,
    pub failure_threshold: u32,
}

/// What a probe asks. It has one of these; that it has no other, validation says. Kept, not simulated: whether a probe
/// passes is said by an action.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct ProbeHandler {
    /// The command.
    pub exec: Option<Vec<Str>>,
    /// The port.
    pub http_get: Option<TargetPort>,
    pub tcp_socket: Option<TargetPort>,
    pub grpc: Option<TargetPort>,
}

impl Probe {
    /// core/v1 defaults.go, SetDefaults_Probe.
    pub const DEFAULT: Probe = Probe {
        handler: ProbeHandler { exec: None, http_get: None, tcp_socket: None, grpc: None },
        initial_delay_s: 0,
        timeout_s: 1,
        period_s: 10,
        success_threshold: 1,
        failure_threshold: 3,
    };

    /// Of these, 0 means the same as nothing.
    fn set_defaults(&mut self) {
        for (number, default) in [
            (&mut self.timeout_s, Probe::DEFAULT.timeout_s),
            (&mut self.period_s, Probe::DEFAULT.period_s),
            (&mut self.success_threshold, Probe::DEFAULT.success_threshold),
            (&mut self.failure_threshold, Probe::DEFAULT.failure_threshold),
        ] {
            if *number == 0 {
                *number = default;
            }
        }
    }
}

impl Default for Probe {
    fn default() -> Probe {
        Probe::DEFAULT
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
