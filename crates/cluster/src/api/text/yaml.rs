//! One YAML document to one value tree, as goyaml v2 and sigs.k8s.io/yaml read it (decode.go,
//! yaml.go): the last of duplicate keys wins, `<<` merges where it stands, keys become strings.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::task::Poll;

use granit_parser::{Event, Marker, Parser, ScalarStyle, StrInput, StructureStyle, Tag};

use super::scalar::{is_finite, resolve};
use super::{MAX_DEPTH, MAX_IN_FLOW, MAX_NODES};
use crate::api::diagnostic::clip;
use crate::api::diagnostics::Diagnostics;
use crate::api::{DiagnosticKind, Entry, Position, Severity, Str, Tree, Value};

/// How many values a text may still have.
#[derive(Clone)]
pub struct Budget(usize);

impl Default for Budget {
    fn default() -> Budget {
        Budget(MAX_NODES)
    }
}

impl Budget {
    pub fn take(&mut self, nodes: usize) -> bool {
        let enough = nodes <= self.0;
        self.0 = self.0.saturating_sub(nodes);
        enough
    }
}

/// Why a document is no tree, and where.
type Failure = (Position, DiagnosticKind);

/// A document on its way to its tree.
pub struct Reading<'a> {
    parser: Parser<'a, StrInput<'a>>,
    /// The stream's line at which the text begins.
    line: u32,
    /// Lines that are indented with a tab, and where their text begins.
    tabs: BTreeMap<u32, u32>,
    /// Where the parser was last.
    last: Position,
    ended: bool,
    stack: Vec<Frame>,
    anchors: BTreeMap<usize, Done>,
    root: Option<Tree>,
}

impl<'a> Reading<'a> {
    /// Begins the document that `text` begins with; `tabs` are those of the text as written (`tabs::indented`).
    pub fn new(text: &'a str, line: u32, tabs: BTreeMap<u32, u32>) -> Reading<'a> {
        let parser = Parser::new_from_str(text);
        let last = Position { line, column: 1 };
        let (stack, anchors) = (Vec::new(), BTreeMap::new());
        Reading { parser, line, tabs, last, ended: false, stack, anchors, root: None }
    }

    /// Takes so many of the parser's events. Ready with the tree at the document's end: with none, and an error among
    /// the diagnostics, when it has none; with one that is `Null` when the text is empty.
    pub fn step(
        &mut self,
        events: usize,
        budget: &mut Budget,
        diagnostics: &mut Diagnostics,
    ) -> Poll<Option<Tree>> {
        for _ in 0..events {
            match self.next(budget, diagnostics) {
                Ok(Poll::Pending) => {}
                Ok(Poll::Ready(tree)) => return Poll::Ready(Some(tree)),
                Err((at, kind)) => {
                    diagnostics.text(Severity::Error, at, kind);
                    return Poll::Ready(None);
                }
            }
        }
        Poll::Pending
    }

    /// The parser's own `load` is recursive; asking for one event after the other is not.
    fn next(&mut self, budget: &mut Budget, diagnostics: &mut Diagnostics) -> Result<Poll<Tree>, Failure> {
        let Some(next) = self.parser.next_event() else { return Ok(self.end()) };
        let (event, span) =
            next.map_err(|e| (self.place(e.marker()), DiagnosticKind::Syntax { problem: clip(&e.info()) }))?;
        self.last = self.place(&span.start);
        match event {
            Event::StreamEnd => return Ok(self.end()),
            Event::DocumentStart(..) if self.ended => {
                diagnostics.text(Severity::Warning, self.last, DiagnosticKind::IgnoredAfterEnd);
                return Ok(self.end());
            }
            Event::DocumentEnd => self.ended = true,
            event => {
                let Reading { tabs, last, stack, anchors, root, .. } = self;
                let mut builder = Builder { tabs, budget, diagnostics, stack, anchors, root };
                builder.event(event, *last)?;
            }
        }
        Ok(Poll::Pending)
    }

    fn end(&mut self) -> Poll<Tree> {
        Poll::Ready(self.root.take().unwrap_or(Tree { value: Value::Null, position: self.last }))
    }

    fn place(&self, mark: &Marker) -> Position {
        let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Position {
            line: number(mark.line()).saturating_sub(1).saturating_add(self.line),
            column: number(mark.col()).saturating_add(1),
        }
    }
}

/// Whether the parser can be given the text: it reads all that is between two brackets before it says anything.
pub fn check_flow(text: &str, line: u32, diagnostics: &mut Diagnostics) -> bool {
    let is_short = text.bytes().filter(|b| matches!(b, b',' | b'[' | b'{')).count() <= MAX_IN_FLOW;
    if !is_short {
        let kind = DiagnosticKind::TooManyInFlow { limit: MAX_IN_FLOW };
        diagnostics.text(Severity::Error, Position { line, column: 1 }, kind);
    }
    is_short
}

/// A finished value, with what an alias to it costs.
#[derive(Clone)]
struct Done {
    tree: Tree,
    /// Values in it, itself included.
    nodes: usize,
    /// Levels of maps and lists in it.
    height: usize,
}

struct Frame {
    position: Position,
    /// Between braces or brackets, where indentation does not count.
    flow: bool,
    anchor: usize,
    nodes: usize,
    height: usize,
    body: Body,
}

enum Body {
    Seq(Vec<Tree>),
    Map(MapBody),
}

#[derive(Default)]
struct MapBody {
    entries: Vec<Entry>,
    /// Where each key is in `entries`: a big map must not take quadratic time.
    index: BTreeMap<Str, usize>,
    key: Option<Key>,
}

enum Key {
    Name(Str, Position),
    Merge(Position),
}

/// What an event of the parser is put into.
struct Builder<'a> {
    tabs: &'a BTreeMap<u32, u32>,
    budget: &'a mut Budget,
    diagnostics: &'a mut Diagnostics,
    stack: &'a mut Vec<Frame>,
    anchors: &'a mut BTreeMap<usize, Done>,
    root: &'a mut Option<Tree>,
}

