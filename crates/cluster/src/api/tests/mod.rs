//! The text room as a whole: text in, objects and diagnostics out.

mod any_object;
mod large;
mod objects;
mod pods;
mod scenarios;
mod services;
mod shared;
mod slices;
mod streams;
pub(super) mod survive;
mod warnings;
mod workloads;
mod written;

use super::{Diagnostic, DiagnosticKind, KubeObject, Manifest, Severity, parse};

/// A Service that is right in everything, with more lines under its spec.
fn service(lines: &str) -> String {
    object("v1", "Service", &["ports: [{port: 80}]\n", lines].concat())
}

fn object(version: &str, kind: &str, spec: &str) -> String {
    let spec: String = spec.lines().map(|line| format!("  {line}\n")).collect();
    format!("apiVersion: {version}\nkind: {kind}\nmetadata: {{name: x}}\nspec:\n{spec}")
}

/// Of a text without a problem.
fn only(text: &str) -> KubeObject {
    check_fine(text).objects.remove(0).object
}

fn deployment(extra: &str) -> String {
    let spec = "selector: {matchLabels: {app: x}}\ntemplate:\n  metadata: {labels: {app: x}}\n  spec: {containers: [{name: c, image: i}]}\n";
    object("apps/v1", "Deployment", &[spec, extra].concat())
}

fn pod(container: &str) -> String {
    object("v1", "Pod", &format!("containers:\n- name: c\n  image: i\n  {container}\n"))
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
