//! `apps/v1` Deployment and ReplicaSet.

use serde::Serialize;

use super::decode::{self, Field, FieldCursor, fields};
use super::diagnostics::Diagnostics;
use super::field;
use super::kind::Codec;
use super::validate;
use super::{ApiResource, Labels, Meta, NameRule, PodTemplate, Resource, Scope, Str, Tree, write};

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Deployment {
    pub meta: Meta,
    pub replicas: u32,
    pub selector: Selector,
    pub template: PodTemplate,
    pub strategy: DeploymentStrategy,
}

impl Resource for Deployment {
    const API: ApiResource = ApiResource {
        kind: "Deployment",
        api_version: "apps/v1",
        plural: "deployments",
        singular: "deployment",
        short_names: &["deploy"],
        scope: Scope::Namespaced,
    };
    const NAME_RULE: NameRule = NameRule::Dns1123Subdomain;
}

impl Codec for Deployment {
    const FIELDS: &'static [Field] = fields::DEPLOYMENT;

    fn decode(root: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Deployment {
        decode::workload::deployment(root, diagnostics)
    }

    fn set_defaults(&mut self) {
        self.template.spec.set_defaults();
    }

    fn validate(&self) -> Vec<field::Error> {
        validate::workload::deployment(self)
    }

    fn print(&self, over: &mut Tree) {
        write::workload::overlay_deployment(over, self);
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReplicaSet {
    pub meta: Meta,
    pub replicas: u32,
    pub selector: Selector,
    pub template: PodTemplate,
}

impl Resource for ReplicaSet {
    const API: ApiResource = ApiResource {
        kind: "ReplicaSet",
        api_version: "apps/v1",
        plural: "replicasets",
        singular: "replicaset",
        short_names: &["rs"],
        scope: Scope::Namespaced,
    };
    const NAME_RULE: NameRule = NameRule::Dns1123Subdomain;
}

impl Codec for ReplicaSet {
    const FIELDS: &'static [Field] = fields::REPLICA_SET;

    fn decode(root: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> ReplicaSet {
        decode::workload::replica_set(root, diagnostics)
    }

    fn set_defaults(&mut self) {
        self.template.spec.set_defaults();
    }

    fn validate(&self) -> Vec<field::Error> {
        validate::workload::replica_set(self)
    }

    fn print(&self, over: &mut Tree) {
        write::workload::overlay_replica_set(over, self);
    }
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

/// apps/v1 defaults.go, SetDefaults_Deployment and SetDefaults_ReplicaSet: `replicas` that are not written.
pub const DEFAULT_REPLICAS: u32 = 1;

impl DeploymentStrategy {
    /// apps/v1 defaults.go, SetDefaults_Deployment: `maxSurge` and `maxUnavailable`.
    pub const DEFAULT_LIMIT: IntOrPercent = IntOrPercent::Percent(25);
}

impl Default for DeploymentStrategy {
    fn default() -> DeploymentStrategy {
        let limit = DeploymentStrategy::DEFAULT_LIMIT;
        DeploymentStrategy::RollingUpdate { max_surge: limit, max_unavailable: limit }
    }
}
