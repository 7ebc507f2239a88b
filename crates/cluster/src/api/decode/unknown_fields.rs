//! Fields that a kind does not have, where they are no error: the API server's decoder then leaves them out.

use std::sync::Arc;

use super::schema::{Shape, Struct};
use crate::api::field::Path;
use crate::api::{Entry, Position, Tree, Value};

/// Leaves them out of an object of this struct. `note` hears of each, in their order: its path, and where its key is.
pub fn leave_out(tree: &mut Tree, of: &Struct, note: &mut dyn FnMut(Path<'_>, Position)) {
    leave_out_of(tree, of, Path::ROOT, note);
}

fn leave_out_of(tree: &mut Tree, of: &Struct, path: Path<'_>, note: &mut dyn FnMut(Path<'_>, Position)) {
    let Value::Map(entries) = &mut tree.value else { return };
    let mut known: Vec<Entry> = Vec::with_capacity(entries.len());
    for entry in entries.iter() {
        let path = path.child(&entry.key);
        let Some(field) = of.fields.iter().find(|field| field.name == &*entry.key) else {
            note(path, entry.position);
            continue;
        };
        let mut entry = entry.clone();
        match (field.shape, &mut entry.value.value) {
            (Shape::Obj(of), Value::Map(_)) => leave_out_of(&mut entry.value, of, path, note),
            (Shape::List(of), Value::Seq(items)) => {
                for (index, item) in Arc::make_mut(items).iter_mut().enumerate() {
                    leave_out_of(item, of, path.item(index), note);
                }
            }
            _ => {}
        }
        known.push(entry);
    }
    *entries = Arc::new(known);
}
