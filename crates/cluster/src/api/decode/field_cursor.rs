//! A position in an object during decoding: the value, if any, and the path to it, which is printed only for a
//! diagnostic.

use crate::api::diagnostic::clip;
use crate::api::diagnostics::Diagnostics;
use crate::api::field;
use crate::api::{Diagnostic, DiagnosticKind, Labels, Position, Severity, Step, Str, Tree, Type, Value};

/// A position in the object. A missing field and a null field are treated alike, as in JSON.
#[derive(Clone, Copy)]
pub struct FieldCursor<'a> {
    tree: Option<&'a Tree>,
    /// Where a diagnostic about it points: to its parent if it is missing.
    pub at: Position,
    parent: Option<&'a FieldCursor<'a>>,
    step: Step<'a>,
}

impl<'a> FieldCursor<'a> {
    pub fn root(tree: &'a Tree) -> FieldCursor<'a> {
        FieldCursor { tree: Some(tree), at: tree.position, parent: None, step: Step::Item(0) }
    }

    #[inline(never)]
    pub fn field<'b>(&'b self, key: &'b str) -> FieldCursor<'b> {
        let tree = self.tree.and_then(|t| t.field(key)).filter(|t| t.value != Value::Null);
        FieldCursor {
            tree,
            at: tree.map_or(self.at, |t| t.position),
            parent: Some(self),
            step: Step::Key(key),
        }
    }

    /// A map's entry: diagnostics point at its key.
    pub fn entry<'b>(&'b self, entry: &'b crate::api::Entry) -> FieldCursor<'b> {
        let tree = Some(&entry.value);
        FieldCursor { tree, at: entry.position, parent: Some(self), step: Step::Key(&entry.key) }
    }

    /// The same place, which upstream's paths call otherwise.
    pub fn shown_as(self, shown: &'a str) -> FieldCursor<'a> {
        FieldCursor { step: Step::Key(shown), ..self }
    }

    /// The same place, where diagnostics point at the value and not at its key.
    pub fn at_value(self) -> FieldCursor<'a> {
        FieldCursor { at: self.tree.map_or(self.at, |t| t.position), ..self }
    }

    #[inline(never)]
    pub fn item<'b>(&'b self, index: usize) -> FieldCursor<'b> {
        let tree = self.tree.and_then(|t| t.items().get(index));
        FieldCursor {
            tree,
            at: tree.map_or(self.at, |t| t.position),
            parent: Some(self),
            step: Step::Item(index),
        }
    }

    pub fn tree(&self) -> Option<&'a Tree> {
        self.tree
    }

    pub fn is_set(&self) -> bool {
        self.tree.is_some()
    }

    pub fn len(&self) -> usize {
        self.tree.map_or(0, |t| t.items().len())
    }

    pub fn str(&self) -> Option<&'a Str> {
        self.tree?.as_str()
    }

    /// The text. An empty one counts as missing (`omitempty`).
    pub fn text(&self) -> Option<&'a Str> {
        self.str().filter(|s| !s.is_empty())
    }

    pub fn int(&self) -> Option<i64> {
        self.tree?.as_int()
    }

    pub fn bool(&self) -> Option<bool> {
        self.tree?.as_bool()
    }

    /// A map of strings; null is the empty string, as in Go.
    pub fn labels(&self) -> Labels {
        let entries = self.tree.map_or(&[][..], |t| t.entries());
        let value = |e: &crate::api::Entry| e.value.as_str().cloned().unwrap_or_else(|| "".into());
        let mut out = Labels::new();
        for entry in entries {
            // Inserted one by one: `collect` would add sorting code to the page's download.
            out.insert(entry.key.clone(), value(entry));
        }
        out
    }

    pub fn strings(&self) -> Vec<Str> {
        self.tree.map_or(&[][..], |t| t.items()).iter().filter_map(|t| t.as_str().cloned()).collect()
    }

    /// As kubectl writes it: `spec.ports[0].port`, `metadata.labels[app.kubernetes.io/name]`.
    pub fn path(&self) -> String {
        let mut out = self.parent.map_or_else(String::new, FieldCursor::path);
        match self.step {
            _ if self.parent.is_none() => {}
            Step::Item(index) => field::push_item(&mut out, index),
            Step::Key(key) => field::push_key(&mut out, key),
        }
        out
    }

    #[inline(never)]
    pub fn report(&self, diagnostics: &mut Diagnostics, severity: Severity, message: DiagnosticKind) {
        let Position { line, column } = self.at;
        diagnostics.push(Diagnostic { severity, line, column, object: None, path: self.path(), message });
    }

    pub fn error(&self, diagnostics: &mut Diagnostics, message: DiagnosticKind) {
        self.report(diagnostics, Severity::Error, message);
    }

    /// An error whose path begins here.
    pub fn error_at(&self, path: &[field::Step], message: DiagnosticKind, diagnostics: &mut Diagnostics) {
        self.report_at(Severity::Error, path, message, diagnostics);
    }

    pub fn report_at(
        &self,
        severity: Severity,
        path: &[field::Step],
        message: DiagnosticKind,
        diagnostics: &mut Diagnostics,
    ) {
        let printed = [self.path(), field::print(path)];
        let dot = if printed.iter().any(String::is_empty) || printed[1].starts_with('[') { "" } else { "." };
        let (Position { line, column }, path) = (self.place_of(path), printed.join(dot));
        diagnostics.push(Diagnostic { severity, line, column, object: None, path, message });
    }

    fn place_of(&self, path: &[field::Step]) -> Position {
        match path.split_first() {
            None => self.at,
            Some((field::Step::Field(key) | field::Step::Renamed(key, _), rest)) => {
                self.field(key).place_of(rest)
            }
            Some((field::Step::Key(key), _)) => {
                let entry = self.tree.and_then(|t| t.entries().iter().find(|e| e.key == *key));
                entry.map_or(self.at, |entry| entry.position)
            }
            Some((field::Step::Item(index), rest)) => self.item(*index).place_of(rest),
        }
    }

    pub fn wrong_type(&self, diagnostics: &mut Diagnostics, expected: Type) {
        self.error(diagnostics, self.wrong_type_of(expected));
    }

    pub fn wrong_type_of(&self, expected: Type) -> DiagnosticKind {
        let found = self.tree.map_or(Type::Null, |t| t.value.type_of());
        let value = self.tree.map_or_else(|| "".into(), |t| shown(&t.value));
        DiagnosticKind::WrongType { expected, found, value }
    }

    /// The whole object.
    pub fn object(&self) -> &'a Tree {
        self.parent.map_or_else(|| self.tree.expect("a root has a tree"), FieldCursor::object)
    }

    /// As encoding/json writes the way to a field, with a dot before each: without the places in lists and the keys of
    /// maps, with structs that are embedded.
    pub fn go_path(&self) -> String {
        let Some(parent) = self.parent else { return String::new() };
        let path = parent.go_path();
        match self.step {
            Step::Item(_) => path,
            Step::Key(key) => {
                let embedded =
                    if path.ends_with("Probe") && ["exec", "httpGet", "tcpSocket", "grpc"].contains(&key) {
                        ".ProbeHandler."
                    } else {
                        "."
                    };
                [&path, embedded, key].concat()
            }
        }
    }

    /// A number of the type `T`; nothing where none is written. One that the type cannot hold is reported, with the
    /// least and the most that the field takes.
    pub fn number<T: TryFrom<i64>>(&self, diagnostics: &mut Diagnostics, min: i64, max: i64) -> Option<T> {
        let number = T::try_from(self.int()?).ok();
        if number.is_none() {
            self.int_in(diagnostics, min, max);
        }
        number
    }

    /// An integer within bounds. Anything else except a missing value is reported.
    pub fn int_in(&self, diagnostics: &mut Diagnostics, min: i64, max: i64) -> Option<i64> {
        let value = self.int()?;
        if (min..=max).contains(&value) {
            return Some(value);
        }
        // Outside int32 the check of the field's type has already reported it.
        let narrow = i64::from(i32::MIN) + 1..=i64::from(i32::MAX);
        if narrow.contains(&min) && narrow.contains(&max) && i32::try_from(value).is_err() {
            return None;
        }
        self.error(diagnostics, DiagnosticKind::OutOfRange { value: value.to_string().into(), min, max });
        None
    }
}

/// A scalar as a finding shows it; empty for lists and maps.
pub fn shown(value: &Value) -> Str {
    match value {
        Value::Null => "null".into(),
        Value::Bool(true) => "true".into(),
        Value::Bool(false) => "false".into(),
        Value::Int(number) => number.to_string().into(),
        Value::Float(text) | Value::String(text) => clip(text),
        Value::Seq(_) | Value::Map(_) => "".into(),
    }
}
