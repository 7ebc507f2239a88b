//! Fields that a kind does not have, where they are no error: the API server's decoder then leaves them out.

use std::sync::Arc;

use super::schema::{Shape, Struct};
use crate::api::{Position, Tree, Value};

/// A field that was left out.
pub struct UnknownField {
    /// As kubectl writes it: `spec.ports[0].prot`.
    pub path: String,
    /// Of its key.
    pub position: Position,
}

/// Leaves them out of an object of this struct. Those that were, in their order.
pub fn leave_out(tree: &mut Tree, of: &Struct) -> Vec<UnknownField> {
    let mut left_out = Vec::new();
    leave_out_of(tree, of, "", &mut left_out);
    left_out
}

fn leave_out_of(tree: &mut Tree, of: &Struct, path: &str, left_out: &mut Vec<UnknownField>) {
    let Value::Map(entries) = &mut tree.value else { return };
    let path_of = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    let shape_of = |key: &str| of.fields.iter().find(|field| field.name == key).map(|field| field.shape);
    let entries = Arc::make_mut(entries);
    entries.retain(|entry| {
        let is_known = shape_of(&entry.key).is_some();
        if !is_known {
            left_out.push(UnknownField { path: path_of(&entry.key), position: entry.position });
        }
        is_known
    });
    for entry in entries {
        let path = path_of(&entry.key);
        match (shape_of(&entry.key), &mut entry.value.value) {
            (Some(Shape::Obj(of)), Value::Map(_)) => leave_out_of(&mut entry.value, of, &path, left_out),
            (Some(Shape::List(of)), Value::Seq(items)) => {
                for (index, item) in Arc::make_mut(items).iter_mut().enumerate() {
                    leave_out_of(item, of, &format!("{path}[{index}]"), left_out);
                }
            }
            _ => {}
        }
    }
}
