//! What `kubectl apply` makes of an object that is there: a patch of three trees, the text that was applied last, the
//! new one, and the object as it is (apimachinery util/strategicpatch, CreateThreeWayMergePatch).

use std::collections::BTreeMap;

use super::lists::{merged_by_key, merged_set};
use super::schema::{PLAIN, Schema, Strategy};
use crate::api::{Entry, Tree, Value};

/// `live`, with what the texts say of it: what only the last one said is removed, what the new one says is set, and all
/// else stays as others have made it. Only what the new text says has a place in it.
pub fn three_way(schema: &Schema, live: &Tree, last: Option<&Tree>, new: &Tree) -> Tree {
    patched_map(schema, &live.unplaced(), last, new)
}

pub(super) fn patched_map(schema: &Schema, live: &Tree, last: Option<&Tree>, new: &Tree) -> Tree {
    let (live_of, last_of, new_of) = (by_key(live.entries()), by_key(entries(last)), by_key(new.entries()));
    let kept = live.entries().iter().filter_map(|entry| {
        let key = &*entry.key;
        let (position, value) = match new_of.get(key) {
            Some(new) if new.value.value == Value::Null => return None,
            Some(new) => {
                let last = last_of.get(key).map(|last| &last.value);
                (new.position, merged(schema.strategy(key), &entry.value, last, &new.value))
            }
            None if schema.retains_keys || last_of.contains_key(key) => return None,
            None => (entry.position, entry.value.clone()),
        };
        Some(Entry { key: entry.key.clone(), position, value })
    });
    let is_added = |entry: &&Entry| !live_of.contains_key(&*entry.key) && entry.value.value != Value::Null;
    let added = new.entries().iter().filter(is_added).cloned();
    Tree { value: Value::Map(kept.chain(added).collect::<Vec<Entry>>().into()), position: new.position }
}

fn entries(map: Option<&Tree>) -> &[Entry] {
    map.map_or(&[], Tree::entries)
}

fn by_key(entries: &[Entry]) -> BTreeMap<&str, &Entry> {
    entries.iter().map(|entry| (&*entry.key, entry)).collect()
}

fn merged(strategy: Option<Strategy>, live: &Tree, last: Option<&Tree>, new: &Tree) -> Tree {
    let last_items = last.map_or(&[][..], Tree::items);
    match (&new.value, strategy) {
        (Value::Map(_), Some(Strategy::Merge(schema))) => patched_map(schema, live, last, new),
        (Value::Map(_), None) => patched_map(&PLAIN, live, last, new),
        (Value::Seq(items), Some(Strategy::MergeByKey(field, schema))) => {
            let merged = merged_by_key(field, schema, live.items(), last_items, items);
            Tree { position: new.position, ..Tree::seq(merged) }
        }
        (Value::Seq(items), Some(Strategy::MergeSet)) => {
            let merged = merged_set(live.items(), last_items, items);
            Tree { position: new.position, ..Tree::seq(merged) }
        }
        // A value that is not of its field's type is refused where the object is read.
        (
            Value::Null
            | Value::Bool(_)
            | Value::Int(_)
            | Value::Float(_)
            | Value::String(_)
            | Value::Seq(_)
            | Value::Map(_),
            _,
        ) => new.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{Kind, parse, to_json};

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
            // Of a Service's spec only `ports` is merged, and nothing else that is called so.
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
            let service = Schema::of(&Kind::Service);
            let merged = three_way(service, &tree(live), Some(&tree(last)), &tree(new));
            let spec = merged.field("spec").expect("it has one");
            assert_eq!(to_json(spec), expected, "{last} to {new}");
        }
    }
}
