//! Packages of the system, where we may install them: as root on Debian itself. Elsewhere the
//! packages have other names, or are snaps.

use crate::run::{self, Outcome};
use crate::stopwatch::Stopwatch;
use std::process::Command;

/// Installs packages, or says in a sentence why somebody else has to.
pub fn install(what_for: &str, packages: &[&str], usually: &str) -> Outcome {
    if !is_debian() || !is_root() || run::find("apt-get").is_none() {
        return Err(format!("{what_for}. {}", by_hand(packages)));
    }
    println!("installing Debian's {} (usually {usually})", packages.join(", "));
    let watch = Stopwatch::start();
    apt_get(&["update", "-qq"])?;
    apt_get(&[&["install", "-qq", "--yes", "--no-install-recommends"], packages].concat())?;
    println!("installed them in {}", watch.text());
    Ok(())
}

/// The exact command for those who must give it themselves.
pub fn by_hand(packages: &[&str]) -> String {
    match is_debian() {
        true => format!("Run: sudo apt-get update && sudo apt-get install {}", packages.join(" ")),
        false => format!("Install what Debian calls {}", packages.join(", ")),
    }
}

pub fn is_debian() -> bool {
    let text = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
    text.lines().any(|line| line == "ID=debian")
}

pub fn is_root() -> bool {
    run::output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}

fn apt_get(args: &[&str]) -> Outcome {
    run::run(Command::new("apt-get").args(args).env("DEBIAN_FRONTEND", "noninteractive"))
}
