//! Objects as the server would hand them out: the written document, with what the server set and
//! what actions changed laid over it. Fields that the simulation does not read stay as written.

mod container;
pub(super) mod endpoints;
mod meta;
pub(super) mod node;
pub(super) mod pod;
mod pod_status;
pub(super) mod priority_class;
pub(crate) mod rfc3339;
mod scheduling;
pub(super) mod service;
pub(super) mod service_cidr;
pub(super) mod slice;
mod volume;

pub use rfc3339::print as timestamp;

use std::sync::Arc;

pub(super) use container::requirements;

use super::{Entry, KubeObject, Labels, PodTemplate, Position, Str, TargetPort, Tree, Value};

/// The object as a value tree, as `kubectl get -o yaml` would show it but for the order of the
/// keys, which is the document's own. `source` is the tree the object was decoded from. A Pod of a template
/// has its own (`Pod::written`); without either, everything comes from `object`.
pub fn to_tree(object: &KubeObject, source: Option<&Tree>) -> Tree {
    let mut tree = start(object, source);
    meta::overlay(&mut tree, object);
    object.print(&mut tree);
    tree
}

/// apiVersion and kind first, where the source does not say them.
fn start(object: &KubeObject, source: Option<&Tree>) -> Tree {
    let version = text(object.api_version());
    let mut head = map([("apiVersion", version), ("kind", text(object.kind().as_str()))]);
    let template = if let KubeObject::Pod(pod) = object { Some(&*pod.written) } else { None };
    let template = template.filter(|written| written.value != Value::Null);
    let Some(source) = template.or(source) else { return head };
    if source.field("kind").is_some() {
        return source.clone();
    }
    for entry in source.entries() {
        head.put(&entry.key, entry.value.clone());
    }
    head.position = source.position;
    head
}

/// What was written stays, but for the fields that `template` says anew.
pub(super) fn overlay_template(tree: &mut Tree, template: &PodTemplate) {
    if template.written.value != Value::Null {
        *tree = template.written.clone();
    }
    let meta = at(tree, "metadata");
    put_labels(meta, "labels", &template.labels);
    put_labels(meta, "annotations", &template.annotations);
    pod::overlay_spec(at(tree, "spec"), &template.spec);
}

pub(super) fn text(text: &str) -> Tree {
    Tree::string(text)
}

pub(super) fn map<const N: usize>(mut fields: [(&str, Tree); N]) -> Tree {
    take_all(&mut fields)
}

/// Not generic: the page would carry one for each number of fields.
#[inline(never)]
fn take_all(fields: &mut [(&str, Tree)]) -> Tree {
    let mut out = Tree::map();
    for (key, value) in fields {
        out.put(key, std::mem::replace(value, Tree::new(Value::Null)));
    }
    out
}

pub(super) fn texts<'a>(items: impl IntoIterator<Item = &'a Str>) -> Tree {
    Tree::seq(items.into_iter().map(|s| text(s)).collect())
}

fn port_or_name(port: &TargetPort) -> Tree {
    match port {
        TargetPort::Number(number) => Tree::int(i64::from(*number)),
        TargetPort::Name(name) => text(name),
    }
}

/// The texts of what prints itself: addresses, prefixes.
fn printed<T: ToString>(items: &[T]) -> Tree {
    Tree::seq(items.iter().map(|i| text(&i.to_string())).collect())
}

/// Sets the field, or takes it away when there is nothing to say.
pub(super) fn put_or_remove(tree: &mut Tree, key: &str, value: Option<Tree>) {
    match value {
        Some(value) => tree.put(key, value),
        None => {
            tree.remove(&[key.into()]);
        }
    }
}

/// The map under `key`, which is made if it misses.
pub(super) fn at<'a>(tree: &'a mut Tree, key: &str) -> &'a mut Tree {
    let slot = tree.slot(key);
    if !matches!(slot.value, Value::Map(_)) {
        *slot = Tree::map();
    }
    slot
}

/// Labels as they are now; those that were written keep their order.
pub(super) fn put_labels(tree: &mut Tree, key: &str, labels: &Labels) {
    if labels.is_empty() {
        tree.remove(&[key.into()]);
        return;
    }
    let slot = at(tree, key);
    let mut rest = labels.clone();
    let kept = slot.entries().iter().filter_map(|entry| {
        let value = rest.remove(&entry.key)?;
        let is_same = entry.value.as_str() == Some(&value);
        let value = if is_same { entry.value.clone() } else { Tree::new(Value::String(value)) };
        Some(Entry { value, ..entry.clone() })
    });
    let mut entries: Vec<Entry> = kept.collect();
    entries.extend(rest.into_iter().map(|(key, value)| Entry {
        key,
        position: Position::NONE,
        value: Tree::new(Value::String(value)),
    }));
    slot.value = Value::Map(Arc::new(entries));
}
