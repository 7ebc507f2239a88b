//! Findings as they are listed: the worst first, and notes that say the same of several places as one.

use std::collections::BTreeSet;
use std::fmt;

use super::{Diagnostic, DiagnosticKind, Severity};

/// An entry of a list of findings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding<'a> {
    One(&'a Diagnostic),
    /// Notes that differ in their places only, in the order of the text: at least two.
    Same(Vec<&'a Diagnostic>),
}

impl<'a> Finding<'a> {
    /// The first of them.
    pub fn first(&self) -> &'a Diagnostic {
        match self {
            Finding::One(diagnostic) => diagnostic,
            Finding::Same(all) => all[0],
        }
    }
}

/// `hostPort is kept, not simulated: in 12 containers`
impl fmt::Display for Finding<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Finding::One(diagnostic) => diagnostic.message.fmt(f),
            Finding::Same(all) => {
                let (count, what) = places(all);
                write!(f, "{}: in {count} {what}", all[0].message)
            }
        }
    }
}

/// Every error and every warning is an entry of its own, before all notes; else in the order of the diagnostics.
pub fn findings(diagnostics: &[Diagnostic]) -> Vec<Finding<'_>> {
    let mut all: Vec<Finding<'_>> = Vec::new();
    for diagnostic in diagnostics {
        let same = all.iter_mut().find(|known| {
            let first = known.first();
            is_grouped(diagnostic) && is_grouped(first) && first.message == diagnostic.message
        });
        match same {
            None => all.push(Finding::One(diagnostic)),
            Some(Finding::Same(places)) => places.push(diagnostic),
            Some(known @ Finding::One(_)) => *known = Finding::Same(vec![known.first(), diagnostic]),
        }
    }
    all.sort_by_key(|finding| finding.first().severity);
    all
}

/// Whether it says of a field or a kind that it is only kept.
fn is_grouped(diagnostic: &Diagnostic) -> bool {
    let is_kept = matches!(
        diagnostic.message,
        DiagnosticKind::FieldNotSimulated { .. } | DiagnosticKind::KindNotSimulated { .. }
    );
    is_kept && diagnostic.severity == Severity::Info
}

/// How many of what they are about: objects of one kind, or objects.
fn places(all: &[&Diagnostic]) -> (usize, String) {
    let objects: BTreeSet<_> = all.iter().map(|d| &d.object).collect();
    let kinds: BTreeSet<_> = objects.iter().map(|o| o.as_ref().map(|object| &object.kind)).collect();
    let one = kinds.iter().next().copied().flatten().filter(|_| kinds.len() == 1);
    let (count, what) = (objects.len(), one.map_or("object".into(), ToString::to_string));
    let s = match (count, what.ends_with('s')) {
        (1, _) => "",
        (_, true) => "es",
        (_, false) => "s",
    };
    (count, format!("{what}{s}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::parse;

    #[test]
    fn notes_that_say_the_same_are_one_and_errors_come_first() {
        let pod = |name: &str| {
            format!(
                "{{apiVersion: v1, kind: Pod, metadata: {{name: {name}}}, spec: {{hostAliases: [{{ip: 10.0.0.1}}], \
                 containers: [{{name: a, image: b, ports: [{{containerPort: 1, hostPort: 1, hostIP: 10.0.0.1}}]}}]}}}}\n---\n"
            )
        };
        let text =
            [&pod("one"), &pod("two"), "{apiVersion: v1, kind: Service, metadata: {name: x}, spec: 5}\n"];
        let manifest = parse(&text.concat());
        let said: Vec<String> = findings(&manifest.diagnostics).iter().map(ToString::to_string).collect();
        assert_eq!(findings(&manifest.diagnostics)[0].first().severity, Severity::Error);
        let hint = "must be a map, not an integer (5)";
        assert_eq!(said[1..], ["hostAliases is kept, not simulated: in 2 Pods", hint]);
    }

    #[test]
    fn each_kind_that_is_kept_is_one_entry() {
        let ingress = |name: &str| {
            format!("{{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {{name: {name}}}}}\n---\n")
        };
        let manifest = parse(&[ingress("a"), ingress("b"), ingress("c")].concat());
        let said: Vec<String> = findings(&manifest.diagnostics).iter().map(ToString::to_string).collect();
        assert_eq!(said, ["Ingress is kept, not simulated: in 3 Ingresses"]);
    }
}
