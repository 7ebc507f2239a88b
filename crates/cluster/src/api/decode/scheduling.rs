//! What the scheduler reads of Pods and Nodes: affinity, tolerations and taints, spread constraints, gates.

use super::field_cursor::FieldCursor;
use super::pod::{one_of, required, unsupported};
use super::schema::Shape::{Int32, Int64, List, Obj, Str, Strs};
use super::schema::{Struct, field, named};
use crate::api::diagnostics::Diagnostics;
use crate::api::validate::quoted;
use crate::api::{
    Affinity, DiagnosticKind, NodeAffinity, NodeInclusionPolicy, NodeSelector, NodeSelectorOperator,
    NodeSelectorRequirement, NodeSelectorTerm, PodAffinity, PodAffinityTerm, PreferredSchedulingTerm, Rule,
    Selector, Str as Text, Taint, TaintEffect, Toleration, TolerationOperator, TopologySpreadConstraint,
    WeightedPodAffinityTerm, WhenUnsatisfiable,
};

pub const AFFINITY: &Struct = &named(
    "Affinity",
    &[
        field("nodeAffinity", Obj(NODE_AFFINITY)),
        field("podAffinity", Obj(POD_AFFINITY)),
        field("podAntiAffinity", Obj(POD_AFFINITY)),
    ],
);

const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";

const NODE_AFFINITY: &Struct = &named(
    "NodeAffinity",
    &[
        field(REQUIRED, Obj(&named("NodeSelector", &[field("nodeSelectorTerms", List(NODE_SELECTOR_TERM))]))),
        field(
            PREFERRED,
            List(&named(
                "PreferredSchedulingTerm",
                &[field("weight", Int32), field("preference", Obj(NODE_SELECTOR_TERM))],
            )),
        ),
    ],
);

const NODE_SELECTOR_TERM: &Struct = &named(
    "NodeSelectorTerm",
    &[field("matchExpressions", List(NODE_REQUIREMENT)), field("matchFields", List(NODE_REQUIREMENT))],
);

const NODE_REQUIREMENT: &Struct =
    &named("NodeSelectorRequirement", &[field("key", Str), field("operator", Str), field("values", Strs)]);

const POD_AFFINITY: &Struct = &named(
    "PodAffinity",
    &[
        field(REQUIRED, List(POD_AFFINITY_TERM)),
        field(
            PREFERRED,
            List(&named(
                "WeightedPodAffinityTerm",
                &[field("weight", Int32), field("podAffinityTerm", Obj(POD_AFFINITY_TERM))],
            )),
        ),
    ],
);

const POD_AFFINITY_TERM: &Struct = &named(
    "PodAffinityTerm",
    &[
        field("labelSelector", Obj(Selector::FIELDS)),
        field("namespaces", Strs),
        field("topologyKey", Str),
        field("namespaceSelector", Obj(Selector::FIELDS)),
        field("matchLabelKeys", Strs),
        field("mismatchLabelKeys", Strs),
    ],
);

pub const TOLERATION: &Struct = &named(
    "Toleration",
    &[
        field("key", Str),
        field("operator", Str),
        field("value", Str),
        field("effect", Str),
        field("tolerationSeconds", Int64),
    ],
);

pub const TAINT: &Struct =
    &named("Taint", &[field("key", Str), field("value", Str), field("effect", Str), field("timeAdded", Str)]);

pub const TOPOLOGY_SPREAD_CONSTRAINT: &Struct = &named(
    "TopologySpreadConstraint",
    &[
        field("maxSkew", Int32),
        field("topologyKey", Str),
        field("whenUnsatisfiable", Str),
        field("labelSelector", Obj(Selector::FIELDS)),
        field("minDomains", Int32),
        field("nodeAffinityPolicy", Str),
        field("nodeTaintsPolicy", Str),
        field("matchLabelKeys", Strs),
    ],
);

pub const SCHEDULING_GATE: &Struct = &named("PodSchedulingGate", &[field("name", Str)]);

