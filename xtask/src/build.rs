//! The static site in dist/.

use crate::run::{self, Outcome};
use crate::stopwatch::Stopwatch;
use crate::tools::Tools;
use crate::{size, split};
use std::fs;
use std::path::PathBuf;

pub fn command() -> Outcome {
    site()?;
    let sizes = size::of_site()?;
    print!("{sizes}");
    sizes.check()
}

/// Trunk.toml says how; nothing is downloaded.
pub fn site() -> Outcome {
    let tools = Tools::for_build()?;
    let watch = Stopwatch::start();
    let mut trunk = tools.command("trunk")?;
    trunk.env("CARGO_ENCODED_RUSTFLAGS", flags());
    run::run(trunk.args(["build", "--features", "split"]))?;
    split::site(&tools)?;
    minify(&tools)?;
    println!("built dist/ in {}", watch.text());
    Ok(())
}

/// The core alone, as the site has it, in a module that takes its steps one by one: `crates/slices`.
pub fn slices() -> Outcome<PathBuf> {
    let tools = Tools::for_build()?;
    let mut cargo = run::cargo();
    cargo.env("CARGO_ENCODED_RUSTFLAGS", flags()).args(["build", "--profile", "web"]);
    run::run(cargo.args(["--target", "wasm32-unknown-unknown", "--package", "packetyard-slices"]))?;
    let module = run::target_dir().join("wasm32-unknown-unknown/web/slices.wasm");
    let smaller = module.with_extension("small.wasm");
    split::optimise(&tools, &module, &smaller)?;
    Ok(smaller)
}

/// Of the scripts wasm-bindgen's is the largest: 70 kB, half of it comments and long names.
fn minify(tools: &Tools) -> Outcome {
    let dist = run::root().join("dist");
    let entries = fs::read_dir(&dist).map_err(|error| format!("{}: {error}", dist.display()))?;
    let files = entries.flatten().map(|entry| entry.path());
    let scripts = files.filter(|file| file.extension().is_some_and(|extension| extension == "js"));
    let mut esbuild = tools.command("esbuild")?;
    esbuild.args(["--minify", "--format=esm", "--log-level=warning", "--allow-overwrite"]);
    run::run(esbuild.arg("--outdir=dist").args(scripts))
}

/// A panic names its place, in other people's crates too; but not where this machine keeps them.
/// A component of Leptos has one type, whatever it shows: that is smaller and compiles sooner. And what is cut in
/// two afterwards (split.rs) must say what refers to what.
fn flags() -> String {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo")));
    let sources = home.and_then(|home| fs::read_dir(home.join("registry/src")).ok());
    let folders = sources.into_iter().flatten().flatten().map(|entry| entry.path());
    let short_paths = folders.map(|folder| format!("--remap-path-prefix={}=crates.io", folder.display()));
    let ours = ["--cfg=erase_components", "-Clink-arg=--emit-relocs"].map(String::from);
    short_paths.chain(ours).collect::<Vec<_>>().join("\u{1f}")
}
