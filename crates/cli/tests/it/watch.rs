//! `get --watch`: what kubectl prints as a cluster goes on.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::{manifest, packetyard};

/// One of the core's scenarios.
fn scenario(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../cluster/tests/scenarios").join(name).join("input.yaml")
}

fn printed(words: &[&str], file: &Path) -> String {
    let (ok, out, err) = packetyard(&[&["get", "-q"], words].concat(), file);
    assert!(ok, "{words:?}: {err}");
    out
}

const ROLLOUT: &str = "a-rolling-update-replaces-pods";

/// The documents, one a line, of watch events.
fn events(words: &[&str], file: &Path) -> Vec<Value> {
    let options = ["-w", "--output-watch-events", "-o", "json"];
    let text = printed(&[words, &options].concat(), file);
    text.lines().map(|line| serde_json::from_str(line).expect("each line is a document")).collect()
}

fn name(object: &Value) -> String {
    let part = |field: &str| object["metadata"][field].as_str().unwrap_or("").to_string();
    format!("{}/{}", part("namespace"), part("name"))
}

/// A client that keeps what it is told has what the API server has.
#[test]
fn what_is_watched_comes_to_what_is_there() {
    for scenario_name in [
        ROLLOUT,
        "a-drained-node-is-left-by-its-pods",
        "a-label-change-leaves-and-a-new-pod-comes",
        "a-node-cut-off-loses-its-pods-to-others",
        "a-selector-edit-moves-endpoints",
    ] {
        let file = scenario(scenario_name);
        for words in [
            &["pods"][..],
            &["pods", "-l", "app=web"],
            &["pods", "--field-selector", "spec.nodeName=node-1"],
            &["endpointslices"],
            &["deploy", "-n", "default"],
            &["rs"],
            &["svc"],
            &["no"],
        ] {
            let mut kept: BTreeMap<String, Value> = BTreeMap::new();
            for event in events(&[words, &["--until", "45s"]].concat(), &file) {
                let object = event["object"].clone();
                let is_known = kept.contains_key(&name(&object));
                match event["type"].as_str() {
                    Some("ADDED") => assert!(!is_known, "{scenario_name} {words:?}: {event}"),
                    Some("MODIFIED" | "DELETED") => assert!(is_known, "{scenario_name} {words:?}: {event}"),
                    other => panic!("{other:?} is no event"),
                }
                kept.insert(name(&object), object);
                if event["type"] == "DELETED" {
                    kept.remove(&name(&event["object"]));
                }
            }
            let list = printed(&[words, &["--at", "45s", "-o", "json"]].concat(), &file);
            let list: Value = serde_json::from_str(&list).expect("it is JSON");
            let items = list["items"].as_array().expect("a list");
            let there: BTreeMap<String, Value> =
                items.iter().map(|object| (name(object), object.clone())).collect();
            assert_eq!(kept, there, "{scenario_name} {words:?}");
        }
    }
}

#[test]
fn a_table_grows_from_what_get_prints() {
    let file = scenario(ROLLOUT);
    let words = ["pods", "-n", "default", "--at", "11s"];
    let at_first = printed(&words, &file);
    let watched = printed(&[&words[..], &["-w", "--until", "30s"]].concat(), &file);
    let changes = watched.strip_prefix(&at_first).expect("the table that get prints comes first");
    assert!(changes.lines().count() > 10 && !changes.contains("NAME"), "{watched}");
    let column = |line: &str, at: usize| line.split_whitespace().nth(at).unwrap_or("").to_string();
    let new = changes.lines().next().map(|line| column(line, 0)).expect("a change");
    let states: Vec<String> =
        changes.lines().filter(|line| column(line, 0) == new).map(|line| column(line, 2)).collect();
    assert_eq!(states.first().map(String::as_str), Some("Pending"), "{changes}");
    assert_eq!(states.last().map(String::as_str), Some("Running"), "{changes}");
    // A deleted Pod's last row is what it was: as kubectl prints it, without a word that it is gone.
    let gone = changes.lines().filter(|line| column(line, 2) == "Terminating").count();
    assert_eq!(gone, 3, "{changes}");
    let alone = printed(&[&words[..], &["--watch-only", "--until", "30s"]].concat(), &file);
    let head = at_first.lines().next().map(plain);
    assert_eq!(alone.lines().next().map(plain), head);
    assert_eq!(
        alone.lines().skip(1).map(plain).collect::<Vec<_>>(),
        changes.lines().map(plain).collect::<Vec<_>>()
    );
}

