//! What an update may change of a Pod that has scheduling gates: take them away, and ask for fewer nodes (core
//! validation.go, ValidatePodUpdate).

use std::collections::BTreeSet;

use crate::api::{
    DiagnosticKind, FieldError, FieldPath, NodeSelectorRequirement, NodeSelectorTerm, PodSpec, Rule, Str,
    Tree, to_json,
};

/// validateOnlyDeletedSchedulingGates.
pub(super) fn only_removed(live: &[Str], new: &[Str], spec: &FieldPath<'_>) -> Result<(), FieldError> {
    let live: BTreeSet<&Str> = live.iter().collect();
    match new.iter().position(|gate| !live.contains(gate)) {
        None => Ok(()),
        Some(index) => {
            let message = DiagnosticKind::NewSchedulingGate { gate: new[index].clone() };
            Err(spec.child("schedulingGates").item(index).child("name").error(message))
        }
    }
}

pub(super) fn only_tightened(live: &PodSpec, new: &PodSpec, spec: &FieldPath<'_>) -> Result<(), FieldError> {
    node_selector(live, new, &spec.child("nodeSelector"))?;
    let path = spec.child("affinity");
    let path = path.child("nodeAffinity");
    let path = path.child("requiredDuringSchedulingIgnoredDuringExecution");
    terms(terms_of(live), terms_of(new), &path.child("nodeSelectorTerms"))
}

/// validateNodeSelectorMutation.
fn node_selector(live: &PodSpec, new: &PodSpec, path: &FieldPath<'_>) -> Result<(), FieldError> {
    let (live, new) = (&live.node_selector, &new.node_selector);
    match live.iter().all(|(key, value)| new.get(key) == Some(value)) {
        true => Ok(()),
        false => {
            let mut value = if new.is_empty() { Tree::default() } else { Tree::map() };
            new.iter().for_each(|(key, label)| value.put(key, Tree::string(label)));
            Err(violates(path, &value, Rule::NodeSelectorChanged))
        }
    }
}

fn terms_of(spec: &PodSpec) -> &[NodeSelectorTerm] {
    let required = spec.affinity.as_deref().and_then(|affinity| affinity.node_affinity.required.as_ref());
    required.map_or(&[], |required| &required.node_selector_terms)
}

/// validateNodeAffinityMutation.
fn terms(
    live: &[NodeSelectorTerm],
    new: &[NodeSelectorTerm],
    path: &FieldPath<'_>,
) -> Result<(), FieldError> {
    if live.is_empty() {
        return Ok(());
    }
    if live.len() != new.len() {
        return Err(violates(path, &list(new, term), Rule::NodeSelectorTermsCounted));
    }
    let mut pairs = live.iter().zip(new);
    match pairs.position(|(live, new)| !has_only_additions(live, new)) {
        None => Ok(()),
        Some(index) => Err(violates(&path.item(index), &term(&new[index]), Rule::NodeSelectorTermChanged)),
    }
}

/// validateNodeSelectorTermHasOnlyAdditions. A term without requirements selects nothing, and so it stays.
fn has_only_additions(live: &NodeSelectorTerm, new: &NodeSelectorTerm) -> bool {
    if live.match_expressions.is_empty() && live.match_fields.is_empty() {
        return new == live;
    }
    new.match_expressions.starts_with(&live.match_expressions)
        && new.match_fields.starts_with(&live.match_fields)
}

fn violates(path: &FieldPath<'_>, value: &Tree, why: Rule) -> FieldError {
    path.error(DiagnosticKind::Violates { value: to_json(value).into(), why })
}

/// As JSON has upstream's own struct, and the same below.
fn term(term: &NodeSelectorTerm) -> Tree {
    let mut out = Tree::map();
    out.put("MatchExpressions", list(&term.match_expressions, requirement));
    out.put("MatchFields", list(&term.match_fields, requirement));
    out
}

fn requirement(requirement: &NodeSelectorRequirement) -> Tree {
    let NodeSelectorRequirement { key, operator, values } = requirement;
    let mut out = Tree::map();
    out.put("Key", Tree::string(key));
    out.put("Operator", Tree::string(operator.as_str()));
    out.put("Values", list(values, |value| Tree::string(value)));
    out
}

/// An empty one is Go's nil.
fn list<T>(items: &[T], item: impl Fn(&T) -> Tree) -> Tree {
    match items {
        [] => Tree::default(),
        items => Tree::seq(items.iter().map(item).collect()),
    }
}
