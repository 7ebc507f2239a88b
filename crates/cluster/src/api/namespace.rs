//! `v1` Namespace.

use serde::Serialize;

use super::decode::fields;
use super::decode::{self, Field, FieldCursor};
use super::diagnostics::Diagnostics;
use super::field;
use super::kind::Codec;
use super::validate;
use super::{ApiResource, Meta, NameRule, Resource, Scope, Tree, write};

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Namespace {
    pub meta: Meta,
}

impl Resource for Namespace {
    const API: ApiResource = ApiResource {
        kind: "Namespace",
        api_version: "v1",
        plural: "namespaces",
        singular: "namespace",
        short_names: &["ns"],
        scope: Scope::Cluster,
    };
    const NAME_RULE: NameRule = NameRule::Dns1123Label;
}

impl Codec for Namespace {
    const FIELDS: &'static [Field] = fields::NAMESPACE;

    fn decode(root: &FieldCursor<'_>, _: &mut Diagnostics) -> Namespace {
        Namespace { meta: decode::meta::decode::<Namespace>(root) }
    }

    /// core/v1 defaults.go, SetDefaults_Namespace.
    fn set_defaults(&mut self) {
        let name = self.meta.name.clone();
        if !name.is_empty() {
            self.meta.labels.insert("kubernetes.io/metadata.name".into(), name);
        }
    }

    fn validate(&self) -> Vec<field::Error> {
        validate::meta::validate::<Namespace>(&self.meta)
    }

    fn print(&self, over: &mut Tree) {
        let finalizers = write::texts(&["kubernetes".into()]);
        write::at(over, "spec").put("finalizers", finalizers);
        let phase = if self.meta.deleted.is_some() { "Terminating" } else { "Active" };
        write::at(over, "status").put("phase", write::text(phase));
    }
}
