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
pub mod service_cidr;
pub mod slice;
mod warnings;

pub use pod::pod_spec_errors;
pub use warnings::{server_warnings, warn};

use std::collections::BTreeSet;

use super::decode::name_findings;
use super::diagnostic::clip;
use super::field::{Error, Path};
use super::{DiagnosticKind, NameRule, Rule, Str, Tree, to_json};

/// A text that breaks the rule.
pub(super) fn name(path: &Path<'_>, value: &str, rule: NameRule, errors: &mut Vec<Error>) {
    errors.extend(name_findings(value, rule).into_iter().map(|message| path.error(message)));
}

/// The texts that are there already, with their places in the list.
pub(super) fn repeated<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<(usize, DiagnosticKind)> {
    let mut seen = BTreeSet::new();
    let again = texts.enumerate().filter(|(_, text)| !seen.insert(*text));
    again.map(|(index, text)| (index, DiagnosticKind::Duplicate { value: clip(text) })).collect()
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

/// A value, as JSON, that may not be so.
pub(in crate::api) fn violates(path: &Path<'_>, value: impl Into<Str>, why: Rule, errors: &mut Vec<Error>) {
    errors.push(path.error(DiagnosticKind::Violates { value: value.into(), why }));
}

/// A text as Go's `%q` has it.
pub(in crate::api) fn quoted(text: &str) -> Str {
    format!("{:?}", &*clip(text)).into()
}

/// Texts as JSON has a list of them.
pub(crate) fn listed(items: &[impl ToString]) -> String {
    let items = items.iter().map(|item| Tree::string(&item.to_string()));
    to_json(&Tree::seq(items.collect()))
}

pub(super) fn forbid(path: &Path<'_>, why: Rule, errors: &mut Vec<Error>) {
    errors.push(path.error(DiagnosticKind::Forbidden { why }));
}
