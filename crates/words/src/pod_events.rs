//! What kubelets do with Pods, in words.

use crate::diagnosis::probe_kind;
use cluster::api::{NsName, Prerequisite, ProbeKind};
use cluster::node::kubelet::{MissingConfiguration, ProbeFailure};
use cluster::sim::{KillReason, LoggedContainer};

pub fn unhealthy(pod: &NsName, container: &LoggedContainer, probe: ProbeKind, why: ProbeFailure) -> String {
    let (kind, why) = (probe_kind(probe), probe_failure(why));
    format!("Pod {}: {kind} probe failed: container {container}: {why}", pod.name)
}

pub fn probe_failure(why: ProbeFailure) -> String {
    match why {
        ProbeFailure::Refused { port } => format!("connection refused on port {port}"),
        ProbeFailure::Command => "its command fails while the process does not serve".into(),
        ProbeFailure::Forced => "it was made to fail".into(),
    }
}

pub fn killing(pod: &NsName, container: &LoggedContainer, why: KillReason) -> String {
    let name = &pod.name;
    match why {
        KillReason::Stopped => format!("Pod {name} was told to stop"),
        KillReason::LivenessProbe => {
            format!("Pod {name}: container {container} failed liveness probe, will be restarted")
        }
        KillReason::DefinitionChanged => {
            format!("Pod {name}: container {container} definition changed, will be restarted")
        }
        KillReason::StartupProbe => {
            format!("Pod {name}: container {container} failed startup probe, will be restarted")
        }
    }
}

pub fn failed_configuration(pod: &NsName, what: &MissingConfiguration) -> String {
    format!("Pod {}: Error: {what}", pod.name)
}

/// volume/secret/secret.go and volume/configmap/configmap.go, MakePayload.
pub fn failed_mount(volume: &str, what: &MissingConfiguration) -> String {
    let why = match what {
        MissingConfiguration::Object(_) => what.to_string(),
        MissingConfiguration::Key { object: Prerequisite::Secret(_), key } => {
            format!("references non-existent secret key: {key}")
        }
        MissingConfiguration::Key {
            object:
                Prerequisite::ConfigMap(_) | Prerequisite::Image(_) | Prerequisite::PersistentVolumeClaim(_),
            key,
        } => format!("references non-existent config key: {key}"),
    };
    format!("MountVolume.SetUp failed for volume \"{volume}\" : {why}")
}
