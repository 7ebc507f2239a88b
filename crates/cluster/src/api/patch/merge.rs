//! A JSON merge patch (RFC 7386): `kubectl patch --type=merge`.

use super::PatchProblem;
use super::entries::Entries;
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
    let mut out = Entries::of(live);
    for Entry { key, value, .. } in entries {
        match &value.value {
            Value::Null => out.remove(key),
            Value::Map(entries) => {
                let live = out.get(key).cloned().unwrap_or_default();
                out.put(key, merged(&live, value, entries));
            }
            Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::String(_) | Value::Seq(_) => {
                out.put(key, value.clone());
            }
        }
    }
    out.into_map(patch.position)
}
