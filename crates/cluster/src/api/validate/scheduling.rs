//! What the scheduler reads of Pods and Nodes (core validation.go: validateAffinity, ValidateTolerations,
//! validateTopologySpreadConstraints, validateNodeTaints).

use super::{forbid, name};
use crate::api::field::{Error, Path};
use crate::api::{
    Affinity, DiagnosticKind, NameRule, NodeSelectorOperator, NodeSelectorRequirement, NodeSelectorTerm,
    PodAffinity, PodAffinityTerm, PodSpec, Rule, Selector, Str, Taint, TaintEffect, Toleration,
    TolerationOperator, TopologySpreadConstraint, WhenUnsatisfiable,
};

pub fn spec(spec: &PodSpec, path: &Path<'_>, errors: &mut Vec<Error>) {
    if let Some(affinity) = &spec.affinity {
        self::affinity(affinity, &path.child("affinity"), errors);
    }
    each(&spec.tolerations, &path.child("tolerations"), errors, toleration);
    let constraints = &spec.topology_spread_constraints;
    each(constraints, &path.child("topologySpreadConstraints"), errors, constraint);
    repeated_constraints(constraints, &path.child("topologySpreadConstraints"), errors);
    for (index, gate) in spec.scheduling_gates.iter().enumerate() {
        let gates = path.child("schedulingGates");
        name(&gates.item(index).child("name"), gate, NameRule::QualifiedName, errors);
    }
}

fn affinity(affinity: &Affinity, path: &Path<'_>, errors: &mut Vec<Error>) {
    let node = path.child("nodeAffinity");
    if let Some(required) = &affinity.node_affinity.required {
        let required_path = node.child("requiredDuringSchedulingIgnoredDuringExecution");
        let terms = required_path.child("nodeSelectorTerms");
        if required.node_selector_terms.is_empty() {
            forbid(&terms, Rule::NoNodeSelectorTerm, errors);
        }
        each(&required.node_selector_terms, &terms, errors, node_selector_term);
    }
    let preferred = node.child("preferredDuringSchedulingIgnoredDuringExecution");
    for (index, term) in affinity.node_affinity.preferred.iter().enumerate() {
        let item = preferred.item(index);
        weight(term.weight, &item, errors);
        node_selector_term(&term.preference, &item.child("preference"), errors);
    }
    pod_affinity(&affinity.pod_affinity, &path.child("podAffinity"), errors);
    pod_affinity(&affinity.pod_anti_affinity, &path.child("podAntiAffinity"), errors);
}

fn weight(weight: u32, item: &Path<'_>, errors: &mut Vec<Error>) {
    if !(1..=100).contains(&weight) {
        let value = weight.to_string().into();
        errors.push(item.child("weight").error(DiagnosticKind::OutOfRange { value, min: 1, max: 100 }));
    }
}

fn node_selector_term(term: &NodeSelectorTerm, path: &Path<'_>, errors: &mut Vec<Error>) {
    each(&term.match_expressions, &path.child("matchExpressions"), errors, node_requirement);
    each(&term.match_fields, &path.child("matchFields"), errors, field_requirement);
}

/// ValidateNodeSelectorRequirement.
fn node_requirement(requirement: &NodeSelectorRequirement, path: &Path<'_>, errors: &mut Vec<Error>) {
    let values = path.child("values");
    let count = requirement.values.len();
    match requirement.operator {
        NodeSelectorOperator::In | NodeSelectorOperator::NotIn if count == 0 => {
            forbid(&values, Rule::ValuesMissing, errors);
        }
        NodeSelectorOperator::Exists | NodeSelectorOperator::DoesNotExist if count > 0 => {
            forbid(&values, Rule::ValuesWithExists, errors);
        }
        NodeSelectorOperator::Gt | NodeSelectorOperator::Lt if count != 1 => {
            forbid(&values, Rule::OneValueToCompare, errors);
        }
        NodeSelectorOperator::In
        | NodeSelectorOperator::NotIn
        | NodeSelectorOperator::Exists
        | NodeSelectorOperator::DoesNotExist
        | NodeSelectorOperator::Gt
        | NodeSelectorOperator::Lt => {}
    }
    name(&path.child("key"), &requirement.key, NameRule::QualifiedName, errors);
    for (index, value) in requirement.values.iter().enumerate() {
        name(&values.item(index), value, NameRule::LabelValue, errors);
    }
}

/// ValidateNodeFieldSelectorRequirement.
fn field_requirement(requirement: &NodeSelectorRequirement, path: &Path<'_>, errors: &mut Vec<Error>) {
    match requirement.operator {
        NodeSelectorOperator::In | NodeSelectorOperator::NotIn => {
            if requirement.values.len() != 1 {
                forbid(&path.child("values"), Rule::OneValueOfField, errors);
            }
        }
        NodeSelectorOperator::Exists
        | NodeSelectorOperator::DoesNotExist
        | NodeSelectorOperator::Gt
        | NodeSelectorOperator::Lt => forbid(&path.child("operator"), Rule::FieldOperator, errors),
    }
    if &*requirement.key != "metadata.name" {
        forbid(&path.child("key"), Rule::FieldKey, errors);
    }
    for (index, value) in requirement.values.iter().enumerate() {
        name(&path.child("values").item(index), value, NameRule::Dns1123Subdomain, errors);
    }
}

fn pod_affinity(affinity: &PodAffinity, path: &Path<'_>, errors: &mut Vec<Error>) {
    let required = path.child("requiredDuringSchedulingIgnoredDuringExecution");
    each(&affinity.required, &required, errors, pod_affinity_term);
    let preferred = path.child("preferredDuringSchedulingIgnoredDuringExecution");
    for (index, weighted) in affinity.preferred.iter().enumerate() {
        let item = preferred.item(index);
        weight(weighted.weight, &item, errors);
        pod_affinity_term(&weighted.pod_affinity_term, &item.child("podAffinityTerm"), errors);
    }
}

