//! What workloads share: `replicas`, numbers of seconds, and the Pod template.

use super::super::decode::{self, FieldCursor};
use super::super::diagnostics::Diagnostics;
use super::super::field::{Error, Path};
use super::super::validate;
use super::super::{DiagnosticKind, PodTemplate, Selector, Str, Tree};

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
        policy.error(diagnostics, DiagnosticKind::Required);
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
    let before = errors.len();
    selector.validate_of_workload(&path.child("selector"), errors);
    let (template_path, is_selector_good) = (path.child("template"), errors.len() == before);
    validate::pod::template(template, &template_path, errors);
    if is_selector_good && !selector.matches(&template.labels) {
        let metadata = template_path.child("metadata");
        errors.push(metadata.child("labels").error(DiagnosticKind::SelectorMismatch));
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
