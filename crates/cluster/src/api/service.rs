//! `v1` Service.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::decode::{
    self, Field, FieldCursor, FieldShape as Shape, Struct, api_struct, field, fields, named,
};
use super::diagnostics::Diagnostics;
use super::kind::Codec;
use super::validate;
use super::{ApiResource, FieldError, Labels, Meta, NameRule, Resource, Scope, Str, Tree, selects, write};
use netfilter::{Cidr, Family, Protocol};

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

    fn validate(&self) -> Vec<FieldError> {
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

api_struct! {
    /// A port of a Service, and its target port in each Pod.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    pub struct ServicePort {
        /// Empty when the port has no name.
        name: Str = [field("name", Shape::Str)],
        protocol: Protocol = [field("protocol", Shape::Str)],
        port: u16 = [field("port", Shape::Int32)],
        target_port: TargetPort = [field("targetPort", Shape::IntOrStr)],
        /// 0 when none is allocated.
        node_port: u16 = [field("nodePort", Shape::Int32)],
        app_protocol: Option<Str> = [field("appProtocol", Shape::Str)],
    }
    only_written: []
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum TargetPort {
    /// 0 if it is left out, until defaulting sets it to the Service's port.
    Number(u16),
    /// Resolved in each Pod by name and protocol (upstream: FindPort).
    Name(Str),
}

/// `spec.ipFamilyPolicy`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum IpFamilyPolicy {
    SingleStack,
    PreferDualStack,
    RequireDualStack,
}

impl IpFamilyPolicy {
    pub fn as_str(self) -> &'static str {
        match self {
            IpFamilyPolicy::SingleStack => "SingleStack",
            IpFamilyPolicy::PreferDualStack => "PreferDualStack",
            IpFamilyPolicy::RequireDualStack => "RequireDualStack",
        }
    }
}

api_struct! {
    /// The part of `spec` that the simulation knows, after defaulting and allocation.
    #[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
    pub struct ServiceSpec {
        type_: ServiceType = [field("type", Shape::Str)],
        /// `None`: no selector, so no controller writes EndpointSlices for it.
        selector: Option<Labels> = [field("selector", Shape::StrMap)],
        ports: Vec<ServicePort> = [field("ports", Shape::List(ServicePort::FIELDS))],
        /// `spec.clusterIP: None`.
        headless: bool = [field("clusterIP", Shape::Str)],
        /// Empty until allocated, and always for headless and ExternalName.
        cluster_ips: Vec<IpAddr> = [field("clusterIPs", Shape::Strs)],
        /// Of the addresses, in their order. Empty until the API server takes the Service, and always for ExternalName.
        ip_families: Vec<Family> = [field("ipFamilies", Shape::Strs)],
        ip_family_policy: Option<IpFamilyPolicy> = [field("ipFamilyPolicy", Shape::Str)],
        external_ips: Vec<IpAddr> = [field("externalIPs", Shape::Strs)],
        external_name: Option<Str> = [field("externalName", Shape::Str)],
        session_affinity: SessionAffinity = [
            field("sessionAffinity", Shape::Str),
            field("sessionAffinityConfig", Shape::Obj(SESSION_AFFINITY_CONFIG)),
        ],
        /// `None` for a Service that cannot be called from outside.
        external_traffic_policy: Option<TrafficPolicy> = [field("externalTrafficPolicy", Shape::Str)],
        internal_traffic_policy: TrafficPolicy = [field("internalTrafficPolicy", Shape::Str)],
        load_balancer_source_ranges: Vec<Cidr> = [field("loadBalancerSourceRanges", Shape::Strs)],
        load_balancer_class: Option<Str> = [field("loadBalancerClass", Shape::Str)],
        /// An address that is asked for; clouds ignore it here.
        load_balancer_ip: Option<Str> = [field("loadBalancerIP", Shape::Str)],
        /// 0 when none is allocated.
        health_check_node_port: u16 = [field("healthCheckNodePort", Shape::Int32)],
        publish_not_ready_addresses: bool = [field("publishNotReadyAddresses", Shape::Bool)],
        /// `None` but for type LoadBalancer.
        allocate_load_balancer_node_ports: Option<bool> = [field("allocateLoadBalancerNodePorts", Shape::Bool)],
        /// `PreferSameZone`, `PreferSameNode` or `PreferClose`, as written.
        traffic_distribution: Option<Str> = [field("trafficDistribution", Shape::Str)],
    }
    only_written: []
}

const SESSION_AFFINITY_CONFIG: &Struct = &named(
    "SessionAffinityConfig",
    &[field("clientIP", Shape::Obj(&named("ClientIPConfig", &[field("timeoutSeconds", Shape::Int32)])))],
);

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LoadBalancerIngress {
    pub ip: IpAddr,
    /// `ipMode: Proxy`: kube-proxy writes no rule for the address (default: VIP).
    pub proxy: bool,
}

impl ServicePort {
    fn set_defaults(&mut self) {
        let ServicePort { port, target_port, name: _, protocol: _, node_port: _, app_protocol: _ } = self;
        if *target_port == TargetPort::Number(0) {
            *target_port = TargetPort::Number(*port);
        }
    }
}

impl ServiceSpec {
    /// core/v1 defaults.go, SetDefaults_Service. No field is passed over by a `..`: one that is added says here what it
    /// means where it is not written.
    fn set_defaults(&mut self) {
        let is_external = self.is_externally_accessible();
        let ServiceSpec {
            type_,
            ports,
            external_traffic_policy,
            internal_traffic_policy,
            allocate_load_balancer_node_ports,
            // The default of their types.
            selector: _,
            headless: _,
            cluster_ips: _,
            ip_families: _,
            ip_family_policy: _,
            external_ips: _,
            external_name: _,
            session_affinity: _,
            load_balancer_source_ranges: _,
            load_balancer_class: _,
            load_balancer_ip: _,
            health_check_node_port: _,
            publish_not_ready_addresses: _,
            traffic_distribution: _,
        } = self;
        if *type_ == ServiceType::ExternalName {
            // It has none, even if it is asked for.
            *internal_traffic_policy = TrafficPolicy::Cluster;
        }
        ports.iter_mut().for_each(ServicePort::set_defaults);
        if is_external {
            external_traffic_policy.get_or_insert(TrafficPolicy::Cluster);
        }
        if *type_ == ServiceType::LoadBalancer {
            allocate_load_balancer_node_ports.get_or_insert(true);
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
