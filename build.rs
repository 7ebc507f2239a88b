//! What can be done when the page is built is not left to the page: the built-in scenarios are read,
//! so that its first view needs no parser.

use std::path::Path;
use std::{env, fs};

fn main() {
    let out = env::var("OUT_DIR").expect("cargo sets OUT_DIR");
    pack_scenarios(Path::new(&out));
    gather_myths(Path::new(&out));
    if env::var_os("CARGO_FEATURE_SPLIT").is_some() {
        // What is cut in two afterwards must say what refers to what.
        println!("cargo::rustc-link-arg-bins=--emit-relocs");
    }
}

fn pack_scenarios(out: &Path) {
    println!("cargo::rerun-if-changed=public/scenarios");
    for entry in fs::read_dir("public/scenarios").expect("public/scenarios") {
        let path = entry.expect("an entry of public/scenarios").path();
        let text = fs::read_to_string(&path).expect("a scenario");
        let mut manifest = cluster::api::parse(&text);
        cluster::traffic::name_clients(&mut manifest);
        let packed = cluster::api::pack(&manifest).unwrap_or_else(|why| panic!("{path:?}: {why}"));
        let name = path.with_extension("packed");
        let name = name.file_name().expect("a file has a name");
        fs::write(out.join(name), packed).expect("OUT_DIR can be written to");
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
