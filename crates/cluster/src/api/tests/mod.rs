//! The text room as a whole: text in, objects and diagnostics out.

mod any_object;
mod large;
mod objects;
mod scenarios;
mod shared;
mod streams;
pub(super) mod survive;
mod written;

use super::{Diagnostic, DiagnosticKind, Manifest, Severity, parse};

mod warnings;
mod workloads;
/// A Service that is right in everything, with more lines under its spec.
fn service(lines: &str) -> String {
    object("v1", "Service", &["ports: [{port: 80}]\n", lines].concat())
}

fn object(version: &str, kind: &str, spec: &str) -> String {
    let spec: String = spec.lines().map(|line| format!("  {line}\n")).collect();
    format!("apiVersion: {version}\nkind: {kind}\nmetadata: {{name: x}}\nspec:\n{spec}")
}

/// Every finding but the notes and what the API server warns of, as `path: sentence`.
fn problems(manifest: &Manifest) -> Vec<String> {
    let is_serious =
        |d: &&Diagnostic| d.severity != Severity::Info && !matches!(d.message, DiagnosticKind::Server { .. });
    let serious = manifest.diagnostics.iter().filter(is_serious);
    serious.map(|d| format!("{}: {}", d.path, d.message)).collect()
}

/// The text has exactly one problem, which contains `expected`.
fn check_problem(text: &str, expected: &str) {
    let problems = problems(&parse(text));
    assert!(problems.len() == 1 && problems[0].contains(expected), "{expected:?} of\n{text}\n{problems:#?}");
}

fn check_fine(text: &str) -> Manifest {
    let manifest = parse(text);
    assert_eq!(problems(&manifest), Vec::<String>::new(), "{text}");
    manifest
}
