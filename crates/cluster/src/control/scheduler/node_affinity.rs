//! Which nodes a Pod asks for (plugins/nodeaffinity; component-helpers corev1/nodeaffinity).

use std::collections::BTreeSet;

use crate::api::{
    Labels, Node, NodeSelectorOperator, NodeSelectorRequirement, NodeSelectorTerm, PodSpec, Str,
};

/// RequiredNodeAffinity.Match.
pub fn matches(pod: &PodSpec, node: &Node) -> bool {
    let selected = pod.node_selector.iter().all(|(key, value)| node.meta.labels.get(key) == Some(value));
    let required = pod.affinity.as_ref().and_then(|affinity| affinity.node_affinity.required.as_ref());
    selected
        && required.is_none_or(|terms| terms.node_selector_terms.iter().any(|term| term_matches(term, node)))
}

/// An empty term matches nothing.
fn term_matches(term: &NodeSelectorTerm, node: &Node) -> bool {
    let is_empty = term.match_expressions.is_empty() && term.match_fields.is_empty();
    !is_empty
        && term.match_expressions.iter().all(|requirement| label_matches(requirement, &node.meta.labels))
        && term.match_fields.iter().all(|requirement| field_matches(requirement, node))
}

/// apimachinery labels/selector.go, Requirement.Matches.
fn label_matches(requirement: &NodeSelectorRequirement, labels: &Labels) -> bool {
    let label = labels.get(&requirement.key);
    let compare = |holds: fn(i64, i64) -> bool| {
        let bound = requirement.values.first().and_then(|value| value.parse().ok());
        let value = label.and_then(|label| label.parse().ok());
        value.zip(bound).is_some_and(|(value, bound)| holds(value, bound))
    };
    match requirement.operator {
        NodeSelectorOperator::In => label.is_some_and(|label| requirement.values.contains(label)),
        NodeSelectorOperator::NotIn => label.is_none_or(|label| !requirement.values.contains(label)),
        NodeSelectorOperator::Exists => label.is_some(),
        NodeSelectorOperator::DoesNotExist => label.is_none(),
        NodeSelectorOperator::Gt => compare(|value, bound| value > bound),
        NodeSelectorOperator::Lt => compare(|value, bound| value < bound),
    }
}

/// nodeSelectorRequirementsAsFieldSelector: validation leaves `metadata.name`, In and NotIn.
fn field_matches(requirement: &NodeSelectorRequirement, node: &Node) -> bool {
    let named = requirement.values.contains(&node.meta.name);
    match requirement.operator {
        NodeSelectorOperator::In => named,
        NodeSelectorOperator::NotIn => !named,
        NodeSelectorOperator::Exists
        | NodeSelectorOperator::DoesNotExist
        | NodeSelectorOperator::Gt
        | NodeSelectorOperator::Lt => false,
    }
}

/// NodeAffinity.PreFilter: the only nodes that the Pod can be bound to, if each of its terms names them; then none but
/// these is looked at. A term may name none.
pub fn named_nodes(pod: &PodSpec) -> Option<BTreeSet<&Str>> {
    let required = pod.affinity.as_ref()?.node_affinity.required.as_ref()?;
    if required.node_selector_terms.is_empty() {
        return None;
    }
    let mut nodes = BTreeSet::new();
    for term in &required.node_selector_terms {
        let by_name = |requirement: &&NodeSelectorRequirement| {
            &*requirement.key == "metadata.name" && requirement.operator == NodeSelectorOperator::In
        };
        let named =
            term.match_fields.iter().filter(by_name).map(|requirement| requirement.values.iter().collect());
        nodes.extend(named.reduce(|some: BTreeSet<&Str>, others| &some & &others)?);
    }
    Some(nodes)
}

