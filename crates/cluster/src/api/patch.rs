//! What `kubectl apply` makes of an object that is there: a patch of three trees, the text that was applied last, the
//! new one, and the object as it is (apimachinery util/strategicpatch, CreateThreeWayMergePatch).

use std::collections::{BTreeMap, BTreeSet};

use super::{Entry, Tree, Value};

/// `live`, a Service, with what the texts say of it: what only the last one said is removed, what the new one says is
/// set, and all else stays as others have made it.
pub fn patched(live: &Tree, last: Option<&Tree>, new: &Tree) -> Tree {
    patched_map(Place::Service, live, last, new)
}

/// What a map is.
#[derive(Clone, Copy)]
enum Place {
    Service,
    Spec,
    Other,
}

impl Place {
    fn child(self, key: &str) -> Place {
        match self {
            Place::Service if key == "spec" => Place::Spec,
            Place::Service | Place::Spec | Place::Other => Place::Other,
        }
    }

    /// Whether it is the list of a Service that is merged, by the field `port` (core/v1 types.go, patchMergeKey). Any
    /// other is replaced.
    fn has_merged_list(self, key: &str) -> bool {
        match self {
            Place::Spec => key == "ports",
            Place::Service | Place::Other => false,
        }
    }
}

fn patched_map(place: Place, live: &Tree, last: Option<&Tree>, new: &Tree) -> Tree {
    let (live_of, last_of, new_of) = (by_key(live.entries()), by_key(entries(last)), by_key(new.entries()));
    let kept = live.entries().iter().filter_map(|entry| {
        let key = &*entry.key;
        let value = match new_of.get(key) {
            Some(new) if new.value == Value::Null => return None,
            Some(new) => merged(place, key, &entry.value, last_of.get(key).copied(), new),
            None if last_of.contains_key(key) => return None,
            None => entry.value.clone(),
        };
        Some(Entry { value, ..entry.clone() })
    });
    let is_added = |entry: &&Entry| !live_of.contains_key(&*entry.key) && entry.value.value != Value::Null;
    let added = new.entries().iter().filter(is_added).cloned();
    Tree { value: Value::Map(kept.chain(added).collect::<Vec<Entry>>().into()), position: live.position }
}

fn entries(map: Option<&Tree>) -> &[Entry] {
    map.map_or(&[], Tree::entries)
}

fn by_key(entries: &[Entry]) -> BTreeMap<&str, &Tree> {
    entries.iter().map(|entry| (&*entry.key, &entry.value)).collect()
}

/// Maps are merged, and one list is; all else is replaced.
fn merged(place: Place, key: &str, live: &Tree, last: Option<&Tree>, new: &Tree) -> Tree {
    match &new.value {
        Value::Map(_) => patched_map(place.child(key), live, last, new),
        Value::Seq(items) if place.has_merged_list(key) => {
            let last = last.map_or(&[][..], Tree::items);
            Tree { position: new.position, ..Tree::seq(ports(live.items(), last, items)) }
        }
        Value::Seq(_) | Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::String(_) => {
            new.clone()
        }
    }
}

fn number(port: &Tree) -> Option<i64> {
    port.field("port").and_then(Tree::as_int)
}

fn by_number(ports: &[Tree]) -> BTreeMap<Option<i64>, Vec<&Tree>> {
    let mut out = BTreeMap::<_, Vec<&Tree>>::new();
    for port in ports {
        out.entry(number(port)).or_default().push(port);
    }
    out
}

/// Of ports with one number each is compared with its like, the last with the last; but what differs goes to the first
/// that is there. So a second protocol of one number takes the first one's place.
fn ports(live: &[Tree], last: &[Tree], new: &[Tree]) -> Vec<Tree> {
    let (live_of, last_of, new_of) = (by_number(live), by_number(last), by_number(new));
    let (mut out, mut done) = (Vec::new(), BTreeSet::new());
    for number in new.iter().map(number) {
        if done.insert(number) {
            let [live, last, new] =
                [&live_of, &last_of, &new_of].map(|of| of.get(&number).map_or(&[][..], Vec::as_slice));
            out.extend(same_number(live, last, new));
        }
    }
    let is_left = |port: &&Tree| [&last_of, &new_of].iter().all(|of| !of.contains_key(&number(port)));
    out.extend(live.iter().filter(is_left).cloned());
    out
}

