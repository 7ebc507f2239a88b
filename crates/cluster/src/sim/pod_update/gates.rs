//! What an update may change of a Pod that has scheduling gates: take them away, and ask for fewer nodes (core
//! validation.go, ValidatePodUpdate).

use std::collections::{BTreeMap, BTreeSet};

use crate::api::{
    DiagnosticKind, FieldError, FieldPath, NodeSelectorRequirement, NodeSelectorTerm, PodSpec, Rule, Str,
    Tree, to_json,
};

/// validateOnlyDeletedSchedulingGates.
pub(super) fn only_removed(live: &[Str], new: &[Str], spec: &FieldPath<'_>, errors: &mut Vec<FieldError>) {
    let live: BTreeSet<&Str> = live.iter().collect();
    // Of the same gate twice the last one is named.
    let new: BTreeMap<&Str, usize> = new.iter().enumerate().map(|(index, gate)| (gate, index)).collect();
    for (gate, index) in new.into_iter().filter(|(gate, _)| !live.contains(gate)) {
        let message = DiagnosticKind::NewSchedulingGate { gate: gate.clone() };
        errors.push(spec.child("schedulingGates").item(index).child("name").error(message));
    }
}

pub(super) fn only_tightened(
    live: &PodSpec,
    new: &PodSpec,
    spec: &FieldPath<'_>,
    errors: &mut Vec<FieldError>,
) {
    node_selector(live, new, &spec.child("nodeSelector"), errors);
    let path = spec.child("affinity");
    let path = path.child("nodeAffinity");
    let path = path.child("requiredDuringSchedulingIgnoredDuringExecution");
    terms(terms_of(live), terms_of(new), &path.child("nodeSelectorTerms"), errors);
}

/// validateNodeSelectorMutation.
fn node_selector(live: &PodSpec, new: &PodSpec, path: &FieldPath<'_>, errors: &mut Vec<FieldError>) {
    let (live, new) = (&live.node_selector, &new.node_selector);
    if !live.iter().all(|(key, value)| new.get(key) == Some(value)) {
        let mut value = if new.is_empty() { Tree::default() } else { Tree::map() };
        new.iter().for_each(|(key, label)| value.put(key, Tree::string(label)));
        errors.push(violates(path, &value, Rule::NodeSelectorChanged));
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
    errors: &mut Vec<FieldError>,
) {
    if live.is_empty() {
        return;
    }
    if live.len() != new.len() {
        errors.push(violates(path, &list(new, term), Rule::NodeSelectorTermsCounted));
        return;
    }
    for (index, (live, new)) in live.iter().zip(new).enumerate() {
        if !has_only_additions(live, new) {
            errors.push(violates(&path.item(index), &term(new), Rule::NodeSelectorTermChanged));
        }
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
