//! A strategic merge patch (apimachinery util/strategicpatch, mergeMap): what `kubectl patch` sends, unless it is told
//! otherwise.

use std::collections::{BTreeMap, BTreeSet};

use super::PatchProblem;
use super::entries::Entries;
use super::lists::{Key, interleaved_by, key_of};
use super::schema::{PLAIN, Schema, Strategy};
use crate::api::{Entry, Str, Tree, Value, to_json};

const PATCH: &str = "$patch";
const RETAIN_KEYS: &str = "$retainKeys";
const DELETE_FROM_LIST: &str = "$deleteFromPrimitiveList/";
const ELEMENT_ORDER: &str = "$setElementOrder/";

type Patched = Result<Tree, PatchProblem>;

/// `live`, patched.
pub fn strategic(schema: &Schema, live: &Tree, patch: &Tree) -> Patched {
    match &patch.value {
        Value::Map(_) => merged_map(schema, live, patch),
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::String(_) | Value::Seq(_) => {
            Err(PatchProblem::NotAnObject)
        }
    }
}

fn merged_map(schema: &Schema, live: &Tree, patch: &Tree) -> Patched {
    match directive(patch)? {
        Some(Directive::Replace) => return Ok(without_directives(patch)),
        Some(Directive::Delete) => return Ok(Tree { position: patch.position, ..Tree::map() }),
        None => {}
    }
    let (mut out, changes) = (Entries::of(live), Entries::of(patch));
    if let Some(kept) = changes.get(RETAIN_KEYS) {
        let kept: BTreeSet<&Str> = kept.items().iter().filter_map(Tree::as_str).collect();
        check_retained(&kept, patch)?;
        let is_left = |entry: &&Entry| !kept.contains(&entry.key);
        live.entries().iter().filter(is_left).for_each(|entry| out.remove(&entry.key));
    }
    for Entry { key, value, .. } in patch.entries() {
        if let Some(list) = key.strip_prefix(DELETE_FROM_LIST) {
            delete_from_list(&mut out, list, value.items());
        } else if let Some(list) = key.strip_prefix(ELEMENT_ORDER) {
            check_order(schema, list, changes.get(list), value)?;
            // Of a list that the patch changes too it is the order of the changes.
            if changes.get(list).is_none() {
                set_order(&mut out, schema, list, value.items());
            }
        } else if [PATCH, RETAIN_KEYS].contains(&&**key) {
        } else if value.value == Value::Null {
            out.remove(key);
        } else if out.get(key).is_some() || value.field(PATCH).is_none() {
            let order = changes.get(&format!("{ELEMENT_ORDER}{key}")).map(Tree::items);
            let merged = merged(schema.strategy(key), out.get(key), value, order)?;
            out.put(key, merged);
        }
    }
    Ok(out.into_map(patch.position))
}

fn merged(strategy: Option<Strategy>, live: Option<&Tree>, patch: &Tree, order: Option<&[Tree]>) -> Patched {
    let live_items = live.map_or(&[][..], Tree::items);
    match (&patch.value, strategy) {
        (Value::Map(_), Some(Strategy::Replace)) => Ok(without_directives(patch)),
        (Value::Map(_), Some(Strategy::Merge(schema))) => merged_field(schema, live, patch),
        (Value::Map(_), None | Some(Strategy::MergeByKey(..) | Strategy::MergeSet)) => {
            merged_field(&PLAIN, live, patch)
        }
        (Value::Seq(items), Some(Strategy::MergeByKey(field, schema))) => {
            let merged = merged_items(field, schema, live_items, items)?;
            Ok(Tree {
                position: patch.position,
                ..Tree::seq(ordered(merged, Some(field), live_items, order.unwrap_or(items)))
            })
        }
        (Value::Seq(items), Some(Strategy::MergeSet)) => {
            let mut there = BTreeSet::new();
            let all = live_items.iter().chain(items.iter());
            let merged = all.filter(|item| there.insert(to_json(item))).cloned().collect();
            Ok(Tree {
                position: patch.position,
                ..Tree::seq(ordered(merged, None, live_items, order.unwrap_or(items)))
            })
        }
        (Value::Seq(_), None | Some(Strategy::Replace | Strategy::Merge(_)))
        | (Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::String(_), _) => {
            Ok(without_directives(patch))
        }
    }
}

/// A value that is no object is replaced by one.
fn merged_field(schema: &Schema, live: Option<&Tree>, patch: &Tree) -> Patched {
    let nothing = Tree::map();
    let live = live.filter(|live| matches!(live.value, Value::Map(_))).unwrap_or(&nothing);
    merged_map(schema, live, patch)
}

