//! Actions: everything that a user or a scenario can do to the cluster.

use std::sync::Arc;

use serde::{Deserialize, Serialize, Serializer};

use super::scenario::{service_policy, wire};
use super::{
    App, ClientSpec, FieldValidation, InvalidObject, Kind, Labels, Manifest, Name, NsName, ObjectRef,
    PatchText, PatchType, Prerequisite, Propagation, ServicePolicy, ServiceType, Str, TaintChange,
};
use crate::node::kube_proxy::ProxyMode;
use crate::sim::Moment;

/// An action and the moment of the run at which it is done. It is counted from the origin, so that it stays where it is
/// in the story when the cluster takes longer to settle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimedAction {
    pub at: Moment,
    pub action: Action,
}

/// Each action is declared here once: serde derives from it how a Scenario writes it (`do` and its fields), how it is
/// read, and which fields it takes. [`Action::about`], `check_action`, `World::apply` and the sentences in
/// `crates/words` match it without a default arm.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum Action {
    /// `kubectl apply -f` of these manifests.
    Apply {
        text: Manifests,
    },
    /// `kubectl create -f`.
    Create {
        text: Manifests,
    },
    /// `kubectl replace -f`.
    Replace {
        text: Manifests,
    },
    /// `kubectl patch`.
    Patch {
        #[serde(with = "wire::object")]
        object: ObjectRef,
        #[serde(rename = "type", default)]
        type_: PatchType,
        patch: PatchText,
    },
    /// `kubectl delete`: a Pod gets its grace period, unless another one is said.
    #[serde(rename = "delete")]
    DeleteObject {
        #[serde(with = "wire::object")]
        object: ObjectRef,
        /// `kubectl delete --cascade`
        #[serde(default, skip_serializing_if = "Propagation::is_default")]
        propagation_policy: Propagation,
        /// Of a Pod, in seconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        grace_period_seconds: Option<u32>,
    },
    /// Replaces all labels of the object.
    SetLabels {
        #[serde(with = "wire::object")]
        object: ObjectRef,
        #[serde(with = "wire::labels")]
        labels: Labels,
    },
    SetServiceType {
        #[serde(with = "wire::ns_name")]
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
        #[serde(with = "wire::ns_name")]
        service: NsName,
        #[serde(with = "wire::labels")]
        selector: Labels,
    },
    /// `kubectl scale`. A name alone is a Deployment's.
    Scale {
        #[serde(alias = "deployment", with = "wire::scaled")]
        object: ObjectRef,
        replicas: u32,
    },
    /// `kubectl rollout restart`: the template gets an annotation with the time.
    RolloutRestart {
        #[serde(with = "wire::object")]
        object: ObjectRef,
    },
    /// `kubectl rollout undo`: back to the template of a revision; of the one before, if none is said.
    RolloutUndo {
        #[serde(with = "wire::object")]
        object: ObjectRef,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to_revision: Option<u32>,
    },
    /// `kubectl rollout pause`, or `resume`.
    PauseRollout {
        #[serde(with = "wire::ns_name")]
        deployment: NsName,
        #[serde(rename = "enabled")]
        on: bool,
    },
    /// `kubectl set image`.
    SetImage {
        #[serde(with = "wire::object")]
        object: ObjectRef,
        container: Name,
        image: Str,
    },
    /// Sets the result of readiness probes from now on: of one container, or of all that the Pod has.
    SetReadiness {
        #[serde(with = "wire::ns_name")]
        pod: NsName,
        container: Option<Str>,
        pass: bool,
    },
    /// The same for liveness probes: the kubelet restarts what fails them.
    SetLiveness {
        #[serde(with = "wire::ns_name")]
        pod: NsName,
        container: Option<Str>,
        pass: bool,
    },
    /// The process of a container ends with an error: the first's, if none is named.
    CrashPod {
        #[serde(with = "wire::ns_name")]
        pod: NsName,
        container: Option<Str>,
    },
    /// The process of a container ends of itself, as a Job's does; those of all main containers, if none is named.
    FinishPod {
        #[serde(with = "wire::ns_name")]
        pod: NsName,
        container: Option<Str>,
        #[serde(default)]
        exit_code: u8,
    },
    /// Sets a condition in the Pod's status that a readiness gate asks for.
    SetPodCondition {
        #[serde(with = "wire::ns_name")]
        pod: NsName,
        #[serde(rename = "type")]
        type_: Str,
        status: bool,
    },
    /// Says what the programs of a workload or Pod do, in place of what was said of the same before.
    SetApp {
        app: App,
    },
    /// What Pods need is not there from now on, or is there again.
    SetMissing {
        what: Prerequisite,
        missing: bool,
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
    /// `kubectl taint --overwrite`: a taint NoExecute drives away the Pods that do not tolerate it.
    Taint {
        node: Name,
        taints: Vec<TaintChange>,
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
        /// A DaemonSet's Pods are left. Without it they stand in the way.
        #[serde(default)]
        ignore_daemonsets: bool,
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
        #[serde(rename = "ipMode", with = "wire::ip_mode")]
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
        #[serde(rename = "rate", with = "wire::rate")]
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
        Action::Apply { text: Manifests::from(Str::from(text)) }
    }

    pub fn delete(object: ObjectRef) -> Action {
        Action::DeleteObject {
            object,
            propagation_policy: Propagation::default(),
            grace_period_seconds: None,
        }
    }

    pub fn scale_deployment(deployment: &NsName, replicas: u32) -> Action {
        Action::Scale { object: ObjectRef::of_key(Kind::Deployment, deployment), replicas }
    }

    /// The text that it brings: what of a run can grow large.
    pub fn text(&self) -> Option<&str> {
        match self {
            Action::Apply { text } | Action::Create { text } | Action::Replace { text } => Some(text.text()),
            Action::Patch { patch, .. } => Some(patch.text()),
            Action::DeleteObject { .. }
            | Action::SetLabels { .. }
            | Action::SetServiceType { .. }
            | Action::SetServicePolicy { .. }
            | Action::SetSelector { .. }
            | Action::Scale { .. }
            | Action::RolloutRestart { .. }
            | Action::RolloutUndo { .. }
            | Action::PauseRollout { .. }
            | Action::SetImage { .. }
            | Action::SetReadiness { .. }
            | Action::SetLiveness { .. }
            | Action::CrashPod { .. }
            | Action::FinishPod { .. }
            | Action::SetPodCondition { .. }
            | Action::SetApp { .. }
            | Action::SetMissing { .. }
            | Action::PowerNode { .. }
            | Action::Cordon { .. }
            | Action::Taint { .. }
            | Action::Drain { .. }
            | Action::CutOffNode { .. }
            | Action::PauseKubeProxy { .. }
            | Action::SetProxyMode { .. }
            | Action::SetIpMode { .. }
            | Action::AddNode { .. }
            | Action::AddClient { .. }
            | Action::RemoveClient { .. }
            | Action::SetRate { .. }
            | Action::SendOne { .. } => None,
        }
    }

    /// The object that the action is about, if it is about one.
    pub fn about(&self) -> Option<ObjectRef> {
        match self {
            Action::DeleteObject { object, .. }
            | Action::Patch { object, .. }
            | Action::SetLabels { object, .. }
            | Action::Scale { object, .. }
            | Action::RolloutRestart { object }
            | Action::RolloutUndo { object, .. }
            | Action::SetImage { object, .. } => Some(object.clone()),
            Action::SetServiceType { service, .. }
            | Action::SetServicePolicy { service, .. }
            | Action::SetSelector { service, .. } => Some(ObjectRef::of_key(Kind::Service, service)),
            Action::PauseRollout { deployment, .. } => Some(ObjectRef::of_key(Kind::Deployment, deployment)),
            Action::SetReadiness { pod, .. }
            | Action::SetLiveness { pod, .. }
            | Action::CrashPod { pod, .. }
            | Action::FinishPod { pod, .. }
            | Action::SetPodCondition { pod, .. } => Some(ObjectRef::of_key(Kind::Pod, pod)),
            Action::SetApp { app } => Some(app.of.clone()),
            Action::SetMissing { what, .. } => what.object(),
            Action::PowerNode { node, .. }
            | Action::Cordon { node, .. }
            | Action::Taint { node, .. }
            | Action::Drain { node, .. }
            | Action::CutOffNode { node, .. }
            | Action::PauseKubeProxy { node, .. } => Some(ObjectRef::node(node)),
            // An added node may get its name only when it is added.
            Action::AddNode { .. }
            | Action::Apply { .. }
            | Action::Create { .. }
            | Action::Replace { .. }
            | Action::SetProxyMode { .. }
            | Action::SetIpMode { .. }
            | Action::AddClient { .. }
            | Action::RemoveClient { .. }
            | Action::SetRate { .. }
            | Action::SendOne { .. } => None,
        }
    }
}

