//! A JSON patch (RFC 6902): `kubectl patch --type=json`.

use std::sync::Arc;

use super::{OperationProblem, PatchProblem};
use crate::api::{MAX_DEPTH, MAX_NODES, Tree, Value};

/// The API server takes no more operations (apiserver endpoints/handlers/patch.go, maxJSONPatchOperations).
const MAX_OPERATIONS: usize = 10_000;

/// `live`, patched: the operations one after the other. An operation that fails ends it.
pub fn json(live: &Tree, patch: &Tree) -> Result<Tree, PatchProblem> {
    let Value::Seq(operations) = &patch.value else { return Err(PatchProblem::NotAList) };
    if operations.len() > MAX_OPERATIONS {
        return Err(PatchProblem::TooManyOperations { limit: MAX_OPERATIONS as u32 });
    }
    let (mut out, mut room) = (live.clone(), MAX_NODES);
    for (index, operation) in (0..).zip(operations.iter()) {
        apply(&mut out, operation, &mut room)
            .map_err(|problem| PatchProblem::Operation { index, problem })?;
    }
    Ok(out)
}

/// `room`: how many values may still be added. What is copied counts each time: it could double with each operation.
fn apply(tree: &mut Tree, operation: &Tree, room: &mut usize) -> Result<(), OperationProblem> {
    let text = |field: &'static str| {
        operation.field(field).and_then(Tree::as_str).ok_or(OperationProblem::Missing { field })
    };
    let value = || operation.field("value").cloned().ok_or(OperationProblem::Missing { field: "value" });
    let path = pointer(text("path")?)?;
    match &**text("op")? {
        "add" => add(tree, &path, value()?, room),
        "remove" => remove(tree, &path).map(drop),
        "replace" => {
            let value = value()?;
            takes_room(&value, path.len(), room)?;
            replace(tree, &path, value)
        }
        "move" => {
            let moved = remove(tree, &pointer(text("from")?)?)?;
            add(tree, &path, moved, room)
        }
        "copy" => {
            let copied = get(tree, &pointer(text("from")?)?)?;
            add(tree, &path, copied, room)
        }
        "test" if get(tree, &path)?.sorted() == value()?.sorted() => Ok(()),
        "test" => Err(OperationProblem::NotEqual),
        _ => Err(OperationProblem::UnknownOperation),
    }
}

/// RFC 6901.
fn pointer(text: &str) -> Result<Vec<String>, OperationProblem> {
    match text.strip_prefix('/') {
        Some(rest) => Ok(rest.split('/').map(|step| step.replace("~1", "/").replace("~0", "~")).collect()),
        None if text.is_empty() => Ok(Vec::new()),
        None => Err(OperationProblem::NotAPointer),
    }
}

fn at<'a>(tree: &'a mut Tree, path: &[String]) -> Result<&'a mut Tree, OperationProblem> {
    path.iter().try_fold(tree, |tree, step| {
        let found = match &mut tree.value {
            Value::Map(entries) => {
                let entries = Arc::make_mut(entries);
                entries.iter_mut().find(|entry| *entry.key == **step).map(|entry| &mut entry.value)
            }
            Value::Seq(items) => {
                index_in(items.len(), step).and_then(|index| Arc::make_mut(items).get_mut(index))
            }
            Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::String(_) => None,
        };
        found.ok_or(OperationProblem::NoSuchPath)
    })
}

/// evanphx/json-patch finds null under a key that a map does not have.
fn get(tree: &mut Tree, path: &[String]) -> Result<Tree, OperationProblem> {
    let Some((last, parents)) = path.split_last() else { return Ok(tree.clone()) };
    let parent = at(tree, parents)?;
    match parent.value {
        Value::Map(_) => Ok(parent.field(last).cloned().unwrap_or_default()),
        Value::Seq(_) | Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::String(_) => {
            at(parent, std::slice::from_ref(last)).cloned()
        }
    }
}

/// The same map takes the key.
fn replace(tree: &mut Tree, path: &[String], value: Tree) -> Result<(), OperationProblem> {
    let Some((last, parents)) = path.split_last() else {
        *tree = value;
        return Ok(());
    };
    let parent = at(tree, parents)?;
    match parent.value {
        Value::Map(_) => parent.put(last, value),
        Value::Seq(_) | Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::String(_) => {
            *at(parent, std::slice::from_ref(last))? = value;
        }
    }
    Ok(())
}

/// evanphx/json-patch counts a negative index from the end.
fn index_in(len: usize, step: &str) -> Option<usize> {
    match step.strip_prefix('-') {
        Some(back) => len.checked_sub(back.parse().ok()?),
        None => step.parse().ok(),
    }
}

fn add(tree: &mut Tree, path: &[String], value: Tree, room: &mut usize) -> Result<(), OperationProblem> {
    takes_room(&value, path.len(), room)?;
    let Some((last, parents)) = path.split_last() else {
        *tree = value;
        return Ok(());
    };
    let parent = at(tree, parents)?;
    match &mut parent.value {
        Value::Map(_) => parent.put(last, value),
        Value::Seq(items) => {
            // A negative index is that of the new item.
            let index = if last == "-" {
                Some(items.len())
            } else {
                index_in(items.len() + usize::from(last.starts_with('-')), last)
            };
            let index = index.filter(|index| *index <= items.len()).ok_or(OperationProblem::NoSuchPath)?;
            Arc::make_mut(items).insert(index, value);
        }
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::String(_) => {
            return Err(OperationProblem::NoSuchPath);
        }
    }
    Ok(())
}

/// Counts the values in `value`, and how deep they are below `depth` others.
fn takes_room(value: &Tree, depth: usize, room: &mut usize) -> Result<(), OperationProblem> {
    let mut uncounted = vec![(value, depth)];
    while let Some((tree, depth)) = uncounted.pop() {
        *room = room.checked_sub(1).ok_or(OperationProblem::TooLarge)?;
        if depth > MAX_DEPTH {
            return Err(OperationProblem::TooLarge);
        }
        uncounted.extend(tree.entries().iter().map(|entry| (&entry.value, depth + 1)));
        uncounted.extend(tree.items().iter().map(|item| (item, depth + 1)));
    }
    Ok(())
}

fn remove(tree: &mut Tree, path: &[String]) -> Result<Tree, OperationProblem> {
    let (last, parents) = path.split_last().ok_or(OperationProblem::NoSuchPath)?;
    let removed = at(tree, path)?.clone();
    let parent = at(tree, parents)?;
    match &mut parent.value {
        Value::Seq(items) => {
            let index = index_in(items.len(), last).ok_or(OperationProblem::NoSuchPath)?;
            Arc::make_mut(items).remove(index);
        }
        Value::Map(_) | Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::String(_) => {
            parent.remove(&[(&**last).into()]);
        }
    }
    Ok(removed)
}
