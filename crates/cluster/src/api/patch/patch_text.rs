//! A patch as it is written: `kubectl patch -p`.

use std::sync::Arc;

use serde::{Deserialize, Serialize, Serializer};

use crate::api::diagnostics::Diagnostics;
use crate::api::{Diagnostic, Str, Tree, text};

/// A value in YAML or JSON.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "Str")]
pub struct PatchText {
    text: Str,
    /// Or what is wrong with the text.
    tree: Result<Tree, Arc<[Diagnostic]>>,
}

impl PatchText {
    pub fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn tree(&self) -> Result<&Tree, Vec<Diagnostic>> {
        self.tree.as_ref().map_err(|wrong| wrong.to_vec())
    }
}

impl From<Str> for PatchText {
    fn from(text: Str) -> PatchText {
        let mut diagnostics = Diagnostics::default();
        let mut stream = text::Stream::new(&text, &mut diagnostics);
        let mut first = None;
        while let Some(documents) = stream.step(&mut diagnostics) {
            first = first.or_else(|| documents.into_iter().next());
        }
        let tree = match diagnostics.errors() {
            // A text that says nothing is null.
            0 => Ok(first.map(|document| document.tree).unwrap_or_default()),
            _ => Err(diagnostics.finish().into()),
        };
        PatchText { text, tree }
    }
}

impl Serialize for PatchText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

/// Only the text, since the value is derived from it.
impl std::fmt::Debug for PatchText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.text.fmt(f)
    }
}
