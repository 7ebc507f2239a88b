//! `v1` Service.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::decode::{self, Field, FieldCursor, fields};
use super::diagnostics::Diagnostics;
use super::field;
use super::kind::Codec;
use super::validate;
use super::{ApiResource, Labels, Meta, NameRule, Resource, Scope, Str, Tree, selects, write};
use netfilter::{Cidr, Protocol};

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Service {
    pub meta: Meta,
    pub spec: ServiceSpec,
    /// `status.loadBalancer.ingress`.
    pub ingress: Vec<LoadBalancerIngress>,
}

impl Resource for Service {
    const API: ApiResource = ApiResource {
        kind: "Service",
        api_version: "v1",
        plural: "services",
        singular: "service",
        short_names: &["svc"],
        scope: Scope::Namespaced,
    };
    const NAME_RULE: NameRule = NameRule::Dns1123Label;
}

impl Codec for Service {
    const FIELDS: &'static [Field] = fields::SERVICE;

    fn decode(root: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Service {
        decode::service::decode(root, diagnostics)
    }

    fn set_defaults(&mut self) {
        self.spec.set_defaults();
    }

    fn validate(&self) -> Vec<field::Error> {
        validate::service::validate(self)
    }

    fn print(&self, over: &mut Tree) {
        write::service::overlay(over, self);
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum ServiceType {
    #[default]
    ClusterIP,
    NodePort,
    LoadBalancer,
    ExternalName,
}

impl ServiceType {
    pub fn as_str(self) -> &'static str {
        match self {
            ServiceType::ClusterIP => "ClusterIP",
            ServiceType::NodePort => "NodePort",
            ServiceType::LoadBalancer => "LoadBalancer",
            ServiceType::ExternalName => "ExternalName",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum TrafficPolicy {
    #[default]
    Cluster,
    Local,
}

impl TrafficPolicy {
    pub fn as_str(self) -> &'static str {
        match self {
            TrafficPolicy::Cluster => "Cluster",
            TrafficPolicy::Local => "Local",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize)]
pub enum SessionAffinity {
    #[default]
    None,
    /// Seconds an idle client stays bound.
    ClientIP { timeout_s: u32 },
}

impl SessionAffinity {
    /// core/v1 types.go, DefaultClientIPServiceAffinitySeconds.
    pub const DEFAULT_TIMEOUT_S: u32 = 10_800;
    /// The least and the most, in seconds (core validation.go, validateClientIPAffinityConfig).
    pub const TIMEOUTS_S: (u32, u32) = (1, 86_400);

    /// `ClientIP` whose `timeoutSeconds` is not written (core/v1 defaults.go, SetDefaults_Service).
    pub fn default_client_ip() -> SessionAffinity {
        SessionAffinity::ClientIP { timeout_s: SessionAffinity::DEFAULT_TIMEOUT_S }
    }
}

/// A port of a Service, and its target port in each Pod.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ServicePort {
    /// Empty when the port has no name.
    pub name: Str,
    pub protocol: Protocol,
    pub port: u16,
    pub target_port: TargetPort,
    /// 0 when none is allocated.
    pub node_port: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum TargetPort {
    /// 0 if it is left out, until defaulting sets it to the Service's port.
    Number(u16),
    /// Resolved in each Pod by name and protocol (upstream: FindPort).
    Name(Str),
}

/// The part of `spec` that the simulation reads, after defaulting and allocation.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct ServiceSpec {
    pub type_: ServiceType,
    /// `None`: no selector, so no controller writes EndpointSlices for it.
    pub selector: Option<Labels>,
    pub ports: Vec<ServicePort>,
    /// `spec.clusterIP: None`.
    pub headless: bool,
    /// Empty until allocated, and always for headless and ExternalName.
    pub cluster_ips: Vec<IpAddr>,
    pub external_ips: Vec<IpAddr>,
    pub external_name: Option<Str>,
    pub session_affinity: SessionAffinity,
    /// `None` for a Service that cannot be called from outside.
    pub external_traffic_policy: Option<TrafficPolicy>,
    pub internal_traffic_policy: TrafficPolicy,
    pub load_balancer_source_ranges: Vec<Cidr>,
    pub load_balancer_class: Option<Str>,
    /// 0 when none is allocated.
    pub health_check_node_port: u16,
    pub publish_not_ready_addresses: bool,
    /// `None` but for type LoadBalancer.
    pub allocate_load_balancer_node_ports: Option<bool>,
    /// `PreferSameZone`, `PreferSameNode` or `PreferClose`, as written.
    pub traffic_distribution: Option<Str>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LoadBalancerIngress {
    pub ip: IpAddr,
    /// `ipMode: Proxy`: kube-proxy writes no rule for the address (default: VIP).
    pub proxy: bool,
}

impl ServiceSpec {
    /// core/v1 defaults.go, SetDefaults_Service: the defaults that depend on other fields.
    fn set_defaults(&mut self) {
        for port in &mut self.ports {
            if port.target_port == TargetPort::Number(0) {
                port.target_port = TargetPort::Number(port.port);
            }
        }
        if self.is_externally_accessible() {
            self.external_traffic_policy.get_or_insert(TrafficPolicy::Cluster);
        }
        if self.type_ == ServiceType::LoadBalancer {
            self.allocate_load_balancer_node_ports.get_or_insert(true);
        }
    }

    /// pkg/api/v1/service, ExternallyAccessible.
    pub fn is_externally_accessible(&self) -> bool {
        match self.type_ {
            ServiceType::NodePort | ServiceType::LoadBalancer => true,
            ServiceType::ClusterIP => !self.external_ips.is_empty(),
            ServiceType::ExternalName => false,
        }
    }

    /// pkg/api/v1/service, ExternalPolicyLocal: the field counts only where it may be set.
    pub fn is_external_policy_local(&self) -> bool {
        self.is_externally_accessible() && self.external_traffic_policy == Some(TrafficPolicy::Local)
    }

    /// pkg/api/v1/service, NeedsHealthCheck.
    pub fn needs_health_check(&self) -> bool {
        self.type_ == ServiceType::LoadBalancer && self.is_external_policy_local()
    }
}

impl Service {
    /// Whether it sends requests to Pods of that namespace with these labels.
    pub fn selects(&self, namespace: &str, labels: &Labels) -> bool {
        *self.meta.namespace == *namespace && self.spec.selector.as_ref().is_some_and(|s| selects(s, labels))
    }

    /// kube-proxy service/util, ShouldSkipService: a headless Service and an ExternalName have
    /// no virtual IP, so kube-proxy writes nothing for them.
    pub fn has_virtual_ip(&self) -> bool {
        !self.spec.cluster_ips.is_empty() && self.spec.type_ != ServiceType::ExternalName
    }
}
