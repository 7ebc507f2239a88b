//! Which manifests a real API server takes, what it says of those that it refuses, and what there is afterwards, beside
//! ours (tests/golden/cases; tests/golden/README.md says how they were recorded and condensed).
//!
//! `KUBERNETES_CASES=FOLDER cargo test -p packetyard-cli --test it -- golden_cases` writes them anew from
//! FOLDER/NAME/N.{yaml,apply.txt,json}.

mod case;
mod said;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::golden_tables::golden;
use crate::support::packetyard;
use case::{Case, KINDS, Step, objects_of};
use said::Said;

/// The most that may differ, in percent: whether a text is taken, what is said, what there is.
const LIMITS: [(&str, usize); 3] = [("verdict", 3), ("words", 5), ("objects", 3)];
const COUNT: usize = 411;

/// A case, the number of its step, and what of it differs; and how it differs, or why it may.
type Found = BTreeMap<(String, usize, String), String>;

/// `case | step | verdict, words or objects | why`.
fn exceptions() -> Found {
    let text = fs::read_to_string(golden().join("case-exceptions.txt")).expect("it can be read");
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let parts: Vec<&str> = line.splitn(4, " | ").collect();
            let [name, step, what, why] = parts[..] else { panic!("an exception has four parts: {line}") };
            ((name.into(), step.parse().expect("the number of a step"), what.into()), why.into())
        })
        .collect()
}

/// The texts of the case as one file: each later one is applied 10 s after the one before.
fn file_of(case: &Case) -> String {
    let actions = case.steps.iter().enumerate().skip(1).map(|(number, step)| {
        let text = serde_json::to_string(&step.text).expect("a text");
        format!("  - {{at: {}s, do: apply, text: {text}}}\n", 10 * number)
    });
    let nodes = "[{name: node-1, zone: a}, {name: node-2, zone: b}, {name: node-3, zone: c}]";
    format!(
        "{}---\napiVersion: packetyard/v1alpha1\nkind: Scenario\nspec:\n  clients: []\n  nodes: {nodes}\n  actions:\n{}",
        case.steps[0].text,
        actions.collect::<String>()
    )
}

fn compare(case: &Case, file: &Path, found: &mut Found, counts: &mut BTreeMap<&'static str, usize>) {
    fs::write(file, file_of(case)).expect("it can be written");
    let mut text = String::new();
    for (index, step) in case.steps.iter().enumerate() {
        text += &step.text;
        let at = format!("{}s", 10 * index + 9);
        let (_, out, err) = packetyard(&["get", KINDS, "-A", "--at", &at, "-o", "json"], file);
        let said = Said::ours(&err, index * 10);
        let mut differs = |what: &'static str, is_other: bool, how: &dyn Fn() -> String| {
            *counts.entry(what).or_default() += 1;
            if is_other {
                found.insert((case.name.clone(), index + 1, what.into()), how());
            }
        };
        let (real, ours) = (!step.said.errors.is_empty(), !said.errors.is_empty());
        differs("verdict", real != ours, &|| format!("real {:?}, ours {:?}", step.said.errors, said.errors));
        if real && ours {
            let is_other = step.said.errors != said.errors || !warns(step, &said, index);
            differs("words", is_other, &|| format!("real {:?}, ours {said:?}", step.said));
        } else if !step.said.warnings.is_empty() {
            differs("words", !warns(step, &said, index), &|| format!("real {:?}, ours {said:?}", step.said));
        }
        if real == ours {
            let there = objects_of(&out, &text);
            differs("objects", there != step.objects, &|| format!("real {:?}, ours {there:?}", step.objects));
        }
    }
}

/// Whether all is said that the API server warns of. What is in the text of an action, nobody prints.
fn warns(step: &Step, ours: &Said, index: usize) -> bool {
    index > 0
        || step.said.warnings.iter().all(|warning| ours.warnings.iter().any(|own| own.starts_with(warning)))
}

#[test]
fn manifests_are_taken_and_refused_as_by_a_real_api_server() {
    let cases = Case::all(&golden().join("cases"));
    assert_eq!(cases.len(), COUNT);
    let file = std::env::temp_dir().join(format!("packetyard-case-{}.yaml", std::process::id()));
    let (mut found, mut counts) = (Found::new(), BTreeMap::new());
    for case in &cases {
        compare(case, &file, &mut found, &mut counts);
    }
    fs::remove_file(&file).expect("it was written");
    let excepted = exceptions();
    for (what, limit) in LIMITS {
        let (differing, all) = (found.keys().filter(|(.., of)| of == what).count(), counts[what]);
        println!("{what}: {differing} of {all} differ, each for a reason");
        assert!(differing * 100 <= all * limit, "{what}: {differing} of {all} are exceptions: {found:#?}");
    }
    let unsaid: Vec<_> = found.iter().filter(|(about, _)| !excepted.contains_key(about)).collect();
    assert!(unsaid.is_empty(), "no exception says these: {unsaid:#?}");
    // No exception outlives its difference.
    let over: Vec<_> = excepted.keys().filter(|about| !found.contains_key(about)).collect();
    assert!(over.is_empty(), "exceptions that are none: {over:#?}");
}
