//! Cases as they are kept: a file for each kind, which the first word of a case's name says.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde_json::Value;

use super::said::Said;
use crate::golden_objects::normal::{is_system, normal, trim};

/// Whose specs are compared: what is defaulted, merged and allocated.
pub const KINDS: &str =
    "services,statefulsets,daemonsets,jobs,cronjobs,replicationcontrollers,poddisruptionbudgets,endpoints";

/// Texts that are applied one after the other.
pub struct Case {
    pub name: String,
    pub steps: Vec<Step>,
}

#[derive(Default)]
pub struct Step {
    pub text: String,
    pub said: Said,
    /// What there is afterwards: kind and name, and the spec.
    pub objects: BTreeMap<String, Value>,
}

impl Case {
    pub fn all(folder: &Path) -> Vec<Case> {
        if let Some(recorded) = std::env::var_os("KUBERNETES_CASES") {
            write(&recorded_in(Path::new(&recorded)), folder);
        }
        let mut files: Vec<_> = fs::read_dir(folder)
            .expect("the folder is there")
            .map(|entry| entry.expect("an entry").path())
            .collect();
        files.sort();
        files.iter().flat_map(|file| read(&fs::read_to_string(file).expect("it can be read"))).collect()
    }
}

fn recorded_in(folder: &Path) -> Vec<Case> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .expect("the folder is there")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    names.sort();
    names.iter().map(|case| recorded(case)).collect()
}

fn recorded(folder: &Path) -> Case {
    let read = |number: usize, what: &str| fs::read_to_string(folder.join(format!("{number}.{what}"))).ok();
    let mut case =
        Case { name: folder.file_name().expect("a name").to_string_lossy().into_owned(), steps: Vec::new() };
    let mut all = String::new();
    while let Some(text) = read(case.steps.len() + 1, "yaml") {
        let number = case.steps.len() + 1;
        all += &text;
        let said = Said::kubectls(&read(number, "apply.txt").expect("what kubectl said"));
        let kinds: BTreeMap<String, Vec<Value>> =
            serde_json::from_str(&read(number, "json").expect("the objects")).expect("lists of objects");
        let listed = KINDS.split(',').filter_map(|kind| kinds.get(kind)).flatten();
        let objects = listed.filter_map(|object| condensed(object.clone(), &all)).collect();
        case.steps.push(Step { text, said, objects });
    }
    case
}

/// What the command prints, likewise.
pub fn objects_of(printed: &str, text: &str) -> BTreeMap<String, Value> {
    if !printed.starts_with('{') {
        return BTreeMap::new();
    }
    let list: Value = serde_json::from_str(printed).expect("it prints JSON");
    let items = list["items"].as_array().expect("a List").clone();
    items.into_iter().filter_map(|object| condensed(object, text)).collect()
}

/// Endpoints that a controller writes are compared elsewhere.
fn condensed(object: Value, text: &str) -> Option<(String, Value)> {
    let is_managed = object["metadata"]["labels"].get("endpoints.kubernetes.io/managed-by").is_some();
    if is_system(&object) || is_managed {
        return None;
    }
    let object = normal(trim(object), text);
    let of = |path| object.pointer(path).and_then(Value::as_str).unwrap_or_default();
    let key = format!("{} {}/{}", of("/kind"), of("/metadata/namespace"), of("/metadata/name"));
    let spec = ["/spec", "/subsets"].iter().find_map(|path| object.pointer(path)).cloned();
    Some((key, spec.unwrap_or(Value::Null)))
}

fn write(cases: &[Case], folder: &Path) {
    let mut files: BTreeMap<&str, String> = BTreeMap::new();
    for case in cases {
        let out = files.entry(case.name.split('-').next().expect("a first word")).or_default();
        let _ = writeln!(out, "case {}", case.name);
        for step in &case.steps {
            let Said { errors, warnings } = &step.said;
            let lines = std::iter::once("apply".to_string())
                .chain(step.text.lines().map(|line| format!("| {line}")))
                .chain(errors.iter().map(|line| format!("error {line}")))
                .chain(warnings.iter().map(|line| format!("warning {line}")))
                .chain(step.objects.iter().map(|(key, spec)| format!("object {key} {spec}")));
            for line in lines {
                let _ = writeln!(out, "{line}");
            }
        }
    }
    fs::create_dir_all(folder).expect("it can be made");
    for (name, text) in files {
        fs::write(folder.join(format!("{name}.txt")), text).expect("it can be written");
    }
}

fn read(text: &str) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    for line in text.lines() {
        let (what, rest) = line.split_once(' ').unwrap_or((line, ""));
        if what == "case" {
            cases.push(Case { name: rest.into(), steps: Vec::new() });
            continue;
        }
        let steps = &mut cases.last_mut().expect("a case comes first").steps;
        if what == "apply" {
            steps.push(Step::default());
            continue;
        }
        let step = steps.last_mut().expect("a step comes first");
        match what {
            "|" => step.text += &format!("{rest}\n"),
            "error" => step.said.errors.push(rest.into()),
            "warning" => step.said.warnings.push(rest.into()),
            "object" => {
                let (key, spec) = rest.split_at(rest.match_indices(' ').nth(1).expect("kind and name").0);
                step.objects.insert(key.into(), serde_json::from_str(spec).expect("a spec"));
            }
            _ => panic!("{line}"),
        }
    }
    cases
}
