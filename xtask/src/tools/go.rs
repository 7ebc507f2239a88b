//! Go, and the modules that a program of ours needs.

use crate::run::{self, Outcome};
use std::path::Path;
use std::process::Command;

/// It is not installed for anybody: the comparison is left out where it misses.
pub fn require(program: &Path) -> Outcome {
    let version = run::output(Command::new("go").arg("version"));
    let version =
        version.map_err(|_| format!("go is not on PATH. Install Go {} or newer", wanted(program)))?;
    // Lists what the program is made of, and gets what is not there yet.
    run::output(command(program).args(["list", "-deps", "."]))
        .map(drop)
        .map_err(|error| format!("{}: the Go modules are not to be had: {error}", version.trim()))
}

pub fn command(program: &Path) -> Command {
    let mut command = Command::new("go");
    command.current_dir(program);
    command
}

/// The version that `go.mod` asks for.
fn wanted(program: &Path) -> String {
    let text = std::fs::read_to_string(program.join("go.mod")).unwrap_or_default();
    text.lines().find_map(|line| line.strip_prefix("go ")).unwrap_or("1.26").to_owned()
}
