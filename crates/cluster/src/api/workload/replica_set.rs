//! `apps/v1` ReplicaSet.

use serde::Serialize;

use super::super::decode::{self, Field, FieldCursor, FieldShape as Shape, Struct, field, fields, named};
use super::super::diagnostics::Diagnostics;
use super::super::field::{Error, Path};
use super::super::kind::Codec;
use super::super::validate;
use super::super::write::{at, overlay_template, put_or_remove};
use super::super::{
    ApiResource, DiagnosticKind, Meta, NameRule, PodTemplate, Resource, Rule, Scope, Selector, Tree,
};
use super::template::{count, nonzero, put_counts, validate_selected};
use super::{Conditions, has_status, immutable_selector};

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReplicaSet {
    pub meta: Meta,
    pub spec: ReplicaSetSpec,
    pub status: ReplicaSetStatus,
}

/// Also a ReplicationController's, whose selector has labels only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReplicaSetSpec {
    pub replicas: u32,
    pub min_ready_s: u32,
    pub selector: Selector,
    pub template: PodTemplate,
}

#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct ReplicaSetStatus {
    pub observed_generation: u32,
    pub replicas: u32,
    pub fully_labeled_replicas: u32,
    pub ready_replicas: u32,
    pub available_replicas: u32,
    pub terminating_replicas: u32,
    pub conditions: Conditions,
}

has_status!(ReplicaSet, |new: &ReplicaSetSpec, old: &ReplicaSetSpec| {
    immutable_selector(&new.selector, &old.selector)
});

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

const SPEC: &Struct = &named(
    "ReplicaSetSpec",
    &[
        field("replicas", Shape::Int32),
        field("minReadySeconds", Shape::Int32),
        field("selector", Shape::Obj(Selector::FIELDS)),
        field("template", Shape::Obj(fields::TEMPLATE)),
    ],
);

impl Codec for ReplicaSet {
    const FIELDS: &'static [Field] = &fields::object(SPEC);

    fn decode(root: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> ReplicaSet {
        let spec = root.field("spec");
        ReplicaSet {
            meta: decode::meta::decode::<ReplicaSet>(root),
            spec: ReplicaSetSpec {
                replicas: count(&spec.field("replicas"), diagnostics).unwrap_or(1),
                min_ready_s: count(&spec.field("minReadySeconds"), diagnostics).unwrap_or(0),
                selector: Selector::decode_of_workload(
                    &spec,
                    Some(DiagnosticKind::Required),
                    Rule::EmptySelectorOfDeployment,
                    diagnostics,
                ),
                template: decode::pod::template(&spec.field("template"), diagnostics),
            },
            status: ReplicaSetStatus::default(),
        }
    }

    fn set_defaults(&mut self) {
        self.spec.template.spec.set_defaults();
    }

    /// apps validation.go, ValidateReplicaSetSpec.
    fn validate(&self) -> Vec<Error> {
        let mut errors = validate::meta::validate::<ReplicaSet>(&self.meta);
        validate_selected(&self.spec.selector, &self.spec.template, &Path::new("spec"), &mut errors);
        errors
    }

    fn print(&self, over: &mut Tree) {
        let spec = at(over, "spec");
        self.spec.selector.overlay(spec);
        self.spec.overlay(spec);
        let status = self.status.print(true);
        over.put("status", status);
    }
}

impl ReplicaSetSpec {
    /// All but the selector.
    pub(super) fn overlay(&self, spec: &mut Tree) {
        spec.put("replicas", Tree::int(i64::from(self.replicas)));
        put_or_remove(spec, "minReadySeconds", nonzero(self.min_ready_s));
        overlay_template(at(spec, "template"), &self.template);
    }
}

impl ReplicaSetStatus {
    pub(super) fn print(&self, has_terminating: bool) -> Tree {
        let mut out = Tree::map();
        out.put("replicas", Tree::int(i64::from(self.replicas)));
        put_counts(
            &mut out,
            &[
                ("availableReplicas", self.available_replicas),
                ("fullyLabeledReplicas", self.fully_labeled_replicas),
                ("observedGeneration", self.observed_generation),
                ("readyReplicas", self.ready_replicas),
            ],
        );
        if has_terminating && self.observed_generation > 0 {
            out.put("terminatingReplicas", Tree::int(i64::from(self.terminating_replicas)));
        }
        if !self.conditions.is_empty() {
            out.put("conditions", self.conditions.print(None));
        }
        out
    }
}
