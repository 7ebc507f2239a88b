//! `v1` Node (core validation.go, ValidateNode).

use super::{listed, meta, repeated, scheduling, violates};
use crate::api::field::{Error, Path};
use crate::api::{Node, Rule};
use netfilter::{Cidr, Family};

pub fn validate(node: &Node) -> Vec<Error> {
    let mut errors = meta::validate::<Node>(&node.meta);
    let spec = Path::ROOT.renamed("spec", "metadata");
    scheduling::taints(&node.spec.taints, &spec.child("taints"), &mut errors);
    one_per_family(&node.spec.pod_cidrs, &mut errors);
    errors
}

fn one_per_family(cidrs: &[Cidr], errors: &mut Vec<Error>) {
    let families = cidrs.iter().map(|cidr| Family::of(cidr.address()).as_str());
    if !repeated(families).is_empty() {
        violates(&Path::new("spec").child("podCIDRs"), listed(cidrs), Rule::OneCidrPerFamily, errors);
    }
}
