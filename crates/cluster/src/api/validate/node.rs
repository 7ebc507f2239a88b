//! `v1` Node (core validation.go, ValidateNode).

use super::{meta, scheduling};
use crate::api::Node;
use crate::api::field::{Error, Path};

pub fn validate(node: &Node) -> Vec<Error> {
    let mut errors = meta::validate::<Node>(&node.meta);
    scheduling::taints(&node.spec.taints, &Path::new("spec").child("taints"), &mut errors);
    errors
}
