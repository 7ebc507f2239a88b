//! A JSON merge patch (RFC 7386): `kubectl patch --type=merge`.

use super::PatchProblem;
use crate::api::{Entry, Tree, Value};

/// `live`, patched: objects are merged, null removes a field, all else is replaced.
pub fn merge(live: &Tree, patch: &Tree) -> Result<Tree, PatchProblem> {
    match &patch.value {
        Value::Map(entries) => Ok(merged(live, patch, entries)),
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::String(_) | Value::Seq(_) => {
            Err(PatchProblem::NotAnObject)
        }
    }
}

fn merged(live: &Tree, patch: &Tree, entries: &[Entry]) -> Tree {
    let mut out = if let Value::Map(_) = live.value { live.clone() } else { Tree::map() };
    for Entry { key, value, .. } in entries {
        let merged = match &value.value {
            Value::Null => {
                out.remove(&[(&**key).into()]);
                continue;
            }
            Value::Map(entries) => merged(&out.field(key).cloned().unwrap_or_default(), value, entries),
            Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::String(_) | Value::Seq(_) => {
                value.clone()
            }
        };
        out.put(key, merged);
    }
    Tree { position: patch.position, ..out }
}
