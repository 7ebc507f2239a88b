//! What a Pod needs and no manifest here can show: images in a registry, and objects that the cluster may hold.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::scenario::{parse_object, print_object};
use super::{Format, Kind, NsName, ObjectRef, Str};

/// Taken to be there, unless a Scenario or an action says that it is missing. Written `image/NAME`, or as an object:
/// `configmap/NAMESPACE/NAME`, `secret/...`, `persistentvolumeclaim/...`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Prerequisite {
    Image(Str),
    ConfigMap(NsName),
    Secret(NsName),
    PersistentVolumeClaim(NsName),
}

const IMAGE: &str = "image/";
const CONFIG_MAP: &str = "ConfigMap";
const SECRET: &str = "Secret";
const CLAIM: &str = "PersistentVolumeClaim";

impl Prerequisite {
    /// `None` for an image.
    pub fn object(&self) -> Option<ObjectRef> {
        let (kind, key) = match self {
            Prerequisite::Image(_) => return None,
            Prerequisite::ConfigMap(key) => (CONFIG_MAP, key),
            Prerequisite::Secret(key) => (SECRET, key),
            Prerequisite::PersistentVolumeClaim(key) => (CLAIM, key),
        };
        Some(ObjectRef::of_key(Kind::named(kind), key))
    }

    pub fn parse(text: &str) -> Option<Prerequisite> {
        if let Some(image) = text.strip_prefix(IMAGE) {
            return (!image.is_empty()).then(|| Prerequisite::Image(image.into()));
        }
        let object = parse_object(text)?;
        let key = object.key();
        match object.kind.as_str() {
            CONFIG_MAP => Some(Prerequisite::ConfigMap(key)),
            SECRET => Some(Prerequisite::Secret(key)),
            CLAIM => Some(Prerequisite::PersistentVolumeClaim(key)),
            _ => None,
        }
    }
}

impl fmt::Display for Prerequisite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self, self.object()) {
            (_, Some(object)) => f.write_str(&print_object(&object)),
            (Prerequisite::Image(image), None) => write!(f, "{IMAGE}{image}"),
            (
                Prerequisite::ConfigMap(_) | Prerequisite::Secret(_) | Prerequisite::PersistentVolumeClaim(_),
                None,
            ) => Ok(()),
        }
    }
}

impl Serialize for Prerequisite {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Prerequisite {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Prerequisite, D::Error> {
        let text = Str::deserialize(deserializer)?;
        Prerequisite::parse(&text).ok_or_else(|| {
            serde::de::Error::invalid_value(serde::de::Unexpected::Str(&text), &Format::Prerequisite)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        for (text, written) in [
            ("image/registry.example:5000/shop/web:1", "image/registry.example:5000/shop/web:1"),
            ("cm/shop/settings", "ConfigMap/shop/settings"),
            ("secret/tls", "Secret/default/tls"),
            ("pvc/data", "PersistentVolumeClaim/default/data"),
        ] {
            let parsed = Prerequisite::parse(text).expect("it names one");
            assert_eq!(parsed.to_string(), written);
            assert_eq!(Prerequisite::parse(written), Some(parsed));
        }
        for text in ["", "image/", "web", "deployment/default/web", "cm/a/b/c"] {
            assert_eq!(Prerequisite::parse(text), None, "{text}");
        }
    }
}
