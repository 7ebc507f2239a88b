//! What a kubelet writes into its Node when it registers, and its conditions (pkg/kubelet/kubelet_node_status.go,
//! initialNode, updateDefaultLabels; pkg/kubelet/nodestatus/setters.go; well-known labels in k8s.io/api/core/v1,
//! well_known_labels.go).

use crate::api::{ConditionStatus, Node, NodeCondition, NodeConditions, NodeInfo, Str, Uid};
use crate::sim::Time;

const OS: &str = "linux";
const ARCHITECTURE: &str = "amd64";
const KUBELET_VERSION: &str = "v1.36.3";
/// Of a simulated machine. Nothing depends on them.
const OS_IMAGE: &str = "Packetyard";
const KERNEL_VERSION: &str = "6.12.0";
const CONTAINER_RUNTIME_VERSION: &str = "containerd://2.2.0";

const HOSTNAME_LABEL: &str = "kubernetes.io/hostname";
const OS_LABEL: &str = "kubernetes.io/os";
const ARCHITECTURE_LABEL: &str = "kubernetes.io/arch";

/// What the document says of the machine stays; the rest is added, with what controllers add to every node.
pub(crate) fn register(node: &mut Node, uid: Uid) {
    add_labels(node);
    let annotations = &mut node.meta.annotations;
    // Volumes are attached by a controller (its default).
    let attach = "volumes.kubernetes.io/controller-managed-attach-detach";
    annotations.entry(attach.into()).or_insert("true".into());
    // pkg/controller/ttl: for how long kubelets may keep Secrets in clusters of up to a hundred nodes.
    annotations.entry("node.alpha.kubernetes.io/ttl".into()).or_insert("0".into());
    let labels = &node.meta.labels;
    let label = |key: &str| labels.get(key).cloned().unwrap_or_default();
    let id = uid.to_uuid();
    let found = NodeInfo {
        architecture: label(ARCHITECTURE_LABEL),
        boot_id: id.as_str().into(),
        container_runtime_version: CONTAINER_RUNTIME_VERSION.into(),
        kernel_version: KERNEL_VERSION.into(),
        kubelet_version: KUBELET_VERSION.into(),
        machine_id: id.replace('-', "").as_str().into(),
        operating_system: label(OS_LABEL),
        os_image: OS_IMAGE.into(),
        system_uuid: id.as_str().into(),
    };
    for ((_, written), (_, found)) in node.info.fields_mut().into_iter().zip(found.clone().fields_mut()) {
        if written.is_empty() {
            *written = found.clone();
        }
    }
}

/// The labels that every kubelet keeps on its Node. The machine is one of the kind that the labels say.
pub(crate) fn add_labels(node: &mut Node) {
    let name = node.meta.name.clone();
    let labels = &mut node.meta.labels;
    labels.entry(HOSTNAME_LABEL.into()).or_insert(name);
    for (key, beta, usual) in [
        (OS_LABEL, "beta.kubernetes.io/os", OS),
        (ARCHITECTURE_LABEL, "beta.kubernetes.io/arch", ARCHITECTURE),
    ] {
        let value: Str = labels.entry(key.into()).or_insert(usual.into()).clone();
        labels.insert(beta.into(), value);
    }
}

impl NodeConditions {
    /// As a kubelet writes them: its Pods have enough of everything, and its runtime is ready or not yet.
    pub(crate) fn reported(is_ready: bool, now: Time) -> NodeConditions {
        let condition = |holds: bool, reason: &'static str, message: &'static str| NodeCondition {
            status: ConditionStatus::of(holds),
            reason,
            message,
            heartbeat: now,
            since: now,
        };
        NodeConditions {
            memory_pressure: condition(
                false,
                "KubeletHasSufficientMemory",
                "kubelet has sufficient memory available",
            ),
            disk_pressure: condition(false, "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
            pid_pressure: condition(false, "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
            ready: match is_ready {
                true => condition(true, "KubeletReady", "kubelet is posting ready status"),
                false => condition(
                    false,
                    "KubeletNotReady",
                    "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady \
                     message:Network plugin returns error: cni plugin not initialized",
                ),
            },
        }
    }

    /// The same after `old`: what has the same status has it since the same time.
    pub(crate) fn after(mut self, old: &NodeConditions) -> NodeConditions {
        for (new, (_, old)) in self.iter_mut().into_iter().zip(old.iter()) {
            if new.status == old.status {
                new.since = old.since;
            }
        }
        self
    }

    /// As the node lifecycle controller writes them when nobody has for too long (tryUpdateNodeHealth).
    pub(crate) fn unknown(mut self, now: Time) -> NodeConditions {
        for condition in self.iter_mut() {
            if condition.status != ConditionStatus::Unknown {
                condition.status = ConditionStatus::Unknown;
                condition.reason = "NodeStatusUnknown";
                condition.message = "Kubelet stopped posting node status.";
                condition.since = now;
            }
        }
        self
    }
}
