//! What workloads share: `replicas`, numbers of seconds, and the Pod template.

use super::super::decode::{self, FieldCursor};
use super::super::diagnostic::clip;
use super::super::diagnostics::Diagnostics;
use super::super::field::{Error, Path};
use super::super::validate::{self, violates};
use super::super::{DiagnosticKind, PodTemplate, Rule, Selector, Str, Tree, to_json};

/// A number that is not negative; nothing, if none is written or it cannot be read.
pub(super) fn count(cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Option<u32> {
    cursor.number(diagnostics, 0, i64::from(i32::MAX))
}

/// A long number that is not negative.
pub(super) fn long_count(cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Option<u64> {
    cursor.number(diagnostics, 0, i64::MAX)
}

/// The template of Pods that end. Upstream does not take the default policy for one that is not written: batch
/// validation.go, validateJobSpec.
pub(super) fn ending_template(spec: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> PodTemplate {
    let template = spec.field("template");
    let of_pod = template.field("spec");
    let policy = of_pod.field("restartPolicy");
    if policy.text().is_none() {
        policy.error(diagnostics, DiagnosticKind::Forbidden { why: Rule::RestartPolicyOfJob });
    }
    decode::pod::template(&template, diagnostics)
}

/// The selector must match the template's labels (apps validation.go, ValidatePodTemplateSpecForReplicaSet).
pub(super) fn validate_selected(
    selector: &Selector,
    template: &PodTemplate,
    path: &Path<'_>,
    errors: &mut Vec<Error>,
) {
    let (before, selector_path) = (errors.len(), path.child("selector"));
    selector.validate(&selector_path, errors);
    if errors.len() > before {
        return violates(&selector_path, selector.shown(), Rule::InvalidSelector, errors);
    }
    let template_path = path.child("template");
    validate::pod::template(template, &template_path, errors);
    validate_matching(selector, template, &template_path, errors);
}

pub(super) fn validate_matching(
    selector: &Selector,
    template: &PodTemplate,
    path: &Path<'_>,
    errors: &mut Vec<Error>,
) {
    if !selector.matches(&template.labels) {
        // What is not written is no map.
        let written = template.written.field("metadata").and_then(|metadata| metadata.field("labels"));
        let mut labels = Tree::map();
        for (key, value) in &template.labels {
            labels.put(key, Tree::string(value));
        }
        let labels =
            if written.is_none() && template.labels.is_empty() { "null".into() } else { to_json(&labels) };
        violates(&path.child("metadata").child("labels"), labels, Rule::SelectorMismatch, errors);
    }
}

/// The text of a field, or its default.
pub(super) fn text_or(cursor: &FieldCursor<'_>, default: &str) -> Str {
    cursor.text().cloned().unwrap_or_else(|| default.into())
}

/// A number that is left out when it is 0 (`omitempty`).
pub(super) fn nonzero(number: u32) -> Option<Tree> {
    (number > 0).then(|| Tree::int(i64::from(number)))
}

/// Those that are not 0 (`omitempty`).
pub(super) fn put_counts(out: &mut Tree, counts: &[(&str, u32)]) {
    for (field, number) in counts {
        if let Some(number) = nonzero(*number) {
            out.put(field, number);
        }
    }
}

/// A strategy of an unknown type, as upstream shows its struct.
pub(super) fn strategy_of_type(type_: &str) -> Str {
    format!(r#"{{"Type":{},"RollingUpdate":null}}"#, to_json(&Tree::string(&clip(type_)))).into()
}
