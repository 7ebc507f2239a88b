//! A stream of documents, split as kubectl splits it (apimachinery util/yaml, YAMLReader): at
//! lines that begin with `---`, before any of it is parsed. So a malformed document does not
//! take its neighbours with it.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::task::Poll;

use super::{MAX_DOCUMENTS, MAX_TEXT_BYTES, json, tabs, yaml};
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

/// So many of the parser's events are taken in one step, or so many lines are looked through for separators.
pub const PIECE: usize = 256;

/// A stream that is read in steps.
pub struct Stream<'a> {
    text: &'a str,
    splitter: Splitter<'a>,
    budget: yaml::Budget,
    /// How many documents were read.
    count: usize,
    /// The document that is being read.
    current: Option<(Chunk<'a>, yaml::Reading<'a>)>,
    /// [`PIECE`], but for tests.
    pub piece: usize,
}

impl<'a> Stream<'a> {
    pub fn new(text: &'a str, diagnostics: &mut Diagnostics) -> Stream<'a> {
        let is_short = text.len() <= MAX_TEXT_BYTES;
        if !is_short {
            let kind = DiagnosticKind::TooLarge { bytes: text.len(), limit: MAX_TEXT_BYTES };
            diagnostics.text(Severity::Error, Position { line: 1, column: 1 }, kind);
        }
        let text = if is_short { text.strip_prefix('\u{feff}').unwrap_or(text) } else { "" };
        let (budget, splitter) = (yaml::Budget::default(), Splitter::new(text));
        Stream { text, splitter, budget, count: 0, current: None, piece: PIECE }
    }

    /// All of it, without a byte order mark; nothing if it is too large.
    pub fn text(&self) -> &'a str {
        self.text
    }

    /// Reads some more. Comes with the documents that end here, which may be none; with `None` at the stream's end.
    /// Documents that cannot be read leave a finding.
    pub fn step(&mut self, diagnostics: &mut Diagnostics) -> Option<Vec<Document>> {
        if !self.splitter.is_done {
            self.splitter.step(self.piece, diagnostics);
            return Some(Vec::new());
        }
        let Some((chunk, mut reading)) = self.current.take() else { return self.begin(diagnostics) };
        match reading.step(self.piece, &mut self.budget, diagnostics) {
            Poll::Ready(tree) => Some(self.documents(&chunk, tree, diagnostics)),
            Poll::Pending => {
                self.current = Some((chunk, reading));
                Some(Vec::new())
            }
        }
    }

    /// Begins the next document. JSON when the first character says so, as kubectl's YAMLOrJSONDecoder decides; what is
    /// no JSON after all is YAML in braces (KYAML).
    fn begin(&mut self, diagnostics: &mut Diagnostics) -> Option<Vec<Document>> {
        let chunk = self.splitter.chunks.pop_front()?;
        if is_blank(chunk.text) {
            return Some(Vec::new());
        }
        if self.count >= MAX_DOCUMENTS {
            self.end(Position { line: chunk.line, column: 1 }, diagnostics);
            return None;
        }
        if let Some(trees) = read_json(&chunk, &mut self.budget, diagnostics) {
            return Some(self.documents(&chunk, trees, diagnostics));
        }
        if !yaml::check_flow(chunk.text, chunk.line, diagnostics) {
            return Some(Vec::new());
        }
        let indented = tabs::indented(chunk.text, chunk.line);
        match tabs::after_keys(chunk.text) {
            Cow::Borrowed(text) => {
                let reading = yaml::Reading::new(text, chunk.line, indented);
                self.current = Some((chunk, reading));
                Some(Vec::new())
            }
            // Few texts have such tabs: this one is read at once.
            Cow::Owned(text) => {
                let mut reading = yaml::Reading::new(&text, chunk.line, indented);
                loop {
                    if let Poll::Ready(tree) = reading.step(self.piece, &mut self.budget, diagnostics) {
                        return Some(self.documents(&chunk, tree, diagnostics));
                    }
                }
            }
        }
    }

    /// A text of JSON can hold many.
    fn documents(
        &mut self,
        chunk: &Chunk<'_>,
        trees: impl IntoIterator<Item = Tree>,
        diagnostics: &mut Diagnostics,
    ) -> Vec<Document> {
        let (text, position): (Str, _) = (chunk.text.into(), Position { line: chunk.line, column: 1 });
        let mut trees = trees.into_iter().filter(|tree| tree.value != Value::Null);
        let room = MAX_DOCUMENTS.saturating_sub(self.count);
        let found: Vec<Document> =
            trees.by_ref().take(room).map(|tree| Document { tree, text: text.clone(), position }).collect();
        self.count += found.len();
        if let Some(next) = trees.next() {
            self.end(next.position, diagnostics);
        }
        found
    }

    /// Reads no document from that place on.
    fn end(&mut self, at: Position, diagnostics: &mut Diagnostics) {
        diagnostics.text(Severity::Error, at, DiagnosticKind::TooManyDocuments { limit: MAX_DOCUMENTS });
        self.splitter.chunks.clear();
    }
}

/// Finds the texts between separators.
struct Splitter<'a> {
    text: &'a str,
    /// How far it has got: bytes, and the number of the line that begins there.
    offset: usize,
    line: u32,
    /// Where a document began, and at which line. `None` inside one whose separator is malformed.
    start: Option<(usize, u32)>,
    chunks: VecDeque<Chunk<'a>>,
    is_done: bool,
}

impl<'a> Splitter<'a> {
    fn new(text: &'a str) -> Splitter<'a> {
        let chunks = VecDeque::new();
        Splitter { text, offset: 0, line: 1, start: Some((0, 1)), chunks, is_done: false }
    }

    fn step(&mut self, lines: usize, diagnostics: &mut Diagnostics) {
        let lines = self.text[self.offset..].split_inclusive('\n').take(lines);
        for line in lines {
            if let Some(rest) = line.strip_prefix("---") {
                self.end_document();
                let rest = rest.trim();
                let next = (self.offset + line.len(), self.line.saturating_add(1));
                self.start = (rest.is_empty() || rest.starts_with('#')).then_some(next);
                if self.start.is_none() {
                    let kind = DiagnosticKind::BadSeparator { text: clip(rest) };
                    diagnostics.text(Severity::Error, Position { line: self.line, column: 4 }, kind);
                }
            }
            self.offset += line.len();
            self.line = self.line.saturating_add(1);
        }
        if self.offset == self.text.len() {
            self.end_document();
            self.is_done = true;
        }
    }

    /// The document that began last ends here.
    fn end_document(&mut self) {
        if let Some((from, line)) = self.start {
            self.chunks.push_back(Chunk { text: &self.text[from..self.offset], line });
        }
    }
}

/// Nothing but blank lines, comments and `%` directives (which a separator ends).
fn is_blank(text: &str) -> bool {
    text.lines().all(|line| {
        let line = line.trim_start();
        line.is_empty() || line.starts_with('#') || line.starts_with("%YAML ") || line.starts_with("%TAG ")
    })
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
