//! What a person, a scenario or a lesson can do to the cluster: the one way in.

use std::sync::Arc;

use serde::Serialize;

use super::{
    ClientSpec, Labels, Manifest, Name, NsName, ObjectRef, ServiceType, SessionAffinity, Str, TrafficPolicy,
};
use crate::node::kube_proxy::ProxyMode;
use crate::sim::Time;

/// An action and the moment of the run at which it is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TimedAction {
    pub at: Time,
    pub action: Action,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum Action {
    /// Manifests, as `kubectl apply -f` would take them.
    Apply {
        text: Str,
        /// The text as it was read: [`Action::apply`] makes both.
        #[serde(skip)]
        manifest: Applied,
    },
    /// `kubectl delete`: a Pod gets its grace period.
    DeleteObject {
        object: ObjectRef,
    },
    /// All labels of the object, not a patch of them.
    SetLabels {
        object: ObjectRef,
        labels: Labels,
    },
    SetServiceType {
        service: NsName,
        type_: ServiceType,
    },
    /// One field of the Service's spec, as `kubectl patch` would set it.
    SetServicePolicy {
        service: NsName,
        policy: ServicePolicy,
    },
    /// An empty selector takes the Service's selector away.
    SetSelector {
        service: NsName,
        selector: Labels,
    },
    Scale {
        deployment: NsName,
        replicas: u32,
    },
    /// What the Pod's readiness probe finds from now on.
    SetReadiness {
        pod: NsName,
        pass: bool,
    },
    /// The Pod's process ends with an error; the kubelet restarts it.
    CrashPod {
        pod: NsName,
    },
    PowerNode {
        node: Name,
        on: bool,
    },
    Cordon {
        node: Name,
        on: bool,
    },
    /// The node does not reach the API server any more, or again. Its Pods' packets still go.
    CutOffNode {
        node: Name,
        on: bool,
    },
    /// The node's kube-proxy is stopped (SIGSTOP), or goes on.
    PauseKubeProxy {
        node: Name,
        on: bool,
    },
    /// Every node's kube-proxy is restarted, each after its own delay, in this mode.
    SetProxyMode {
        mode: ProxyMode,
    },
    /// `ipMode` of every load balancer of the cloud: as its controller is told, not as a Service is.
    SetIpMode {
        proxy: bool,
    },
    /// The next free `node-N` without a name.
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
        rate_milli: u32,
    },
    /// One request now, whatever the client's rate.
    SendOne {
        client: Name,
    },
}

impl Action {
    /// `kubectl apply -f -` of this text. A Scenario in it says nothing to a cluster that runs.
    pub fn apply(text: &str) -> Action {
        Action::Apply { text: text.into(), manifest: Applied(Arc::new(super::read::parse_objects(text))) }
    }
}

/// The objects of a text that is applied. It says no more of itself than the text beside it does.
#[derive(Clone, PartialEq, Eq)]
pub struct Applied(pub(crate) Arc<Manifest>);

impl std::fmt::Debug for Applied {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("read")
    }
}

/// The annotation that asks for topology hints by CPU.
pub const TOPOLOGY_MODE: &str = "service.kubernetes.io/topology-mode";

/// A field that says where a Service's packets may go, and its new value. What the API server does
/// not take is refused in its words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum ServicePolicy {
    ExternalTrafficPolicy(TrafficPolicy),
    InternalTrafficPolicy(TrafficPolicy),
    SessionAffinity(SessionAffinity),
    /// `None` takes the field away.
    TrafficDistribution(Option<Str>),
    LoadBalancerSourceRanges(Vec<Str>),
    ExternalIps(Vec<Str>),
    PublishNotReadyAddresses(bool),
    /// The one that is an annotation: hints by CPU. `None` takes it away.
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
}
