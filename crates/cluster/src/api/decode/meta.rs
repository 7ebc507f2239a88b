//! `metadata`, of objects and of templates.

use super::spot::Spot;
use crate::api::field::Path;
use crate::api::findings::Findings;
use crate::api::validate;
use crate::api::{Labels, Meta, Resource, Scope, Str};

/// What the server sets (uid, resourceVersion, times, owner) is not taken from a manifest.
pub fn decode<T: Resource>(root: &Spot<'_>) -> Meta {
    decode_any(root, T::API.scope)
}

pub fn decode_any(root: &Spot<'_>, scope: Scope) -> Meta {
    let spot = root.field("metadata");
    let text = |field| -> Option<Str> { spot.field(field).text().cloned() };
    let namespace = match scope {
        Scope::Cluster => "".into(),
        Scope::Namespaced => text("namespace").unwrap_or_else(|| "default".into()),
    };
    Meta {
        name: text("name").unwrap_or_else(|| "".into()),
        namespace,
        labels: spot.field("labels").labels(),
        annotations: spot.field("annotations").labels(),
        ..Meta::default()
    }
}

/// Labels that an action sets, and selectors that are written like them.
pub fn labels(spot: &Spot<'_>, findings: &mut Findings) -> Labels {
    let (labels, mut errors) = (spot.labels(), Vec::new());
    validate::meta::labels(&labels, &Path::ROOT, &mut errors);
    for error in errors {
        spot.report_at(&error.path, error.message, findings);
    }
    labels
}
