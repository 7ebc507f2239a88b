//! What the API server warns of, and its words.

use std::fmt;

use serde::Serialize;

use super::{ContainerPort, Quantity, ServiceType, Str};

/// A `path` is the field's, as the API server writes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum ServerWarning {
    /// What is wrong with the name as a label.
    NameInPods(Str),
    NameInHostname(Str),
    DeprecatedEndpoints,
    DeprecatedFqdn,

    // Of a Service.
    DeprecatedExternalIps,
    DeprecatedPreferClose,
    DeprecatedTopologyHints,
    IgnoredAffinity,
    /// Of a headless one.
    IgnoredExternalIps,
    IgnoredLoadBalancerIp,
    ExternalIpsOfExternalName,
    IgnoredExternalName,

    // Of a Pod, or of a template of Pods.
    SamePort {
        path: Str,
        other_path: Str,
        overlap: PortOverlap,
    },
    SamePortName {
        path: Str,
        other_path: Str,
        name: Str,
    },
    HostIpWithoutHostPort {
        path: Str,
        port: Box<ContainerPort>,
    },
    /// The variable's name is that of one before it.
    HiddenVariable {
        path: Str,
        name: Str,
    },
    FractionalBytes {
        path: Str,
        value: Quantity,
    },
    NegativeGracePeriod {
        path: Str,
    },
    NoLabelSelector {
        path: Str,
    },
    /// `label`: `None` where the path ends with it.
    DeprecatedNodeLabel {
        path: Str,
        label: Option<Str>,
        advice: &'static str,
    },

    /// Of an annotation, or of a kind of volume.
    Deprecated {
        path: Str,
        advice: &'static str,
    },
    /// Of a preferred term: no node has a label of this value.
    NoLabelValue {
        path: Str,
        value: Str,
        problem: Str,
    },
    /// An item says the same as one before it.
    Same {
        path: Str,
        what: &'static str,
        value: Str,
    },
    /// Of an item of `imagePullSecrets`.
    NoSecretName {
        path: Str,
    },

    // Of workloads.
    TooManyIndexes {
        path: Str,
    },
    UnlimitedHistory,

    /// An address with zeros before its numbers, or an IPv4 address that is written as an IPv6 one.
    NonStandard {
        path: Str,
        value: Str,
        standard: Str,
    },
    /// An IPv6 address, or a prefix, that is not written as RFC 5952 says.
    NotCanonical {
        path: Str,
        what: &'static str,
        value: Str,
        canonical: Str,
    },
    /// It was left out.
    UnknownField {
        path: Str,
    },
}

/// How two ports of a Pod come to be the same one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum PortOverlap {
    /// In all but their names.
    Duplicate,
    /// One of them has no `hostPort`.
    Redundant,
    /// Of two with one `hostPort`, one has a `hostIP`.
    Ambiguous,
}

impl fmt::Display for PortOverlap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            PortOverlap::Duplicate => "duplicate",
            PortOverlap::Redundant => "overlapping",
            PortOverlap::Ambiguous => "dangerously ambiguous",
        })
    }
}