pub fn affinity(cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Option<Box<Affinity>> {
    cursor.is_set().then(|| {
        Box::new(Affinity {
            node_affinity: node_affinity(&cursor.field("nodeAffinity"), diagnostics),
            pod_affinity: pod_affinity(&cursor.field("podAffinity"), diagnostics),
            pod_anti_affinity: pod_affinity(&cursor.field("podAntiAffinity"), diagnostics),
        })
    })
}

fn node_affinity(cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> NodeAffinity {
    let required = cursor.field(REQUIRED);
    NodeAffinity {
        required: required.is_set().then(|| NodeSelector {
            node_selector_terms: items(&required.field("nodeSelectorTerms"), diagnostics, node_selector_term),
        }),
        preferred: items(&cursor.field(PREFERRED), diagnostics, |item, diagnostics| {
            PreferredSchedulingTerm {
                weight: weight(item, diagnostics),
                preference: node_selector_term(&item.field("preference"), diagnostics),
            }
        }),
    }
}

fn node_selector_term(cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> NodeSelectorTerm {
    NodeSelectorTerm {
        match_expressions: items(&cursor.field("matchExpressions"), diagnostics, node_requirement),
        match_fields: items(&cursor.field("matchFields"), diagnostics, node_requirement),
    }
}

/// An unreadable operator is replaced by one that fits the values, so that no second error follows.
fn node_requirement(cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> NodeSelectorRequirement {
    let (values, operator) = (cursor.field("values").strings(), cursor.field("operator"));
    let known = NodeSelectorOperator::ALL.into_iter().find(|known| is(&operator, known.as_str()));
    if known.is_none() {
        no_operator(&operator, diagnostics);
    }
    let fitting = if values.is_empty() { NodeSelectorOperator::Exists } else { NodeSelectorOperator::In };
    NodeSelectorRequirement { key: text(&cursor.field("key")), operator: known.unwrap_or(fitting), values }
}

fn pod_affinity(cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> PodAffinity {
    PodAffinity {
        required: items(&cursor.field(REQUIRED), diagnostics, pod_affinity_term),
        preferred: items(&cursor.field(PREFERRED), diagnostics, |item, diagnostics| {
            WeightedPodAffinityTerm {
                weight: weight(item, diagnostics),
                pod_affinity_term: pod_affinity_term(&item.field("podAffinityTerm"), diagnostics),
            }
        }),
    }
}

fn pod_affinity_term(cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> PodAffinityTerm {
    PodAffinityTerm {
        label_selector: selector(&cursor.field("labelSelector"), diagnostics),
        namespaces: cursor.field("namespaces").strings(),
        namespace_selector: selector(&cursor.field("namespaceSelector"), diagnostics),
        topology_key: text(&cursor.field("topologyKey")),
        match_label_keys: cursor.field("matchLabelKeys").strings(),
        mismatch_label_keys: cursor.field("mismatchLabelKeys").strings(),
    }
}

/// A number that no u32 holds has been reported; 1 stands for it.
fn weight(item: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> u32 {
    let weight = item.field("weight").int_in(diagnostics, 1, 100);
    weight.and_then(|weight| u32::try_from(weight).ok()).unwrap_or(1)
}

pub fn tolerations(list: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Vec<Toleration> {
    items(list, diagnostics, |item, diagnostics| {
        let operator = toleration_operator(&item.field("operator"), diagnostics);
        let operator = operator.map(|operator| match operator {
            "Exists" => TolerationOperator::Exists,
            _ => TolerationOperator::Equal,
        });
        Toleration {
            key: text(&item.field("key")),
            operator,
            value: text(&item.field("value")),
            effect: effect(&item.field("effect"), diagnostics),
            toleration_seconds: item.field("tolerationSeconds").int(),
        }
    })
}

/// Those of a feature that is off are named where one of them is asked for.
fn toleration_operator<'a>(cursor: &FieldCursor<'a>, diagnostics: &mut Diagnostics) -> Option<&'a str> {
    const ALL: &[&str] = &["Equal", "Exists", "Lt", "Gt"];
    if is(cursor, "Lt") || is(cursor, "Gt") {
        unsupported(cursor, ALL, diagnostics);
        return None;
    }
    one_of(cursor, &ALL[..2], diagnostics)
}

pub fn taints(list: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Vec<Taint> {
    items(list, diagnostics, |item, diagnostics| {
        required(&item.field("effect"), diagnostics);
        Taint {
            key: text(&item.field("key")),
            value: text(&item.field("value")),
            effect: effect(&item.field("effect"), diagnostics).unwrap_or(TaintEffect::NoSchedule),
            time_added: item.field("timeAdded").str().cloned(),
        }
    })
}

fn effect(cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Option<TaintEffect> {
    const EFFECTS: &[&str] = &["NoSchedule", "PreferNoSchedule", "NoExecute"];
    let known = one_of(cursor, EFFECTS, diagnostics)?;
    TaintEffect::ALL.into_iter().find(|effect| effect.as_str() == known)
}

pub fn topology_spread_constraints(
    list: &FieldCursor<'_>,
    diagnostics: &mut Diagnostics,
) -> Vec<TopologySpreadConstraint> {
    items(list, diagnostics, |item, diagnostics| {
        let action = item.field("whenUnsatisfiable");
        required(&action, diagnostics);
        let when_unsatisfiable = match one_of(&action, &["DoNotSchedule", "ScheduleAnyway"], diagnostics) {
            Some("ScheduleAnyway") => WhenUnsatisfiable::ScheduleAnyway,
            Some(_) | None => WhenUnsatisfiable::DoNotSchedule,
        };
        TopologySpreadConstraint {
            max_skew: count(&item.field("maxSkew"), diagnostics).unwrap_or(0),
            topology_key: text(&item.field("topologyKey")),
            when_unsatisfiable,
            label_selector: selector(&item.field("labelSelector"), diagnostics),
            min_domains: count(&item.field("minDomains"), diagnostics),
            node_affinity_policy: inclusion(&item.field("nodeAffinityPolicy"), diagnostics),
            node_taints_policy: inclusion(&item.field("nodeTaintsPolicy"), diagnostics),
            match_label_keys: item.field("matchLabelKeys").strings(),
        }
    })
}

fn count(cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Option<u32> {
    cursor.int_in(diagnostics, 0, i64::from(i32::MAX)).and_then(|count| u32::try_from(count).ok())
}

fn inclusion(cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Option<NodeInclusionPolicy> {
    match one_of(cursor, &["Honor", "Ignore"], diagnostics)? {
        "Honor" => Some(NodeInclusionPolicy::Honor),
        _ => Some(NodeInclusionPolicy::Ignore),
    }
}

/// Their names.
pub fn scheduling_gates(list: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Vec<Text> {
    items(list, diagnostics, |item, diagnostics| required(&item.field("name"), diagnostics))
}

/// Of a selector's requirement: a word that is none, or nothing.
pub fn no_operator(cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) {
    let (value, why) = (quoted(cursor.str().map_or("", |text| text)), Rule::SelectorOperator);
    cursor.error(diagnostics, DiagnosticKind::Violates { value, why });
}

fn selector(cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Option<Selector> {
    cursor.is_set().then(|| Selector::decode(cursor, diagnostics))
}

fn items<T>(
    list: &FieldCursor<'_>,
    diagnostics: &mut Diagnostics,
    item: impl Fn(&FieldCursor<'_>, &mut Diagnostics) -> T,
) -> Vec<T> {
    (0..list.len()).map(|index| item(&list.item(index), diagnostics)).collect()
}

fn text(cursor: &FieldCursor<'_>) -> Text {
    cursor.text().cloned().unwrap_or_default()
}

fn is(cursor: &FieldCursor<'_>, word: &str) -> bool {
    cursor.text().is_some_and(|text| &**text == word)
}