fn plain(line: &str) -> String {
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn each_format_prints_one_object_after_the_other() {
    let file = scenario(ROLLOUT);
    let watch = |words: &[&str]| {
        printed(&[&["deploy/web", "-n", "default", "--until", "30s", "-w"], words].concat(), &file)
    };
    let names = watch(&["-o", "name"]);
    let count = names.lines().count();
    assert!(count > 5 && names.lines().all(|line| line == "deployment.apps/web"), "{names}");
    let yaml = watch(&["-o", "yaml"]);
    assert_eq!(yaml.split("---\n").count(), count);
    assert_eq!(watch(&["-o", "json"]).matches("\n}\n").count(), count);
    let range = r"jsonpath={range .status.conditions[*]}{.type} {end};";
    assert_eq!(watch(&["-o", range]).matches("Available").count(), count);
    let columns = watch(&["-o", "custom-columns=N:.metadata.name,G:.metadata.generation"]);
    assert_eq!((columns.lines().count(), columns.matches('G').count()), (count + 1, 1), "{columns}");
    let events = watch(&["--output-watch-events", "-o", "custom-columns=T:.type,N:.object.metadata.name"]);
    assert!(events.starts_with("T       N\nADDED   web\nMODIFIED   web\n"), "{events}");
    let table = watch(&["--output-watch-events"]);
    assert!(table.starts_with("EVENT      NAME   READY ") && table.contains("\nADDED      web "), "{table}");
}

#[test]
fn who_leaves_the_selection_is_deleted_as_it_was() {
    let file = scenario("a-label-change-leaves-and-a-new-pod-comes");
    let all = events(&["pods", "--until", "30s"], &file);
    let change = all
        .iter()
        .find(|event| event["type"] == "MODIFIED" && event["object"]["metadata"]["labels"]["app"] != "web");
    let left = &change.expect("a Pod is relabelled")["object"];
    let selected = events(&["pods", "-l", "app=web", "--until", "30s"], &file);
    let deleted = selected.iter().find(|event| event["type"] == "DELETED").expect("it is not selected");
    let old = &deleted["object"]["metadata"];
    assert_eq!(old["uid"], left["metadata"]["uid"]);
    assert_eq!(old["labels"]["app"], "web");
    assert_eq!(old["resourceVersion"], left["metadata"]["resourceVersion"]);
}

#[test]
fn events_are_watched_too() {
    let file = scenario(ROLLOUT);
    let out = printed(&["events", "--watch-only", "--until", "20s", "--no-headers"], &file);
    assert!(out.lines().next().is_some_and(|line| line.contains("ScalingReplicaSet")), "{out}");
    // Each is printed when it is said; one that is said again, as often as that.
    assert!(out.lines().all(|line| line.split_whitespace().nth(1) == Some("0s")), "{out}");
}

#[test]
fn what_cannot_be_watched_is_refused() {
    let file = manifest("ingress-and-crds.yaml");
    for (words, said) in [
        (&["pods", "-w"][..], "--watch: until when? Add --until TIME: a simulated cluster goes on for ever"),
        (&["pods", "--until", "5s"], "--until option can only be used with --watch or --watch-only"),
        (
            &["pods", "--output-watch-events"],
            "--output-watch-events option can only be used with --watch or --watch-only",
        ),
        (&["pods,svc", "-w", "--until", "5s"], "you may only specify a single resource type"),
        (
            &["pods", "a", "b", "-w", "--until", "5s"],
            "you may only watch a single resource or type of resource at a time",
        ),
        (&["others", "-w", "--until", "5s"], "get others: the objects of one kind can be watched"),
        (
            &["pods", "-w", "--until", "5s", "--at", "6s"],
            "--until 5.000 s: the cluster is at 6.000 s when the watch begins",
        ),
        (&["svc/coffee", "-w", "--until", "5s"], "services \"coffee\" not found"),
        (&["dns", "-w", "--until", "5s"], "usage: packetyard get dns [NAME] [-n NAMESPACE] [-l QUERY]"),
        (
            &["pods", "-w", "--until", "5s", "--field-selector", "spec.x=1"],
            "Unable to find \"/v1, Resource=pods\" that match label selector \"\", field selector \
             \"spec.x=1\": field label not supported: spec.x",
        ),
    ] {
        let (ok, out, err) = packetyard(&[&["get", "-q"], words].concat(), &file);
        assert_eq!((ok, &*out, &*err), (false, "", &*format!("packetyard: {said}\n")), "{words:?}");
    }
}

#[test]
fn a_watch_sorts_only_what_is_there_at_first() {
    let file = manifest("ingress-and-crds.yaml");
    let words = ["get", "-q", "svc", "-w", "--until", "1s", "--sort-by", ".metadata.name"];
    let (ok, out, err) = packetyard(&words, &file);
    let names: Vec<&str> = out.lines().filter_map(|line| line.split_whitespace().nth(1)).collect();
    assert!(ok && names == ["NAME", "kube-dns", "kubernetes", "tea"], "{out}{err}");
    assert_eq!(err, "warning: --watch requested, --sort-by will be ignored for watch events received\n");
}
