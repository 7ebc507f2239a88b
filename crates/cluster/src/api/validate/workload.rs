//! `apps/v1` Deployment and ReplicaSet (apps validation.go, ValidateDeploymentSpec, ValidateReplicaSetSpec).

use super::{forbid, meta, name, pod};
use crate::api::field::{Error, Path};
use crate::api::{
    Deployment, DeploymentStrategy, DiagnosticKind, IntOrPercent, NameRule, Operator, PodTemplate,
    ReplicaSet, Requirement, Rule, Selector,
};

pub fn deployment(deployment: &Deployment) -> Vec<Error> {
    let (mut errors, path) = (meta::validate::<Deployment>(&deployment.meta), Path::new("spec"));
    selected_template(&deployment.selector, &deployment.template, &path, &mut errors);
    strategy(&deployment.strategy, &path.child("strategy"), &mut errors);
    errors
}

pub fn replica_set(set: &ReplicaSet) -> Vec<Error> {
    let (mut errors, path) = (meta::validate::<ReplicaSet>(&set.meta), Path::new("spec"));
    selected_template(&set.selector, &set.template, &path, &mut errors);
    errors
}

fn selected_template(selector: &Selector, template: &PodTemplate, path: &Path<'_>, errors: &mut Vec<Error>) {
    let before = errors.len();
    self::selector(selector, &path.child("selector"), errors);
    let (template_path, is_selector_good) = (path.child("template"), errors.len() == before);
    pod::template(template, &template_path, errors);
    if is_selector_good && !selector.matches(&template.labels) {
        let metadata = template_path.child("metadata");
        errors.push(metadata.child("labels").error(DiagnosticKind::SelectorMismatch));
    }
}

fn selector(selector: &Selector, path: &Path<'_>, errors: &mut Vec<Error>) {
    if selector.match_labels.is_empty() && selector.match_expressions.is_empty() {
        forbid(path, Rule::EmptySelector, errors);
    }
    label_selector(selector, path, errors);
}

/// apimachinery, ValidateLabelSelector.
pub fn label_selector(selector: &Selector, path: &Path<'_>, errors: &mut Vec<Error>) {
    let Selector { match_labels, match_expressions } = selector;
    meta::labels(match_labels, &path.child("matchLabels"), errors);
    let list = path.child("matchExpressions");
    for (index, expression) in match_expressions.iter().enumerate() {
        requirement(expression, &list.item(index), errors);
    }
}

/// apimachinery, ValidateLabelSelectorRequirement.
fn requirement(requirement: &Requirement, path: &Path<'_>, errors: &mut Vec<Error>) {
    let Requirement { key, operator, values } = requirement;
    match key.is_empty() {
        true => errors.push(path.child("key").error(DiagnosticKind::Required)),
        false => name(&path.child("key"), key, NameRule::QualifiedName, errors),
    }
    let list = path.child("values");
    match operator {
        Operator::In | Operator::NotIn if values.is_empty() => forbid(&list, Rule::ValuesMissing, errors),
        Operator::Exists | Operator::DoesNotExist if !values.is_empty() => {
            forbid(&list, Rule::ValuesWithExists, errors);
        }
        Operator::In | Operator::NotIn | Operator::Exists | Operator::DoesNotExist => {}
    }
    for (index, value) in values.iter().enumerate() {
        name(&list.item(index), value, NameRule::LabelValue, errors);
    }
}

fn strategy(strategy: &DeploymentStrategy, path: &Path<'_>, errors: &mut Vec<Error>) {
    let DeploymentStrategy::RollingUpdate { max_surge, max_unavailable } = *strategy else { return };
    let rolling = path.child("rollingUpdate");
    let unavailable = rolling.child("maxUnavailable");
    let is_zero = |value| matches!(value, IntOrPercent::Int(0) | IntOrPercent::Percent(0));
    if is_zero(max_unavailable) && is_zero(max_surge) {
        forbid(&unavailable, Rule::BothZero, errors);
    }
    if let IntOrPercent::Percent(above @ 101..) = max_unavailable {
        let value = above.to_string().into();
        errors.push(unavailable.error(DiagnosticKind::OutOfRange { value, min: 0, max: 100 }));
    }
}
