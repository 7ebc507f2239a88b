//! The scenarios as data: each folder of tests/scenarios holds `input.yaml` and `recorded.txt`, what
//! happened in its run, in sentences. Those that the page opens with are in public/scenarios; what
//! belongs to them is in tests/built-in. The hashes of all runs are in tests/scenarios/hashes.txt.
//!
//! `UPDATE_EXPECTED=1 cargo test -p packetyard-cluster` writes records and hashes anew; read the
//! difference before you commit it.
//!
//! The first line of an input may say how long to run: `# run: 30s` (20 s otherwise).

mod recorded;

use std::fmt::Write;
use std::path::{Path, PathBuf};

use cluster::sim::{Run, Span};

use crate::support;

struct Scenario {
    name: String,
    /// Where its other files are.
    folder: PathBuf,
    input: String,
    seed: Option<u64>,
    length: Span,
}

impl Scenario {
    /// The run at its start.
    fn start(&self) -> Run {
        let (run, refusals) = Run::new(&support::manifest(&self.input), self.seed);
        assert_eq!(refusals, [], "{}: the API server takes these manifests", self.name);
        run
    }

    fn run(&self) -> Run {
        let mut run = self.start();
        let end = run.world().now() + self.length;
        run.advance_to(end, u64::MAX);
        run
    }
}

fn tests() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests"))
}

/// All of them, by name; those of public/scenarios last.
fn corpus() -> Vec<Scenario> {
    let folders = folders_in(&tests().join("scenarios"));
    let built_in = folders_in(&tests().join("built-in"));
    let shipped = tests().join("../../../public/scenarios");
    let shipped_count = std::fs::read_dir(&shipped).expect("public/scenarios is there").count();
    assert_eq!(built_in.len(), shipped_count, "a folder in tests/built-in for each of public/scenarios");
    let ours = folders.into_iter().map(|(name, folder)| {
        let input = read(&folder.join("input.yaml"));
        let length = input
            .lines()
            .next()
            .and_then(|line| line.strip_prefix("# run: "))
            .and_then(|text| cluster::api::parse_duration(text.trim()))
            .unwrap_or(Span::from_secs(20));
        Scenario { name, folder, input, seed: Some(7), length }
    });
    let theirs = built_in.into_iter().map(|(name, folder)| {
        let input = read(&shipped.join(&name).with_extension("yaml"));
        Scenario { name, folder, input, seed: None, length: Span::from_secs(60) }
    });
    ours.chain(theirs).collect()
}

fn folders_in(folder: &Path) -> Vec<(String, PathBuf)> {
    let mut folders: Vec<_> = std::fs::read_dir(folder)
        .unwrap_or_else(|e| panic!("{}: {e}", folder.display()))
        .map(|entry| entry.expect("it can be read"))
        .filter(|entry| entry.path().is_dir())
        .map(|entry| (entry.file_name().to_string_lossy().into_owned(), entry.path()))
        .collect();
    folders.sort();
    folders
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

#[test]
fn every_scenario_goes_as_recorded() {
    let wrong: Vec<String> = corpus()
        .iter()
        .filter_map(|scenario| {
            let found = recorded::record(scenario.run().world());
            Some(format!("{}: {}", scenario.name, differs(&scenario.folder.join("recorded.txt"), &found)?))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// To the last bit: a browser must come to the same, and a change that is none of the model's too.
#[test]
fn every_run_has_its_hash() {
    let mut found = String::from("# scenario, events, hash of the World\n");
    for scenario in corpus() {
        let run = scenario.run();
        let _ = writeln!(found, "{} {} {:016x}", scenario.name, run.world().events(), run.world().hash());
    }
    if let Some(difference) = differs(&tests().join("scenarios/hashes.txt"), &found) {
        panic!("raise MODEL_VERSION if this is meant: {difference}");
    }
}

/// Every line that is not as the file has it, in order; or the file is written.
fn differs(path: &Path, found: &str) -> Option<String> {
    if std::env::var_os("UPDATE_EXPECTED").is_some() {
        std::fs::write(path, found).expect("the expectation can be written");
        return None;
    }
    let expected = std::fs::read_to_string(path).unwrap_or_default();
    if expected == found {
        return None;
    }
    let (expected, found): (Vec<_>, Vec<_>) = (expected.lines().collect(), found.lines().collect());
    let missing = expected.iter().filter(|line| !found.contains(line)).map(|line| format!("\n  - {line}"));
    let new = found.iter().filter(|line| !expected.contains(line)).map(|line| format!("\n  + {line}"));
    let lines: Vec<String> = missing.chain(new).take(12).collect();
    Some(if lines.is_empty() { "\n  the same lines in another order".into() } else { lines.concat() })
}
