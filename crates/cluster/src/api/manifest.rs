//! A stream of documents, read: objects, at most one Scenario, and every finding.

use std::sync::Arc;

use super::{Diagnostic, KubeObject, ObjectRef, Position, Scenario, Severity, Step, Str, Tree};

/// What a text holds. Objects whose decoding met an error are not in it; all others are, in the
/// order of the text.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Manifest {
    pub objects: Vec<ManifestObject>,
    /// Objects that cannot be created as they are written. What is there may still be patched with them.
    pub invalid: Vec<InvalidObject>,
    pub scenario: Option<Scenario>,
    /// The text has a Scenario with an error, or two: which cluster is meant is not known.
    pub scenario_is_wrong: bool,
    pub diagnostics: Vec<Diagnostic>,
}

/// One object of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestObject {
    pub source: Arc<Source>,
    pub object: KubeObject,
    /// Where the object begins: line and column from 1.
    pub position: (u32, u32),
}

/// An object of a text that has errors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidObject {
    pub source: Arc<Source>,
    pub object: ObjectRef,
    /// How many of the text's valid objects come before it.
    pub place: usize,
}

/// An object's document as a tree, and the text that it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    pub tree: Tree,
    /// The document's own text, comments included; for an item of a List, the whole List's.
    pub text: Str,
    /// Where in the stream the document's text begins.
    pub position: Position,
    /// It is an item of a List: the text is of more than this object.
    pub is_item: bool,
}

impl Manifest {
    pub fn errors(&self) -> impl Iterator<Item = &Diagnostic> {
        self.diagnostics.iter().filter(|found| found.severity == Severity::Error)
    }

    /// Whether something without errors is left. A Scenario with an error leaves nothing: its cluster would be another
    /// one.
    pub fn has_rest(&self) -> bool {
        !self.objects.is_empty() && !self.scenario_is_wrong
    }
}

impl Source {
    /// Where a field is written, by its path as kubectl prints it, or what it is in; else where the object begins.
    pub fn place_of(&self, path: &str) -> (u32, u32) {
        let mut steps = Vec::new();
        for part in path.split('.') {
            let (name, items) = part.split_once('[').unwrap_or((part, ""));
            steps.push(Step::Key(name));
            let index = |item: &str| item.trim_end_matches(']').parse().ok();
            steps.extend(items.split('[').filter_map(index).map(Step::Item));
        }
        // A field that is not written is looked for where it would be.
        let found = (1..=steps.len()).rev().find_map(|count| self.tree.get(&steps[..count]));
        match found.map(|value| value.position) {
            Some(at) if at != Position::NONE => (at.line, at.column),
            Some(_) | None => (self.tree.position.line, self.tree.position.column),
        }
    }
}
