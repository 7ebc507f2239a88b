//! Go, and the modules that a program of ours needs.

use crate::run::{self, Outcome};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Builds the program in that folder of the project. Where it is, or the reason why it cannot be built here: Go is not
/// installed for anybody.
pub fn build(name: &str, folder: &str) -> Outcome<Result<PathBuf, String>> {
    let source = run::root().join(folder);
    if let Err(reason) = require(&source) {
        return Ok(Err(reason));
    }
    let program = run::target_dir().join("go").join(folder);
    println!("building {name} (the first time: some minutes)");
    run::run(command(&source).arg("build").arg("-o").arg(&program).arg("."))?;
    run::run(command(&source).args(["vet", "."]))?;
    Ok(Ok(program))
}

fn require(program: &Path) -> Outcome {
    let version = run::output(Command::new("go").arg("version"));
    let version =
        version.map_err(|_| format!("go is not on PATH. Install Go {} or newer", wanted(program)))?;
    // Lists what the program is made of, and gets what is not there yet.
    run::output(command(program).args(["list", "-deps", "."]))
        .map(drop)
        .map_err(|error| format!("{}: the Go modules are not to be had: {error}", version.trim()))
}

fn command(program: &Path) -> Command {
    let mut command = Command::new("go");
    command.current_dir(program);
    command
}

/// The version that `go.mod` asks for.
fn wanted(program: &Path) -> String {
    let text = std::fs::read_to_string(program.join("go.mod")).unwrap_or_default();
    text.lines().find_map(|line| line.strip_prefix("go ")).unwrap_or("1.26").to_owned()
}
