//! `apps/v1` Deployment and ReplicaSet.

use super::field_cursor::FieldCursor;
use super::{meta, pod};
use crate::api::diagnostic::clip;
use crate::api::diagnostics::Diagnostics;
use crate::api::workload::DEFAULT_REPLICAS;
use crate::api::{
    Deployment, DeploymentStrategy, DiagnosticKind, Format, IntOrPercent, Operator, PodTemplate, ReplicaSet,
    Requirement, Rule, Selector,
};

pub fn deployment(root: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Deployment {
    let meta = meta::decode::<Deployment>(root);
    let spec = root.field("spec");
    let (selector, template) = selected_template(&spec, diagnostics);
    Deployment {
        meta,
        replicas: replicas(&spec, diagnostics),
        selector,
        template,
        strategy: strategy(&spec.field("strategy"), diagnostics),
    }
}

pub fn replica_set(root: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> ReplicaSet {
    let meta = meta::decode::<ReplicaSet>(root);
    let spec = root.field("spec");
    let (selector, template) = selected_template(&spec, diagnostics);
    ReplicaSet { meta, replicas: replicas(&spec, diagnostics), selector, template }
}

fn replicas(spec: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> u32 {
    spec.field("replicas").number(diagnostics, 0, i64::from(i32::MAX)).unwrap_or(DEFAULT_REPLICAS)
}

fn selected_template(spec: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> (Selector, PodTemplate) {
    (selector(&spec.field("selector"), diagnostics), pod::template(&spec.field("template"), diagnostics))
}

/// A missing selector differs from an empty one.
fn selector(cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Selector {
    if !cursor.is_set() {
        cursor.error(diagnostics, DiagnosticKind::Required);
    }
    label_selector(cursor, diagnostics)
}

/// `metav1` LabelSelector.
pub fn label_selector(cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Selector {
    let list = cursor.field("matchExpressions");
    Selector {
        match_labels: cursor.field("matchLabels").labels(),
        match_expressions: (0..list.len()).map(|i| requirement(&list.item(i), diagnostics)).collect(),
    }
}

/// An unreadable operator is replaced by one that fits the values, so that no second error follows.
fn requirement(cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Requirement {
    const OPERATORS: &[&str] = &["DoesNotExist", "Exists", "In", "NotIn"];
    let values = cursor.field("values").strings();
    pod::required(&cursor.field("operator"), diagnostics);
    let operator = match pod::one_of(&cursor.field("operator"), OPERATORS, diagnostics) {
        Some("In") => Operator::In,
        Some("NotIn") => Operator::NotIn,
        Some("Exists") => Operator::Exists,
        Some(_) => Operator::DoesNotExist,
        None if values.is_empty() => Operator::Exists,
        None => Operator::In,
    };
    Requirement { key: cursor.field("key").text().cloned().unwrap_or_else(|| "".into()), operator, values }
}

fn strategy(cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> DeploymentStrategy {
    let type_ = cursor.field("type");
    let rolling = cursor.field("rollingUpdate");
    if pod::one_of(&type_, &["Recreate", "RollingUpdate"], diagnostics) == Some("Recreate") {
        if rolling.is_set() {
            rolling.error(diagnostics, DiagnosticKind::Forbidden { why: Rule::RollingUpdateWithRecreate });
        }
        return DeploymentStrategy::Recreate;
    }
    let max_unavailable = int_or_percent(&rolling.field("maxUnavailable"), diagnostics);
    let max_surge = int_or_percent(&rolling.field("maxSurge"), diagnostics);
    DeploymentStrategy::RollingUpdate { max_surge, max_unavailable }
}

/// The default when nothing is written.
fn int_or_percent(cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> IntOrPercent {
    const DEFAULT: IntOrPercent = DeploymentStrategy::DEFAULT_LIMIT;
    if let Some(text) = cursor.str() {
        let digits = text.strip_suffix('%').filter(|d| d.bytes().all(|b| b.is_ascii_digit()));
        let Some(percent) = digits.and_then(|d| d.parse().ok()) else {
            cursor
                .error(diagnostics, DiagnosticKind::BadFormat { value: clip(text), format: Format::Percent });
            return DEFAULT;
        };
        return IntOrPercent::Percent(percent);
    }
    cursor.number(diagnostics, 0, i64::from(i32::MAX)).map_or(DEFAULT, IntOrPercent::Int)
}
