//! What a person, a scenario or a lesson can do to the cluster: the one way in.

use serde::Serialize;

use super::{ClientSpec, Labels, Name, NsName, ObjectRef, ServiceType, Str};
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
    /// Every node's kube-proxy is restarted, each after its own delay, in this mode.
    SetProxyMode {
        mode: ProxyMode,
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
