//! Parts of the Rust toolchain.

use crate::run::{self, Outcome};
use std::path::{Path, PathBuf};
use std::process::Command;

const WASM: &str = "wasm32-unknown-unknown";

/// The standard library for the browser.
pub fn wasm_target() -> Outcome {
    if rustlib()?.join(WASM).is_dir() {
        return Ok(());
    }
    rustup(&["target", "add", WASM], "5 s")
}

/// The crates that the project is made of. Trunk, and whatever it calls, is told to download nothing.
pub fn crates() -> Outcome {
    run::run(run::cargo().args(["fetch", "--quiet", "--locked"]))
}

fn rustlib() -> Outcome<PathBuf> {
    let sysroot = run::output(Command::new("rustc").args(["--print", "sysroot"]))?;
    Ok(Path::new(sysroot.trim()).join("lib/rustlib"))
}

/// A component, known by the program that it brings.
pub fn component(name: &str, program: &str) -> Outcome {
    if run::version_line(program).is_some() {
        return Ok(());
    }
    rustup(&["component", "add", name], "10 s")
}

fn rustup(args: &[&str], usually: &str) -> Outcome {
    let what = args.join(" ");
    if run::find("rustup").is_none() {
        return Err(format!("Rust lacks a part and rustup is not there to add it. Run: rustup {what}"));
    }
    println!("adding a part of Rust (usually {usually})");
    // The installation is asked for by name: automatic ones may be switched off.
    run::run(Command::new("rustup").args(args))
}
