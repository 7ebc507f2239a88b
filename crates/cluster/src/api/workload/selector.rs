//! `metav1.LabelSelector`.

use serde::Serialize;

use super::super::decode::{self, FieldCursor, FieldShape, Struct, field, named};
use super::super::diagnostics::Diagnostics;
use super::super::field::{Error, Path};
use super::super::validate::{self, forbid, meta};
use super::super::write::{at, map, put_labels, put_or_remove, text, texts};
use super::super::{DiagnosticKind, Labels, NameRule, Rule, Str, Tree, to_json};

/// `spec.selector` of a workload: `matchLabels` and `matchExpressions`, all of which must hold.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct Selector {
    pub match_labels: Labels,
    pub match_expressions: Vec<Requirement>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Requirement {
    pub key: Str,
    pub operator: Operator,
    pub values: Vec<Str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Operator {
    In,
    NotIn,
    Exists,
    DoesNotExist,
}

impl Selector {
    pub(in crate::api) const FIELDS: &'static Struct = &named(
        "LabelSelector",
        &[
            field("matchLabels", FieldShape::StrMap),
            field(
                "matchExpressions",
                FieldShape::List(&named(
                    "LabelSelectorRequirement",
                    &[
                        field("key", FieldShape::Str),
                        field("operator", FieldShape::Str),
                        field("values", FieldShape::Strs),
                    ],
                )),
            ),
        ],
    );

    pub fn of_labels(match_labels: Labels) -> Selector {
        Selector { match_labels, match_expressions: Vec::new() }
    }

    /// An empty selector matches everything, as in apimachinery's LabelSelectorAsSelector.
    pub fn matches(&self, labels: &Labels) -> bool {
        self.match_labels.iter().all(|(k, v)| labels.get(k) == Some(v))
            && self.match_expressions.iter().all(|r| r.matches(labels))
    }

    pub fn is_empty(&self) -> bool {
        self.match_labels.is_empty() && self.match_expressions.is_empty()
    }

    /// A workload's. A missing one matches nothing, and an empty one everything: our type holds no difference.
    pub(super) fn decode_of_workload(
        spec: &FieldCursor<'_>,
        missing: Option<DiagnosticKind>,
        empty: Rule,
        diagnostics: &mut Diagnostics,
    ) -> Selector {
        let (cursor, errors) = (spec.field("selector"), diagnostics.errors());
        let selector = Selector::decode(&cursor, diagnostics);
        match cursor.tree() {
            None => {
                if let Some(missing) = missing {
                    cursor.error(diagnostics, missing);
                }
                let template = spec.field("template");
                let metadata = template.field("metadata");
                let labels = metadata.field("labels");
                let value = labels.tree().map_or_else(|| "null".into(), to_json);
                let (value, why) = (value.into(), Rule::SelectorMismatch);
                labels.error(diagnostics, DiagnosticKind::Violates { value, why });
            }
            Some(_) if selector.is_empty() => {
                cursor.error(diagnostics, DiagnosticKind::Violates { value: "{}".into(), why: empty });
            }
            Some(tree) if diagnostics.errors() > errors => {
                let (value, why) = (to_json(tree).into(), Rule::InvalidSelector);
                cursor.error(diagnostics, DiagnosticKind::Violates { value, why });
            }
            Some(_) => {}
        }
        selector
    }

    pub(in crate::api) fn decode(cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Selector {
        let list = cursor.field("matchExpressions");
        Selector {
            match_labels: cursor.field("matchLabels").labels(),
            match_expressions: (0..list.len())
                .map(|i| Requirement::decode(&list.item(i), diagnostics))
                .collect(),
        }
    }

    /// As JSON.
    pub(in crate::api) fn shown(&self) -> String {
        to_json(&self.print())
    }

    /// apimachinery, ValidateLabelSelector.
    pub(in crate::api) fn validate(&self, path: &Path<'_>, errors: &mut Vec<Error>) {
        meta::labels(&self.match_labels, &path.child("matchLabels"), errors);
        let list = path.child("matchExpressions");
        for (index, expression) in self.match_expressions.iter().enumerate() {
            expression.validate(&list.item(index), errors);
        }
    }

    /// A selector that no text says.
    pub(in crate::api) fn print(&self) -> Tree {
        let mut out = Tree::map();
        self.put(&mut out);
        out
    }

    pub(super) fn overlay(&self, spec: &mut Tree) {
        self.put(at(spec, "selector"));
    }

    fn put(&self, out: &mut Tree) {
        put_labels(out, "matchLabels", &self.match_labels);
        let requirements: Vec<Tree> = self.match_expressions.iter().map(Requirement::print).collect();
        put_or_remove(out, "matchExpressions", (!requirements.is_empty()).then(|| Tree::seq(requirements)));
    }
}

impl Requirement {
    fn matches(&self, labels: &Labels) -> bool {
        let value = labels.get(&self.key);
        match self.operator {
            Operator::In => value.is_some_and(|v| self.values.contains(v)),
            // NotIn holds for an object without the key: apimachinery labels/selector.go, Matches.
            Operator::NotIn => value.is_none_or(|v| !self.values.contains(v)),
            Operator::Exists => value.is_some(),
            Operator::DoesNotExist => value.is_none(),
        }
    }

    /// An unreadable operator is replaced by one that fits the values, so that no second error follows.
    fn decode(cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Requirement {
        let values = cursor.field("values").strings();
        let written = cursor.field("operator");
        let operator = match written.str().map(|text| &**text) {
            Some("In") => Operator::In,
            Some("NotIn") => Operator::NotIn,
            Some("Exists") => Operator::Exists,
            Some("DoesNotExist") => Operator::DoesNotExist,
            Some(_) | None => {
                decode::no_operator(&written, diagnostics);
                if values.is_empty() { Operator::Exists } else { Operator::In }
            }
        };
        Requirement {
            key: cursor.field("key").text().cloned().unwrap_or_else(|| "".into()),
            operator,
            values,
        }
    }

    /// apimachinery, ValidateLabelSelectorRequirement.
    fn validate(&self, path: &Path<'_>, errors: &mut Vec<Error>) {
        let Requirement { key, operator, values } = self;
        match key.is_empty() {
            true => errors.push(path.child("key").error(DiagnosticKind::Required)),
            false => validate::name(&path.child("key"), key, NameRule::QualifiedName, errors),
        }
        let list = path.child("values");
        match operator {
            Operator::In | Operator::NotIn if values.is_empty() => forbid(&list, Rule::ValuesMissing, errors),
            Operator::Exists | Operator::DoesNotExist if !values.is_empty() => {
                forbid(&list, Rule::ValuesWithExists, errors);
            }
            Operator::In | Operator::NotIn | Operator::Exists | Operator::DoesNotExist => {}
        }
        for (index, value) in values.iter().enumerate() {
            validate::name(&list.item(index), value, NameRule::LabelValue, errors);
        }
    }

    fn print(&self) -> Tree {
        let operator = match self.operator {
            Operator::In => "In",
            Operator::NotIn => "NotIn",
            Operator::Exists => "Exists",
            Operator::DoesNotExist => "DoesNotExist",
        };
        let mut out = map([("key", text(&self.key)), ("operator", text(operator))]);
        if !self.values.is_empty() {
            out.put("values", texts(&self.values));
        }
        out
    }
}
