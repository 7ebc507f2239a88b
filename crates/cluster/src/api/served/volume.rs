//! Defaults of a Pod's volumes (core/v1 defaults.go, SetDefaults_Volume and those of each source).

use super::pod_spec::complete_source;
use super::{canonical_quantity, default_in, each, kept, omit};
use crate::api::Tree;
use crate::api::write::{at, text};

/// 0644.
const DEFAULT_MODE: i64 = 420;

pub fn complete(tree: &mut Tree) {
    if tree.entries().iter().all(|entry| &*entry.key == "name") {
        tree.put("emptyDir", Tree::map());
    }
    for key in ["configMap", "downwardAPI", "projected", "secret"] {
        default_in(tree, key, "defaultMode", Tree::int(DEFAULT_MODE));
    }
    default_in(tree, "hostPath", "type", text(""));
    if tree.field("emptyDir").is_some() {
        let directory = at(tree, "emptyDir");
        omit(directory, &["medium"]);
        canonical_quantity(directory, "sizeLimit");
    }
    if tree.field("downwardAPI").is_some() {
        each(at(tree, "downwardAPI"), "items", |_, item| complete_source(item));
    }
    if tree.field("persistentVolumeClaim").is_some() {
        omit(at(tree, "persistentVolumeClaim"), &["readOnly"]);
    }
    if tree.field("projected").is_some() {
        each(at(tree, "projected"), "sources", |_, source| {
            default_in(source, "serviceAccountToken", "expirationSeconds", Tree::int(3600));
            if source.field("downwardAPI").is_some() {
                each(at(source, "downwardAPI"), "items", |_, item| complete_source(item));
            }
        });
    }
    if tree.field("ephemeral").is_some() {
        let template = at(at(tree, "ephemeral"), "volumeClaimTemplate");
        at(template, "metadata");
        kept::complete_claim_spec(at(template, "spec"));
    }
}
