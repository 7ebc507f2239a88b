//! What the scheduler reads of Pods and Nodes.

use super::{map, put_or_remove, text, texts};
use crate::api::{
    Affinity, NodeAffinity, NodeSelectorRequirement, NodeSelectorTerm, PodAffinity, PodAffinityTerm, PodSpec,
    ResourceList, Selector, Str, Taint, Toleration, TopologySpreadConstraint, Tree,
};

pub fn overlay(tree: &mut Tree, spec: &PodSpec) {
    put_or_remove(tree, "affinity", spec.affinity.as_deref().map(affinity));
    put_list(tree, "tolerations", &spec.tolerations, toleration);
    put_list(tree, "topologySpreadConstraints", &spec.topology_spread_constraints, constraint);
    put_list(tree, "schedulingGates", &spec.scheduling_gates, |gate| map([("name", text(gate))]));
    if tree.field("schedulerName").is_some() || &*spec.scheduler_name != PodSpec::DEFAULT_SCHEDULER {
        tree.put("schedulerName", text(&spec.scheduler_name));
    }
    put_or_remove(tree, "priorityClassName", spec.priority_class_name.as_deref().map(text));
    put_or_remove(tree, "priority", spec.priority.map(|priority| Tree::int(i64::from(priority))));
    let policy = spec.preemption_policy.map(|policy| text(policy.as_str()));
    put_or_remove(tree, "preemptionPolicy", policy);
}

fn put_list<T>(tree: &mut Tree, key: &str, items: &[T], item: fn(&T) -> Tree) {
    put_or_remove(tree, key, (!items.is_empty()).then(|| Tree::seq(items.iter().map(item).collect())));
}

fn affinity(affinity: &Affinity) -> Tree {
    let mut out = Tree::map();
    let Affinity { node_affinity: node, pod_affinity: with, pod_anti_affinity: against } = affinity;
    put_or_remove(&mut out, "nodeAffinity", (*node != NodeAffinity::default()).then(|| node_affinity(node)));
    put_or_remove(&mut out, "podAffinity", (*with != PodAffinity::default()).then(|| pod_affinity(with)));
    let against = (*against != PodAffinity::default()).then(|| pod_affinity(against));
    put_or_remove(&mut out, "podAntiAffinity", against);
    out
}

fn node_affinity(affinity: &NodeAffinity) -> Tree {
    let mut out = Tree::map();
    put_list(&mut out, "preferredDuringSchedulingIgnoredDuringExecution", &affinity.preferred, |term| {
        map([("preference", node_selector_term(&term.preference)), ("weight", weight(term.weight))])
    });
    let required = affinity.required.as_ref().map(|selector| {
        let terms = selector.node_selector_terms.iter().map(node_selector_term);
        map([("nodeSelectorTerms", Tree::seq(terms.collect()))])
    });
    put_or_remove(&mut out, "requiredDuringSchedulingIgnoredDuringExecution", required);
    out
}

fn weight(weight: u32) -> Tree {
    Tree::int(i64::from(weight))
}

fn node_selector_term(term: &NodeSelectorTerm) -> Tree {
    let mut out = Tree::map();
    put_list(&mut out, "matchExpressions", &term.match_expressions, node_requirement);
    put_list(&mut out, "matchFields", &term.match_fields, node_requirement);
    out
}

fn node_requirement(requirement: &NodeSelectorRequirement) -> Tree {
    let mut out = map([("key", text(&requirement.key)), ("operator", text(requirement.operator.as_str()))]);
    put_list(&mut out, "values", &requirement.values, |value| text(value));
    out
}

fn pod_affinity(affinity: &PodAffinity) -> Tree {
    let mut out = Tree::map();
    put_list(&mut out, "preferredDuringSchedulingIgnoredDuringExecution", &affinity.preferred, |weighted| {
        let term = pod_affinity_term(&weighted.pod_affinity_term);
        map([("podAffinityTerm", term), ("weight", weight(weighted.weight))])
    });
    let required = "requiredDuringSchedulingIgnoredDuringExecution";
    put_list(&mut out, required, &affinity.required, pod_affinity_term);
    out
}

fn pod_affinity_term(term: &PodAffinityTerm) -> Tree {
    let mut out = Tree::map();
    put_selector(&mut out, "labelSelector", term.label_selector.as_ref());
    put_texts(&mut out, "matchLabelKeys", &term.match_label_keys);
    put_texts(&mut out, "mismatchLabelKeys", &term.mismatch_label_keys);
    put_selector(&mut out, "namespaceSelector", term.namespace_selector.as_ref());
    put_texts(&mut out, "namespaces", &term.namespaces);
    out.put("topologyKey", text(&term.topology_key));
    out
}

fn put_selector(tree: &mut Tree, key: &str, selector: Option<&Selector>) {
    put_or_remove(tree, key, selector.map(Selector::print));
}

fn put_texts(tree: &mut Tree, key: &str, items: &[Str]) {
    put_or_remove(tree, key, (!items.is_empty()).then(|| texts(items)));
}

fn toleration(toleration: &Toleration) -> Tree {
    let mut out = Tree::map();
    put_or_remove(&mut out, "effect", toleration.effect.map(|effect| text(effect.as_str())));
    put_text(&mut out, "key", &toleration.key);
    put_or_remove(&mut out, "operator", toleration.operator.map(|operator| text(operator.as_str())));
    put_or_remove(&mut out, "tolerationSeconds", toleration.toleration_seconds.map(Tree::int));
    put_text(&mut out, "value", &toleration.value);
    out
}

pub fn taint(taint: &Taint) -> Tree {
    let mut out = map([("effect", text(taint.effect.as_str())), ("key", text(&taint.key))]);
    put_or_remove(&mut out, "timeAdded", taint.time_added.as_deref().map(text));
    put_text(&mut out, "value", &taint.value);
    out
}

fn put_text(tree: &mut Tree, key: &str, value: &str) {
    put_or_remove(tree, key, (!value.is_empty()).then(|| text(value)));
}

fn constraint(constraint: &TopologySpreadConstraint) -> Tree {
    let mut out = Tree::map();
    put_selector(&mut out, "labelSelector", constraint.label_selector.as_ref());
    put_texts(&mut out, "matchLabelKeys", &constraint.match_label_keys);
    out.put("maxSkew", weight(constraint.max_skew));
    put_or_remove(&mut out, "minDomains", constraint.min_domains.map(weight));
    let policy = constraint.node_affinity_policy.map(|policy| text(policy.as_str()));
    put_or_remove(&mut out, "nodeAffinityPolicy", policy);
    let policy = constraint.node_taints_policy.map(|policy| text(policy.as_str()));
    put_or_remove(&mut out, "nodeTaintsPolicy", policy);
    out.put("topologyKey", text(&constraint.topology_key));
    out.put("whenUnsatisfiable", text(constraint.when_unsatisfiable.as_str()));
    out
}

/// Quantities as the API server prints them; nothing, if there are none.
pub fn resource_list(resources: &ResourceList) -> Option<Tree> {
    let mut out = Tree::map();
    for (name, quantity) in resources {
        out.put(name, text(&quantity.to_string()));
    }
    (!resources.is_empty()).then_some(out)
}
