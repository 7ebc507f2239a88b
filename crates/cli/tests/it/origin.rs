//! Time 0 is when the clients begin; what came before can be looked at, and is counted apart.

use std::path::PathBuf;

use crate::support::{json, packetyard};

fn scenario(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../cluster/tests/scenarios").join(name).join("input.yaml")
}

fn refused() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/refused.yaml")
}

#[test]
fn a_run_begins_when_the_cluster_has_settled_or_from_its_start() {
    let file = scenario("no-endpoints-is-refused");
    let settled = json(&["run", "--for", "5s"], &file);
    assert_eq!(settled["now"], 5_000_000_000i64);
    assert!(settled.get("before").is_none(), "nobody called before: {settled}");
    let cold = json(&["run", "--for", "5s", "--from-start"], &file);
    assert_eq!(cold["now"], 5_000_000_000i64);
    assert_ne!(settled["hash"], cold["hash"]);
    let web = scenario("a-cold-start-loses-what-comes-too-early");
    let [said, asked] =
        [&["run", "--for", "5s"][..], &["run", "--for", "5s", "--from-start"]].map(|args| json(args, &web));
    assert_eq!(said, asked, "the Scenario says the same as the option");
}

#[test]
fn what_came_before_can_be_looked_at() {
    let file = scenario("a-killed-pod-is-replaced");
    for (at, ready) in
        [(&["--at", "-4s"][..], false), (&["--at=-4s"], false), (&["--at", "0s"], true), (&[], true)]
    {
        let (ok, out, err) = packetyard(&[&["get", "pods", "-q"], at].concat(), &file);
        assert!(ok, "{at:?}: {err}");
        assert_eq!(out.contains("1/1"), ready, "{at:?}: {out}");
    }
    let (ok, _, err) = packetyard(&["get", "pods", "--at", "--4s"], &file);
    assert!(!ok && err.contains("no time such as"), "{err}");
}

#[test]
fn requests_from_before_are_counted_apart() {
    let folder = std::env::temp_dir().join(format!("packetyard-origin-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder for the file");
    let file = folder.join("early.yaml");
    let web = std::fs::read_to_string(scenario("any-node-serves-a-node-port")).expect("the corpus has it");
    let (objects, _) = web.split_once("apiVersion: packetyard").expect("it has a Scenario");
    let own = "apiVersion: packetyard/v1alpha1\nkind: Scenario\nspec:\n  \
               clients: [{name: early, from: {ip: 203.0.113.9}, to: '192.168.0.11:1', rate: 1}]\n  \
               actions:\n  - {at: -1s, do: sendOne, client: early}\n";
    std::fs::write(&file, [objects, own].concat()).expect("it can be written");
    let report = json(&["run", "--for", "3500ms"], &file);
    let sent = |part: &serde_json::Value| part["clients"][0]["sent"].as_u64();
    assert_eq!(sent(&report["before"]), Some(1));
    assert!(sent(&report).is_some_and(|count| (3..=5).contains(&count)), "{report}");
    let (_, out, _) = packetyard(&["run", "--for", "3500ms"], &file);
    assert!(out.starts_with("Before the clients began:"), "{out}");
    let (ok, _, err) = packetyard(&["run", "--from-start"], &file);
    assert!(!ok && err.contains("--from-start"), "{err}");
    std::fs::remove_dir_all(&folder).expect("it can be removed");
}

#[test]
fn an_actions_time_counts_from_the_same_moment() {
    let report = json(&["run", "--for", "20s", "--from-start"], &refused());
    assert_eq!(report["refused"][0]["at"], 5_000_000_000i64);
}
