//! What a Pod needs to start: images, ConfigMaps, Secrets, claims. It is taken to be there, unless somebody said that
//! it is missing and no manifest has it.

use std::fmt;

use serde::Serialize;

use super::pod::PodRuntime;
use crate::api::{
    Container, EnvObject, EnvSource, Name, NsName, Pod, Prerequisite, Str, Uid, VolumeObject, VolumeSource,
    WaitingReason,
};
use crate::sim::{LogEntry, World};

/// Why a container cannot be configured (kubelet_pods.go, makeEnvironmentVariables).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum MissingConfiguration {
    /// The ConfigMap or Secret does not exist.
    Object(Prerequisite),
    /// It exists, without the key.
    Key { object: Prerequisite, key: Str },
}

impl fmt::Display for MissingConfiguration {
    /// In the words of its status.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MissingConfiguration::Object(what) => write!(f, "{}", NotFound(what)),
            MissingConfiguration::Key { object, key } => {
                let Some(object) = object.object() else { return Ok(()) };
                write!(f, "couldn't find key {key} in {} {}/{}", object.kind, object.namespace, object.name)
            }
        }
    }
}

/// As the API server says that an object is not found.
struct NotFound<'a>(&'a Prerequisite);

impl fmt::Display for NotFound<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (resource, name) = match self.0 {
            Prerequisite::Image(image) => ("image", image),
            Prerequisite::ConfigMap(key) => ("configmap", &key.name),
            Prerequisite::Secret(key) => ("secret", &key.name),
            Prerequisite::PersistentVolumeClaim(key) => ("persistentvolumeclaim", &key.name),
        };
        write!(f, "{resource} \"{name}\" not found")
    }
}

/// What an environment variable's value comes from.
pub(super) fn env_prerequisite(namespace: &Name, source: &EnvSource) -> Prerequisite {
    let key = NsName { namespace: namespace.clone(), name: source.name.clone() };
    match source.object {
        EnvObject::ConfigMap => Prerequisite::ConfigMap(key),
        EnvObject::Secret => Prerequisite::Secret(key),
    }
}

pub(super) fn env_sources(container: &Container) -> impl Iterator<Item = &EnvSource> {
    container.env_from.iter().chain(container.env.iter().filter_map(|env| env.value_from.as_ref()))
}

/// Without what a volume is not mounted, and the keys that this must have.
pub(super) fn volume_prerequisites<'a>(
    namespace: &'a Name,
    source: &'a VolumeSource,
) -> impl Iterator<Item = (Prerequisite, &'a [Str])> {
    let needed = |object: &&VolumeObject| !object.optional;
    let key = |object: &VolumeObject| NsName { namespace: namespace.clone(), name: object.name.clone() };
    let config_map = move |map: &'a VolumeObject| (Prerequisite::ConfigMap(key(map)), &*map.keys);
    let secret = move |secret: &'a VolumeObject| (Prerequisite::Secret(key(secret)), &*secret.keys);
    let config_maps = source.config_maps().iter().filter(needed).map(config_map);
    config_maps.chain(source.secrets().iter().filter(needed).map(secret))
}

impl PodRuntime {
    /// For something that somebody may bring; a pull is tried again anyway.
    pub(super) fn waits_for_something(&self) -> bool {
        let is_held = |reason: WaitingReason| match reason {
            WaitingReason::CreateContainerConfigError | WaitingReason::ErrImageNeverPull => true,
            WaitingReason::ContainerCreating
            | WaitingReason::PodInitializing
            | WaitingReason::CrashLoopBackOff
            | WaitingReason::ErrImagePull
            | WaitingReason::ImagePullBackOff => false,
        };
        let held =
            |waits: &Option<(WaitingReason, Option<Str>)>| waits.as_ref().is_some_and(|(r, _)| is_held(*r));
        self.fails_to_mount || self.containers.iter().any(|container| held(&container.waits))
    }
}

