//! What the API server asks of an object before it takes it (validation.go): of the typed object, whether a text, an
//! action or a controller made it. What a text says that no type of ours can hold, its decoder has said.

pub mod meta;
pub mod pod;
pub mod service;
pub mod workload;

use super::decode::holds_name;
use super::diagnostic::clip;
use super::field::{Error, Path};
use super::{DiagnosticKind, NameRule, Rule};

/// A text that breaks the rule.
fn name(path: &Path<'_>, value: &str, rule: NameRule, errors: &mut Vec<Error>) {
    if !holds_name(value, rule) {
        errors.push(path.error(DiagnosticKind::BadName { value: clip(value), rule }));
    }
}

fn forbid(path: &Path<'_>, why: Rule, errors: &mut Vec<Error>) {
    errors.push(path.error(DiagnosticKind::Forbidden { why }));
}
