//! `metadata` (apimachinery api/validation/objectmeta.go).

use super::{listed, name, violates};
use crate::api::decode::holds_name;
use crate::api::field::{Error, Path};
use crate::api::{DiagnosticKind, Labels, Meta, NameRule, Resource, Rule};

pub fn validate<T: Resource>(meta: &Meta) -> Vec<Error> {
    let mut errors = validate_any(meta);
    if !meta.name.is_empty() {
        name(&Path::new("metadata").child("name"), &meta.name, T::NAME_RULE, &mut errors);
    }
    errors
}

/// Without a rule for the name: a kind that is not known may have its own.
pub fn validate_any(meta: &Meta) -> Vec<Error> {
    let (path, mut errors) = (Path::new("metadata"), Vec::new());
    if meta.name.is_empty() {
        // It needs the name itself: generateName is for create.
        errors.push(path.child("name").error(DiagnosticKind::NoName));
    }
    if !meta.namespace.is_empty() {
        name(&path.child("namespace"), &meta.namespace, NameRule::Dns1123Label, &mut errors);
    }
    labels(&meta.labels, &path.child("labels"), &mut errors);
    let has = |finalizer: &str| meta.finalizers.iter().any(|other| &**other == finalizer);
    // ValidateFinalizers.
    if has("orphan") && has("foregroundDeletion") {
        let place = path.child("finalizers");
        violates(&place, listed(&meta.finalizers), Rule::BothFinalizers, &mut errors);
    }
    annotations(&meta.annotations, &path.child("annotations"), &mut errors);
    errors
}

/// Labels, and selectors that are written like them.
pub fn labels(labels: &Labels, path: &Path<'_>, errors: &mut Vec<Error>) {
    for (key, value) in labels {
        name(&path.key(key), key, NameRule::QualifiedName, errors);
        name(&path.key(key), value, NameRule::LabelValue, errors);
    }
}

/// Upstream looks at the key in lower case here, and shows it as it is.
pub fn annotations(annotations: &Labels, path: &Path<'_>, errors: &mut Vec<Error>) {
    for key in annotations.keys() {
        if !holds_name(&key.to_ascii_lowercase(), NameRule::QualifiedName) {
            name(&path.key(key), key, NameRule::QualifiedName, errors);
        }
    }
}
