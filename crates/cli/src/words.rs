//! Diagnostics and JSON, as this command prints them; every other sentence is `words`'.

use cluster::api::{Diagnostic, Severity};
use serde::Serialize;

use crate::failure::Failure;

pub use words::{loss_class, moment, refusal};

/// `4:7: error: Service default/web: spec.ports[0].port: ...`
pub fn finding(finding: &Diagnostic) -> String {
    let severity = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    };
    let mut text = format!("{}:{}: {severity}: ", finding.line, finding.column);
    if let Some(object) = &finding.object {
        let namespace = if object.namespace.is_empty() { "" } else { "/" };
        text += &format!("{} {}{namespace}{}: ", object.kind, object.namespace, object.name);
    }
    if !finding.path.is_empty() {
        text += &format!("{}: ", finding.path);
    }
    text + &finding.message.to_string()
}

pub fn json(value: &impl Serialize) -> Result<String, Failure> {
    let mut text = serde_json::to_string_pretty(value).map_err(|e| Failure::Output(e.to_string()))?;
    text.push('\n');
    Ok(text)
}
