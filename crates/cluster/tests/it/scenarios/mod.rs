//! What every scenario of the corpus comes to. Its `expected.yaml` says by hand what it shows
//! (claims.rs); its `recorded.txt` is what happened in its run, in sentences; the hashes of all runs are
//! in tests/scenarios/hashes.txt.
//!
//! `UPDATE_EXPECTED=1 cargo test -p packetyard-cluster` writes records and hashes anew; read the
//! difference before you commit it.

mod claims;
mod observed;
mod recorded;

use std::fmt::Write;
use std::path::Path;

use crate::corpus::{self, Scenario};
use claims::Expected;

#[test]
fn every_scenario_shows_what_it_claims() {
    let faults: Vec<String> = corpus::all()
        .iter()
        .flat_map(|scenario| {
            claim_faults(scenario).into_iter().map(|fault| format!("{}: {fault}", scenario.name))
        })
        .collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

fn claim_faults(scenario: &Scenario) -> Vec<String> {
    let text = std::fs::read_to_string(scenario.folder.join("expected.yaml"));
    let expected = match text.map_err(|e| e.to_string()).and_then(|text| Expected::read(&text)) {
        Ok(expected) => expected,
        Err(why) => return vec![format!("expected.yaml: {why}")],
    };
    let run = scenario.start();
    let observed = observed::observe(scenario, &expected.moments(run.world().moment(scenario.end(&run))));
    let mut faults = expected.faults(&observed);
    let is_claimed = |client: &&String| expected.claims.requests.iter().any(|claim| claim.client == **client);
    let unclaimed = observed.clients.iter().filter(|client| !is_claimed(client));
    faults.extend(unclaimed.map(|client| format!("no claim of the requests of {client}")));
    if expected.claims.is_empty() || expected.shows.is_empty() {
        faults.push("expected.yaml claims nothing".into());
    }
    let has_myth = expected.myth.is_some_and(|myth| !myth.is_empty());
    if has_myth != scenario.name.starts_with("myth-") {
        faults.push("what a myth claims belongs to a myth, and each has it".into());
    }
    faults
}

#[test]
fn every_scenario_goes_as_recorded() {
    let wrong: Vec<String> = corpus::all()
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
    for scenario in corpus::all() {
        let run = scenario.run();
        let _ = writeln!(found, "{} {} {:016x}", scenario.name, run.world().events(), run.world().hash());
    }
    if let Some(difference) = differs(&corpus::tests().join("scenarios/hashes.txt"), &found) {
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
