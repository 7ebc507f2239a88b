//! Problems as people ask about them in public, in manifests of our own: what the command line answers has in it what a
//! real cluster does.
//!
//! `tests/reports/NAME/expected.txt` has commands, `$` before one that must succeed and `$!` before one that must fail,
//! each with lines that must be among those it prints, or must not be, after a `!`. `...` stands for anything in a line; how many spaces there are does not count.

use std::path::{Path, PathBuf};

use crate::support::packetyard;

/// How much of an answer a failure shows.
const SHOWN: usize = 20;

fn reports() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reports");
    let entries = std::fs::read_dir(&folder).expect("tests/reports is there");
    let mut reports: Vec<PathBuf> = entries.map(|entry| entry.expect("it can be read").path()).collect();
    reports.sort();
    reports
}

fn plain(line: &str) -> String {
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether the parts between `...` are in the line, in this order, and begin and end it.
fn fits(pattern: &str, line: &str) -> bool {
    let mut parts = pattern.split("...");
    let Some(mut rest) = line.strip_prefix(parts.next().unwrap_or("")) else { return false };
    let mut last = None;
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
        last = Some(part);
    }
    rest.is_empty() || last.is_some_and(|part| part.is_empty() || line.ends_with(part))
}

#[test]
fn a_line_fits_its_pattern() {
    for (pattern, line) in [("a...c", "abc"), ("a...", "a"), ("...c", "c"), ("a...c", "acbc"), ("a b", "a b")]
    {
        assert!(fits(pattern, line), "{pattern} {line}");
    }
    for (pattern, line) in [("a...c", "abd"), ("a", "ab"), ("...c", "cb"), ("a...b...c", "acb")] {
        assert!(!fits(pattern, line), "{pattern} {line}");
    }
}

fn name(report: &Path) -> std::path::Display<'_> {
    Path::new(report.file_name().expect("it is a folder's")).display()
}

/// What is missing or too much in what each command prints.
fn problems(report: &Path) -> Vec<String> {
    let expected = std::fs::read_to_string(report.join("expected.txt")).expect("it says what is expected");
    let mut problems = Vec::new();
    let (mut command, mut printed) = ("", String::new());
    for line in expected.lines().filter(|line| !line.starts_with('#')) {
        let to_succeed = line.strip_prefix("$ ").map(|words| (words, true));
        if let Some((words, must_succeed)) =
            to_succeed.or(line.strip_prefix("$! ").map(|words| (words, false)))
        {
            command = words;
            let words: Vec<&str> = words.split(' ').collect();
            let (succeeded, out, err) = packetyard(&words, &report.join("input.yaml"));
            printed = out + &err;
            if succeeded != must_succeed {
                let ended = if succeeded { "succeeded" } else { "failed" };
                problems.push(format!("{}: {command}: {ended}\n{printed}", name(report)));
            }
            continue;
        }
        let (pattern, is_wanted) = match line.strip_prefix("! ") {
            Some(pattern) => (pattern, false),
            None => (line, true),
        };
        if printed.lines().any(|line| fits(pattern, &plain(line))) != is_wanted {
            let first: Vec<&str> = printed.lines().take(SHOWN).collect();
            problems.push(format!(
                "{}: {command}: {line:?} is expected of\n{}\n",
                name(report),
                first.join("\n")
            ));
        }
    }
    problems
}

#[test]
fn what_a_real_cluster_does_is_in_the_answer() {
    let problems: Vec<String> = reports().iter().flat_map(|report| problems(report)).collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}
