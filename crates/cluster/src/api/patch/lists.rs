//! Lists whose items are merged one by one.

use std::collections::{BTreeMap, BTreeSet};

use super::schema::Schema;
use super::three_way::patched_map;
use crate::api::{Entry, Tree, to_json};

/// The text of an item's merge key. Items without it are one another's like.
pub(super) type Key = Option<String>;

pub(super) fn key_of(field: &str, item: &Tree) -> Key {
    item.field(field).map(to_json)
}

fn by_key<'a>(field: &str, items: &'a [Tree]) -> BTreeMap<Key, Vec<&'a Tree>> {
    let mut out = BTreeMap::<_, Vec<&Tree>>::new();
    for item in items {
        out.entry(key_of(field, item)).or_default().push(item);
    }
    out
}

/// A list of objects that are told apart by `field`: those that only the text before said go, those of the new one are
/// patched, the others stay.
pub(super) fn merged_by_key(
    field: &str,
    schema: &Schema,
    live: &[Tree],
    last: &[Tree],
    new: &[Tree],
) -> Vec<Tree> {
    let [live_of, last_of, new_of] = [live, last, new].map(|items| by_key(field, items));
    let (mut patched, mut done) = (Vec::new(), BTreeSet::new());
    for key in new.iter().map(|item| key_of(field, item)) {
        if !done.contains(&key) {
            let [live, last, new] =
                [&live_of, &last_of, &new_of].map(|of| of.get(&key).map_or(&[][..], Vec::as_slice));
            patched.extend(of_one_key(schema, live, last, new).into_iter().map(|item| (key.clone(), item)));
            done.insert(key);
        }
    }
    let others = live.iter().map(|item| (key_of(field, item), item.clone()));
    let is_others = |(key, _): &(Key, Tree)| !last_of.contains_key(key) && !new_of.contains_key(key);
    let live_keys = live.iter().map(|item| key_of(field, item));
    interleaved(others.filter(is_others).collect(), patched, live_keys)
}

/// A list of texts: a set.
pub(super) fn merged_set(live: &[Tree], last: &[Tree], new: &[Tree]) -> Vec<Tree> {
    let said: BTreeSet<String> = last.iter().chain(new).map(to_json).collect();
    let others = live.iter().filter(|item| !said.contains(&to_json(item))).cloned();
    interleaved_by(|item| Some(to_json(item)), others.collect(), new.to_vec(), live)
}

/// [`interleaved`], of items whose keys are still to be found.
pub(super) fn interleaved_by(
    key: impl Fn(&Tree) -> Key,
    others: Vec<Tree>,
    patched: Vec<Tree>,
    live: &[Tree],
) -> Vec<Tree> {
    let keyed = |items: Vec<Tree>| items.into_iter().map(|item| (key(&item), item)).collect();
    interleaved(keyed(others), keyed(patched), live.iter().map(&key))
}

/// strategicpatch/patch.go, mergeSortedSlice: both lists keep their order, and each of the `others` stands before the
/// first that was patched that came after it in the list as it was.
fn interleaved(
    others: Vec<(Key, Tree)>,
    patched: Vec<(Key, Tree)>,
    live: impl Iterator<Item = Key>,
) -> Vec<Tree> {
    let mut place = BTreeMap::<Key, usize>::new();
    for (index, key) in live.enumerate() {
        place.entry(key).or_insert(index);
    }
    let (mut out, mut patched) = (Vec::new(), patched.into_iter().peekable());
    for (key, other) in others {
        let comes_after = |patched: &Key| place.get(patched).is_some_and(|at| *at > place[&key]);
        while let Some((_, item)) = patched.next_if(|(patched, _)| !comes_after(patched)) {
            out.push(item);
        }
        out.push(other);
    }
    out.extend(patched.map(|(_, item)| item));
    out
}

