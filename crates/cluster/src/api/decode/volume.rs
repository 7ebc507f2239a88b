//! Volumes of a Pod.

use super::field_cursor::FieldCursor;
use crate::api::{Volume, VolumeObject, VolumeSource};

pub fn decode(list: &FieldCursor<'_>) -> Vec<Volume> {
    (0..list.len())
        .map(|i| {
            let item = list.item(i);
            let name = item.field("name").text().cloned().unwrap_or_default();
            Volume { name, source: source(&item) }
        })
        .collect()
}

fn source(cursor: &FieldCursor<'_>) -> VolumeSource {
    let [config_map, secret, projected, claim] =
        ["configMap", "secret", "projected", "persistentVolumeClaim"].map(|name| cursor.field(name));
    if config_map.is_set() {
        return VolumeSource::ConfigMap(object(&config_map, "name"));
    }
    if secret.is_set() {
        return VolumeSource::Secret(object(&secret, "secretName"));
    }
    if projected.is_set() {
        let sources = projected.field("sources");
        return VolumeSource::Projected {
            config_maps: projected_objects(&sources, "configMap"),
            secrets: projected_objects(&sources, "secret"),
        };
    }
    if claim.is_set() {
        let claim = claim.field("claimName").text().cloned().unwrap_or_default();
        return VolumeSource::PersistentVolumeClaim { claim };
    }
    match (cursor.field("emptyDir").is_set(), cursor.field("ephemeral").is_set()) {
        (true, _) => VolumeSource::EmptyDir,
        (false, true) => VolumeSource::Ephemeral,
        (false, false) => VolumeSource::Other,
    }
}

fn projected_objects(sources: &FieldCursor<'_>, field: &str) -> Vec<VolumeObject> {
    let mut out = Vec::new();
    for i in 0..sources.len() {
        let source = sources.item(i);
        let reference = source.field(field);
        if reference.is_set() {
            out.push(object(&reference, "name"));
        }
    }
    out
}

fn object(cursor: &FieldCursor<'_>, name: &str) -> VolumeObject {
    let items = cursor.field("items");
    VolumeObject {
        name: cursor.field(name).text().cloned().unwrap_or_default(),
        optional: cursor.field("optional").bool().unwrap_or(false),
        keys: (0..items.len()).filter_map(|i| items.item(i).field("key").text().cloned()).collect(),
    }
}
