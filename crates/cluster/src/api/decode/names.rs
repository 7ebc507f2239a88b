//! The syntax of names: apimachinery util/validation, without its regular expressions.

use super::field_cursor::FieldCursor;
use crate::api::diagnostic::clip;
use crate::api::diagnostics::Diagnostics;
use crate::api::{DiagnosticKind, NameRule};

/// Reports a text that breaks the rule.
#[inline(never)]
pub fn check(cursor: &FieldCursor<'_>, value: &str, rule: NameRule, diagnostics: &mut Diagnostics) {
    if !holds(value, rule) {
        cursor.error(diagnostics, DiagnosticKind::BadName { value: clip(value), rule });
    }
}

pub fn holds(value: &str, rule: NameRule) -> bool {
    match rule {
        NameRule::Dns1123Label => is_label(value),
        NameRule::Dns1123Subdomain => is_subdomain(value),
        NameRule::QualifiedName => is_qualified(value),
        NameRule::LabelValue => value.is_empty() || is_name_part(value),
        NameRule::PortName => is_port_name(value),
        // Relaxed since 1.34: any printable ASCII but `=`.
        NameRule::EnvVarName => {
            !value.is_empty() && value.bytes().all(|b| (b' '..=b'~').contains(&b) && b != b'=')
        }
    }
}

fn is_lower(b: u8) -> bool {
    b.is_ascii_lowercase() || b.is_ascii_digit()
}

/// `first` and `last` bytes satisfy `edge`, all satisfy `edge` or `inner`.
fn framed(value: &str, edge: fn(u8) -> bool, inner: &[u8]) -> bool {
    let bytes = value.as_bytes();
    let (Some(&first), Some(&last)) = (bytes.first(), bytes.last()) else { return false };
    edge(first) && edge(last) && bytes.iter().all(|b| edge(*b) || inner.contains(b))
}

fn is_label(value: &str) -> bool {
    value.len() <= 63 && framed(value, is_lower, b"-")
}

fn is_subdomain(value: &str) -> bool {
    // Each part may be longer than a label: upstream's rule has one limit, on the whole.
    value.len() <= 253 && value.split('.').all(|part| framed(part, is_lower, b"-"))
}

fn is_name_part(value: &str) -> bool {
    value.len() <= 63 && framed(value, |b| b.is_ascii_alphanumeric(), b"-_.")
}

fn is_qualified(value: &str) -> bool {
    match value.split_once('/') {
        Some((prefix, name)) => is_subdomain(prefix) && is_name_part(name),
        None => is_name_part(value),
    }
}

fn is_port_name(value: &str) -> bool {
    value.len() <= 15
        && framed(value, is_lower, b"-")
        && value.bytes().any(|b| b.is_ascii_lowercase())
        && !value.contains("--")
}
