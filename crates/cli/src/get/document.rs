//! `-o yaml` and `-o json`: the objects as the API server would send them.

use cluster::api::{Kind, KubeObject, Meta, ObjectRef, Tree, Unsimulated, to_json_indented, to_yaml};
use cluster::sim::World;

use super::{Filter, Listed};

/// One object by itself, several in a List. Empty when nothing was found.
pub fn print(world: &World, kinds: &[Listed], filter: &Filter<'_>, json: bool) -> String {
    let objects: Vec<Tree> = kinds
        .iter()
        .flat_map(|kind| objects(world, kind))
        .filter(|o| filter.takes(&o.meta().namespace, &o.meta().name))
        .map(|o| cluster::api::to_tree(&o, world.store().source(o.meta().uid).map(|s| &s.tree)))
        .collect();
    let document = match (objects.len(), filter.name) {
        (0, _) => return String::new(),
        (1, Some(_)) => objects.into_iter().next().unwrap_or_else(Tree::map),
        _ => list(objects),
    };
    if json { to_json_indented(&document) + "\n" } else { to_yaml(&document) }
}

fn list(items: Vec<Tree>) -> Tree {
    let mut list = Tree::map();
    list.put("apiVersion", Tree::string("v1"));
    list.put("items", Tree::seq(items));
    list.put("kind", Tree::string("List"));
    let mut metadata = Tree::map();
    metadata.put("resourceVersion", Tree::string(""));
    list.put("metadata", metadata);
    list
}

fn objects(world: &World, listed: &Listed) -> Vec<KubeObject> {
    let store = world.store();
    let get = |kind: &Kind, meta: &Meta| store.get(&ObjectRef::new(kind.clone(), meta));
    match listed {
        Listed::Kind(kind) => store.metas(kind).filter_map(|meta| get(kind, meta)).collect(),
        Listed::Events => Vec::new(),
        Listed::Other => store.unsimulated.iter().map(|o| Unsimulated::clone(o).into()).collect(),
    }
}
