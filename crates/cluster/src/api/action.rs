//! Actions: everything that a user or a scenario can do to the cluster.

use std::sync::Arc;

use serde::{Deserialize, Serialize, Serializer};

use super::diagnostic::clip;
use super::field;
use super::scenario::{form, service_policy};
use super::{
    ClientSpec, DiagnosticKind, Format, Kind, Labels, Manifest, Name, NsName, ObjectRef, Service,
    ServiceType, SessionAffinity, Str, TrafficPolicy,
};
use crate::node::kube_proxy::ProxyMode;
use crate::sim::Time;

/// An action and the moment of the run at which it is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimedAction {
    pub at: Time,
    pub action: Action,
}

/// Each action is declared here once: serde derives from it how a Scenario writes it (`do` and its fields), how it is
/// read, and which fields it takes. [`Action::about`], `check_action`, `World::apply` and the sentences in
/// `crates/words` match it without a default arm.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum Action {
    /// Manifests, as `kubectl apply -f` would take them.
    Apply {
        text: Applied,
    },
    /// `kubectl delete`: a Pod gets its grace period.
    #[serde(rename = "delete")]
    DeleteObject {
        #[serde(with = "form::object")]
        object: ObjectRef,
    },
    /// Replaces all labels of the object.
    SetLabels {
        #[serde(with = "form::object")]
        object: ObjectRef,
        #[serde(with = "form::labels")]
        labels: Labels,
    },
    SetServiceType {
        #[serde(with = "form::ns_name")]
        service: NsName,
        #[serde(rename = "type")]
        type_: ServiceType,
    },
    /// One field of the Service's spec, as `kubectl patch` would set it.
    #[serde(with = "service_policy")]
    SetServicePolicy {
        service: NsName,
        policy: ServicePolicy,
    },
    /// An empty selector removes the Service's selector.
    SetSelector {
        #[serde(with = "form::ns_name")]
        service: NsName,
        #[serde(with = "form::labels")]
        selector: Labels,
    },
    Scale {
        #[serde(with = "form::ns_name")]
        deployment: NsName,
        replicas: u32,
    },
    /// Sets the result of the Pod's readiness probe from now on.
    SetReadiness {
        #[serde(with = "form::ns_name")]
        pod: NsName,
        pass: bool,
    },
    /// The Pod's process ends with an error; the kubelet restarts it.
    CrashPod {
        #[serde(with = "form::ns_name")]
        pod: NsName,
    },
    PowerNode {
        node: Name,
        #[serde(rename = "enabled")]
        on: bool,
    },
    Cordon {
        node: Name,
        #[serde(rename = "enabled")]
        on: bool,
    },
    /// `kubectl drain`: the node is cordoned and its Pods are evicted, each with its grace period.
    Drain {
        node: Name,
        /// Pods without a controller too.
        #[serde(default)]
        force: bool,
        /// Pods with an emptyDir too.
        #[serde(default)]
        delete_empty_dir_data: bool,
    },
    /// The node can no longer reach the API server, or can again. Pod traffic is not affected.
    CutOffNode {
        node: Name,
        #[serde(rename = "enabled")]
        on: bool,
    },
    /// Stops the node's kube-proxy (SIGSTOP), or lets it continue.
    PauseKubeProxy {
        node: Name,
        #[serde(rename = "enabled")]
        on: bool,
    },
    /// Restarts every node's kube-proxy in this mode, each after its own delay.
    SetProxyMode {
        mode: ProxyMode,
    },
    /// Sets `ipMode` of every load balancer. It is configured in the cloud's controller, not in a Service.
    SetIpMode {
        #[serde(rename = "ipMode", with = "form::ip_mode")]
        proxy: bool,
    },
    /// `None`: the next free `node-N`.
    AddNode {
        name: Option<Name>,
        zone: Option<Str>,
    },
    AddClient {
        client: ClientSpec,
    },
    RemoveClient {
        client: Name,
    },
    /// Thousandths of a request per second.
    SetRate {
        client: Name,
        #[serde(rename = "rate", with = "form::rate")]
        rate_milli: u32,
    },
    /// One request now, whatever the client's rate.
    SendOne {
        client: Name,
    },
}

impl Action {
    /// `kubectl apply -f -` of this text. A Scenario in it is ignored, since the cluster is running already.
    pub fn apply(text: &str) -> Action {
        Action::Apply { text: Applied::from(Str::from(text)) }
    }

