//! `metadata`, of objects and of templates (apimachinery api/validation/objectmeta.go).

use super::names;
use super::spot::Spot;
use crate::api::findings::Findings;
use crate::api::{Diagnostic, DiagnosticKind, Labels, Meta, NameRule, Resource, Scope, Str, Tree};

/// What the server sets (uid, resourceVersion, times, owner) is not taken from a manifest.
pub fn decode<T: Resource>(root: &Spot<'_>, findings: &mut Findings) -> Meta {
    let meta = decode_any(root, T::API.scope, findings);
    if !meta.name.is_empty() {
        names::check(&root.field("metadata").field("name"), &meta.name, T::NAME_RULE, findings);
    }
    meta
}

/// Without a rule for the name: a kind that is not known may have its own.
pub fn decode_any(root: &Spot<'_>, scope: Scope, findings: &mut Findings) -> Meta {
    let spot = root.field("metadata");
    let name = spot.field("name");
    if name.text().is_none() && (name.str().is_some() || !name.is_set()) {
        // kubectl apply needs the name itself: generateName is for create.
        name.error(findings, DiagnosticKind::Required);
    }
    let namespace = match scope {
        Scope::Cluster => "".into(),
        Scope::Namespaced => namespace(&spot.field("namespace"), findings),
    };
    Meta {
        name: name.text().cloned().unwrap_or_else(|| "".into()),
        namespace,
        labels: labels(&spot.field("labels"), findings),
        annotations: annotations(&spot.field("annotations"), findings),
        ..Meta::default()
    }
}

fn namespace(spot: &Spot<'_>, findings: &mut Findings) -> Str {
    match spot.text() {
        None => "default".into(),
        Some(text) => {
            names::check(spot, text, NameRule::Dns1123Label, findings);
            text.clone()
        }
    }
}

/// Labels, and selectors that are written like them.
pub fn labels(spot: &Spot<'_>, findings: &mut Findings) -> Labels {
    for entry in spot.tree().map_or(&[][..], |t| t.entries()) {
        let spot = spot.entry(entry);
        names::check(&spot, &entry.key, NameRule::QualifiedName, findings);
        if let Some(value) = entry.value.as_str() {
            names::check(&spot.at_value(), value, NameRule::LabelValue, findings);
        }
    }
    spot.labels()
}

pub fn annotations(spot: &Spot<'_>, findings: &mut Findings) -> Labels {
    for entry in spot.tree().map_or(&[][..], |t| t.entries()) {
        // Upstream looks at the key in lower case here.
        names::check(&spot.entry(entry), &entry.key, NameRule::QualifiedName, findings);
    }
    spot.labels()
}

/// What is wrong with labels that no manifest holds, as the API server says it.
pub fn wrong_labels(labels: &Labels) -> Vec<Diagnostic> {
    let mut written = Tree::map();
    for (key, value) in labels {
        written.put(key, Tree::string(value));
    }
    let (mut root, mut metadata) = (Tree::map(), Tree::map());
    metadata.put("labels", written);
    root.put("metadata", metadata);
    let mut findings = Findings::default();
    self::labels(&Spot::root(&root).field("metadata").field("labels"), &mut findings);
    findings.finish()
}
