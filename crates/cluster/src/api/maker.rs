//! Whether an object of a custom kind, which an operator would make Pods for, likely makes those of a selector.

use super::{Labels, Str, Tree, Unsimulated, Value};

/// So many values of documents are looked at for the selectors of one text, or for one selector of a cluster.
const MOST_VALUES: u32 = 100_000;

/// It names all of the labels somewhere, or has the name that one of them has for its value. `looked_at`: how many
/// values were before.
pub fn makes_pods(object: &Unsimulated, tree: &Tree, selector: &Labels, looked_at: &mut u32) -> bool {
    let is_named = || selector.iter().any(|(_, value)| *value == object.meta.name);
    is_custom(object) && (is_named() || names_labels(tree, selector, looked_at))
}

/// Of a group that Kubernetes does not have: its own have no dot, or end in `.k8s.io`.
pub fn is_custom(object: &Unsimulated) -> bool {
    let group = object.api_version.split_once('/').map_or("", |(group, _)| group);
    group.contains('.') && !group.ends_with(".k8s.io")
}

/// Whether a map in the document has all these pairs.
fn names_labels(tree: &Tree, selector: &Labels, looked_at: &mut u32) -> bool {
    if *looked_at == MOST_VALUES {
        return false;
    }
    *looked_at += 1;
    match &tree.value {
        Value::Map(entries) => {
            let has = |(key, value): (&Str, &Str)| tree.field(key).and_then(Tree::as_str) == Some(value);
            selector.iter().all(has) || entries.iter().any(|e| names_labels(&e.value, selector, looked_at))
        }
        Value::Seq(items) => items.iter().any(|item| names_labels(item, selector, looked_at)),
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::String(_) => false,
    }
}
