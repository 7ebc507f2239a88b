//! `-o yaml` and `-o json`: the objects as the API server would send them.

use cluster::api::{Tree, Typed, to_json_indented, to_yaml};
use cluster::sim::World;

use super::{Filter, Kind};

/// One object by itself, several in a List. Empty when nothing was found.
pub fn print(world: &World, kinds: &[Kind], filter: &Filter<'_>, json: bool) -> String {
    let objects: Vec<Tree> = kinds
        .iter()
        .flat_map(|kind| typed(world, *kind))
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
    list
}

fn typed(world: &World, kind: Kind) -> Vec<Typed> {
    let store = world.store();
    match kind {
        Kind::Node => store.nodes.iter().map(|o| Typed::Node((**o).clone())).collect(),
        Kind::Namespace => store.namespaces.values().map(|o| Typed::Namespace((**o).clone())).collect(),
        Kind::Pod => store.pods.iter().map(|o| Typed::Pod((**o).clone())).collect(),
        Kind::Service => store.services.iter().map(|o| Typed::Service((**o).clone())).collect(),
        Kind::Deployment => store.deployments.iter().map(|o| Typed::Deployment((**o).clone())).collect(),
        Kind::ReplicaSet => store.replica_sets.iter().map(|o| Typed::ReplicaSet((**o).clone())).collect(),
        Kind::EndpointSlice => store.slices.iter().map(|o| Typed::EndpointSlice((**o).clone())).collect(),
        Kind::Event => Vec::new(),
        Kind::Other => store
            .others
            .iter()
            .map(|o| Typed::Other {
                kind: o.kind.clone(),
                api_version: o.api_version.clone(),
                meta: o.meta.clone(),
            })
            .collect(),
    }
}
