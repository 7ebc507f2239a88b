//! Tools that come as npm packages.

use crate::cache::Cache;
use crate::run::{self, Outcome};
use crate::stopwatch::Stopwatch;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Distributions lag years behind: Debian 12 has 108.
const BINARYEN: &str = "132";
const ESBUILD: &str = "0.25.12";

pub fn require() -> Outcome {
    for program in ["node", "npm"] {
        if run::find(program).is_none() {
            return Err(format!("{program} is not on PATH. Install Node.js 20 or newer, with npm"));
        }
    }
    Ok(())
}

/// The folder with `wasm-opt`, which makes the module smaller after the compiler.
pub fn wasm_opt(cache: &Cache) -> Outcome<PathBuf> {
    package(cache, "binaryen", BINARYEN, "wasm-opt")
}

/// The folder with `esbuild`, which makes scripts smaller.
pub fn esbuild(cache: &Cache) -> Outcome<PathBuf> {
    package(cache, "esbuild", ESBUILD, "esbuild")
}

fn package(cache: &Cache, name: &str, version: &str, program: &str) -> Outcome<PathBuf> {
    let on_path = run::find(program).filter(|file| {
        run::version_line(file).is_some_and(|line| line.split(' ').any(|word| word == version))
    });
    if let Some(dir) = on_path.and_then(|file| file.parent().map(Path::to_path_buf)) {
        return Ok(dir);
    }
    let name_version = format!("{name}-{version}");
    let exact = format!("{name}@{version}");
    let dir = match cache.get(&name_version) {
        Some(dir) => dir,
        None => cache.install(&name_version, "5 s", |dir| npm(dir, &["install", "--prefix", ".", &exact]))?,
    };
    Ok(dir.join("node_modules/.bin"))
}

/// The packages of the browser tests, exactly as locked.
pub fn e2e_packages() -> Outcome {
    let dir = run::root().join("tests/e2e");
    let wanted =
        fs::read(dir.join("package-lock.json")).map_err(|error| format!("package-lock.json: {error}"))?;
    // Written last, so that an interrupted installation is done again.
    let stamp = dir.join("node_modules/.installed-lock.json");
    if fs::read(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    println!("installing the browser tests' packages (usually 5 s)");
    let watch = Stopwatch::start();
    npm(&dir, &["ci"])?;
    fs::write(stamp, wanted).map_err(|error| error.to_string())?;
    println!("installed them in {}", watch.text());
    Ok(())
}

fn npm(dir: &Path, args: &[&str]) -> Outcome {
    let mut command = Command::new("npm");
    command.current_dir(dir).args(args).args(["--no-fund", "--no-audit", "--loglevel=error"]);
    // Browsers come from the system: see browser.rs.
    command.env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1");
    run::run(&mut command)
}
