//! Volumes of a Pod.

use super::{map, text};
use crate::api::{Str, Tree, Volume, VolumeObject, VolumeSource};

/// A source that is not kept stands here by its name alone.
pub fn volume(volume: &Volume) -> Tree {
    let mut out = map([("name", text(&volume.name))]);
    match &volume.source {
        VolumeSource::ConfigMap(object) => out.put("configMap", reference(object, "name")),
        VolumeSource::Secret(object) => out.put("secret", reference(object, "secretName")),
        VolumeSource::Projected { config_maps, secrets } => {
            let one = |field: &str, object: &VolumeObject| map([(field, reference(object, "name"))]);
            let config_maps = config_maps.iter().map(|object| one("configMap", object));
            let secrets = secrets.iter().map(|object| one("secret", object));
            out.put("projected", map([("sources", Tree::seq(config_maps.chain(secrets).collect()))]));
        }
        VolumeSource::PersistentVolumeClaim { claim } => {
            out.put("persistentVolumeClaim", map([("claimName", text(claim))]));
        }
        VolumeSource::EmptyDir => out.put("emptyDir", Tree::map()),
        VolumeSource::Ephemeral => out.put("ephemeral", Tree::map()),
        VolumeSource::Other => {}
    }
    out
}

fn reference(object: &VolumeObject, name: &str) -> Tree {
    let mut out = map([(name, text(&object.name))]);
    if object.optional {
        out.put("optional", Tree::bool(true));
    }
    if !object.keys.is_empty() {
        let item = |key: &Str| map([("key", text(key)), ("path", text(key))]);
        out.put("items", Tree::seq(object.keys.iter().map(item).collect()));
    }
    out
}
