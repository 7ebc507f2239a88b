//! The programs in tests/e2e, which drive a browser over the built site.

use crate::run::{self, Outcome};
use crate::tools::{self, Chromium};
use std::path::PathBuf;
use std::process::Command;

/// Needs dist/; builds the command line, with which the page is compared.
pub fn tests() -> Outcome {
    // Of the whole workspace, as the native tests build it: nothing is compiled anew after them.
    run::run(run::cargo().args(["build", "--workspace", "--bin", "packetyard"]))?;
    let mut node = node()?;
    node.env("PACKETYARD", command_line()?);
    run::run(node.args(["node_modules/@playwright/test/cli.js", "test"]))
}

/// Beside this program, wherever cargo puts what it builds.
fn command_line() -> Outcome<PathBuf> {
    let program = std::env::current_exe().map_err(|error| format!("where is xtask? {error}"))?;
    Ok(program.with_file_name(format!("packetyard{}", std::env::consts::EXE_SUFFIX)))
}

/// A program of tests/e2e/bench. Needs dist/.
pub fn bench(name: &str, options: &[String]) -> Outcome {
    run::run(node()?.arg(format!("bench/{name}.mjs")).args(options))
}

fn node() -> Outcome<Command> {
    if !run::root().join("dist/index.html").is_file() {
        return Err("dist/ is not there: run `cargo xtask build` first".into());
    }
    let chromium = Chromium::find_or_install()?;
    tools::e2e_packages()?;
    let mut node = Command::new("node");
    node.current_dir(run::root().join("tests/e2e")).env("CHROME", chromium.chrome);
    Ok(node)
}
