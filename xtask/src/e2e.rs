//! The programs in tests/e2e, which drive a browser over the built site.

use crate::run::{self, Outcome};
use crate::tools::{self, Browser};
use std::process::Command;

/// Needs dist/.
pub fn tests() -> Outcome {
    run::run(node()?.args(["node_modules/@playwright/test/cli.js", "test"]))
}

/// Needs dist/.
pub fn frames() -> Outcome {
    // An ordinary screen and one with small pixels: four times as many to draw.
    run::run(node()?.args(["bench/frames.mjs", "--ratio", "1"]))?;
    run::run(node()?.args(["bench/frames.mjs", "--ratio", "2"]))
}

fn node() -> Outcome<Command> {
    if !run::root().join("dist/index.html").is_file() {
        return Err("dist/ is not there: run `cargo xtask build` first".into());
    }
    let browser = Browser::find_or_install()?;
    tools::e2e_packages()?;
    let mut node = Command::new("node");
    node.current_dir(run::root().join("tests/e2e")).env("CHROME", browser.chrome);
    Ok(node)
}
