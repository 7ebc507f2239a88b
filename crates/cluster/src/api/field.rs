//! Errors of fields, with the field's path in the object (apimachinery util/validation/field). The position in the
//! text is found by the object's tree: see `FieldCursor::error_at`.

use super::diagnostic::clip;
use super::{Diagnostic, DiagnosticKind, ObjectRef, Severity, Str};

/// A step on the way to a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    Field(Str),
    Item(usize),
    /// A map's key itself instead of its value; upstream's path ends at the map. Only as the last step.
    Key(Str),
    /// A field that upstream's paths call otherwise; empty if they leave it out.
    Renamed(Str, &'static str),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// The path from the checked object to the field.
    pub path: Vec<Step>,
    pub message: DiagnosticKind,
}

impl Error {
    /// An error of the object as a whole.
    pub fn new(message: DiagnosticKind) -> Error {
        Error { path: Vec::new(), message }
    }

    /// The same error, seen from the object that has this one in its field `key`.
    pub fn under(mut self, key: &str) -> Error {
        self.path.insert(0, Step::Field(key.into()));
        self
    }

    /// The same error, seen from the list that has this object as an item.
    pub fn under_item(mut self, index: usize) -> Error {
        self.path.insert(0, Step::Item(index));
        self
    }

    /// Of an object that no text holds.
    pub fn diagnostic(self, object: ObjectRef) -> Diagnostic {
        let (path, object) = (print(&self.path), Some(object));
        Diagnostic { severity: Severity::Error, line: 0, column: 0, object, path, message: self.message }
    }
}

/// As the API server writes it: `spec.ports[0].port`.
pub fn print(path: &[Step]) -> String {
    let mut out = String::new();
    for step in path {
        match step {
            Step::Item(index) => push_item(&mut out, *index),
            Step::Field(key) => push_key(&mut out, key),
            Step::Key(_) | Step::Renamed(_, "") => {}
            Step::Renamed(_, shown) => push_key(&mut out, shown),
        }
    }
    out
}

pub fn push_item(out: &mut String, index: usize) {
    out.push_str(&format!("[{index}]"));
}

pub fn push_key(out: &mut String, key: &str) {
    let key = clip(key);
    if key.contains(['.', '/']) {
        out.push_str(&format!("[{key}]"));
        return;
    }
    if !out.is_empty() {
        out.push('.');
    }
    out.push_str(&key);
}

/// True if one of two printed paths is the other, or leads to a part of it.
pub fn overlap(a: &str, b: &str) -> bool {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    long.strip_prefix(short).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

/// The path to the field that is being checked. Its steps are copied only if there is an error.
#[derive(Clone, Copy)]
pub struct Path<'a> {
    parent: Option<&'a Path<'a>>,
    step: PathStep<'a>,
}

#[derive(Clone, Copy)]
enum PathStep<'a> {
    Root,
    Field(&'a str),
    Item(usize),
    Key(&'a str),
    Renamed(&'a str, &'static str),
}

impl<'a> Path<'a> {
    pub const ROOT: Path<'static> = Path { parent: None, step: PathStep::Root };

    pub fn new(field: &'a str) -> Path<'a> {
        Path { parent: None, step: PathStep::Field(field) }
    }

    pub fn child<'b>(&'b self, field: &'b str) -> Path<'b> {
        Path { parent: Some(self), step: PathStep::Field(field) }
    }

    pub fn item<'b>(&'b self, index: usize) -> Path<'b> {
        Path { parent: Some(self), step: PathStep::Item(index) }
    }

    /// A map's key itself.
    pub fn key<'b>(&'b self, key: &'b str) -> Path<'b> {
        Path { parent: Some(self), step: PathStep::Key(key) }
    }

    /// A field that upstream's paths call otherwise; empty if they leave it out.
    pub fn renamed<'b>(&'b self, field: &'b str, shown: &'static str) -> Path<'b> {
        Path { parent: Some(self), step: PathStep::Renamed(field, shown) }
    }

    /// As the API server writes it.
    pub fn shown(&self) -> String {
        print(&self.steps())
    }

    pub fn error(&self, message: DiagnosticKind) -> Error {
        Error { path: self.steps(), message }
    }

    fn steps(&self) -> Vec<Step> {
        let mut steps = self.parent.map_or_else(Vec::new, Path::steps);
        match self.step {
            PathStep::Root => {}
            PathStep::Field(field) => steps.push(Step::Field(field.into())),
            PathStep::Item(index) => steps.push(Step::Item(index)),
            PathStep::Key(key) => steps.push(Step::Key(key.into())),
            PathStep::Renamed(key, shown) => steps.push(Step::Renamed(key.into(), shown)),
        }
        steps
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_printed_as_kubectl_does() {
        let spec = Path::new("spec");
        let ports = spec.child("ports");
        let port = ports.item(1);
        assert_eq!(print(&port.child("port").steps()), "spec.ports[1].port");
        assert_eq!(print(&Path::new("labels").key("a.b/c").steps()), "labels");
        assert_eq!(print(&Path::new("annotations").child("a.b/c").steps()), "annotations[a.b/c]");
        assert_eq!(
            print(&Path::new("template").renamed("metadata", "").child("labels").steps()),
            "template.labels"
        );
        assert_eq!(print(&Path::ROOT.child("a").steps()), "a");
    }

    #[test]
    fn a_path_overlaps_its_beginning() {
        for (a, b, expected) in [
            ("spec.ports[1]", "spec.ports[1].port", true),
            ("spec.ports[1].port", "spec.ports", true),
            ("spec.ports", "spec.ports", true),
            ("spec.port", "spec.ports", false),
            ("spec.ports[1]", "spec.ports[10]", false),
        ] {
            assert_eq!((overlap(a, b), overlap(b, a)), (expected, expected), "{a} {b}");
        }
    }
}
