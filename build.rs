//! The list of myths is gathered from the core's tests: the page offers the very files that are tested.

use std::path::Path;
use std::{env, fs};

fn main() {
    let out = env::var("OUT_DIR").expect("cargo sets OUT_DIR");
    gather_myths(Path::new(&out));
    if env::var_os("CARGO_FEATURE_SPLIT").is_some() {
        // What is cut in two afterwards must say what refers to what.
        println!("cargo::rustc-link-arg-bins=--emit-relocs");
    }
}

/// The myths are scenarios of the core's tests: the page shows the very files that are tested. Their
/// titles and descriptions are read here, so that a list of them needs no parser.
fn gather_myths(out: &Path) {
    const FOLDER: &str = "crates/cluster/tests/scenarios";
    println!("cargo::rerun-if-changed={FOLDER}");
    let mut names: Vec<String> = fs::read_dir(FOLDER)
        .expect("the core's scenarios")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .filter(|name| name.starts_with("myth-"))
        .collect();
    names.sort();
    let myths = names.iter().map(|name| {
        let text = fs::read_to_string(format!("{FOLDER}/{name}/input.yaml")).expect("a myth's text");
        let scenario = cluster::api::parse(&text).scenario.unwrap_or_else(|| panic!("{name}: no Scenario"));
        let title = scenario.title.unwrap_or_else(|| panic!("{name}: no title"));
        let claim = title.strip_prefix("Myth: ").unwrap_or_else(|| panic!("{name}: not titled as a myth"));
        let truth = scenario.description.unwrap_or_else(|| panic!("{name}: no description"));
        let truth = &*truth;
        format!("Myth {{ name: {name:?}, claim: {claim:?}, truth: {truth:?}, text: {text:?} }},\n")
    });
    let list = format!("[\n{}]", myths.collect::<String>());
    fs::write(out.join("myths.rs"), list).expect("OUT_DIR can be written to");
}