impl World {
    /// Somebody said so, and no manifest has it.
    pub fn is_missing(&self, what: &Prerequisite) -> bool {
        let is_there = || what.object().is_some_and(|object| self.store.get(&object).is_some());
        self.missing.contains(what) && !is_there()
    }

    pub(super) fn is_image_missing(&self, image: &Str) -> bool {
        !self.missing.is_empty() && self.is_missing(&Prerequisite::Image(image.clone()))
    }

    /// The first of its claims that is missing, without which upstream's scheduler does not bind the Pod
    /// (volumebinding,
    /// `persistentvolumeclaim "NAME" not found`).
    pub fn missing_claim(&self, pod: &Pod) -> Option<Name> {
        let claims = pod.spec.volumes.iter().filter_map(|volume| match &volume.source {
            VolumeSource::PersistentVolumeClaim { claim } => Some(claim),
            VolumeSource::ConfigMap(_)
            | VolumeSource::Secret(_)
            | VolumeSource::Projected { .. }
            | VolumeSource::EmptyDir
            | VolumeSource::Ephemeral
            | VolumeSource::Other => None,
        });
        let is_missing = |claim: &&Name| {
            let key = NsName { namespace: pod.meta.namespace.clone(), name: (*claim).clone() };
            self.is_missing(&Prerequisite::PersistentVolumeClaim(key))
        };
        claims.filter(|_| !self.missing.is_empty()).find(is_missing).cloned()
    }

    /// Whether all of its volumes can be mounted (volumemanager, WaitForAttachAndMount).
    pub(super) fn mounts(&mut self, pod: Uid) -> bool {
        let failed = self.failing_volume(pod);
        let was_failing = self.pods[&pod].fails_to_mount;
        if failed.is_some() == was_failing {
            return !was_failing;
        }
        self.runtime_mut(pod).fails_to_mount = failed.is_some();
        let Some((volume, what)) = failed else { return true };
        let key = self.pods[&pod].key.clone();
        self.record(LogEntry::FailedMount { pod: key, volume, what });
        false
    }

    /// What a volume of the Pod needs and is missing, while its kubelet waits for it.
    pub(crate) fn failing_mount(&self, pod: Uid) -> Option<MissingConfiguration> {
        let waits = self.pods.get(&pod).is_some_and(|runtime| runtime.fails_to_mount);
        self.failing_volume(pod).filter(|_| waits).map(|(_, what)| what)
    }

    fn failing_volume(&self, pod: Uid) -> Option<(Str, MissingConfiguration)> {
        let pod = &self.pods[&pod].pod;
        pod.spec.volumes.iter().find_map(|volume| {
            let mut needed = volume_prerequisites(&pod.meta.namespace, &volume.source);
            let what = needed.find_map(|(what, keys)| self.missing_of(what, keys))?;
            Some((volume.name.clone(), what))
        })
    }

    pub(super) fn missing_configuration(&self, pod: Uid, index: u32) -> Option<MissingConfiguration> {
        let runtime = &self.pods[&pod];
        let namespace = &runtime.pod.meta.namespace;
        env_sources(runtime.spec_of(index))
            .filter(|source| !source.optional)
            .find_map(|source| self.missing_of(env_prerequisite(namespace, source), source.key.as_slice()))
    }

    /// The object, if it is missing, or the first of the keys that it does not have.
    fn missing_of(&self, what: Prerequisite, keys: &[Str]) -> Option<MissingConfiguration> {
        if self.is_missing(&what) {
            return Some(MissingConfiguration::Object(what));
        }
        let key = keys.iter().find(|key| !self.may_have_key(&what, key))?.clone();
        Some(MissingConfiguration::Key { object: what, key })
    }

    /// An object that no manifest has is taken to have every key.
    fn may_have_key(&self, what: &Prerequisite, key: &str) -> bool {
        let stored = what.object().and_then(|object| self.store.get(&object));
        let written = stored.and_then(|object| self.store.written(object.meta().uid));
        let Some(written) = written else { return true };
        ["data", "stringData", "binaryData"]
            .iter()
            .any(|field| written.field(field).is_some_and(|data| data.field(key).is_some()))
    }
}
