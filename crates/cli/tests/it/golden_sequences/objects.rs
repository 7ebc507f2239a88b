//! The objects that there were at the end of each step. A file has each of them once, a line each, and how many of it
//! there were after the first step, after the second and so on, and what was said in all of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::Path;

use cluster::api::{Kind, ObjectRef, to_json_indented};
use cluster::sim::World;
use serde_json::{Value, json};

use super::replay::GATE;
use super::story::Story;
use crate::golden_objects::normal::{Said, recorded};
use crate::golden_objects::recording::Recording;
use crate::golden_tables::read;

const KINDS: [Kind; 13] = [
    Kind::Node,
    Kind::Service,
    Kind::EndpointSlice,
    Kind::Endpoints,
    Kind::Pod,
    Kind::Deployment,
    Kind::ReplicaSet,
    Kind::StatefulSet,
    Kind::DaemonSet,
    Kind::ReplicationController,
    Kind::Job,
    Kind::PodDisruptionBudget,
    Kind::ControllerRevision,
];

/// By step; of one that was not over before the next was begun, there is none.
pub type States = BTreeMap<usize, Recording>;

/// As it was recorded: FOLDER/N.after.json.
pub fn of_folder(folder: &Path, story: &Story) -> States {
    let after = |number: usize| folder.join(format!("{number}.after.json"));
    // A pause was a step of its own there.
    let recorded = (0..20).map(after).filter(|path| path.exists());
    let states = recorded.enumerate().filter(|(step, _)| story.settles_after(*step));
    let state = |(step, path): (usize, std::path::PathBuf)| {
        let lists: BTreeMap<String, Vec<Value>> = serde_json::from_str(&read(&path)).expect("it is JSON");
        let items = lists.into_values().flatten().collect();
        (step, Recording { events: None, ..Recording::of_items(items, story.manifest()) })
    };
    let mut states: States = states.map(state).collect();
    if let Some(mut last) = states.last_entry() {
        let log: Vec<Value> = serde_json::from_str(&read(&folder.join("sequence.json"))).expect("it is JSON");
        last.get_mut().events = Some(counts(log.iter().filter_map(recorded_event).collect()));
    }
    states
}

/// What was said of one name, once each, whatever its count, and also if client-go has combined it with others; not that
/// a controller's cache was too old, which is chance.
fn recorded_event(line: &Value) -> Option<Event> {
    let text = |field: &str| line[field].as_str().unwrap_or_default().to_string();
    let is_told = line.get("event").is_some() && line["event"] != "FailedToCreateEndpoint";
    let object = text("of").replacen('/', "/default/", 1);
    let message = text("message").replace("(combined from similar events): ", "");
    is_told.then(|| [text("type"), text("event"), object, on_some_node(&message)])
}

/// Type, reason, object and message.
type Event = [String; 4];

fn on_some_node(message: &str) -> String {
    ["node-1", "node-2", "node-3"]
        .iter()
        .fold(message.into(), |text: String, node| text.replace(node, "node-1"))
}

fn counts(events: BTreeSet<Event>) -> BTreeMap<Said, u32> {
    let mut counts = BTreeMap::new();
    for [type_, reason, object, message] in events {
        let event = json!({"type": type_, "reason": reason, "object": object, "message": message});
        *counts.entry(recorded(&event)).or_default() += 1;
    }
    counts
}

/// What was said until then.
fn events(world: &World) -> BTreeMap<Said, u32> {
    let events = words::events(world.log().iter().map(|logged| &**logged));
    let event = |event: &words::Event| {
        let about = &event.about;
        let object = format!("{}/{}/{}", about.kind.as_str(), about.namespace, about.name);
        [event.type_().to_string(), event.reason.clone(), object, on_some_node(&event.message)]
    };
    counts(events.iter().map(event).collect())
}

pub fn of_world(world: &World, story: &Story) -> Recording {
    let mut items = Vec::new();
    for kind in &KINDS {
        for meta in world.store().metas(kind) {
            let object = world.store().get(&ObjectRef::new(kind.clone(), meta)).expect("it is listed");
            let text = to_json_indented(&world.served(&object));
            let mut value = serde_json::from_str(&text).expect("it prints JSON");
            without_gate(&mut value);
            as_the_fake_kubelet(&mut value);
            items.push(value);
        }
    }
    Recording { events: Some(events(world)), ..Recording::of_items(items, story.manifest()) }
}

