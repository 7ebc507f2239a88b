//! Amounts of resources, of containers and of nodes.

use super::field_cursor::{FieldCursor, shown};
use super::schema::undecodable;
use crate::api::diagnostics::Diagnostics;
use crate::api::{Problem, Quantity, ResourceList, ResourceRequirements, Value};

pub fn requirements(cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> ResourceRequirements {
    ResourceRequirements {
        requests: list(&cursor.field("requests"), diagnostics),
        limits: list(&cursor.field("limits"), diagnostics),
    }
}

/// A map of quantities. Values that can be none, such as lists, were reported before.
pub fn list(cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> ResourceList {
    let mut resources = ResourceList::new();
    for entry in cursor.tree().map_or(&[][..], |tree| tree.entries()) {
        if let Value::Bool(_) | Value::Null | Value::Seq(_) | Value::Map(_) = entry.value.value {
            continue;
        }
        let value = shown(&entry.value.value);
        match Quantity::parse(&value) {
            Some(quantity) => drop(resources.insert(entry.key.clone(), quantity)),
            None => {
                undecodable(&cursor.entry(entry), Problem::Quantity, diagnostics);
            }
        }
    }
    resources
}
