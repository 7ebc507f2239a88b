//! `scheduling.k8s.io/v1` PriorityClass.

use serde::Serialize;

use super::decode::{self, Field, FieldCursor};
use super::diagnostics::Diagnostics;
use super::field;
use super::kind::Codec;
use super::validate;
use super::{ApiResource, Meta, NameRule, Resource, Scope, Tree, write};

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PriorityClass {
    pub meta: Meta,
    pub value: i32,
    /// The class of the Pods that name none.
    pub global_default: bool,
    pub preemption_policy: PreemptionPolicy,
}

/// Whether a Pod that fits nowhere may have others deleted. The scheduler here preempts nobody; it is said in what
/// the Pod's condition reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize)]
pub enum PreemptionPolicy {
    #[default]
    PreemptLowerPriority,
    Never,
}

impl PreemptionPolicy {
    pub fn as_str(self) -> &'static str {
        match self {
            PreemptionPolicy::PreemptLowerPriority => "PreemptLowerPriority",
            PreemptionPolicy::Never => "Never",
        }
    }
}

impl PriorityClass {
    /// The classes that every cluster has (pkg/apis/scheduling/v1/helpers.go, SystemPriorityClasses).
    pub const SYSTEM: [(&str, i32); 2] =
        [("system-node-critical", 2_000_001_000), ("system-cluster-critical", 2_000_000_000)];

    /// The highest value that a class of a user may have.
    pub const HIGHEST_USER_VALUE: i32 = 1_000_000_000;
}

impl Resource for PriorityClass {
    const API: ApiResource = ApiResource {
        kind: "PriorityClass",
        api_version: "scheduling.k8s.io/v1",
        plural: "priorityclasses",
        singular: "priorityclass",
        short_names: &["pc"],
        scope: Scope::Cluster,
    };
    const NAME_RULE: NameRule = NameRule::Dns1123Subdomain;
}

impl Codec for PriorityClass {
    const FIELDS: &'static [Field] = decode::priority_class::FIELDS;

    fn decode(root: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> PriorityClass {
        decode::priority_class::decode(root, diagnostics)
    }

    /// What is not written is the default of its type.
    fn set_defaults(&mut self) {}

    fn validate(&self) -> Vec<field::Error> {
        validate::priority_class::validate(self)
    }

    fn print(&self, over: &mut Tree) {
        write::priority_class::overlay(over, self);
    }
}