    /// The object that the action is about, if it is about one.
    pub fn about(&self) -> Option<ObjectRef> {
        match self {
            Action::DeleteObject { object } | Action::SetLabels { object, .. } => Some(object.clone()),
            Action::SetServiceType { service, .. }
            | Action::SetServicePolicy { service, .. }
            | Action::SetSelector { service, .. } => Some(ObjectRef::of_key(Kind::Service, service)),
            Action::Scale { deployment, .. } => Some(ObjectRef::of_key(Kind::Deployment, deployment)),
            Action::SetReadiness { pod, .. } | Action::CrashPod { pod } => {
                Some(ObjectRef::of_key(Kind::Pod, pod))
            }
            Action::PowerNode { node, .. }
            | Action::Cordon { node, .. }
            | Action::Drain { node, .. }
            | Action::CutOffNode { node, .. }
            | Action::PauseKubeProxy { node, .. } => Some(ObjectRef::node(node)),
            // An added node may get its name only when it is added.
            Action::AddNode { .. }
            | Action::Apply { .. }
            | Action::SetProxyMode { .. }
            | Action::SetIpMode { .. }
            | Action::AddClient { .. }
            | Action::RemoveClient { .. }
            | Action::SetRate { .. }
            | Action::SendOne { .. } => None,
        }
    }
}

/// A text that is applied, and its objects.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "Str")]
pub struct Applied {
    text: Str,
    pub(crate) manifest: Arc<Manifest>,
}

impl Applied {
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl From<Str> for Applied {
    fn from(text: Str) -> Applied {
        let manifest = Arc::new(super::read::parse_objects(&text));
        Applied { text, manifest }
    }
}

impl Serialize for Applied {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

/// Only the text, since the objects are derived from it.
impl std::fmt::Debug for Applied {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.text.fmt(f)
    }
}

/// The annotation that asks for topology hints by CPU.
pub const TOPOLOGY_MODE: &str = "service.kubernetes.io/topology-mode";

/// A field of a Service that controls where its packets may go, and its new value. Invalid values are refused with
/// the API server's message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServicePolicy {
    ExternalTrafficPolicy(TrafficPolicy),
    InternalTrafficPolicy(TrafficPolicy),
    SessionAffinity(SessionAffinity),
    /// `None` removes the field.
    TrafficDistribution(Option<Str>),
    LoadBalancerSourceRanges(Vec<Str>),
    ExternalIps(Vec<Str>),
    PublishNotReadyAddresses(bool),
    /// The annotation for hints by CPU. `None` removes it.
    TopologyMode(Option<Str>),
}

impl ServicePolicy {
    /// The field's name in the spec, or the annotation's.
    pub fn field(&self) -> &'static str {
        match self {
            ServicePolicy::ExternalTrafficPolicy(_) => "externalTrafficPolicy",
            ServicePolicy::InternalTrafficPolicy(_) => "internalTrafficPolicy",
            ServicePolicy::SessionAffinity(_) => "sessionAffinity",
            ServicePolicy::TrafficDistribution(_) => "trafficDistribution",
            ServicePolicy::LoadBalancerSourceRanges(_) => "loadBalancerSourceRanges",
            ServicePolicy::ExternalIps(_) => "externalIPs",
            ServicePolicy::PublishNotReadyAddresses(_) => "publishNotReadyAddresses",
            ServicePolicy::TopologyMode(_) => TOPOLOGY_MODE,
        }
    }

    /// Changes the Service as `kubectl patch` or `annotate` would. An error means that our type cannot hold the value.
    pub(crate) fn set(&self, service: &mut Service) -> Result<(), field::Error> {
        let spec = &mut service.spec;
        match self {
            ServicePolicy::ExternalTrafficPolicy(policy) => spec.external_traffic_policy = Some(*policy),
            ServicePolicy::InternalTrafficPolicy(policy) => spec.internal_traffic_policy = *policy,
            ServicePolicy::SessionAffinity(affinity) => spec.session_affinity = *affinity,
            ServicePolicy::TrafficDistribution(text) => spec.traffic_distribution = text.clone(),
            ServicePolicy::LoadBalancerSourceRanges(texts) => {
                spec.load_balancer_source_ranges =
                    self.parsed(texts, |text| text.trim().parse().ok(), Format::Cidr)?;
            }
            ServicePolicy::ExternalIps(texts) => {
                spec.external_ips = self.parsed(texts, |text| text.parse().ok(), Format::IpAddress)?;
            }
            ServicePolicy::PublishNotReadyAddresses(on) => spec.publish_not_ready_addresses = *on,
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
        let list = spec.child(self.field());
        let wrong =
            |index, text| list.item(index).error(DiagnosticKind::BadFormat { value: clip(text), format });
        texts.iter().enumerate().map(|(index, text)| parse(text).ok_or_else(|| wrong(index, text))).collect()
    }
}
