//! Reads the built-in scenarios when the page is built, so that its first view needs no parser.

use std::path::Path;
use std::{env, fs};

fn main() {
    let out = env::var("OUT_DIR").expect("cargo sets OUT_DIR");
    println!("cargo::rerun-if-changed=public/scenarios");
    for entry in fs::read_dir("public/scenarios").expect("public/scenarios") {
        let path = entry.expect("an entry of public/scenarios").path();
        let text = fs::read_to_string(&path).expect("a scenario");
        let packed = cluster::api::pack(&cluster::api::parse(&text));
        let name = path.with_extension("packed");
        let name = name.file_name().expect("a file has a name");
        fs::write(Path::new(&out).join(name), packed).expect("OUT_DIR can be written to");
    }
    if env::var_os("CARGO_FEATURE_SPLIT").is_some() {
        // What is cut in two afterwards must say what refers to what.
        println!("cargo::rustc-link-arg-bins=--emit-relocs");
    }
}
