//! `packetyard assumptions` prints what `docs/assumptions.md` says.

use std::process::{Command, Output};

const DOCUMENT: &str = include_str!("../../../../docs/assumptions.md");

fn packetyard(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_packetyard"))
        .arg("assumptions")
        .args(args)
        .output()
        .expect("the command starts")
}

fn printed(args: &[&str]) -> String {
    let output = packetyard(args);
    assert!(output.status.success(), "{args:?}: {output:?}");
    String::from_utf8(output.stdout).expect("it prints UTF-8")
}

fn titles() -> Vec<&'static str> {
    DOCUMENT.lines().filter_map(|line| line.strip_prefix("### ")).collect()
}

#[test]
fn every_heading_of_the_document_is_printed_in_order() {
    let text = printed(&[]);
    let lines: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("  ")).collect();
    let found: Vec<&str> = lines.iter().filter_map(|line| Some(line.split_once(": ")?.0)).collect();
    assert_eq!(found, titles());
    assert!(text.starts_with("The network\n  Pod network: A bridge on each node "), "{text}");
}

#[test]
fn a_topic_leaves_the_others_out() {
    let text = printed(&["nodes"]);
    assert!(text.starts_with("Nodes\n"), "{text}");
    assert!(!text.contains("Pod network"), "{text}");
    assert!(text.contains("\n  A machine: Four CPUs"), "{text}");
}

#[test]
fn json_has_the_anchor_of_each() {
    let rows: serde_json::Value = serde_json::from_str(&printed(&["-o", "json"])).expect("it is JSON");
    let rows = rows.as_array().expect("a list");
    assert_eq!(rows.len(), titles().len());
    let killed = rows.iter().find(|row| row["id"] == "a-killed-pod").expect("it is one of them");
    assert_eq!((&killed["topic"], &killed["title"]), (&"Pods".into(), &"A killed Pod".into()));
    assert!(killed["text"].as_str().is_some_and(|text| text.contains("apps: {drain: true}")), "{killed}");
}

#[test]
fn another_topic_is_an_error() {
    let output = packetyard(&["weather"]);
    assert!(!output.status.success());
    let error = String::from_utf8(output.stderr).expect("it prints UTF-8");
    assert!(error.contains("[possible values: network, nodes, pods, services, time, limits]"), "{error}");
}
