//! `metadata`, of objects and of templates.

use super::field_cursor::FieldCursor;
use crate::api::diagnostics::Diagnostics;
use crate::api::field::Path;
use crate::api::validate;
use crate::api::{Labels, Meta, Resource, Scope, Str};

/// What the server sets (uid, resourceVersion, times, owner) is not taken from a manifest.
pub fn decode<T: Resource>(root: &FieldCursor<'_>) -> Meta {
    decode_any(root, T::API.scope)
}

pub fn decode_any(root: &FieldCursor<'_>, scope: Scope) -> Meta {
    let cursor = root.field("metadata");
    let text = |field| -> Option<Str> { cursor.field(field).text().cloned() };
    let namespace = match scope {
        Scope::Cluster => "".into(),
        Scope::Namespaced => text("namespace").unwrap_or_else(|| "default".into()),
    };
    Meta {
        name: text("name").unwrap_or_else(|| "".into()),
        namespace,
        labels: cursor.field("labels").labels(),
        annotations: cursor.field("annotations").labels(),
        finalizers: cursor.field("finalizers").strings(),
        ..Meta::default()
    }
}

/// Labels that an action sets, and selectors that are written like them.
pub fn labels(cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Labels {
    let (labels, mut errors) = (cursor.labels(), Vec::new());
    validate::meta::labels(&labels, &Path::ROOT, &mut errors);
    for error in errors {
        cursor.error_at(&error.path, error.message, diagnostics);
    }
    labels
}
