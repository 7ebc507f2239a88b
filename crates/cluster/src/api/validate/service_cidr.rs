//! `networking.k8s.io/v1` ServiceCIDR (networking validation.go, ValidateServiceCIDR). That each is a prefix, decoding
//! has found.

use super::{meta, quoted, violates};
use crate::api::field::{Error, Path};
use crate::api::{DiagnosticKind, Rule, ServiceCidr, listed};
use netfilter::{Cidr, Family};

pub fn validate(object: &ServiceCidr) -> Vec<Error> {
    let mut errors = meta::validate::<ServiceCidr>(&object.meta);
    let spec = Path::new("spec");
    cidrs(&object.cidrs, &spec.child("cidrs"), &mut errors);
    errors
}

fn cidrs(cidrs: &[Cidr], path: &Path<'_>, errors: &mut Vec<Error>) {
    let texts: Vec<String> = cidrs.iter().map(ToString::to_string).collect();
    match cidrs {
        [] => errors.push(path.error(DiagnosticKind::Required)),
        [_] => {}
        [one, other] if Family::of(one.address()) != Family::of(other.address()) => {}
        [_, _] => violates(path, listed(&texts), Rule::OneServiceCidrPerFamily, errors),
        _ => violates(path, listed(&texts), Rule::UpToTwo, errors),
    }
}

/// ValidateServiceCIDRUpdate: a second family may be added.
pub fn forbidden_changes(new: &ServiceCidr, old: &ServiceCidr) -> Vec<Error> {
    let (spec, mut errors) = (Path::new("spec"), Vec::new());
    let path = spec.child("cidrs");
    let mut changed = |index: usize, cidr: &Cidr| {
        violates(&path.item(index), quoted(&cidr.to_string()), Rule::Immutable, &mut errors);
    };
    match (old.cidrs.as_slice(), new.cidrs.as_slice()) {
        (old, new) if old.len() == new.len() => {
            let pairs = old.iter().zip(new).enumerate();
            pairs.filter(|(_, (old, new))| old != new).for_each(|(index, (_, new))| changed(index, new));
        }
        ([old], [new, _]) => {
            if old != new {
                changed(0, new);
            }
        }
        (_, new) => {
            let texts: Vec<String> = new.iter().map(ToString::to_string).collect();
            violates(&path, listed(&texts), Rule::Immutable, &mut errors);
        }
    }
    errors
}
