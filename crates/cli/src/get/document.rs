//! The objects as the API server would send them.

use cluster::api::{Tree, to_json_indented};

use super::object::Object;

/// One that was asked for by its name by itself, all others in a List.
pub fn of<'a>(objects: impl Iterator<Item = &'a Object>, single: bool) -> Tree {
    of_trees(objects.map(|object| object.tree.clone()).collect(), single)
}

pub fn of_trees(mut objects: Vec<Tree>, single: bool) -> Tree {
    match objects.pop_if(|_| single) {
        Some(object) => object,
        None => list(objects),
    }
}

/// As `-o json` prints it.
pub fn json(document: &Tree) -> String {
    to_json_indented(document)
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
