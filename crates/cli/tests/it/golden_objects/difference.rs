//! What differs between two recordings.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::normal::key_of;
use super::recording::Recording;

/// Of one object, each line a field; of one event, or of how many there are.
pub struct Difference {
    pub kind: String,
    pub key: String,
    pub lines: Vec<String>,
}

pub fn differences(real: &Recording, ours: &Recording) -> Vec<Difference> {
    let mut out = Vec::new();
    let none = Vec::new();
    let kinds: BTreeSet<&String> = real.objects.keys().chain(ours.objects.keys()).collect();
    // Older recordings have no Endpoints.
    for kind in kinds.into_iter().filter(|kind| *kind != "Endpoints" || real.objects.contains_key(*kind)) {
        let of = |recording: &'_ Recording| recording.objects.get(kind).unwrap_or(&none).clone();
        compare_kind(kind, &of(real), &of(ours), &mut out);
    }
    if let (Some(real), Some(ours)) = (&real.events, &ours.events) {
        // Of what the simulated cluster says beside that, kubelets above all, nothing was recorded.
        for (said, count) in real.iter().filter(|(said, count)| ours.get(said) != Some(count)) {
            let same = ours.keys().filter(|other| (&other.1, &other.2) == (&said.1, &said.2));
            let near: Vec<&str> = same.map(|other| &*other.3).collect();
            let found = ours.get(said).copied().unwrap_or_default();
            let line = format!("{:?}: real {count}, ours {found}; ours says {near:?}", said.3);
            let key = format!("{} {}", said.1, said.2);
            out.push(Difference { kind: "Event".into(), key, lines: vec![line] });
        }
    }
    out
}

fn compare_kind(kind: &str, real: &[(u32, Value)], ours: &[(u32, Value)], out: &mut Vec<Difference>) {
    let (real, ours) = (by_key(real), by_key(ours));
    let keys: BTreeSet<&String> = real.keys().chain(ours.keys()).collect();
    for key in keys {
        let none = Vec::new();
        let (real, ours) = (real.get(key).unwrap_or(&none), ours.get(key).unwrap_or(&none));
        let mut differ = |lines: Vec<String>| {
            out.push(Difference { kind: kind.into(), key: key.clone(), lines });
        };
        for _ in 0..real.len().abs_diff(ours.len()) {
            differ(vec![format!("how many there are: real {}, ours {}", real.len(), ours.len())]);
        }
        // Those that are equal first: what is left is compared in order.
        let mut rest: Vec<&Value> = ours.clone();
        let unmatched = real.iter().filter(|object| match rest.iter().position(|other| other == *object) {
            Some(place) => {
                rest.remove(place);
                false
            }
            None => true,
        });
        let unmatched: Vec<&&Value> = unmatched.collect();
        for (real, ours) in unmatched.into_iter().zip(rest) {
            let mut lines = Vec::new();
            compare("", real, ours, &mut lines);
            differ(lines);
        }
    }
}

fn by_key(objects: &[(u32, Value)]) -> BTreeMap<String, Vec<&Value>> {
    let mut out: BTreeMap<String, Vec<&Value>> = BTreeMap::new();
    for (count, object) in objects {
        out.entry(key_of(object)).or_default().extend((0..*count).map(|_| object));
    }
    out
}

fn compare(path: &str, real: &Value, ours: &Value, lines: &mut Vec<String>) {
    match (real, ours) {
        (Value::Object(a), Value::Object(b)) => {
            let keys: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
            for key in keys {
                let path = format!("{path}.{key}");
                match (a.get(key), b.get(key)) {
                    (Some(real), Some(ours)) => compare(&path, real, ours, lines),
                    (Some(real), None) => lines.push(format!("{path}: real {real}, ours has none")),
                    (None, Some(ours)) => lines.push(format!("{path}: real has none, ours {ours}")),
                    (None, None) => {}
                }
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (index, (real, ours)) in a.iter().zip(b).enumerate() {
                compare(&format!("{path}[{index}]"), real, ours, lines);
            }
        }
        (real, ours) if real != ours => lines.push(format!("{path}: real {real}, ours {ours}")),
        _ => {}
    }
}
