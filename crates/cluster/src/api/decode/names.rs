//! The syntax of names: apimachinery util/validation, without its regular expressions.

use super::field_cursor::FieldCursor;
use crate::api::diagnostic::clip;
use crate::api::diagnostics::Diagnostics;
use crate::api::{DiagnosticKind, NameProblem, NameRule};

/// Reports what is wrong with a text.
#[inline(never)]
pub fn check(cursor: &FieldCursor<'_>, value: &str, rule: NameRule, diagnostics: &mut Diagnostics) {
    for message in findings(value, rule) {
        cursor.error(diagnostics, message);
    }
}

pub fn holds(value: &str, rule: NameRule) -> bool {
    findings(value, rule).is_empty()
}

/// All that is wrong with it, as upstream lists it.
pub fn findings(value: &str, rule: NameRule) -> Vec<DiagnosticKind> {
    let mut problems = Problems { value, part: "", found: Vec::new() };
    match rule {
        NameRule::Dns1123Label => problems.label(),
        NameRule::Dns1123Subdomain => problems.subdomain(),
        NameRule::SearchDomain => {
            problems.check(value.len() > 253, NameProblem::TooLong { limit: 253 });
            problems.check(!is_search_domain(value), NameProblem::NoSearchDomain);
        }
        NameRule::QualifiedName => problems.qualified_name(),
        NameRule::LabelValue => {
            problems.check(value.len() > 63, NameProblem::TooManyBytes { limit: 63 });
            problems.check(!value.is_empty() && !is_name_part(value), NameProblem::NoLabelValue);
        }
        NameRule::PortName => problems.port_name(),
        NameRule::EnvVarName => {
            // Relaxed since 1.34: any printable ASCII but `=`.
            let is_good = |b: u8| (b' '..=b'~').contains(&b) && b != b'=';
            problems.check(value.is_empty(), NameProblem::EmptyEnvVarName);
            problems.check(!value.bytes().all(is_good), NameProblem::NoEnvVarName);
        }
        NameRule::HeaderName => {
            let is_good = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
            problems.check(value.is_empty() || !value.bytes().all(is_good), NameProblem::NoHeader);
        }
    }
    problems.found
}

struct Problems<'a> {
    value: &'a str,
    part: &'static str,
    found: Vec<DiagnosticKind>,
}

impl Problems<'_> {
    fn check(&mut self, is_wrong: bool, problem: NameProblem) {
        if is_wrong {
            let (value, part) = (clip(self.value), self.part);
            self.found.push(DiagnosticKind::BadName { value, part, problem });
        }
    }

    fn label(&mut self) {
        self.check(self.value.len() > 63, NameProblem::TooLong { limit: 63 });
        if !framed(self.value, is_lower, b"-") {
            let has_dots = is_subdomain(self.value);
            self.check(true, if has_dots { NameProblem::Dots } else { NameProblem::NoLabel });
        }
    }

    fn subdomain(&mut self) {
        self.check(self.value.len() > 253, NameProblem::TooLong { limit: 253 });
        self.check(!is_subdomain(self.value), NameProblem::NoSubdomain);
    }

    fn qualified_name(&mut self) {
        let (prefix, name) = match self.value.split_once('/') {
            Some((_, rest)) if rest.contains('/') => return self.check(true, NameProblem::NoQualifiedName),
            Some((prefix, name)) => (Some(prefix), name),
            None => (None, self.value),
        };
        if let Some(prefix) = prefix {
            self.part = "prefix part ";
            self.check(prefix.is_empty(), NameProblem::Empty);
            self.check(prefix.len() > 253, NameProblem::TooManyBytes { limit: 253 });
            self.check(!prefix.is_empty() && !is_subdomain(prefix), NameProblem::NoSubdomain);
        }
        self.part = "name part ";
        self.check(name.is_empty(), NameProblem::Empty);
        self.check(name.len() > 63, NameProblem::TooManyBytes { limit: 63 });
        self.check(!is_name_part(name), NameProblem::NoNamePart);
    }

    fn port_name(&mut self) {
        let bytes = self.value.as_bytes();
        self.check(bytes.len() > 15, NameProblem::TooLong { limit: 15 });
        let is_good = |b: &u8| is_lower(*b) || *b == b'-';
        self.check(bytes.is_empty() || !bytes.iter().all(is_good), NameProblem::PortCharacters);
        self.check(!bytes.iter().any(u8::is_ascii_lowercase), NameProblem::PortWithoutLetter);
        self.check(self.value.contains("--"), NameProblem::ConsecutiveHyphens);
        let is_framed = self.value.starts_with('-') || self.value.ends_with('-');
        self.check(is_framed, NameProblem::HyphenAtEnd);
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

fn is_subdomain(value: &str) -> bool {
    // Each part may be longer than a label: upstream's rule has one limit, on the whole.
    value.split('.').all(|part| framed(part, is_lower, b"-"))
}

/// IsDNS1123SubdomainWithUnderscore.
fn is_search_domain(value: &str) -> bool {
    let is_part = |part: &str| framed(part.strip_prefix('_').unwrap_or(part), is_lower, b"-_");
    value.split('.').all(is_part)
}

fn is_name_part(value: &str) -> bool {
    framed(value, |b| b.is_ascii_alphanumeric(), b"-_.")
}
