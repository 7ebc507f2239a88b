//! A stream of documents, read: objects, at most one Scenario, and every finding.

use std::sync::Arc;

use super::{Diagnostic, KubeObject, Position, Scenario, Str, Tree};

/// What a text holds. Objects whose decoding met an error are not in it; all others are, in the
/// order of the text.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Manifest {
    pub objects: Vec<ManifestObject>,
    pub scenario: Option<Scenario>,
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

/// An object's document as a tree, and the text that it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    pub tree: Tree,
    /// The document's own text, comments included; for an item of a List, the whole List's.
    pub text: Str,
    /// Where in the stream the document's text begins.
    pub position: Position,
}