/// The items of one merge key. There is one, but for what the API server takes for two: the TCP and the UDP port of one
/// number. Of several each is compared with its like, the last with the last; but what differs goes to the first that
/// is there. So a second protocol of one number takes the first one's place.
fn of_one_key(schema: &Schema, live: &[&Tree], last: &[&Tree], new: &[&Tree]) -> Vec<Tree> {
    let Some((first, others)) = live.split_first() else {
        let merged = new.iter().rev().fold(None, |merged: Option<Tree>, item| {
            Some(merged.map_or_else(|| Tree::clone(item), |merged| patched_map(schema, &merged, None, item)))
        });
        return merged.into_iter().collect();
    };
    if let ([], [item]) = (others, new) {
        return vec![patched_map(schema, first, last.first().copied(), item)];
    }
    let mut merged = Tree::clone(first);
    for (index, item) in new.iter().rev().enumerate() {
        let like = live.iter().rev().nth(index);
        for entry in item.entries() {
            if !like.is_some_and(|like| says(like, entry)) {
                merged.put(&entry.key, entry.value.clone());
            }
        }
        for entry in last.iter().rev().nth(index).map_or(&[][..], |last| last.entries()) {
            if item.field(&entry.key).is_none() {
                merged.remove(&[(&*entry.key).into()]);
            }
        }
    }
    std::iter::once(merged).chain(others.iter().copied().cloned()).collect()
}

/// Where no protocol is written the API server has stored TCP (core/v1 defaults.go).
fn says(item: &Tree, entry: &Entry) -> bool {
    match item.field(&entry.key) {
        Some(value) => *value == entry.value,
        None => &*entry.key == "protocol" && entry.value == Tree::string("TCP"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::schema::PLAIN;
    use super::*;

    fn items(names: &str) -> Vec<Tree> {
        let item = |name: &str| {
            let mut item = Tree::map();
            item.put("name", Tree::string(name));
            item
        };
        names.split_whitespace().map(item).collect()
    }

    fn names(items: &[Tree]) -> String {
        let name =
            |item: &Tree| item.field("name").and_then(Tree::as_str).expect("it has a name").to_string();
        items.iter().map(name).collect::<Vec<_>>().join(" ")
    }

    /// strategicpatch/patch_test.go has tables of the same.
    #[test]
    fn what_others_have_added_keeps_its_place() {
        for (last, new, live, expected) in [
            ("a b", "a b", "a b", "a b"),
            ("a b", "b a", "a b", "b a"),
            ("a b", "a", "a b", "a"),
            ("a", "a b", "a", "a b"),
            ("a b", "a b", "a x b", "a x b"),
            ("b c", "c b", "b x c", "x c b"),
            ("b", "n b", "b x", "n b x"),
            ("b", "n b", "x b", "n x b"),
            ("a b", "c", "x a b y", "c x y"),
        ] {
            let merged = merged_by_key("name", &PLAIN, &items(live), &items(last), &items(new));
            assert_eq!(names(&merged), expected, "{last} to {new} of {live}");
            let texts = |names: &str| -> Vec<Tree> { names.split_whitespace().map(Tree::string).collect() };
            let merged = merged_set(&texts(live), &texts(last), &texts(new));
            assert_eq!(merged, texts(expected), "{last} to {new} of {live}");
        }
    }

    /// As many as a text can have, each found by its number.
    #[test]
    fn many_ports() {
        let texts = |count: i64, node_port: Option<i64>| -> Vec<Tree> {
            let port = |number| {
                let mut port = Tree::map();
                port.put("port", Tree::int(number));
                node_port.into_iter().for_each(|first| port.put("nodePort", Tree::int(first + number)));
                port
            };
            (1..=count).map(port).collect()
        };
        let live = texts(60_000, Some(100_000));
        let merged = |new: &[Tree]| merged_by_key("port", &PLAIN, &live, &texts(60_000, None), new);
        assert_eq!(merged(&texts(60_000, None)), live);
        assert_eq!(merged(&texts(30_000, None)), live[..30_000]);
    }
}