impl Builder<'_> {
    fn event(&mut self, event: Event<'_>, at: Position) -> Result<(), Failure> {
        let in_flow = self.stack.last().is_some_and(|f| f.flow);
        if !in_flow && self.tabs.get(&at.line) == Some(&at.column) {
            // The parser takes some tabs for blanks where kubectl's does not.
            let problem = "found a tab where spaces must indent the line".into();
            return Err((at, DiagnosticKind::Syntax { problem }));
        }
        match event {
            Event::Scalar(text, style, anchor, tag) => self.scalar(&text, style, anchor, tag.as_deref(), at),
            Event::SequenceStart(style, anchor, _) => self.open(Body::Seq(Vec::new()), anchor, at, style),
            Event::MappingStart(style, anchor, _) => {
                self.open(Body::Map(MapBody::default()), anchor, at, style)
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(),
            Event::Alias(anchor) => self.alias(anchor, at),
            _ => Ok(()),
        }
    }

    fn take(&mut self, nodes: usize, at: Position) -> Result<(), Failure> {
        match self.budget.take(nodes) {
            true => Ok(()),
            false => Err((at, DiagnosticKind::TooManyNodes { limit: MAX_NODES })),
        }
    }

    fn open(
        &mut self,
        body: Body,
        anchor: usize,
        position: Position,
        style: StructureStyle,
    ) -> Result<(), Failure> {
        self.take(1, position)?;
        self.check_depth(1, position)?;
        if self.expects_key() {
            return Err((position, DiagnosticKind::BadKey));
        }
        let flow = style == StructureStyle::Flow || self.stack.last().is_some_and(|frame| frame.flow);
        self.stack.push(Frame { position, flow, anchor, nodes: 1, height: 0, body });
        Ok(())
    }

    fn check_depth(&self, height: usize, at: Position) -> Result<(), Failure> {
        match self.stack.len() + height <= MAX_DEPTH {
            true => Ok(()),
            false => Err((at, DiagnosticKind::TooDeep { limit: MAX_DEPTH })),
        }
    }

    fn close(&mut self) -> Result<(), Failure> {
        let Some(frame) = self.stack.pop() else { return Ok(()) };
        let value = match frame.body {
            Body::Seq(items) => Value::Seq(Arc::new(items)),
            Body::Map(map) => Value::Map(Arc::new(map.entries)),
        };
        let tree = Tree { value, position: frame.position };
        let done = Done { tree, nodes: frame.nodes, height: frame.height + 1 };
        self.finish(done, frame.anchor, false)
    }

    fn alias(&mut self, anchor: usize, at: Position) -> Result<(), Failure> {
        // An anchor that is not finished yet contains its own alias.
        let done = self.anchors.get(&anchor).cloned().ok_or((at, DiagnosticKind::UnknownAlias))?;
        self.take(done.nodes, at)?;
        self.check_depth(done.height, at)?;
        if self.expects_key() {
            return self.key(&done.tree.value, at);
        }
        self.finish(done, 0, true)
    }

    fn scalar(
        &mut self,
        text: &str,
        style: ScalarStyle,
        anchor: usize,
        tag: Option<&Tag>,
        position: Position,
    ) -> Result<(), Failure> {
        self.take(1, position)?;
        let plain = style == ScalarStyle::Plain;
        let value = typed(text, plain, tag).map_err(|kind| (position, kind))?;
        if self.expects_key() {
            let tree = Tree { value: value.clone(), position };
            if anchor != 0 {
                self.anchors.insert(anchor, Done { tree, nodes: 1, height: 0 });
            }
            if plain && text == "<<" {
                self.set_key(Key::Merge(position));
                return Ok(());
            }
            return self.key(&value, position);
        }
        if let Value::Float(text) = &value
            && !is_finite(text)
        {
            return Err((position, DiagnosticKind::NotFinite { value: text.clone() }));
        }
        self.finish(Done { tree: Tree { value, position }, nodes: 1, height: 0 }, anchor, false)
    }

    fn expects_key(&self) -> bool {
        matches!(self.stack.last(), Some(Frame { body: Body::Map(MapBody { key: None, .. }), .. }))
    }

    fn set_key(&mut self, key: Key) {
        if let Some(Frame { body: Body::Map(map), .. }) = self.stack.last_mut() {
            map.key = Some(key);
        }
    }

    /// sigs.k8s.io/yaml, convertToJSONableObject: numbers and booleans become strings; null, lists
    /// and maps are refused.
    fn key(&mut self, value: &Value, at: Position) -> Result<(), Failure> {
        let name: Str = match value {
            Value::String(text) | Value::Float(text) => text.clone(),
            Value::Int(number) => number.to_string().into(),
            Value::Bool(true) => "true".into(),
            Value::Bool(false) => "false".into(),
            Value::Null | Value::Seq(_) | Value::Map(_) => return Err((at, DiagnosticKind::BadKey)),
        };
        self.set_key(Key::Name(name, at));
        Ok(())
    }

    fn finish(&mut self, done: Done, anchor: usize, is_alias: bool) -> Result<(), Failure> {
        if anchor != 0 {
            self.anchors.insert(anchor, done.clone());
        }
        let Some(frame) = self.stack.last_mut() else {
            *self.root = Some(done.tree);
            return Ok(());
        };
        frame.nodes = frame.nodes.saturating_add(done.nodes);
        frame.height = frame.height.max(done.height);
        match &mut frame.body {
            Body::Seq(items) => items.push(done.tree),
            Body::Map(map) => match map.key.take() {
                Some(Key::Merge(at)) => {
                    map.merge(&done.tree, is_alias).ok_or((at, DiagnosticKind::BadMerge))?
                }
                Some(Key::Name(key, at)) => {
                    if let Some(first) = map.set(&key, at, done.tree) {
                        self.diagnostics.text(
                            Severity::Warning,
                            at,
                            DiagnosticKind::DuplicateKey { key, first },
                        );
                    }
                }
                None => {}
            },
        }
        Ok(())
    }
}

