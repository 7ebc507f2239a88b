//! `networking.k8s.io/v1` ServiceCIDR.

use super::field_cursor::FieldCursor;
use super::fields::object;
use super::meta;
use super::node::strict_cidr;
use super::schema::Shape::Strs;
use super::schema::{Field, field, named};
use crate::api::ServiceCidr;
use crate::api::diagnostics::Diagnostics;

pub const FIELDS: &[Field] = &object(&named("ServiceCIDRSpec", &[field("cidrs", Strs)]));

pub fn decode(root: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> ServiceCidr {
    let spec = root.field("spec");
    let cidrs = spec.field("cidrs");
    ServiceCidr {
        meta: meta::decode::<ServiceCidr>(root),
        cidrs: (0..cidrs.len()).filter_map(|i| strict_cidr(&cidrs.item(i), diagnostics)).collect(),
        ready: None,
    }
}
