//! What `kubectl apply` makes of an object that is there: a patch of three trees, the text that was applied last, the
//! new one, and the object as it is (apimachinery util/strategicpatch, CreateThreeWayMergePatch).

use std::collections::{BTreeMap, BTreeSet};

use super::{Entry, Tree, Value, to_json};

/// `live`, a Service, with what the texts say of it: what only the last one said is removed, what the new one says is
/// set, and all else stays as others have made it.
pub fn patched(live: &Tree, last: Option<&Tree>, new: &Tree) -> Tree {
    patched_map(Place::Service, live, last, new)
}

/// The same of a Pod.
pub fn patched_pod(live: &Tree, last: Option<&Tree>, new: &Tree) -> Tree {
    patched_map(Place::Pod, live, last, new)
}

/// What a map is.
#[derive(Clone, Copy)]
enum Place {
    Service,
    ServiceSpec,
    Pod,
    PodSpec,
    Container,
    Volume,
    Other,
}

/// How a list that is not replaced is merged.
enum Merge {
    /// Of a Service, by the field `port`.
    ServicePorts,
    /// By this field of its items, which are of that place.
    By(&'static str, Place),
}

impl Place {
    fn child(self, key: &str) -> Place {
        match self {
            Place::Service if key == "spec" => Place::ServiceSpec,
            Place::Pod if key == "spec" => Place::PodSpec,
            Place::Service
            | Place::ServiceSpec
            | Place::Pod
            | Place::PodSpec
            | Place::Container
            | Place::Volume
            | Place::Other => Place::Other,
        }
    }

    /// core/v1 types.go, patchStrategy: only the keys that the new text has stay.
    fn retains_keys(self) -> bool {
        match self {
            Place::Volume => true,
            Place::Service
            | Place::ServiceSpec
            | Place::Pod
            | Place::PodSpec
            | Place::Container
            | Place::Other => false,
        }
    }

    /// core/v1 types.go, patchMergeKey. `None`: the list is replaced.
    fn merge(self, key: &str) -> Option<Merge> {
        match (self, key) {
            (Place::ServiceSpec, "ports") => Some(Merge::ServicePorts),
            (Place::PodSpec, "containers" | "initContainers") => Some(Merge::By("name", Place::Container)),
            (Place::PodSpec, "volumes") => Some(Merge::By("name", Place::Volume)),
            (Place::PodSpec, "imagePullSecrets" | "schedulingGates" | "resourceClaims")
            | (Place::Container, "env") => Some(Merge::By("name", Place::Other)),
            (Place::PodSpec, "hostAliases") => Some(Merge::By("ip", Place::Other)),
            (Place::PodSpec, "topologySpreadConstraints") => Some(Merge::By("topologyKey", Place::Other)),
            (Place::Container, "ports") => Some(Merge::By("containerPort", Place::Other)),
            (Place::Container, "volumeMounts") => Some(Merge::By("mountPath", Place::Other)),
            (Place::Container, "volumeDevices") => Some(Merge::By("devicePath", Place::Other)),
            (
                Place::Service
                | Place::ServiceSpec
                | Place::Pod
                | Place::PodSpec
                | Place::Container
                | Place::Volume
                | Place::Other,
                _,
            ) => None,
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
            None if place.retains_keys() || last_of.contains_key(key) => return None,
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

/// Maps are merged, and some lists are; all else is replaced.
fn merged(place: Place, key: &str, live: &Tree, last: Option<&Tree>, new: &Tree) -> Tree {
    match &new.value {
        Value::Map(_) => patched_map(place.child(key), live, last, new),
        Value::Seq(items) => {
            let last = last.map_or(&[][..], Tree::items);
            let merged = match place.merge(key) {
                Some(Merge::ServicePorts) => ports(live.items(), last, items),
                Some(Merge::By(key, of)) => merged_items(key, of, live.items(), last, items),
                None => return new.clone(),
            };
            Tree { position: new.position, ..Tree::seq(merged) }
        }
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::String(_) => new.clone(),
    }
}

/// What an item is found by: the text of its field, and which one of that text it is.
type ItemKey = (Option<String>, u32);

fn item_keys(key: &str, items: &[Tree]) -> Vec<ItemKey> {
    let mut counts = BTreeMap::<Option<String>, u32>::new();
    let key_of = |item: &Tree| {
        let text = item.field(key).map(to_json);
        let count = counts.entry(text.clone()).or_default();
        *count += 1;
        (text, *count)
    };
    items.iter().map(key_of).collect()
}

/// Those that the new text has stand in its order, the others where they are.
fn merged_items(key: &str, place: Place, live: &[Tree], last: &[Tree], new: &[Tree]) -> Vec<Tree> {
    let [live_keys, last_keys, new_keys] = [live, last, new].map(|items| item_keys(key, items));
    let [live_of, last_of, new_of] = [(&live_keys, live), (&last_keys, last), (&new_keys, new)]
        .map(|(keys, items)| keys.iter().zip(items).collect::<BTreeMap<&ItemKey, &Tree>>());
    let patched = |(key, item): (&ItemKey, &Tree)| match live_of.get(key) {
        Some(live) => patched_map(place, live, last_of.get(key).copied(), item),
        None => item.clone(),
    };
    let mut from_new = new_keys.iter().zip(new).map(patched);
    let mut out = Vec::new();
    for (key, item) in live_keys.iter().zip(live) {
        if new_of.contains_key(key) {
            out.extend(from_new.next());
        } else if !last_of.contains_key(key) {
            out.push(item.clone());
        }
    }
    out.extend(from_new);
    out
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
    use crate::api::parse;

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
