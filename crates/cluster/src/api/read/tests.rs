//! A text may be read in steps of any size.

use std::path::Path;

use proptest::prelude::*;

use super::Reader;
use crate::api::tests::survive::mutated;
use crate::api::{Manifest, parse};

/// What is read in steps of so many events, or lines.
fn read_in_steps(text: &str, piece: usize) -> Manifest {
    let mut reader = Reader::new(text);
    reader.stream.piece = piece;
    while !reader.step() {}
    reader.finish()
}

#[test]
fn every_scenario_reads_the_same_in_steps_of_any_size() {
    let tests = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/scenarios"));
    let folders = std::fs::read_dir(tests).expect("the scenarios are there").flatten();
    let mut count = 0;
    for folder in folders.filter(|entry| entry.path().is_dir()) {
        let text = std::fs::read_to_string(folder.path().join("input.yaml")).expect("each has an input");
        let at_once = parse(&text);
        for piece in [1, 7, 100] {
            assert!(read_in_steps(&text, piece) == at_once, "{:?} in steps of {piece}", folder.path());
        }
        count += 1;
    }
    assert!(count > 50, "{count} scenarios");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_written_reads_the_same_in_steps_of_any_size(text in mutated(), piece in 1_usize..40) {
        prop_assert_eq!(read_in_steps(&text, piece), parse(&text));
    }
}

/// A List is one document, and each of its items is a step.
#[test]
fn a_step_reads_one_object_at_most() {
    let item = "- {apiVersion: v1, kind: Service, metadata: {name: a}, spec: {ports: [{port: 80}]}}\n";
    let list = ["apiVersion: v1\nkind: List\nitems:\n", &item.repeat(300)].concat();
    let mut reader = Reader::new(&list);
    let (mut objects, mut steps) = (0, 0);
    while !reader.step() {
        assert!(reader.objects.len() <= objects + 1);
        objects = reader.objects.len();
        steps += 1;
    }
    assert_eq!(objects, 300);
    // The parser says some twenty things of each, and each is checked once.
    assert!(steps > 2 * 300 + 300 * 20 / super::text::PIECE, "{steps} steps");
}
