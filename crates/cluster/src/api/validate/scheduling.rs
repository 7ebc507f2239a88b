//! What the scheduler reads of Pods and Nodes (core validation.go: validateAffinity, ValidateTolerations,
//! validateTopologySpreadConstraints, validateNodeTaints).

use super::{forbid, name, out_of_range, quoted, repeated, violates};
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
    scheduling_gates(&spec.scheduling_gates, &path.child("schedulingGates"), errors);
}

/// validateSchedulingGates.
fn scheduling_gates(gates: &[Str], path: &Path<'_>, errors: &mut Vec<Error>) {
    for (index, gate) in gates.iter().enumerate() {
        name(&path.item(index), gate, NameRule::QualifiedName, errors);
    }
    for (index, message) in repeated(gates.iter().map(|gate| &**gate)) {
        errors.push(path.item(index).error(message));
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
        each(&required.node_selector_terms, &terms, errors, |term, path, errors| {
            node_selector_term(term, path, label_values, errors);
        });
    }
    let preferred = node.child("preferredDuringSchedulingIgnoredDuringExecution");
    for (index, term) in affinity.node_affinity.preferred.iter().enumerate() {
        let item = preferred.item(index);
        weight(term.weight, &item, errors);
        // Of values that no label has it is only warned (ValidatePreferredSchedulingTerms).
        node_selector_term(&term.preference, &item.child("preference"), |_, _, _| {}, errors);
    }
    pod_affinity(&affinity.pod_affinity, &path.child("podAffinity"), errors);
    pod_affinity(&affinity.pod_anti_affinity, &path.child("podAntiAffinity"), errors);
}

fn weight(weight: u32, item: &Path<'_>, errors: &mut Vec<Error>) {
    if !(1..=100).contains(&weight) {
        errors.push(item.child("weight").error(out_of_range(weight, 1, 100)));
    }
}

fn node_selector_term(
    term: &NodeSelectorTerm,
    path: &Path<'_>,
    check_values: fn(&[Str], &Path<'_>, &mut Vec<Error>),
    errors: &mut Vec<Error>,
) {
    let expressions = path.child("matchExpressions");
    for (index, requirement) in term.match_expressions.iter().enumerate() {
        let path = expressions.item(index);
        node_requirement(requirement, &path, errors);
        check_values(&requirement.values, &path.child("values"), errors);
    }
    each(&term.match_fields, &path.child("matchFields"), errors, field_requirement);
}

fn label_values(values: &[Str], path: &Path<'_>, errors: &mut Vec<Error>) {
    for (index, value) in values.iter().enumerate() {
        name(&path.item(index), value, NameRule::LabelValue, errors);
    }
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
        | NodeSelectorOperator::Lt => {
            let operator = quoted(requirement.operator.as_str());
            violates(&path.child("operator"), operator, Rule::SelectorOperator, errors);
        }
    }
    if &*requirement.key != "metadata.name" {
        violates(&path.child("key"), quoted(&requirement.key), Rule::FieldKey, errors);
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
    name(&path.child("topologyKey"), &term.topology_key, NameRule::QualifiedName, errors);
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
    if key.is_empty() {
        forbid(&path.child("topologyKey"), Rule::NoTopologyKey, errors);
    }
}

fn toleration(toleration: &Toleration, path: &Path<'_>, errors: &mut Vec<Error>) {
    let is_exists = toleration.operator == Some(TolerationOperator::Exists);
    match toleration.key.is_empty() {
        true if !is_exists => {
            let operator = toleration.operator.map_or("", TolerationOperator::as_str);
            violates(&path.child("operator"), quoted(operator), Rule::ExistsForEveryKey, errors);
        }
        true => {}
        false => name(&path.child("key"), &toleration.key, NameRule::QualifiedName, errors),
    }
    if toleration.toleration_seconds.is_some() && toleration.effect != Some(TaintEffect::NoExecute) {
        let effect = quoted(toleration.effect.map_or("", TaintEffect::as_str));
        violates(&path.child("effect"), effect, Rule::TolerationSecondsNeedNoExecute, errors);
    }
    match toleration.operator.unwrap_or_default() {
        TolerationOperator::Equal => {
            name(&path.child("operator"), &toleration.value, NameRule::LabelValue, errors);
        }
        TolerationOperator::Exists if !toleration.value.is_empty() => {
            violates(&path.child("operator"), quoted(&toleration.value), Rule::ValueWithExists, errors);
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
        violates(&path.child("maxSkew"), "0", Rule::NotPositive, errors);
    }
    topology_key(&constraint.topology_key, path, errors);
    match (constraint.min_domains, constraint.when_unsatisfiable) {
        (Some(0), _) => violates(&path.child("minDomains"), "0", Rule::NotPositive, errors),
        (Some(count), WhenUnsatisfiable::ScheduleAnyway) => {
            let why = Rule::MinDomainsNeedDoNotSchedule;
            violates(&path.child("minDomains"), count.to_string(), why, errors);
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
