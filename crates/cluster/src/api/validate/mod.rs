//! What the API server asks of an object before it takes it (validation.go): of the typed object, whether a text, an
//! action or a controller made it. What a text says that no value of a type of ours can be, its decoder has said.

mod endpoint_ip;
pub mod endpoints;
pub mod meta;
pub mod node;
pub mod pod;
pub mod priority_class;
mod probe;
mod scheduling;
pub mod service;
pub mod slice;

use super::decode::holds_name;
use super::diagnostic::clip;
use super::field::{Error, Path};
use super::{DiagnosticKind, NameRule, Rule};

/// A text that breaks the rule.
pub(super) fn name(path: &Path<'_>, value: &str, rule: NameRule, errors: &mut Vec<Error>) {
    if !holds_name(value, rule) {
        errors.push(path.error(DiagnosticKind::BadName { value: clip(value), rule }));
    }
}

/// A text that is none of those that are allowed. `None` is not written.
pub(super) fn unsupported(
    path: &Path<'_>,
    value: Option<&str>,
    allowed: &'static [&'static str],
    errors: &mut Vec<Error>,
) {
    if let Some(value) = value.filter(|value| !allowed.contains(value)) {
        errors.push(path.error(DiagnosticKind::Unsupported { value: clip(value), allowed }));
    }
}

fn out_of_range(value: u32, min: u32, max: u32) -> DiagnosticKind {
    DiagnosticKind::OutOfRange { value: value.to_string().into(), min: i64::from(min), max: i64::from(max) }
}

pub(super) fn forbid(path: &Path<'_>, why: Rule, errors: &mut Vec<Error>) {
    errors.push(path.error(DiagnosticKind::Forbidden { why }));
}
