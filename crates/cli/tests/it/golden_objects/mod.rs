//! `get -o json` beside the objects and Events that a real cluster had of the same manifests (tests/golden, whose README
//! says how they were recorded and condensed). The manifests are those of the tables.
//!
//! `KUBERNETES_OBJECTS=FOLDER cargo test -p packetyard-cli --test it -- golden_objects` writes them anew from
//! FOLDER/NAME/pods.json and its like.

pub mod difference;
pub mod normal;
pub mod recording;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;

use serde_json::Value;

use crate::golden_tables::{Case, extra, golden, public, scenarios, with_file};
use crate::support::packetyard;
use difference::{Difference, differences};
use recording::{KINDS, MORE_KINDS, Recording};

/// The most objects that may differ, in percent.
const LIMIT: usize = 3;

/// A case of the tables, and where its objects are: condensed here, or as they were recorded.
fn committed() -> Vec<(Case, Recording)> {
    let extra = extra().into_iter().map(|case| {
        let file = golden().join("extra").join(&case.name).join("objects.json");
        (format!("extra-{}", case.name), file, case)
    });
    let scenarios = scenarios().into_iter().map(|case| {
        let file = golden().join("scenarios").join(format!("{}.json", case.name));
        (format!("scenario-{}", case.name), file, case)
    });
    let all = extra.chain(scenarios).map(|(recorded, file, case)| {
        if let Some(folder) = std::env::var_os("KUBERNETES_OBJECTS") {
            let recording = Recording::of_folder(&Path::new(&folder).join(recorded), &case.manifest);
            fs::write(&file, recording.print()).expect("it can be written");
        }
        let recording = Recording::read(&file);
        (case, recording)
    });
    all.collect()
}

/// What the command prints of the case.
fn printed(case: &Case, real: &Recording) -> Recording {
    let more = MORE_KINDS.iter().filter(|kind| real.has(kind)).map(|kind| format!(",{kind}"));
    let kinds = format!("{KINDS}{},events", more.collect::<String>());
    let text = with_file(case, |at, file| {
        let words = ["get", &kinds, "-q", "--from-start", "--at", at, "-o", "json"];
        let (ok, out, err) = packetyard(&words, file);
        assert!(ok, "{}: {err}", case.name);
        out
    });
    let list: Value = serde_json::from_str(&text).expect("it prints JSON");
    let items = list["items"].as_array().expect("a List").clone();
    Recording::of_items(items, &case.manifest)
}

/// The first part of an exception's line: of which case, kind and object. The key may be the beginning of one.
type Exceptions = BTreeMap<(String, String, String), usize>;

/// `name | kind | key | how many | reason`.
fn exceptions() -> Exceptions {
    let text = fs::read_to_string(golden().join("object-exceptions.txt")).expect("it can be read");
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let parts: Vec<&str> = line.split(" | ").collect();
            let [name, kind, key, count, reason] = parts[..] else {
                panic!("an exception has five parts: {line}")
            };
            assert!(!reason.trim().is_empty(), "{line}");
            ((name.into(), kind.into(), key.into()), count.parse().expect("how many objects differ"))
        })
        .collect()
}

/// Every object is as the real cluster's, or an exception says how many are not. How many there are, how many differ.
fn check(cases: &[(Case, Recording)], excepted: &Exceptions) -> (usize, usize) {
    let (mut all, mut differing) = (0, 0);
    let mut found: BTreeMap<(String, String, String), (usize, String)> = BTreeMap::new();
    for (case, real) in cases {
        all += real.count();
        for Difference { kind, key, lines } in differences(real, &printed(case, real)) {
            differing += 1;
            let starts = |(name, of_kind, start): &&(String, String, String)| {
                *name == case.name && *of_kind == kind && key.starts_with(&**start)
            };
            let about = excepted.keys().find(starts).cloned();
            let about = about.unwrap_or_else(|| (case.name.clone(), kind, key));
            let (count, shown) = found.entry(about).or_default();
            *count += 1;
            shown.extend(lines.iter().map(|line| format!("    {line}\n")));
        }
    }
    let mut wrong = String::new();
    for (about, (count, shown)) in &found {
        let (name, kind, key) = about;
        let listing = format!("{name} | {kind} | {key} | {count}\n{shown}");
        print!("{listing}");
        if excepted.get(about) != Some(count) {
            wrong += &listing;
        }
    }
    assert!(wrong.is_empty(), "{differing} of {all} objects differ, and no exception says that:\n{wrong}");
    (all, differing)
}

#[test]
fn objects_are_as_a_real_cluster_has_them() {
    let excepted = exceptions();
    let (all, differing) = check(&committed(), &excepted);
    println!("{differing} of {all} objects and Events differ, each for a reason");
    assert!(differing * 100 <= all * LIMIT, "{differing} of {all} objects are exceptions");
    // No exception outlives its difference.
    let own: usize =
        excepted.iter().filter(|((name, ..), _)| !name.starts_with("shared-")).map(|(_, n)| n).sum();
    assert_eq!(own, differing, "objects that object-exceptions.txt allows, and that differ");
}

#[test]
fn objects_of_public_manifests_are_as_a_real_cluster_has_them() {
    let Some(cases) = public() else {
        // To standard error itself: what `eprintln!` says, the test harness keeps when the test passes.
        writeln!(
            std::io::stderr(),
            "skipped: PUBLIC_RECORDINGS names no folder with objects of public manifests"
        )
        .expect("standard error is there");
        return;
    };
    let cases = cases.into_iter().map(|(case, folder)| {
        let recording = Recording::of_folder(&folder, &case.manifest);
        (case, recording)
    });
    check(&cases.collect::<Vec<_>>(), &exceptions());
}

#[test]
fn a_difference_is_found() {
    let pod = |name: &str, phase: &str| {
        let json = format!(
            r#"{{"kind": "Pod", "metadata": {{"namespace": "default", "name": "{name}"}}, "status": {{"phase": "{phase}"}}}}"#
        );
        Recording::of_items(vec![serde_json::from_str(&json).expect("JSON")], "")
    };
    let lines = |real: &Recording, ours: &Recording| {
        let found = differences(real, ours);
        found
            .iter()
            .map(|difference| format!("{} {:?}", difference.key, difference.lines))
            .collect::<Vec<_>>()
    };
    assert_eq!(lines(&pod("web", "Running"), &pod("web", "Running")), Vec::<String>::new());
    assert_eq!(
        lines(&pod("web", "Running"), &pod("web", "Failed")),
        [r#"default/web [".status.phase: real \"Running\", ours \"Failed\""]"#]
    );
    assert_eq!(lines(&pod("web", "Running"), &pod("api", "Running")).len(), 2);
}