/// Those that are there in their places, and new ones last.
fn merged_items(
    field: &'static str,
    schema: &Schema,
    live: &[Tree],
    patch: &[Tree],
) -> Result<Vec<Tree>, PatchProblem> {
    let directives = patch.iter().map(directive).collect::<Result<Vec<_>, _>>()?;
    if directives.contains(&Some(Directive::Replace)) {
        let rest = patch.iter().zip(&directives).filter(|(_, directive)| directive.is_none());
        return Ok(rest.map(|(item, _)| without_directives(item)).collect());
    }
    // `None`: deleted.
    let mut out: Vec<Option<Tree>> = live.iter().cloned().map(Some).collect();
    let mut places = BTreeMap::<Key, Vec<usize>>::new();
    for (place, item) in live.iter().enumerate() {
        places.entry(key_of(field, item)).or_default().push(place);
    }
    // Deletions come first, wherever they stand (mergeSliceWithSpecialElements).
    let is_deletion = |(_, directive): &(&Tree, Option<Directive>)| *directive == Some(Directive::Delete);
    let (deleted, merged): (Vec<_>, Vec<_>) = patch.iter().zip(directives).partition(is_deletion);
    for (item, directive) in deleted.into_iter().chain(merged) {
        let key = key_of(field, item);
        if key.is_none() {
            return Err(PatchProblem::NoMergeKey { key: field });
        }
        if directive.is_some() {
            places.remove(&key).into_iter().flatten().for_each(|place| out[place] = None);
        } else if let Some(place) = places.get(&key).map(|places| places[0]) {
            let live = out[place].take().expect("it has a place");
            out[place] = Some(merged_map(schema, &live, item)?);
        } else {
            places.insert(key, vec![out.len()]);
            out.push(Some(without_directives(item)));
        }
    }
    Ok(out.into_iter().flatten().collect())
}

/// applyRetainKeysDirective: what the patch sets is retained.
fn check_retained(kept: &BTreeSet<&Str>, patch: &Tree) -> Result<(), PatchProblem> {
    let is_directive =
        |key: &str| key == RETAIN_KEYS || key.starts_with(DELETE_FROM_LIST) || key.starts_with(ELEMENT_ORDER);
    let mut set = patch.entries().iter().filter(|entry| entry.value.value != Value::Null);
    match set.all(|entry| is_directive(&entry.key) || kept.contains(&entry.key)) {
        true => Ok(()),
        false => Err(PatchProblem::RetainKeys),
    }
}

/// validatePatchWithSetOrderList: the items of the patch are among those that are ordered, in that order.
fn check_order(schema: &Schema, list: &str, patch: Option<&Tree>, order: &Tree) -> Result<(), PatchProblem> {
    let problem = || PatchProblem::ElementOrder { list: list.into() };
    if !matches!(order.value, Value::Seq(_)) {
        return Err(problem());
    }
    let field = merge_key(schema, list);
    let key = |item: &Tree| field.map_or_else(|| Some(to_json(item)), |field| key_of(field, item));
    let items = patch.map_or(&[][..], Tree::items).iter().filter(|item| item.field(PATCH).is_none());
    let mut order = order.items().iter().peekable();
    // An empty one says nothing.
    if order.peek().is_none() {
        return Ok(());
    }
    for item in items {
        if !order.any(|other| key(other) == key(item)) {
            return Err(problem());
        }
    }
    Ok(())
}

fn merge_key(schema: &Schema, list: &str) -> Option<&'static str> {
    match schema.strategy(list) {
        Some(Strategy::MergeByKey(field, _)) => Some(field),
        Some(Strategy::Merge(_) | Strategy::MergeSet | Strategy::Replace) | None => None,
    }
}

fn delete_from_list(map: &mut Entries, list: &str, deleted: &[Tree]) {
    let Some(items) = map.get(list).map(Tree::items) else { return };
    let deleted: BTreeSet<String> = deleted.iter().map(to_json).collect();
    let left = items.iter().filter(|item| !deleted.contains(&to_json(item))).cloned().collect();
    map.put(&list.into(), Tree::seq(left));
}

fn set_order(map: &mut Entries, schema: &Schema, list: &str, order: &[Tree]) {
    let Some(live) = map.get(list).map(|list| list.items().to_vec()) else { return };
    let field = merge_key(schema, list);
    map.put(&list.into(), Tree::seq(ordered(live.clone(), field, &live, order)));
}

/// The items that `order` names stand in its order, the others where they are.
fn ordered(items: Vec<Tree>, field: Option<&str>, live: &[Tree], order: &[Tree]) -> Vec<Tree> {
    let key = |item: &Tree| field.map_or_else(|| Some(to_json(item)), |field| key_of(field, item));
    let places: BTreeMap<Key, usize> =
        order.iter().enumerate().map(|(place, item)| (key(item), place)).collect();
    let (mut named, others): (Vec<Tree>, Vec<Tree>) =
        items.into_iter().partition(|item| places.contains_key(&key(item)));
    named.sort_by_cached_key(|item| places[&key(item)]);
    interleaved_by(key, others, named, live)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Directive {
    Replace,
    Delete,
}

fn directive(patch: &Tree) -> Result<Option<Directive>, PatchProblem> {
    let Some(value) = patch.field(PATCH) else { return Ok(None) };
    match value.as_str().map(|text| &**text) {
        Some("replace") => Ok(Some(Directive::Replace)),
        Some("delete") => Ok(Some(Directive::Delete)),
        Some(_) | None => Err(PatchProblem::UnknownDirective { value: to_json(value).as_str().into() }),
    }
}

/// A value that is added as it is; what is null in it is not there.
fn without_directives(tree: &Tree) -> Tree {
    let value = match &tree.value {
        Value::Map(entries) => {
            let is_left = |entry: &&Entry| !entry.key.starts_with('$') && entry.value.value != Value::Null;
            let cleaned = |entry: &Entry| Entry { value: without_directives(&entry.value), ..entry.clone() };
            Value::Map(entries.iter().filter(is_left).map(cleaned).collect::<Vec<_>>().into())
        }
        Value::Seq(items) => Value::Seq(items.iter().map(without_directives).collect::<Vec<_>>().into()),
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::String(_) => {
            tree.value.clone()
        }
    };
    Tree { value, position: tree.position }
}