/// A text of manifests, and its objects.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "Str")]
pub struct Manifests {
    text: Str,
    manifest: Arc<Manifest>,
}

impl Manifests {
    /// How fields are validated is not kept where a run is recorded: the text is then read strictly again. So this is
    /// for runs that are not.
    pub fn read(text: Str, field_validation: FieldValidation) -> Manifests {
        let manifest = Arc::new(super::read::parse_objects(&text, field_validation));
        Manifests { text, manifest }
    }

    /// Its objects one by one, in their order, each to be written by itself.
    pub fn each(&self) -> Vec<(ObjectRef, Manifests)> {
        let of = |manifest| Manifests { text: self.text.clone(), manifest: Arc::new(manifest) };
        let valid = self.manifest.objects.iter().map(|parsed| {
            let manifest = Manifest { objects: vec![parsed.clone()], ..Manifest::default() };
            (parsed.object.object_ref(), of(manifest))
        });
        let mut each: Vec<(ObjectRef, Manifests)> = valid.collect();
        // From the last one on, so that the places before stay.
        for invalid in self.manifest.invalid.iter().rev() {
            let manifest = Manifest {
                invalid: vec![InvalidObject { place: 0, ..invalid.clone() }],
                ..Manifest::default()
            };
            each.insert(invalid.place, (invalid.object.clone(), of(manifest)));
        }
        each
    }

    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    pub fn text(&self) -> &str {
        &self.text
    }
}

impl From<Str> for Manifests {
    fn from(text: Str) -> Manifests {
        Manifests::read(text, FieldValidation::Strict)
    }
}

impl Serialize for Manifests {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

/// Only the text, since the objects are derived from it.
impl std::fmt::Debug for Manifests {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.text.fmt(f)
    }
}