fn same_number(live: &[&Tree], last: &[&Tree], new: &[&Tree]) -> Vec<Tree> {
    let patched = |live: &Tree, new: &Tree| patched_map(Place::Other, live, None, new);
    let Some((first, others)) = live.split_first() else {
        let merged = new.iter().rev().fold(None, |merged: Option<Tree>, port| {
            Some(merged.map_or_else(|| Tree::clone(port), |merged| patched(&merged, port)))
        });
        return merged.into_iter().collect();
    };
    let mut merged = Tree::clone(first);
    for (index, port) in new.iter().rev().enumerate() {
        let like = live.iter().rev().nth(index);
        for entry in port.entries() {
            if like.and_then(|like| like.field(&entry.key)) != Some(&entry.value) {
                merged.put(&entry.key, entry.value.clone());
            }
        }
        for entry in last.iter().rev().nth(index).map_or(&[][..], |last| last.entries()) {
            if port.field(&entry.key).is_none() {
                merged.remove(&[(&*entry.key).into()]);
            }
        }
    }
    std::iter::once(merged).chain(others.iter().copied().cloned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{parse, to_json};

    fn tree(spec: &str) -> Tree {
        let object = format!("{{apiVersion: a/v1, kind: A, metadata: {{name: a}}, spec: {spec}}}\n");
        parse(&object).objects[0].source.tree.clone()
    }

    /// As a real cluster has it (Kubernetes 1.36, a Service applied twice).
    #[test]
    fn a_patch_of_three_trees() {
        for (last, new, live, expected) in [
            ("{a: 1}", "{b: 2}", "{a: 1, c: 3}", r#"{"c":3,"b":2}"#),
            ("{}", "{a: 2}", "{a: 1}", r#"{"a":2}"#),
            ("{m: {a: 1}}", "{m: {b: 2}}", "{m: {a: 1, c: 3}}", r#"{"m":{"c":3,"b":2}}"#),
            ("{m: {a: 1}}", "{m: null}", "{m: {a: 1}, c: 3}", r#"{"c":3}"#),
            // No list is merged but the Service's ports, and nothing else that is called so.
            ("{a: [1]}", "{a: [2]}", "{a: [1, 3]}", r#"{"a":[2]}"#),
            (
                "{selector: {ports: a}}",
                "{selector: {ports: b}}",
                "{selector: {ports: a}}",
                r#"{"selector":{"ports":"b"}}"#,
            ),
            ("{ports: a}", "{ports: b}", "{ports: a}", r#"{"ports":"b"}"#),
            (
                "{}",
                "{m: {ports: [{port: 2}]}}",
                "{m: {ports: [{port: 1}]}}",
                r#"{"m":{"ports":[{"port":2}]}}"#,
            ),
            // Ports by their number.
            (
                "{ports: [{port: 80, nodePort: 30080}]}",
                "{ports: [{port: 80}]}",
                "{ports: [{port: 80, nodePort: 30080, protocol: TCP}]}",
                r#"{"ports":[{"port":80,"protocol":"TCP"}]}"#,
            ),
            (
                "{ports: [{port: 80}]}",
                "{ports: [{port: 81}]}",
                "{ports: [{port: 80, nodePort: 30080}]}",
                r#"{"ports":[{"port":81}]}"#,
            ),
            (
                "{ports: [{name: t, port: 53}]}",
                "{ports: [{name: t, port: 53}, {name: u, port: 53, protocol: UDP}]}",
                "{ports: [{name: t, port: 53, protocol: TCP}]}",
                r#"{"ports":[{"name":"t","port":53,"protocol":"UDP"}]}"#,
            ),
            (
                "{ports: [{name: t, port: 53}, {name: u, port: 53, protocol: UDP}]}",
                "{ports: [{name: t, port: 53}, {name: u, port: 53, protocol: UDP}]}",
                "{ports: [{name: t, port: 53, protocol: TCP}, {name: u, port: 53, protocol: UDP}]}",
                r#"{"ports":[{"name":"t","port":53,"protocol":"TCP"},{"name":"u","port":53,"protocol":"UDP"}]}"#,
            ),
        ] {
            let merged = patched(&tree(live), Some(&tree(last)), &tree(new));
            let spec = merged.field("spec").expect("it has one");
            assert_eq!(to_json(spec), expected, "{last} to {new}");
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
        assert_eq!(ports(&live, &texts(60_000, None), &texts(60_000, None)), live);
        assert_eq!(ports(&live, &texts(60_000, None), &texts(30_000, None)), live[..30_000]);
    }
}
