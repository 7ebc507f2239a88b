//! Volumes of a Pod (core/v1 Volume): what they need to be mounted.

use serde::Serialize;

use super::Str;

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Volume {
    pub name: Str,
    pub source: VolumeSource,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum VolumeSource {
    ConfigMap(VolumeObject),
    Secret(VolumeObject),
    /// ConfigMaps and Secrets under one mount point; its other parts are always there.
    Projected {
        config_maps: Vec<VolumeObject>,
        secrets: Vec<VolumeObject>,
    },
    PersistentVolumeClaim {
        claim: Str,
    },
    EmptyDir,
    /// `ephemeral`: a claim that is made for the Pod.
    Ephemeral,
    /// A source that the simulation takes to be there: `hostPath`, `downwardAPI`, `nfs`, `csi` and others.
    Other,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct VolumeObject {
    pub name: Str,
    /// The volume is mounted without it, or without one of its keys, if it does not exist.
    pub optional: bool,
    /// `items[].key`: the keys that it must have.
    pub keys: Vec<Str>,
}

impl VolumeSource {
    pub fn config_maps(&self) -> &[VolumeObject] {
        match self {
            VolumeSource::ConfigMap(object) => std::slice::from_ref(object),
            VolumeSource::Projected { config_maps, .. } => config_maps,
            VolumeSource::Secret(_)
            | VolumeSource::PersistentVolumeClaim { .. }
            | VolumeSource::EmptyDir
            | VolumeSource::Ephemeral
            | VolumeSource::Other => &[],
        }
    }

    pub fn secrets(&self) -> &[VolumeObject] {
        match self {
            VolumeSource::Secret(object) => std::slice::from_ref(object),
            VolumeSource::Projected { secrets, .. } => secrets,
            VolumeSource::ConfigMap(_)
            | VolumeSource::PersistentVolumeClaim { .. }
            | VolumeSource::EmptyDir
            | VolumeSource::Ephemeral
            | VolumeSource::Other => &[],
        }
    }
}
