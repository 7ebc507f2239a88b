//! Findings and JSON, as this command prints them; every other sentence is `words`'.

use cluster::api::{DiagnosticKind, Finding, Manifest, Severity, findings};
use cluster::sim::Refusal;
use serde::Serialize;

use crate::failure::Failure;
use crate::files::Files;

pub use words::{loss_class, moment, refusal, span};

/// `4:7: error: Service default/web: spec.ports[0].port: ...`; of several places only the first one's line.
pub fn finding(finding: &Finding<'_>, files: &Files) -> String {
    let first = finding.first();
    let place = files.place_of(first);
    let severity = match first.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    };
    if matches!(first.message, DiagnosticKind::Server { .. }) {
        // As kubectl prints what the API server warns of, and where.
        let place = [place, first.about()].concat();
        return format!("Warning: {finding} ({})", place.trim_end_matches(": "));
    }
    let message = match finding {
        Finding::One(found) => [found.about(), found.field(), files.message(found)].concat(),
        Finding::Same(_) => finding.to_string(),
    };
    format!("{place}{severity}: {message}")
}

/// What the API server would not take of the manifests: object, place, field and why.
pub fn refused(manifest: &Manifest, refused: &Refusal, files: &Files) -> Vec<String> {
    if let Refusal::Invalid { diagnostics } = refused {
        return findings(diagnostics).iter().map(|found| finding(found, files)).collect();
    }
    // Of two documents of one object the second one is refused.
    let object = refused.object();
    let is_it = |parsed: &&cluster::api::ManifestObject| Some(parsed.object.object_ref()) == object;
    let place = manifest.objects.iter().rev().find(is_it).map(|parsed| parsed.position);
    let place = place.map_or(String::new(), |(line, column)| files.place(line, column));
    vec![format!("{place}error: {}", refusal(refused))]
}

pub fn json(value: &impl Serialize) -> Result<String, Failure> {
    let mut text = serde_json::to_string_pretty(value).map_err(|e| Failure::Output(e.to_string()))?;
    text.push('\n');
    Ok(text)
}
