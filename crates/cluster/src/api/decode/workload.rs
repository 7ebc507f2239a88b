//! `apps/v1` Deployment and ReplicaSet (apps defaults.go).

use super::spot::Spot;
use super::{meta, pod};
use crate::api::diagnostic::clip;
use crate::api::findings::Findings;
use crate::api::{
    Deployment, DeploymentStrategy, DiagnosticKind, Format, IntOrPercent, Operator, PodTemplate, ReplicaSet,
    Requirement, Rule, Selector,
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
    let template = spec.field("template");
    check_restart_policy(&template.field("spec").field("restartPolicy"), findings);
    (selector(&spec.field("selector"), findings), pod::template(&template, findings))
}

/// A workload's Pods are restarted for ever.
fn check_restart_policy(policy: &Spot<'_>, findings: &mut Findings) {
    if policy.text().is_some_and(|p| &**p != "Always") {
        pod::unsupported(policy, &["Always"], findings);
    }
}

/// No selector is not an empty one.
fn selector(spot: &Spot<'_>, findings: &mut Findings) -> Selector {
    if !spot.is_set() {
        spot.error(findings, DiagnosticKind::Required);
    }
    let list = spot.field("matchExpressions");
    Selector {
        match_labels: spot.field("matchLabels").labels(),
        match_expressions: (0..list.len()).map(|i| requirement(&list.item(i), findings)).collect(),
    }
}

/// An operator that cannot be read stands as one that the values beside it suit.
fn requirement(spot: &Spot<'_>, findings: &mut Findings) -> Requirement {
    const OPERATORS: &[&str] = &["DoesNotExist", "Exists", "In", "NotIn"];
    let values = spot.field("values").strings();
    pod::required(&spot.field("operator"), findings);
    let operator = match pod::one_of(&spot.field("operator"), OPERATORS, findings) {
        Some("In") => Operator::In,
        Some("NotIn") => Operator::NotIn,
        Some("Exists") => Operator::Exists,
        Some(_) => Operator::DoesNotExist,
        None if values.is_empty() => Operator::Exists,
        None => Operator::In,
    };
    Requirement { key: spot.field("key").text().cloned().unwrap_or_else(|| "".into()), operator, values }
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
    let max_unavailable = int_or_percent(&rolling.field("maxUnavailable"), findings);
    let max_surge = int_or_percent(&rolling.field("maxSurge"), findings);
    DeploymentStrategy::RollingUpdate { max_surge, max_unavailable }
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
