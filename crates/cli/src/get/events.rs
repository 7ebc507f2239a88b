//! `get events`: what happened.

use cluster::api::{Meta, Tree, timestamp};
use cluster::sim::World;
use words::Event;

use super::Filter;
use super::object::{Object, seconds};

/// As the API server has them, in the order of their keys. Those of objects outside namespaces are in `default`
/// (client-go tools/record, makeEvent).
pub fn objects(world: &World, filter: &Filter<'_>) -> Vec<Object> {
    let now = seconds(&timestamp(world.now())).unwrap_or(0);
    let events = words::events(world.log().iter().map(|logged| &**logged));
    let object = |(index, event): (u64, &Event)| {
        let namespace = match event.about.namespace.is_empty() {
            true => "default".into(),
            false => event.about.namespace.clone(),
        };
        // Upstream ends the name in the nanosecond at which it was made; two here may be of the same.
        let name = format!("{}.{:016x}", event.about.name, event.first.0.wrapping_add(index));
        let meta = Meta { namespace, name: name.as_str().into(), ..Meta::default() };
        let tree = document(world, &meta, event);
        Object { meta, tree, now }
    };
    let objects = (0..).zip(&events).map(object);
    let mut objects: Vec<Object> = objects.filter(|object| filter.takes(&object.meta)).collect();
    objects.sort_by_cached_key(|object| format!("{}/{}", object.meta.namespace, object.meta.name));
    objects
}

fn document(world: &World, meta: &Meta, event: &Event) -> Tree {
    let text = |text: &str| Tree::string(text);
    let metadata = map(&[
        ("creationTimestamp", text(&timestamp(event.first))),
        ("name", text(&meta.name)),
        ("namespace", text(&meta.namespace)),
    ]);
    map(&[
        ("apiVersion", text("v1")),
        ("count", Tree::int(i64::from(event.count))),
        ("firstTimestamp", text(&timestamp(event.first))),
        ("involvedObject", involved(world, event)),
        ("kind", text("Event")),
        ("lastTimestamp", text(&timestamp(event.last))),
        ("message", text(&event.message)),
        ("metadata", metadata),
        ("reason", text(&event.reason)),
        ("reportingComponent", text(event.component)),
        ("source", map(&[("component", text(event.component))])),
        ("type", text(event.type_())),
    ])
}

fn involved(world: &World, event: &Event) -> Tree {
    let about = &event.about;
    let mut out = map(&[("kind", Tree::string(about.kind.as_str())), ("name", Tree::string(&about.name))]);
    if let Some(api) = about.kind.api() {
        out.put("apiVersion", Tree::string(api.api_version));
    }
    if !about.namespace.is_empty() {
        out.put("namespace", Tree::string(&about.namespace));
    }
    if let Some(container) = &event.container {
        let list = if container.is_init { "initContainers" } else { "containers" };
        out.put("fieldPath", Tree::string(&format!("spec.{list}{{{container}}}")));
    }
    if let Some(object) = world.store().get(about) {
        out.put("uid", Tree::string(&object.meta().uid.to_uuid()));
    }
    out.sorted()
}

fn map(fields: &[(&str, Tree)]) -> Tree {
    let mut out = Tree::map();
    for (key, value) in fields {
        out.put(key, value.clone());
    }
    out
}
