//! `-o yaml` and `-o json`: the objects as the API server would send them.

use cluster::api::{Tree, to_json_indented, to_yaml};

use super::object::Object;

/// One that was asked for by its name by itself, all others in a List.
pub fn print<'a>(objects: impl Iterator<Item = &'a Object>, single: bool, json: bool) -> String {
    let mut objects: Vec<Tree> = objects.map(|object| object.tree.clone()).collect();
    let document = match objects.pop_if(|_| single) {
        Some(object) if objects.is_empty() => object,
        object => {
            objects.extend(object);
            list(objects)
        }
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
