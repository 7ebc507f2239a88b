//! `apps/v1` Deployment and ReplicaSet (apps validation.go, ValidateDeploymentSpec; defaults.go).

use super::spot::Spot;
use super::{meta, names, pod};
use crate::api::diagnostic::clip;
use crate::api::findings::Findings;
use crate::api::{
    Deployment, DeploymentStrategy, DiagnosticKind, Format, IntOrPercent, NameRule, Operator, PodTemplate,
    ReplicaSet, Requirement, Rule, Selector,
};

pub fn deployment(root: &Spot<'_>, findings: &mut Findings) -> Deployment {
    let meta = meta::decode::<Deployment>(root);
    let spec = root.field("spec");
    let (selector, template) = selected_template(&spec, findings);
    Deployment {
        meta,
        replicas: replicas(&spec.field("replicas"), findings),
        selector,
        template,
        strategy: strategy(&spec.field("strategy"), findings),
    }
}

pub fn replica_set(root: &Spot<'_>, findings: &mut Findings) -> ReplicaSet {
    let meta = meta::decode::<ReplicaSet>(root);
    let spec = root.field("spec");
    let (selector, template) = selected_template(&spec, findings);
    ReplicaSet { meta, replicas: replicas(&spec.field("replicas"), findings), selector, template }
}

fn replicas(spot: &Spot<'_>, findings: &mut Findings) -> u32 {
    let count = spot.int_in(findings, 0, i64::from(i32::MAX));
    count.and_then(|n| u32::try_from(n).ok()).unwrap_or(1)
}

fn selected_template(spec: &Spot<'_>, findings: &mut Findings) -> (Selector, PodTemplate) {
    let spot = spec.field("selector");
    let errors = findings.errors();
    let selector = selector(&spot, findings);
    let template_spot = spec.field("template");
    let template = pod::template(&template_spot, findings);
    check_template(&template_spot, findings);
    let pod_labels = template_spot.field("metadata");
    let pod_labels = pod_labels.field("labels");
    if findings.errors() == errors && !selector.matches(&template.labels) {
        pod_labels.error(findings, DiagnosticKind::SelectorMismatch);
    }
    (selector, template)
}

/// A workload's Pods are restarted for ever.
fn check_template(template: &Spot<'_>, findings: &mut Findings) {
    let spec = template.field("spec");
    let policy = spec.field("restartPolicy");
    if policy.text().is_some_and(|p| &**p != "Always") {
        pod::unsupported(&policy, &["Always"], findings);
    }
}

fn selector(spot: &Spot<'_>, findings: &mut Findings) -> Selector {
    let match_labels = meta::labels(&spot.field("matchLabels"), findings);
    let list = spot.field("matchExpressions");
    let requirements = (0..list.len()).filter_map(|i| requirement(&list.item(i), findings));
    let match_expressions: Vec<Requirement> = requirements.collect();
    if !spot.is_set() {
        spot.error(findings, DiagnosticKind::Required);
    } else if match_labels.is_empty() && list.len() == 0 {
        spot.error(findings, DiagnosticKind::Forbidden { why: Rule::EmptySelector });
    }
    Selector { match_labels, match_expressions }
}

/// apimachinery, ValidateLabelSelectorRequirement.
fn requirement(spot: &Spot<'_>, findings: &mut Findings) -> Option<Requirement> {
    const OPERATORS: &[&str] = &["DoesNotExist", "Exists", "In", "NotIn"];
    let key = pod::required(&spot.field("key"), findings);
    if !key.is_empty() {
        names::check(&spot.field("key"), &key, NameRule::QualifiedName, findings);
    }
    pod::required(&spot.field("operator"), findings);
    let operator = match pod::one_of(&spot.field("operator"), OPERATORS, findings)? {
        "In" => Operator::In,
        "NotIn" => Operator::NotIn,
        "Exists" => Operator::Exists,
        _ => Operator::DoesNotExist,
    };
    let list = spot.field("values");
    let values = list.strings();
    let needs_values = matches!(operator, Operator::In | Operator::NotIn);
    if needs_values && list.len() == 0 {
        list.error(findings, DiagnosticKind::Forbidden { why: Rule::ValuesMissing });
    } else if !needs_values && list.len() > 0 {
        list.error(findings, DiagnosticKind::Forbidden { why: Rule::ValuesWithExists });
    }
    for (i, value) in values.iter().enumerate() {
        names::check(&list.item(i), value, NameRule::LabelValue, findings);
    }
    Some(Requirement { key, operator, values })
}

fn strategy(spot: &Spot<'_>, findings: &mut Findings) -> DeploymentStrategy {
    let type_ = spot.field("type");
    let rolling = spot.field("rollingUpdate");
    if pod::one_of(&type_, &["Recreate", "RollingUpdate"], findings) == Some("Recreate") {
        if rolling.is_set() {
            rolling.error(findings, DiagnosticKind::Forbidden { why: Rule::RollingUpdateWithRecreate });
        }
        return DeploymentStrategy::Recreate;
    }
    let unavailable = rolling.field("maxUnavailable");
    let max_unavailable = int_or_percent(&unavailable, findings);
    let max_surge = int_or_percent(&rolling.field("maxSurge"), findings);
    if is_zero(max_unavailable) && is_zero(max_surge) {
        unavailable.error(findings, DiagnosticKind::Forbidden { why: Rule::BothZero });
    }
    if let IntOrPercent::Percent(above @ 101..) = max_unavailable {
        let value = above.to_string().into();
        unavailable.error(findings, DiagnosticKind::OutOfRange { value, min: 0, max: 100 });
    }
    DeploymentStrategy::RollingUpdate { max_surge, max_unavailable }
}

fn is_zero(value: IntOrPercent) -> bool {
    matches!(value, IntOrPercent::Int(0) | IntOrPercent::Percent(0))
}

/// 25% when nothing is written.
fn int_or_percent(spot: &Spot<'_>, findings: &mut Findings) -> IntOrPercent {
    const DEFAULT: IntOrPercent = IntOrPercent::Percent(25);
    if let Some(text) = spot.str() {
        let digits = text.strip_suffix('%').filter(|d| d.bytes().all(|b| b.is_ascii_digit()));
        let Some(percent) = digits.and_then(|d| d.parse().ok()) else {
            spot.error(findings, DiagnosticKind::BadFormat { value: clip(text), format: Format::Percent });
            return DEFAULT;
        };
        return IntOrPercent::Percent(percent);
    }
    let count = spot.int_in(findings, 0, i64::from(i32::MAX));
    count.and_then(|n| u32::try_from(n).ok()).map_or(DEFAULT, IntOrPercent::Int)
}
