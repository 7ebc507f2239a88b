//! Every scenario is the same run here as on the machine that wrote `hashes.txt`, to the last bit.

use cluster::api;
use cluster::sim::{Run, Span};
use include_dir::{Dir, include_dir};
use wasm_bindgen_test::wasm_bindgen_test;

static SCENARIOS: Dir = include_dir!("$CARGO_MANIFEST_DIR/crates/cluster/tests/scenarios");
static BUILT_IN: Dir = include_dir!("$CARGO_MANIFEST_DIR/public/scenarios");

/// As crates/cluster/tests/it/corpus.rs has it: those of the tests with seed 7, from when their clients begin
/// and for as long as their first line says; those that the page opens as they are, for a minute.
fn hash(text: &str, seed: Option<u64>, length: Span) -> String {
    let (mut run, refusals) = Run::new(&api::parse(text), seed);
    assert_eq!(refusals, [], "the API server takes these manifests");
    assert!(run.advance_to_origin(u64::MAX), "its clients begin");
    let end = run.world().now() + length;
    run.advance_to(end, u64::MAX);
    format!("{} {:016x}", run.world().events(), run.world().hash())
}

fn length(text: &str) -> Span {
    let first = text.lines().next().and_then(|line| line.strip_prefix("# run: "));
    first.and_then(|length| api::parse_duration(length.trim())).unwrap_or(Span::from_secs(20))
}

#[wasm_bindgen_test]
fn every_scenario_has_the_hash_that_it_has_natively() {
    let expected =
        SCENARIOS.get_file("hashes.txt").and_then(|file| file.contents_utf8()).expect("hashes.txt");
    let mut wrong = Vec::new();
    for line in expected.lines().filter(|line| !line.starts_with('#')) {
        let (name, expected) = line.split_once(' ').expect("a name and its hash");
        let found = match SCENARIOS.get_file(format!("{name}/input.yaml")) {
            Some(file) => {
                let text = file.contents_utf8().expect("text");
                hash(text, Some(7), length(text))
            }
            None => {
                let file = BUILT_IN.get_file(format!("{name}.yaml")).expect("a scenario of the page");
                hash(file.contents_utf8().expect("text"), None, Span::from_secs(60))
            }
        };
        if found != expected {
            wrong.push(format!("{name}: {found}, natively {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
