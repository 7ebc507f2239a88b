//! The policies of a Service, each of which an action can set.

use super::diagnostic::clip;
use super::field;
use super::{DiagnosticKind, Format, Service, ServiceSpec, SessionAffinity, Str, TrafficPolicy};

/// The annotation that asks for topology hints by CPU.
pub const TOPOLOGY_MODE: &str = "service.kubernetes.io/topology-mode";

/// One declaration for the policies, the fields that they set, and their names.
macro_rules! service_policies {
    ($($(#[$doc:meta])* $policy:ident($value:ty) = $name:expr,)*) => {
        /// A field of a Service that controls where its packets may go, and its new value. Invalid values are refused
        /// with the API server's message.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum ServicePolicy {
            $($(#[$doc])* $policy($value),)*
        }

        /// The field that a [`ServicePolicy`] sets.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum PolicyField {
            $($policy,)*
        }

        impl PolicyField {
            pub const ALL: &'static [PolicyField] = &[$(PolicyField::$policy),*];
            /// What the action that sets a policy is written with: the names of all of them among it.
            pub(super) const ARGUMENTS: &'static [&'static str] = &["service", $($name,)* "timeoutSeconds"];

            /// Its name in the spec, or the annotation's.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(PolicyField::$policy => $name,)*
                }
            }
        }

        impl ServicePolicy {
            pub fn field(&self) -> PolicyField {
                match self {
                    $(ServicePolicy::$policy(_) => PolicyField::$policy,)*
                }
            }
        }
    };
}

service_policies! {
    ExternalTrafficPolicy(TrafficPolicy) = "externalTrafficPolicy",
    InternalTrafficPolicy(TrafficPolicy) = "internalTrafficPolicy",
    SessionAffinity(SessionAffinity) = "sessionAffinity",
    /// `None` removes the field.
    TrafficDistribution(Option<Str>) = "trafficDistribution",
    /// The annotation for hints by CPU. `None` removes it.
    TopologyMode(Option<Str>) = TOPOLOGY_MODE,
    PublishNotReadyAddresses(bool) = "publishNotReadyAddresses",
    LoadBalancerSourceRanges(Vec<Str>) = "loadBalancerSourceRanges",
    ExternalIps(Vec<Str>) = "externalIPs",
}

impl PolicyField {
    pub(super) fn named(name: &str) -> Option<PolicyField> {
        PolicyField::ALL.iter().copied().find(|field| field.as_str() == name)
    }
}

impl std::fmt::Display for PolicyField {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl ServicePolicy {
    /// Changes the Service as `kubectl patch` or `annotate` would. An error means that our type cannot hold the value.
    pub(crate) fn set(&self, service: &mut Service) -> Result<(), field::Error> {
        // No field is passed over by a `..`: one that is added is a policy, or it is said here why it is none.
        let ServiceSpec {
            external_traffic_policy,
            internal_traffic_policy,
            session_affinity,
            load_balancer_source_ranges,
            external_ips,
            traffic_distribution,
            publish_not_ready_addresses,
            // By actions of their own.
            type_: _,
            selector: _,
            // What the Service is, or gets from the cluster: by a manifest.
            ports: _,
            headless: _,
            cluster_ips: _,
            ip_families: _,
            ip_family_policy: _,
            external_name: _,
            load_balancer_class: _,
            load_balancer_ip: _,
            health_check_node_port: _,
            allocate_load_balancer_node_ports: _,
        } = &mut service.spec;
        match self {
            ServicePolicy::ExternalTrafficPolicy(policy) => *external_traffic_policy = Some(*policy),
            ServicePolicy::InternalTrafficPolicy(policy) => *internal_traffic_policy = *policy,
            ServicePolicy::SessionAffinity(affinity) => *session_affinity = *affinity,
            ServicePolicy::TrafficDistribution(text) => traffic_distribution.clone_from(text),
            ServicePolicy::LoadBalancerSourceRanges(texts) => {
                *load_balancer_source_ranges =
                    self.parsed(texts, |text| text.trim().parse().ok(), Format::Cidr)?;
            }
            ServicePolicy::ExternalIps(texts) => {
                *external_ips = self.parsed(texts, |text| text.parse().ok(), Format::IpAddress)?;
            }
            ServicePolicy::PublishNotReadyAddresses(on) => *publish_not_ready_addresses = *on,
            ServicePolicy::TopologyMode(mode) => {
                let annotations = &mut service.meta.annotations;
                // The older name of the annotation is redundant now, or would be overridden.
                annotations.remove("service.kubernetes.io/topology-aware-hints");
                match mode {
                    Some(mode) => annotations.insert(TOPOLOGY_MODE.into(), mode.clone()),
                    None => annotations.remove(TOPOLOGY_MODE),
                };
            }
        }
        Ok(())
    }

    fn parsed<T>(
        &self,
        texts: &[Str],
        parse: fn(&str) -> Option<T>,
        format: Format,
    ) -> Result<Vec<T>, field::Error> {
        let spec = field::Path::new("spec");
        let list = spec.child(self.field().as_str());
        let wrong =
            |index, text| list.item(index).error(DiagnosticKind::BadFormat { value: clip(text), format });
        texts.iter().enumerate().map(|(index, text)| parse(text).ok_or_else(|| wrong(index, text))).collect()
    }
}