/// validatePodAffinityTerm.
fn pod_affinity_term(term: &PodAffinityTerm, path: &Path<'_>, errors: &mut Vec<Error>) {
    selector(term.label_selector.as_ref(), &path.child("labelSelector"), errors);
    selector(term.namespace_selector.as_ref(), &path.child("namespaceSelector"), errors);
    for (index, namespace) in term.namespaces.iter().enumerate() {
        name(&path.child("namespaces").item(index), namespace, NameRule::Dns1123Label, errors);
    }
    label_keys(&term.match_label_keys, term.label_selector.as_ref(), &path.child("matchLabelKeys"), errors);
    let mismatch = path.child("mismatchLabelKeys");
    label_keys(&term.mismatch_label_keys, term.label_selector.as_ref(), &mismatch, errors);
    topology_key(&term.topology_key, path, errors);
}

fn selector(selector: Option<&Selector>, path: &Path<'_>, errors: &mut Vec<Error>) {
    if let Some(selector) = selector {
        selector.validate(path, errors);
    }
}

/// ValidateMatchLabelKeysAndMismatchLabelKeys.
fn label_keys(keys: &[Str], selector: Option<&Selector>, path: &Path<'_>, errors: &mut Vec<Error>) {
    if !keys.is_empty() && selector.is_none() {
        forbid(path, Rule::LabelKeysWithoutSelector, errors);
    }
    for (index, key) in keys.iter().enumerate() {
        name(&path.item(index), key, NameRule::QualifiedName, errors);
    }
}

fn topology_key(key: &str, path: &Path<'_>, errors: &mut Vec<Error>) {
    match key.is_empty() {
        true => errors.push(path.child("topologyKey").error(DiagnosticKind::Required)),
        false => name(&path.child("topologyKey"), key, NameRule::QualifiedName, errors),
    }
}

fn toleration(toleration: &Toleration, path: &Path<'_>, errors: &mut Vec<Error>) {
    let is_exists = toleration.operator == Some(TolerationOperator::Exists);
    match toleration.key.is_empty() {
        true if !is_exists => forbid(&path.child("operator"), Rule::ExistsForEveryKey, errors),
        true => {}
        false => name(&path.child("key"), &toleration.key, NameRule::QualifiedName, errors),
    }
    if toleration.toleration_seconds.is_some() && toleration.effect != Some(TaintEffect::NoExecute) {
        forbid(&path.child("effect"), Rule::TolerationSecondsNeedNoExecute, errors);
    }
    match toleration.operator.unwrap_or_default() {
        TolerationOperator::Equal => {
            name(&path.child("operator"), &toleration.value, NameRule::LabelValue, errors);
        }
        TolerationOperator::Exists if !toleration.value.is_empty() => {
            forbid(&path.child("operator"), Rule::ValueWithExists, errors);
        }
        TolerationOperator::Exists => {}
    }
}

/// validateNodeTaints.
pub fn taints(taints: &[Taint], path: &Path<'_>, errors: &mut Vec<Error>) {
    for (index, taint) in taints.iter().enumerate() {
        let item = path.item(index);
        name(&item.child("key"), &taint.key, NameRule::QualifiedName, errors);
        name(&item.child("value"), &taint.value, NameRule::LabelValue, errors);
        if taints[..index].iter().any(|other| other.key == taint.key && other.effect == taint.effect) {
            errors.push(item.error(DiagnosticKind::Duplicate { value: taint.key.clone() }));
        }
    }
}

fn constraint(constraint: &TopologySpreadConstraint, path: &Path<'_>, errors: &mut Vec<Error>) {
    if constraint.max_skew == 0 {
        forbid(&path.child("maxSkew"), Rule::NotPositive, errors);
    }
    topology_key(&constraint.topology_key, path, errors);
    match (constraint.min_domains, constraint.when_unsatisfiable) {
        (Some(0), _) => forbid(&path.child("minDomains"), Rule::NotPositive, errors),
        (Some(_), WhenUnsatisfiable::ScheduleAnyway) => {
            forbid(&path.child("minDomains"), Rule::MinDomainsNeedDoNotSchedule, errors);
        }
        (Some(_), WhenUnsatisfiable::DoNotSchedule) | (None, _) => {}
    }
    let selector = constraint.label_selector.as_ref();
    label_keys(&constraint.match_label_keys, selector, &path.child("matchLabelKeys"), errors);
    self::selector(selector, &path.child("labelSelector"), errors);
}

/// ValidateSpreadConstraintNotRepeat.
fn repeated_constraints(constraints: &[TopologySpreadConstraint], path: &Path<'_>, errors: &mut Vec<Error>) {
    for (index, one) in constraints.iter().enumerate() {
        let same = |other: &TopologySpreadConstraint| {
            (&other.topology_key, other.when_unsatisfiable) == (&one.topology_key, one.when_unsatisfiable)
        };
        if constraints[index + 1..].iter().any(same) {
            let value = format!("{{{}, {}}}", one.topology_key, one.when_unsatisfiable.as_str());
            let item = path.item(index);
            let both = item.child("{topologyKey, whenUnsatisfiable}");
            errors.push(both.error(DiagnosticKind::Duplicate { value: value.as_str().into() }));
        }
    }
}

fn each<T>(items: &[T], path: &Path<'_>, errors: &mut Vec<Error>, check: fn(&T, &Path<'_>, &mut Vec<Error>)) {
    for (index, item) in items.iter().enumerate() {
        check(item, &path.item(index), errors);
    }
}
