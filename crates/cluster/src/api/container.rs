//! Containers of a Pod (core/v1 Container).

use serde::Serialize;

use super::{Lifecycle, Probe, ResourceRequirements, Str};
use netfilter::Protocol;

#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct Container {
    pub name: Str,
    pub image: Str,
    /// `None`: `Always` for an image with the tag `latest` or none, `IfNotPresent` for any other.
    pub image_pull_policy: Option<ImagePullPolicy>,
    pub ports: Vec<ContainerPort>,
    pub env: Vec<EnvVar>,
    pub env_from: Vec<EnvSource>,
    pub command: Vec<Str>,
    pub args: Vec<Str>,
    pub readiness: Option<Probe>,
    pub liveness: Option<Probe>,
    pub startup: Option<Probe>,
    pub lifecycle: Lifecycle,
    /// Of an init container: with `Always` it is a sidecar, which runs beside the main containers.
    pub restart_policy: Option<RestartPolicy>,
    pub resources: ResourceRequirements,
}

impl Container {
    pub(super) fn set_defaults(&mut self) {
        for probe in [&mut self.readiness, &mut self.liveness, &mut self.startup].into_iter().flatten() {
            probe.set_defaults();
        }
    }

    /// Of an init container (upstream api/v1/pod/util.go, IsRestartableInitContainer).
    pub fn is_sidecar(&self) -> bool {
        self.restart_policy == Some(RestartPolicy::Always)
    }

    /// The number of a port of this container that a probe or a hook names.
    pub fn port_named(&self, name: &str) -> Option<u16> {
        let named = |port: &&ContainerPort| port.name.as_deref() == Some(name);
        self.ports.iter().find(named).map(|port| port.container_port)
    }

    /// Each probe that it has, with its kind.
    pub fn probes(&self) -> impl Iterator<Item = &Probe> {
        [&self.startup, &self.liveness, &self.readiness].into_iter().flatten()
    }
}

/// Of a Pod, or of one of its init containers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize)]
pub enum RestartPolicy {
    #[default]
    Always,
    OnFailure,
    Never,
}

impl RestartPolicy {
    pub const NAMES: &'static [&'static str] = &["Always", "Never", "OnFailure"];

    pub fn as_str(self) -> &'static str {
        match self {
            RestartPolicy::Always => "Always",
            RestartPolicy::OnFailure => "OnFailure",
            RestartPolicy::Never => "Never",
        }
    }

    pub fn named(name: &str) -> Option<RestartPolicy> {
        let all = [RestartPolicy::Always, RestartPolicy::OnFailure, RestartPolicy::Never];
        all.into_iter().find(|policy| policy.as_str() == name)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum ImagePullPolicy {
    Always,
    IfNotPresent,
    Never,
}

impl ImagePullPolicy {
    pub const NAMES: &'static [&'static str] = &["Always", "IfNotPresent", "Never"];

    pub fn as_str(self) -> &'static str {
        match self {
            ImagePullPolicy::Always => "Always",
            ImagePullPolicy::IfNotPresent => "IfNotPresent",
            ImagePullPolicy::Never => "Never",
        }
    }

    pub fn named(name: &str) -> Option<ImagePullPolicy> {
        let all = [ImagePullPolicy::Always, ImagePullPolicy::IfNotPresent, ImagePullPolicy::Never];
        all.into_iter().find(|policy| policy.as_str() == name)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ContainerPort {
    pub name: Option<Str>,
    pub container_port: u16,
    /// 0 for none.
    pub host_port: u16,
    /// The node's address that `host_port` is on. None: all of them.
    pub host_ip: Option<Str>,
    pub protocol: Protocol,
}

/// An environment variable: a literal value, or where the value comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EnvVar {
    pub name: Str,
    /// `None` for one with `valueFrom`.
    pub value: Option<Str>,
    /// A ConfigMap or a Secret. Other sources (`fieldRef`, `resourceFieldRef`) are always there.
    pub value_from: Option<EnvSource>,
}

/// A ConfigMap or a Secret that environment variables come from: one key of it (`valueFrom`), or all (`envFrom`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EnvSource {
    pub object: EnvObject,
    pub name: Str,
    /// `None` for `envFrom`.
    pub key: Option<Str>,
    /// The container starts without it if it does not exist.
    pub optional: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum EnvObject {
    ConfigMap,
    Secret,
}
