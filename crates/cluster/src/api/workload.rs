//! `apps/v1` Deployment and ReplicaSet.

use serde::Serialize;

use super::{Labels, Meta, PodTemplate, Str};

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Deployment {
    pub meta: Meta,
    pub replicas: u32,
    pub selector: Selector,
    pub template: PodTemplate,
    pub strategy: DeploymentStrategy,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReplicaSet {
    pub meta: Meta,
    pub replicas: u32,
    pub selector: Selector,
    pub template: PodTemplate,
}

/// `spec.selector` of a workload: `matchLabels` and `matchExpressions`, all of which must hold.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct Selector {
    pub match_labels: Labels,
    pub match_expressions: Vec<Requirement>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Requirement {
    pub key: Str,
    pub operator: Operator,
    pub values: Vec<Str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Operator {
    In,
    NotIn,
    Exists,
    DoesNotExist,
}

impl Selector {
    /// An empty selector matches everything, as in apimachinery's LabelSelectorAsSelector.
    pub fn matches(&self, labels: &Labels) -> bool {
        self.match_labels.iter().all(|(k, v)| labels.get(k) == Some(v))
            && self.match_expressions.iter().all(|r| r.matches(labels))
    }
}

impl Requirement {
    fn matches(&self, labels: &Labels) -> bool {
        let value = labels.get(&self.key);
        match self.operator {
            Operator::In => value.is_some_and(|v| self.values.contains(v)),
            // NotIn holds for an object without the key: apimachinery labels/selector.go, Matches.
            Operator::NotIn => value.is_none_or(|v| !self.values.contains(v)),
            Operator::Exists => value.is_some(),
            Operator::DoesNotExist => value.is_none(),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum DeploymentStrategy {
    Recreate,
    RollingUpdate { max_surge: IntOrPercent, max_unavailable: IntOrPercent },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum IntOrPercent {
    Int(u32),
    Percent(u32),
}

impl Default for DeploymentStrategy {
    fn default() -> DeploymentStrategy {
        DeploymentStrategy::RollingUpdate {
            max_surge: IntOrPercent::Percent(25),
            max_unavailable: IntOrPercent::Percent(25),
        }
    }
}
