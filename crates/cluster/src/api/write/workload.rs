//! `spec` of Deployments and ReplicaSets.

use super::{at, map, pod, put_labels, put_or_remove, text, texts};
use crate::api::{
    Deployment, DeploymentStrategy, IntOrPercent, Operator, PodTemplate, ReplicaSet, Requirement, Selector,
    Tree,
};

pub fn overlay_deployment(tree: &mut Tree, deployment: &Deployment) {
    let spec = at(tree, "spec");
    spec.put("replicas", Tree::int(i64::from(deployment.replicas)));
    overlay_selector(spec, &deployment.selector);
    let strategy = strategy(&deployment.strategy);
    spec.put("strategy", strategy);
    overlay_template(at(spec, "template"), &deployment.template);
}

pub fn overlay_replica_set(tree: &mut Tree, set: &ReplicaSet) {
    let spec = at(tree, "spec");
    spec.put("replicas", Tree::int(i64::from(set.replicas)));
    overlay_selector(spec, &set.selector);
    overlay_template(at(spec, "template"), &set.template);
}

/// What was written stays, but for the fields that `template` says anew.
pub fn overlay_template(tree: &mut Tree, template: &PodTemplate) {
    let meta = at(tree, "metadata");
    put_labels(meta, "labels", &template.labels);
    put_labels(meta, "annotations", &template.annotations);
    pod::overlay_spec(at(tree, "spec"), &template.spec);
}

/// A selector that no text says.
pub fn selector(selector: &Selector) -> Tree {
    let mut out = Tree::map();
    put_selector(&mut out, selector);
    out
}

fn overlay_selector(spec: &mut Tree, selector: &Selector) {
    put_selector(at(spec, "selector"), selector);
}

fn put_selector(out: &mut Tree, selector: &Selector) {
    put_labels(out, "matchLabels", &selector.match_labels);
    let requirements: Vec<Tree> = selector.match_expressions.iter().map(requirement).collect();
    put_or_remove(out, "matchExpressions", (!requirements.is_empty()).then(|| Tree::seq(requirements)));
}

fn requirement(requirement: &Requirement) -> Tree {
    let operator = match requirement.operator {
        Operator::In => "In",
        Operator::NotIn => "NotIn",
        Operator::Exists => "Exists",
        Operator::DoesNotExist => "DoesNotExist",
    };
    let mut out = map([("key", text(&requirement.key)), ("operator", text(operator))]);
    if !requirement.values.is_empty() {
        out.put("values", texts(&requirement.values));
    }
    out
}

fn strategy(strategy: &DeploymentStrategy) -> Tree {
    match strategy {
        DeploymentStrategy::Recreate => map([("type", text("Recreate"))]),
        DeploymentStrategy::RollingUpdate { max_surge, max_unavailable } => {
            let (surge, unavailable) = (int_or_percent(*max_surge), int_or_percent(*max_unavailable));
            let rolling = map([("maxSurge", surge), ("maxUnavailable", unavailable)]);
            map([("rollingUpdate", rolling), ("type", text("RollingUpdate"))])
        }
    }
}

fn int_or_percent(value: IntOrPercent) -> Tree {
    match value {
        IntOrPercent::Int(number) => Tree::int(i64::from(number)),
        IntOrPercent::Percent(number) => text(&[&number.to_string(), "%"].concat()),
    }
}
