//! What `kubectl apply` makes of an object that is there: a patch of three trees, the text that was applied last, the
//! new one, and the object as it is (apimachinery util/strategicpatch, CreateThreeWayMergePatch).

use super::{Step, Tree, Value};

/// `live` with what the texts say of it: what only the last one said is removed, what the new one says is set, and all
/// else stays as others have made it.
pub fn patched(live: &Tree, last: Option<&Tree>, new: &Tree) -> Tree {
    let mut out = live.clone();
    for entry in last.map_or(&[][..], Tree::entries) {
        if new.field(&entry.key).is_none() {
            out.remove(&[Step::Key(&entry.key)]);
        }
    }
    for entry in new.entries() {
        let key = &*entry.key;
        let last = last.and_then(|last| last.field(key));
        let merged = out.field(key).and_then(|live| merged(key, live, last, &entry.value));
        if entry.value.value == Value::Null {
            out.remove(&[Step::Key(key)]);
        } else {
            out.put(key, merged.unwrap_or_else(|| entry.value.clone()));
        }
    }
    out
}

/// What is merged and not replaced: maps, and one list.
fn merged(key: &str, live: &Tree, last: Option<&Tree>, new: &Tree) -> Option<Tree> {
    if let Value::Map(_) = new.value {
        return Some(patched(live, last, new));
    }
    let items = last.map_or(&[][..], Tree::items);
    (key == MERGED)
        .then(|| Tree { position: new.position, ..Tree::seq(ports(live.items(), items, new.items())) })
}

/// The list of a Service that is merged by the field `port` (core/v1 types.go, patchMergeKey); others are replaced.
const MERGED: &str = "ports";

fn key(port: &Tree) -> Option<i64> {
    port.field("port").and_then(Tree::as_int)
}

/// Of ports with one number each is compared with its like, the last with the last; but what differs goes to the first
/// that is there. So a second protocol of one number takes the first one's place.
fn ports(live: &[Tree], last: &[Tree], new: &[Tree]) -> Vec<Tree> {
    let of =
        |all: &[Tree], number| all.iter().filter(|port| key(port) == number).cloned().collect::<Vec<_>>();
    let mut out: Vec<Tree> = Vec::new();
    for port in new {
        let number = key(port);
        if out.iter().any(|done| key(done) == number) {
            continue;
        }
        let (live, last) = (of(live, number), of(last, number));
        out.extend(same_number(&live, &last, &of(new, number)));
    }
    let is_left =
        |port: &&Tree| [new, last].iter().all(|all| all.iter().all(|other| key(other) != key(port)));
    out.extend(live.iter().filter(is_left).cloned());
    out
}

fn same_number(live: &[Tree], last: &[Tree], new: &[Tree]) -> Vec<Tree> {
    let Some(first) = live.first() else {
        let mut merged = new.last().cloned().unwrap_or_default();
        new.iter().rev().for_each(|port| merged = patched(&merged, None, port));
        return vec![merged];
    };
    let mut merged = first.clone();
    for (index, port) in new.iter().rev().enumerate() {
        let like = live.iter().rev().nth(index);
        for entry in port.entries() {
            if like.and_then(|like| like.field(&entry.key)) != Some(&entry.value) {
                merged.put(&entry.key, entry.value.clone());
            }
        }
        for entry in last.iter().rev().nth(index).map_or(&[][..], Tree::entries) {
            if port.field(&entry.key).is_none() {
                merged.remove(&[Step::Key(&entry.key)]);
            }
        }
    }
    std::iter::once(merged).chain(live[1..].iter().cloned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{parse, to_json};

    fn tree(text: &str) -> Tree {
        let object = format!("{{apiVersion: a/v1, kind: A, metadata: {{name: a}}, spec: {text}}}\n");
        let manifest = parse(&object);
        manifest.objects[0].source.tree.field("spec").cloned().expect("it has one")
    }

    /// As a real cluster has it (Kubernetes 1.36, a Service applied twice).
    #[test]
    fn a_patch_of_three_trees() {
        for (last, new, live, expected) in [
            ("{a: 1}", "{b: 2}", "{a: 1, c: 3}", r#"{"c":3,"b":2}"#),
            ("{}", "{a: 2}", "{a: 1}", r#"{"a":2}"#),
            ("{m: {a: 1}}", "{m: {b: 2}}", "{m: {a: 1, c: 3}}", r#"{"m":{"c":3,"b":2}}"#),
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
            assert_eq!(to_json(&merged), expected, "{last} to {new}");
        }
    }
}