/// The sum of the weights of the preferred terms that the node matches.
pub fn score(pod: &PodSpec, node: &Node) -> i64 {
    let Some(affinity) = &pod.affinity else { return 0 };
    let preferred = affinity.node_affinity.preferred.iter();
    let matched = preferred.filter(|term| term_matches(&term.preference, node));
    matched.map(|term| i64::from(term.weight)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{Affinity, Meta, NodeAffinity, NodeSelector, PreferredSchedulingTerm};

    fn node(name: &str, labels: &[(&str, &str)]) -> Node {
        let labels = labels.iter().map(|(key, value)| (Str::from(*key), Str::from(*value))).collect();
        Node { meta: Meta { name: name.into(), labels, ..Meta::default() }, ..Node::default() }
    }

    fn requirement(text: &str) -> NodeSelectorRequirement {
        let mut words = text.split_whitespace();
        let key = words.next().expect("a key").into();
        let operator = words.next().expect("an operator");
        let operator = NodeSelectorOperator::ALL.into_iter().find(|o| o.as_str() == operator);
        let values = words.map(Into::into).collect();
        NodeSelectorRequirement { key, operator: operator.expect("an operator"), values }
    }

    /// Requirements of fields begin with a dot.
    fn term(requirements: &[&str]) -> NodeSelectorTerm {
        let (fields, labels): (Vec<&str>, Vec<&str>) = requirements.iter().partition(|r| r.starts_with('.'));
        NodeSelectorTerm {
            match_expressions: labels.into_iter().map(requirement).collect(),
            match_fields: fields.into_iter().map(|field| requirement(&field[1..])).collect(),
        }
    }

    fn requires(terms: &[&[&str]]) -> PodSpec {
        let selector = NodeSelector { node_selector_terms: terms.iter().map(|t| term(t)).collect() };
        let node_affinity = NodeAffinity { required: Some(selector), preferred: Vec::new() };
        PodSpec {
            affinity: Some(Box::new(Affinity { node_affinity, ..Affinity::default() })),
            ..PodSpec::default()
        }
    }

    /// After plugins/nodeaffinity/node_affinity_test.go, TestNodeAffinity.
    #[test]
    fn nodes_match_one_of_the_terms_and_all_of_its_requirements() {
        let labels = [("foo", "bar"), ("GPU", "NVIDIA-GRID-K1"), ("cores", "8")];
        for (terms, expected) in [
            (&[&["foo In bar value2"][..]][..], true),
            (&[&["cores Gt 4"]], true),
            (&[&["cores Gt 8"]], false),
            (&[&["cores Lt 16"]], true),
            (&[&["foo Gt 4"]], false),
            (&[&["mem-type NotIn DDR DDR2"]], true),
            (&[&["GPU Exists"]], true),
            (&[&["foo In value1 value2"]], false),
            (&[], false),
            (&[&[]], false),
            (&[&["GPU Exists", "GPU NotIn AMD INTER"]], true),
            (&[&["GPU Exists", "GPU In AMD INTER"]], false),
            (&[&["foo In bar value2"], &["diffkey In wrong value2"]], true),
            (&[&["foo DoesNotExist"]], false),
            (&[&["none DoesNotExist"]], true),
            (&[&[".metadata.name In node-1"]], true),
            (&[&[".metadata.name In node-2"]], false),
            (&[&[".metadata.name NotIn node-2"]], true),
            (&[&[".metadata.name In node-2"], &["foo In bar"]], true),
            (&[&[".metadata.name In node-2", "foo In bar"]], false),
            (&[&[".metadata.name In node-1", "foo In bar"]], true),
        ] {
            assert_eq!(matches(&requires(terms), &node("node-1", &labels)), expected, "{terms:?}");
        }
    }

    #[test]
    fn the_node_selector_must_hold_too() {
        let mut spec = requires(&[&["foo Exists"]]);
        spec.node_selector.insert("foo".into(), "bar".into());
        assert!(matches(&spec, &node("node-1", &[("foo", "bar")])));
        assert!(!matches(&spec, &node("node-1", &[("foo", "baz")])));
    }

    /// After TestNodeAffinity, the cases with wantPreFilterResult.
    #[test]
    fn a_pod_may_name_its_nodes() {
        for (terms, expected) in [
            (&[&["foo In bar"][..]][..], None),
            (&[&[".metadata.name In node-1"]], Some(vec!["node-1"])),
            (&[&[".metadata.name In node-1"], &[".metadata.name In node-2"]], Some(vec!["node-1", "node-2"])),
            (&[&[".metadata.name In node-1"], &["foo In bar"]], None),
            (&[&[".metadata.name In node-1", ".metadata.name In node-2"]], Some(vec![])),
            (&[&[".metadata.name NotIn node-1"]], None),
        ] {
            let spec = requires(terms);
            let named =
                named_nodes(&spec).map(|names| names.into_iter().map(|name| &**name).collect::<Vec<&str>>());
            assert_eq!(named, expected, "{terms:?}");
        }
    }

    /// After TestNodeAffinityPriority.
    #[test]
    fn preferred_terms_add_their_weights() {
        let prefers = |weight, requirements: &[&str]| PreferredSchedulingTerm {
            weight,
            preference: term(requirements),
        };
        let preferred = vec![
            prefers(2, &["foo In bar"]),
            prefers(4, &["key In value"]),
            prefers(5, &["foo In bar", "key In value", "az In az1"]),
            prefers(7, &[]),
        ];
        let node_affinity = NodeAffinity { required: None, preferred };
        let spec = PodSpec {
            affinity: Some(Box::new(Affinity { node_affinity, ..Affinity::default() })),
            ..PodSpec::default()
        };
        for (labels, expected) in [
            (&[("foo", "bar")][..], 2),
            (&[("key", "value")], 4),
            (&[("foo", "bar"), ("key", "value"), ("az", "az1")], 11),
            (&[], 0),
        ] {
            assert_eq!(score(&spec, &node("node", labels)), expected, "{labels:?}");
        }
    }
}
