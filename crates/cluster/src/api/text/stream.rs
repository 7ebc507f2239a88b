//! A stream of documents, split as kubectl splits it (apimachinery util/yaml, YAMLReader): at
//! lines that begin with `---`, before any of it is parsed. So a malformed document does not
//! take its neighbours with it.

use super::{MAX_DOCUMENTS, MAX_TEXT_BYTES, json, yaml};
use crate::api::diagnostic::clip;
use crate::api::diagnostics::Diagnostics;
use crate::api::{DiagnosticKind, Position, Severity, Str, Tree, Value};

/// One document of a stream: never an empty one.
pub struct Document {
    pub tree: Tree,
    /// The document's own text, comments included.
    pub text: Str,
    /// Where that text begins.
    pub position: Position,
}

/// The text between two separators, and the line at which it begins.
struct Chunk<'a> {
    text: &'a str,
    line: u32,
}

/// Reads every document that can be read; the others leave a finding.
pub fn documents(text: &str, diagnostics: &mut Diagnostics) -> Vec<Document> {
    if text.len() > MAX_TEXT_BYTES {
        let kind = DiagnosticKind::TooLarge { bytes: text.len(), limit: MAX_TEXT_BYTES };
        diagnostics.text(Severity::Error, Position { line: 1, column: 1 }, kind);
        return Vec::new();
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut budget = yaml::Budget::default();
    let mut out = Vec::new();
    for chunk in chunks(text, diagnostics) {
        if out.len() == MAX_DOCUMENTS {
            let at = Position { line: chunk.line, column: 1 };
            diagnostics.text(Severity::Error, at, DiagnosticKind::TooManyDocuments { limit: MAX_DOCUMENTS });
            break;
        }
        read(&chunk, &mut budget, diagnostics, &mut out);
    }
    out
}

fn chunks<'a>(text: &'a str, diagnostics: &mut Diagnostics) -> Vec<Chunk<'a>> {
    let mut out = Vec::new();
    let mut start = Some((0, 1)); // `None` inside a document whose separator is malformed.
    let mut offset = 0;
    for (index, line) in text.split_inclusive('\n').enumerate() {
        let number = u32::try_from(index).unwrap_or(u32::MAX).saturating_add(1);
        if let Some(rest) = line.strip_prefix("---") {
            if let Some((from, first)) = start {
                out.push(Chunk { text: &text[from..offset], line: first });
            }
            let rest = rest.trim();
            start = (rest.is_empty() || rest.starts_with('#')).then_some((offset + line.len(), number + 1));
            if start.is_none() {
                let kind = DiagnosticKind::BadSeparator { text: clip(rest) };
                diagnostics.text(Severity::Error, Position { line: number, column: 4 }, kind);
            }
        }
        offset += line.len();
    }
    if let Some((from, first)) = start {
        out.push(Chunk { text: &text[from..], line: first });
    }
    out.retain(|chunk| !is_blank(chunk.text));
    out
}

/// Nothing but blank lines, comments and `%` directives (which a separator ends).
fn is_blank(text: &str) -> bool {
    text.lines().all(|line| {
        let line = line.trim_start();
        line.is_empty() || line.starts_with('#') || line.starts_with("%YAML ") || line.starts_with("%TAG ")
    })
}

/// JSON when the first character says so, as kubectl's YAMLOrJSONDecoder decides; what is no
/// JSON after all is YAML in braces (KYAML).
fn read(
    chunk: &Chunk<'_>,
    budget: &mut yaml::Budget,
    diagnostics: &mut Diagnostics,
    out: &mut Vec<Document>,
) {
    let position = Position { line: chunk.line, column: 1 };
    let trees = match read_json(chunk, budget, diagnostics) {
        Some(trees) => trees,
        None => yaml::parse(chunk.text, chunk.line, budget, diagnostics).into_iter().collect(),
    };
    let text: Str = chunk.text.into();
    for tree in trees {
        if tree.value != Value::Null {
            out.push(Document { tree, text: text.clone(), position });
        }
    }
}

fn read_json(
    chunk: &Chunk<'_>,
    budget: &mut yaml::Budget,
    diagnostics: &mut Diagnostics,
) -> Option<Vec<Tree>> {
    if !chunk.text.trim_start().starts_with('{') {
        return None;
    }
    let mut trial = budget.clone();
    let json = json::parse(chunk.text, chunk.line, &mut trial)?;
    *budget = trial;
    for (key, at, first) in json.duplicates {
        diagnostics.text(Severity::Warning, at, DiagnosticKind::DuplicateKey { key, first });
    }
    Some(json.trees)
}
