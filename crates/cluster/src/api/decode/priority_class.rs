//! `scheduling.k8s.io/v1` PriorityClass.

use super::field_cursor::FieldCursor;
use super::fields::META;
use super::schema::Shape::{Bool, Int32, Obj, Str};
use super::schema::{Field, field};
use super::{meta, pod};
use crate::api::diagnostics::Diagnostics;
use crate::api::{PreemptionPolicy, PriorityClass};

pub const FIELDS: &[Field] = &[
    field("apiVersion", Str),
    field("kind", Str),
    field("metadata", Obj(META)),
    field("value", Int32),
    field("globalDefault", Bool),
    field("description", Str),
    field("preemptionPolicy", Str),
];

pub fn decode(root: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> PriorityClass {
    PriorityClass {
        meta: meta::decode::<PriorityClass>(root),
        value: root.field("value").int().and_then(|value| i32::try_from(value).ok()).unwrap_or(0),
        global_default: root.field("globalDefault").bool().unwrap_or(false),
        preemption_policy: preemption_policy(&root.field("preemptionPolicy"), diagnostics)
            .unwrap_or_default(),
    }
}

pub fn preemption_policy(
    cursor: &FieldCursor<'_>,
    diagnostics: &mut Diagnostics,
) -> Option<PreemptionPolicy> {
    match pod::one_of(cursor, &["Never", "PreemptLowerPriority"], diagnostics)? {
        "Never" => Some(PreemptionPolicy::Never),
        _ => Some(PreemptionPolicy::PreemptLowerPriority),
    }
}