impl MapBody {
    /// The place of the key's earlier value, if it had one.
    fn set(&mut self, key: &Str, position: Position, value: Tree) -> Option<Position> {
        if let Some(&at) = self.index.get(key) {
            let entry = &mut self.entries[at];
            let first = entry.position;
            (entry.position, entry.value) = (position, value);
            return Some(first);
        }
        self.index.insert(key.clone(), self.entries.len());
        self.entries.push(Entry { key: key.clone(), position, value });
        None
    }

    /// goyaml v2 merges at the place of the `<<`: over what was written before it, under what
    /// comes after. In a list the first map wins, and an alias must be of a map.
    fn merge(&mut self, value: &Tree, is_alias: bool) -> Option<()> {
        match &value.value {
            Value::Map(entries) => {
                for entry in entries.iter() {
                    self.set(&entry.key, entry.position, entry.value.clone());
                }
                Some(())
            }
            Value::Seq(items) if !is_alias => items.iter().rev().try_for_each(|item| match item.value {
                Value::Map(_) => self.merge(item, false),
                _ => None,
            }),
            _ => None,
        }
    }
}

/// A scalar's value, by its tag if it has one. A tag of one's own makes a string.
fn typed(text: &str, plain: bool, tag: Option<&Tag>) -> Result<Value, DiagnosticKind> {
    let Some(tag) = tag else {
        return Ok(if plain { resolve(text) } else { Value::String(text.into()) });
    };
    let name = tag.core_suffix().unwrap_or_default();
    let value = match name {
        "bool" | "int" | "float" | "null" => resolve(text),
        _ => return Ok(Value::String(text.into())),
    };
    let fits = matches!(
        (name, &value),
        ("bool", Value::Bool(_))
            | ("int", Value::Int(_))
            | ("float", Value::Int(_) | Value::Float(_))
            | ("null", Value::Null)
    );
    match fits {
        true => Ok(value),
        false => Err(DiagnosticKind::BadTag { value: clip(text), tag: name.into() }),
    }
}
