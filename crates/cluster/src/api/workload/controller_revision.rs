//! `apps/v1` ControllerRevision: a template that a StatefulSet or a DaemonSet had.

use serde::Serialize;

use super::super::decode::{self, Field, FieldCursor, FieldShape as Shape, field, fields};
use super::super::diagnostics::Diagnostics;
use super::super::field::Error;
use super::super::kind::Codec;
use super::super::validate;
use super::super::write::{at, overlay_template, text};
use super::super::{ApiResource, Meta, NameRule, PodTemplate, Resource, Scope, Tree};

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ControllerRevision {
    pub meta: Meta,
    /// `data`: a patch that sets the template back to this one.
    pub template: PodTemplate,
    pub revision: u64,
}

impl Resource for ControllerRevision {
    const API: ApiResource = ApiResource {
        kind: "ControllerRevision",
        api_version: "apps/v1",
        plural: "controllerrevisions",
        singular: "controllerrevision",
        short_names: &[],
        scope: Scope::Namespaced,
    };
    const NAME_RULE: NameRule = NameRule::Dns1123Subdomain;
}

const FIELDS: &[Field] = &[
    field("apiVersion", Shape::Str),
    field("kind", Shape::Str),
    field("metadata", Shape::Obj(fields::META)),
    field("data", Shape::Any),
    field("revision", Shape::Int64),
];

impl Codec for ControllerRevision {
    const FIELDS: &'static [Field] = FIELDS;

    fn decode(root: &FieldCursor<'_>, _: &mut Diagnostics) -> ControllerRevision {
        let revision = root.field("revision").int().and_then(|number| u64::try_from(number).ok());
        ControllerRevision {
            meta: decode::meta::decode::<ControllerRevision>(root),
            template: PodTemplate::default(),
            revision: revision.unwrap_or(0),
        }
    }

    fn set_defaults(&mut self) {}

    fn validate(&self) -> Vec<Error> {
        validate::meta::validate::<ControllerRevision>(&self.meta)
    }

    fn print(&self, over: &mut Tree) {
        let template = at(at(at(over, "data"), "spec"), "template");
        template.put("$patch", text("replace"));
        overlay_template(template, &self.template);
        over.put("revision", Tree::int(i64::try_from(self.revision).unwrap_or(i64::MAX)));
    }
}