/// What the recording's Pods had not.
fn without_gate(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.remove("readinessGates");
            fields.values_mut().for_each(without_gate);
        }
        Value::Array(items) => {
            items.retain(|item| item["type"] != GATE);
            items.iter_mut().for_each(without_gate);
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// It gave Initialized no reason when a Pod had completed.
fn as_the_fake_kubelet(object: &mut Value) {
    let conditions = object.pointer_mut("/status/conditions").and_then(Value::as_array_mut);
    for condition in conditions.into_iter().flatten().filter(|condition| condition["type"] == "Initialized") {
        condition.as_object_mut().map(|fields| fields.remove("reason"));
    }
}

pub fn print(states: &States) -> String {
    let mut all: BTreeMap<&str, BTreeMap<String, Vec<u32>>> = BTreeMap::new();
    for (place, state) in states.values().enumerate() {
        for (kind, objects) in &state.objects {
            for (count, object) in objects {
                let counts = all.entry(kind).or_default().entry(object.to_string());
                counts.or_insert_with(|| vec![0; states.len()])[place] = *count;
            }
        }
    }
    let steps: Vec<&usize> = states.keys().collect();
    let mut out = format!("{{\n\"steps\": {}", json!(steps));
    for (kind, objects) in all {
        let lines = objects.iter().map(|(object, counts)| format!("[{}, {object}]", json!(counts)));
        let _ = write!(out, ",\n\"{kind}\": [\n{}\n]", lines.collect::<Vec<_>>().join(",\n"));
    }
    let said = states.values().filter_map(|state| state.events.as_ref()).flatten();
    let lines = said.map(|(said, count)| json!([count, said.0, said.1, said.2, said.3]).to_string());
    let _ = write!(out, ",\n\"events\": [\n{}\n]", lines.collect::<Vec<_>>().join(",\n"));
    out + "\n}\n"
}

pub fn of_file(path: &Path) -> States {
    let number = |value: &Value| value.as_u64().and_then(|n| u32::try_from(n).ok()).expect("a number");
    let numbers =
        |value: &Value| -> Vec<u32> { value.as_array().expect("a list").iter().map(number).collect() };
    let file: Value = serde_json::from_str(&read(path)).expect("it is JSON");
    let steps = numbers(&file["steps"]);
    let mut out = States::new();
    for (place, step) in steps.iter().enumerate() {
        let mut state = Recording::default();
        let is_kind = |kind: &str| kind != "steps" && kind != "events";
        for (kind, list) in file.as_object().expect("an object").iter().filter(|(kind, _)| is_kind(kind)) {
            let lines = list.as_array().expect("a list").iter();
            let there = lines.map(|line| (numbers(&line[0])[place], line[1].clone()));
            state.objects.insert(kind.clone(), there.filter(|(count, _)| *count > 0).collect());
        }
        state.objects.retain(|_, objects| !objects.is_empty());
        out.insert(*step as usize, state);
    }
    let text = |value: &Value| value.as_str().expect("a text").to_string();
    let events = file["events"].as_array().expect("a list").iter().map(|line| {
        let said = Said(text(&line[1]), text(&line[2]), text(&line[3]), text(&line[4]));
        (said, number(&line[0]))
    });
    if let Some(mut last) = out.last_entry() {
        last.get_mut().events = Some(events.collect());
    }
    out
}

/// Written anew if that is asked for; none where only a rollout's sizes were recorded.
pub fn committed(folder: &Path, story: &Story) -> States {
    let path = folder.join(format!("{}.json", story.name));
    if let Some(recorded) = std::env::var_os("KUBERNETES_SEQUENCES") {
        let states = of_folder(&Path::new(&recorded).join(&story.name), story);
        if !states.is_empty() {
            fs::write(&path, print(&states)).expect("it can be written");
        }
    }
    if path.exists() { of_file(&path) } else { States::new() }
}
