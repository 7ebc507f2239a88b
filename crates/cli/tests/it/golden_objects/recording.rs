//! The objects of one cluster after all had settled, and what was said meanwhile.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::normal::{Said, is_system, normal, recorded, said, trim};

/// The kinds that are compared; where a recording has none of a kind, there may be none.
pub const KINDS: &str = "nodes,services,endpointslices,endpoints,pods,deployments,replicasets,namespaces,statefulsets,\
                         daemonsets,replicationcontrollers,jobs,cronjobs,poddisruptionbudgets,controllerrevisions,\
                         persistentvolumeclaims";
/// Kinds that nothing knows which the manifests do not have.
pub const MORE_KINDS: [&str; 2] = ["ingresses", "horizontalpodautoscalers"];

#[derive(Default)]
pub struct Recording {
    /// By kind: each object, in the form in which it is compared, and how often.
    pub objects: BTreeMap<String, Vec<(u32, Value)>>,
    /// How often each was said. `None`: not recorded.
    pub events: Option<BTreeMap<Said, u32>>,
}

impl Recording {
    pub fn count(&self) -> usize {
        let objects: u32 = self.objects.values().flatten().map(|(count, _)| count).sum();
        objects as usize + self.events.as_ref().map_or(0, BTreeMap::len)
    }

    /// Whether it has objects of that plural.
    pub fn has(&self, plural: &str) -> bool {
        self.objects.keys().any(|kind| format!("{}s", kind.to_lowercase().replace("ss", "sse")) == plural)
    }

    /// What a List has; its Events apart.
    pub fn of_items(items: Vec<Value>, manifest: &str) -> Recording {
        let (events, objects): (Vec<Value>, Vec<Value>) =
            items.into_iter().partition(|item| item["kind"] == "Event");
        let mut out = Recording { events: Some(BTreeMap::new()), ..Recording::default() };
        for event in &events {
            *out.events.get_or_insert_default().entry(said(event)).or_default() += 1;
        }
        out.add(objects, manifest);
        out
    }

    fn add(&mut self, objects: Vec<Value>, manifest: &str) {
        let mut by_text: BTreeMap<String, (u32, Value)> = BTreeMap::new();
        for object in objects.into_iter().filter(|object| !is_system(object)) {
            let object = normal(trim(object), manifest);
            by_text.entry(object.to_string()).or_insert((0, object)).0 += 1;
        }
        for (count, object) in by_text.into_values() {
            let kind = object["kind"].as_str().unwrap_or_default().to_string();
            self.objects.entry(kind).or_default().push((count, object));
        }
    }

    /// As it was recorded: a file of each kind.
    pub fn of_folder(folder: &Path, manifest: &str) -> Recording {
        let list = |kind: &str| -> Option<Vec<Value>> {
            let text = fs::read_to_string(folder.join(format!("{kind}.json"))).ok()?;
            Some(serde_json::from_str(&text).unwrap_or_else(|error| panic!("{kind}: {error}")))
        };
        let mut out = Recording::default();
        for kind in KINDS.split(',').chain(MORE_KINDS) {
            out.add(list(kind).unwrap_or_default(), manifest);
        }
        out.events = list("events").map(|events| {
            let mut said = BTreeMap::new();
            for event in &events {
                *said.entry(recorded(event)).or_default() += 1;
            }
            said
        });
        out
    }

    /// One object a line.
    pub fn print(&self) -> String {
        let mut out = String::from("{\n");
        for (kind, objects) in &self.objects {
            let lines: Vec<String> = objects.iter().map(|(count, o)| format!("[{count}, {o}]")).collect();
            let _ = writeln!(out, "\"{kind}\": [\n{}\n],", lines.join(",\n"));
        }
        let events = self.events.as_ref().map(|events| {
            let line =
                |(said, count): (&Said, &u32)| json!([count, said.0, said.1, said.2, said.3]).to_string();
            format!("[\n{}\n]", events.iter().map(line).collect::<Vec<_>>().join(",\n"))
        });
        let _ = writeln!(out, "\"events\": {}\n}}", events.unwrap_or_else(|| "null".into()));
        out
    }

    /// As it was printed.
    pub fn read(path: &Path) -> Recording {
        let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let value: Value =
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let count = |value: &Value| value.as_u64().and_then(|n| u32::try_from(n).ok()).expect("a count");
        let string = |value: &Value| value.as_str().expect("a string").to_string();
        let mut out = Recording::default();
        for (kind, list) in value.as_object().expect("an object") {
            let list = list.as_array().map_or(&[][..], Vec::as_slice);
            if kind != "events" {
                let objects = list.iter().map(|pair| (count(&pair[0]), pair[1].clone()));
                out.objects.insert(kind.clone(), objects.collect());
            }
        }
        out.events = value["events"].as_array().map(|events| {
            let said = |e: &Value| Said(string(&e[1]), string(&e[2]), string(&e[3]), string(&e[4]));
            events.iter().map(|event| (said(event), count(&event[0]))).collect()
        });
        out
    }
}