impl fmt::Display for ServerWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let external_name = ServiceType::ExternalName.as_str();
        match self {
            ServerWarning::NameInPods(problems) => name("Pod names and hostnames", problems, f),
            ServerWarning::NameInHostname(problems) => name("the Pod's hostname", problems, f),
            ServerWarning::DeprecatedEndpoints => {
                f.write_str("v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice")
            }
            ServerWarning::DeprecatedFqdn => f.write_str("spec.addressType: FQDN endpoints are deprecated"),
            ServerWarning::DeprecatedExternalIps => f.write_str(
                "spec.externalIPs is deprecated and may no longer be implemented in some clusters",
            ),
            ServerWarning::DeprecatedPreferClose => f.write_str(
                r#"spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone""#,
            ),
            ServerWarning::DeprecatedTopologyHints => f.write_str(
                "annotation service.kubernetes.io/topology-aware-hints is deprecated, please use service.kubernetes.io/topology-mode instead",
            ),
            ServerWarning::IgnoredAffinity => {
                f.write_str("spec.SessionAffinity is ignored for headless services")
            }
            ServerWarning::IgnoredExternalIps => {
                f.write_str("spec.externalIPs is ignored for headless services")
            }
            ServerWarning::IgnoredLoadBalancerIp => {
                f.write_str("spec.loadBalancerIP is ignored for headless services")
            }
            ServerWarning::ExternalIpsOfExternalName => {
                write!(f, "spec.externalIPs is ignored when spec.type is {external_name:?}")
            }
            ServerWarning::IgnoredExternalName => {
                write!(f, "spec.externalName is ignored when spec.type is not {external_name:?}")
            }
            ServerWarning::SamePort { path, other_path, overlap } => {
                write!(f, "{path}: {overlap} port definition with {other_path}")
            }
            ServerWarning::SamePortName { path, other_path, name } => write!(
                f,
                "{path}: duplicate port name {name:?} with {other_path}, services and probes that select ports by name will use {other_path}"
            ),
            ServerWarning::HostIpWithoutHostPort { path, port } => {
                write!(f, "{path}: hostIP set without hostPort: ")?;
                go_port(port, f)
            }
            ServerWarning::HiddenVariable { path, name } => {
                write!(
                    f,
                    "{path}: hides previous definition of {name:?}, which may be dropped when using apply"
                )
            }
            ServerWarning::FractionalBytes { path, value } => {
                let value = value.to_string();
                write!(f, "{path}: fractional byte value {value:?} is invalid, must be an integer")
            }
            ServerWarning::NegativeGracePeriod { path } => {
                write!(f, "{path}: must be >= 0; negative values are invalid and will be treated as 1")
            }
            ServerWarning::NoLabelSelector { path } => {
                write!(f, "{path}: a null labelSelector results in matching no pod")
            }
            ServerWarning::DeprecatedNodeLabel { path, label: None, advice } => write!(f, "{path}: {advice}"),
            ServerWarning::DeprecatedNodeLabel { path, label: Some(label), advice } => {
                write!(f, "{path}: {label} is {advice}")
            }
            ServerWarning::Deprecated { path, advice } => write!(f, "{path}: {advice}"),
            ServerWarning::NoLabelValue { path, value, problem } => {
                write!(f, "{path}: {value} is invalid, {problem}")
            }
            ServerWarning::Same { path, what, value } => write!(f, "{path}: duplicate {what} {value:?}"),
            ServerWarning::NoSecretName { path } => write!(f, "{path}: invalid empty name \"\""),
            ServerWarning::TooManyIndexes { path } => write!(
                f,
                "{path}: In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, Kubernetes might not be able to track completedIndexes when a big number of indexes fail"
            ),
            ServerWarning::UnlimitedHistory => f.write_str(
                "spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended",
            ),
            ServerWarning::NonStandard { path, value, standard } => write!(
                f,
                "{path}: non-standard IP address {value:?} will be considered invalid in a future Kubernetes release: \
                 use {standard:?}"
            ),
            ServerWarning::NotCanonical { path, what, value, canonical } => {
                write!(f, "{path}: IPv6 {what} {value:?} should be in RFC 5952 canonical format ({canonical:?})")
            }
            ServerWarning::UnknownField { path } => write!(f, "unknown field {path:?}"),
        }
    }
}

fn name(place: &str, problems: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(
        f,
        "metadata.name: this is used in {place}, which can result in surprising behavior; a DNS label is recommended: [{problems}]"
    )
}

/// As Go prints the struct.
fn go_port(port: &ContainerPort, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let ContainerPort { name, container_port, host_port, host_ip, protocol } = port;
    let [name, host_ip] = [name, host_ip].map(|text| text.as_deref().unwrap_or_default());
    let protocol = protocol.as_str();
    write!(
        f,
        "{{Name:{name} HostPort:{host_port} ContainerPort:{container_port} Protocol:{protocol} HostIP:{host_ip}}}"
    )
}
