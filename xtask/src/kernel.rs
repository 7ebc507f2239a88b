//! The model against a real Linux kernel: `crates/kernel`.

use crate::run::{self, Outcome};
use crate::tools::{debian, netfilter};
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// The exit status with which it says that it cannot run here.
const CANNOT: i32 = 77;

pub fn command(args: &[String]) -> Outcome {
    match cannot_run()? {
        Some(reason) => Err(format!("the proof against a kernel cannot run here: {reason}")),
        None => run::run(Command::new(program()).args(args)),
    }
}

/// As one of the tests: the first clusters of those that the command tries. The reason when it
/// cannot run here.
pub fn step() -> Outcome<Option<String>> {
    let cannot = cannot_run()?;
    if cannot.is_none() {
        run::run(Command::new(program()).args(["--clusters", "60"]))?;
    }
    Ok(cannot)
}

fn cannot_run() -> Outcome<Option<String>> {
    if !cfg!(target_os = "linux") {
        return Ok(Some("this is not Linux".into()));
    }
    if !debian::is_root() {
        return Ok(Some("it makes network namespaces, which takes root".into()));
    }
    if let Err(missing) = netfilter::require() {
        return Ok(Some(missing));
    }
    // Not the release profile: the tests have built this one, and its assertions are on.
    run::run(run::cargo().args(["build", "--package", "packetyard-kernel"]))?;
    let mut check = Command::new(program());
    let output = check.arg("--check").stdin(Stdio::null()).output().map_err(|error| error.to_string())?;
    match output.status.code() {
        Some(CANNOT) => Ok(Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())),
        _ if output.status.success() => Ok(None),
        _ => Err(format!("`packetyard-kernel --check` failed ({})", output.status)),
    }
}

fn program() -> PathBuf {
    run::target_dir().join("debug/packetyard-kernel")
}
