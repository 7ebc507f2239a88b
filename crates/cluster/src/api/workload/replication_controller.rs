//! `v1` ReplicationController: a ReplicaSet by its older name, as its controller takes it too
//! (pkg/controller/replication/conversion.go).

use serde::Serialize;

use super::super::decode::{self, Field, FieldCursor, FieldShape as Shape, Struct, field, fields, named};
use super::super::diagnostics::Diagnostics;
use super::super::field::{Error, Path};
use super::super::kind::Codec;
use super::super::validate;
use super::super::write::{at, put_labels};
use super::super::{ApiResource, DiagnosticKind, Meta, NameRule, Resource, Scope, Selector, Tree};
use super::template::{count, validate_selected};
use super::{ReplicaSetSpec, ReplicaSetStatus, default_labels, has_status};

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReplicationController {
    pub meta: Meta,
    pub spec: ReplicaSetSpec,
    pub status: ReplicaSetStatus,
}

has_status!(ReplicationController, |_: &ReplicaSetSpec, _: &ReplicaSetSpec| None);

impl Resource for ReplicationController {
    const API: ApiResource = ApiResource {
        kind: "ReplicationController",
        api_version: "v1",
        plural: "replicationcontrollers",
        singular: "replicationcontroller",
        short_names: &["rc"],
        scope: Scope::Namespaced,
    };
    const NAME_RULE: NameRule = NameRule::Dns1123Subdomain;
}

const SPEC: &Struct = &named(
    "ReplicationControllerSpec",
    &[
        field("replicas", Shape::Int32),
        field("minReadySeconds", Shape::Int32),
        field("selector", Shape::StrMap),
        field("template", Shape::Obj(fields::TEMPLATE)),
    ],
);

impl Codec for ReplicationController {
    const FIELDS: &'static [Field] = &fields::object(SPEC);

    fn decode(root: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> ReplicationController {
        let spec = root.field("spec");
        ReplicationController {
            meta: decode::meta::decode::<ReplicationController>(root),
            spec: ReplicaSetSpec {
                replicas: count(&spec.field("replicas"), diagnostics).unwrap_or(1),
                min_ready_s: count(&spec.field("minReadySeconds"), diagnostics).unwrap_or(0),
                selector: Selector::of_labels(spec.field("selector").labels()),
                template: decode::pod::template(&spec.field("template"), diagnostics),
            },
            status: ReplicaSetStatus::default(),
        }
    }

    /// core/v1 defaults.go, SetDefaults_ReplicationController.
    fn set_defaults(&mut self) {
        self.spec.template.spec.set_defaults();
        let labels = &self.spec.template.labels;
        default_labels(&mut self.meta.labels, labels);
        if self.spec.selector.is_empty() {
            self.spec.selector = Selector::of_labels(labels.clone());
        }
    }

    /// core validation.go, ValidateReplicationControllerSpec.
    fn validate(&self) -> Vec<Error> {
        let mut errors = validate::meta::validate::<ReplicationController>(&self.meta);
        let (spec, path) = (&self.spec, Path::new("spec"));
        if spec.selector.is_empty() {
            errors.push(path.child("selector").error(DiagnosticKind::Required));
        }
        validate_selected(&spec.selector, &spec.template, &path, &mut errors);
        errors
    }

    fn print(&self, over: &mut Tree) {
        let spec = at(over, "spec");
        put_labels(spec, "selector", &self.spec.selector.match_labels);
        self.spec.overlay(spec);
        let status = self.status.print(false);
        over.put("status", status);
    }
}
