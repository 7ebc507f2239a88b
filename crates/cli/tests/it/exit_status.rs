//! What `--help` and the README say of exit status, and that it is so.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::support::{Temporary, manifest};

const README: &str = include_str!("../../../../README.md");

/// The codes that `--help` lists, each with its meaning.
fn listed() -> Vec<(i32, String)> {
    let help = Command::new(env!("CARGO_BIN_EXE_packetyard")).arg("--help").output().expect("it starts");
    let help = String::from_utf8(help.stdout).expect("it prints UTF-8");
    let (_, table) = help.split_once("Exit status:\n").expect("--help has the table");
    let row = |line: &str| {
        let (code, meaning) = line.trim().split_once("  ").expect("a code and its meaning");
        (code.parse().expect("it is a number"), meaning.to_string())
    };
    table.lines().map(row).collect()
}

#[test]
fn the_readme_has_the_table_of_help() {
    for (code, meaning) in listed() {
        let row = format!("\n| {code} | {meaning} |\n");
        assert!(README.contains(&row), "the README has no {row}");
    }
}

fn status(words: &[&str], file: &Path, out: Stdio) -> Option<i32> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_packetyard"));
    command.args(words).arg("-q").arg("-f").arg(file).stdout(out).stderr(Stdio::null());
    command.status().expect("it starts").code()
}

fn file() -> PathBuf {
    manifest("ingress-and-crds.yaml")
}

/// One Service has none.
const WITH_AN_ERROR: &str = "apiVersion: v1\nkind: Service\nmetadata: {name: good}\nspec: {ports: [{port: 80}]}\n---\n\
                             apiVersion: v1\nkind: Service\nmetadata: {name: bad}\nspec: {ports: [{port: 70000}]}\n";

#[test]
fn each_command_ends_with_a_code_of_the_table() {
    let (good, nowhere) = (file(), manifest("no-such-file.yaml"));
    let bad = Temporary::new("with-an-error.yaml", WITH_AN_ERROR);
    let trace = ["trace", "--from", "external", "--to", "10.96.0.1:80", "--seed", "1"];
    for (words, file, expected) in [
        (&["get", "pods"][..], &good, 0),
        (&["get", "statefulsets"], &good, 0),
        (&["get", "svc/coffee", "--ignore-not-found"], &good, 0),
        (&["run", "--for", "1s"], &good, 0),
        (&["picture"], &good, 0),
        (&trace, &good, 0),
        (&["get", "svc/coffee"], &good, 1),
        (&["get", "svc/coffee", "-w", "--until", "1s"], &good, 1),
        (&["rules", "--node", "nowhere"], &good, 1),
        (&["picture", "--select", "node/nowhere"], &good, 1),
        (&["picture"], &bad.0, 1),
        (&["get", "pods"], &bad.0, 1),
        (&["get", "pods", "-w", "--until", "1s"], &bad.0, 1),
        (&["run", "--for", "1s"], &bad.0, 1),
        (&["get"], &good, 2),
        (&["get", "pods", "-o", "table"], &good, 2),
        (&["get", "kettles.nowhere"], &good, 2),
        (&["get", "pods", "-w"], &good, 2),
        (&["run", "--for", "soon"], &good, 2),
        (&["picture", "--size", "10x10"], &good, 2),
        (&["trace", "--from", "web", "--to", "tea:80"], &good, 2),
        (&["get", "pods"], &nowhere, 2),
    ] {
        assert_eq!(status(words, file, Stdio::null()), Some(expected), "{words:?} {file:?}");
    }
    let codes: Vec<i32> = listed().into_iter().map(|(code, _)| code).collect();
    assert_eq!(codes, [0, 1, 2, 3]);
}

#[test]
fn that_nothing_can_be_written_is_told_and_that_nobody_reads_is_not() {
    match std::fs::OpenOptions::new().write(true).open("/dev/full") {
        Ok(full) => assert_eq!(status(&["get", "pods"], &file(), full.into()), Some(3)),
        Err(why) => println!("skipped: there is no /dev/full here: {why}"),
    }
    let (reader, writer) = std::io::pipe().expect("the system has pipes");
    drop(reader);
    assert_eq!(status(&["get", "pods"], &file(), writer.into()), Some(0));
}
