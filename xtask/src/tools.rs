//! The tools which the commands need. Each is installed once, when a command first needs it.

mod browser;
mod crates;
pub mod debian;
pub mod go;
pub mod netfilter;
mod node;
mod rust;

pub use browser::{Chromium, Firefox};

use crate::cache::Cache;
use crate::run::{self, Outcome};
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

/// Tools that are there, in the order in which PATH will name their folders.
pub struct Tools {
    dirs: Vec<PathBuf>,
}

impl Tools {
    /// What serving the page needs.
    pub fn for_serve() -> Outcome<Self> {
        let cache = Cache::open()?;
        node::require()?;
        rust::wasm_target()?;
        rust::crates()?;
        let binaryen = node::wasm_opt(&cache)?;
        let crates = crates::install(&cache, &[crates::wasm_bindgen()?, crates::trunk()])?;
        Ok(Self { dirs: [crates, vec![binaryen]].concat() })
    }

    /// What making the site needs: its module is also cut in two, and its scripts are minified.
    pub fn for_build() -> Outcome<Self> {
        let mut tools = Tools::for_serve()?;
        let cache = Cache::open()?;
        tools.dirs.extend(crates::install(&cache, &[crates::wasm_split()])?);
        tools.dirs.push(node::esbuild(&cache)?);
        Ok(tools)
    }

    /// What `wasm-pack test` needs, the browser apart.
    pub fn for_wasm_tests() -> Outcome<Self> {
        let cache = Cache::open()?;
        rust::wasm_target()?;
        let dirs = crates::install(&cache, &[crates::wasm_bindgen()?, crates::wasm_pack()])?;
        Ok(Self { dirs })
    }

    /// A command that finds these tools on its PATH, and for which a tool that is missing is an
    /// error: Trunk and wasm-pack would otherwise download one of their own choice.
    pub fn command(&self, program: &str) -> Outcome<Command> {
        let path = self.path()?;
        let file =
            run::find_in(&path, program).ok_or_else(|| format!("{program} is not where it was put"))?;
        let mut command = Command::new(file);
        command.current_dir(run::root()).env("PATH", path);
        command.env("TRUNK_SKIP_VERSION_CHECK", "true").env("NO_COLOR", "true");
        Ok(command)
    }

    fn path(&self) -> Outcome<OsString> {
        let inherited = std::env::var_os("PATH").unwrap_or_default();
        let dirs = self.dirs.iter().cloned().chain(std::env::split_paths(&inherited));
        std::env::join_paths(dirs).map_err(|error| error.to_string())
    }
}

/// The browser tests' packages, in tests/e2e/node_modules.
pub fn e2e_packages() -> Outcome {
    node::require()?;
    node::e2e_packages()
}

/// Parts of Rust itself which a minimal toolchain lacks.
pub fn rust_components() -> Outcome {
    rust::component("rustfmt", "rustfmt")?;
    rust::component("clippy", "cargo-clippy")?;
    rust::wasm_target()
}

/// Everything at once. The order is the commands' order: what fails soonest comes first.
pub fn setup_all() -> Outcome {
    Chromium::find_or_install()?;
    rust_components()?;
    e2e_packages()?;
    let cache = Cache::open()?;
    node::wasm_opt(&cache)?;
    node::esbuild(&cache)?;
    let all = [crates::wasm_bindgen()?, crates::trunk(), crates::wasm_split(), crates::wasm_pack()];
    crates::install(&cache, &all)?;
    drop(cache);
    if let Err(reason) = Firefox::find_or_install() {
        println!("without Firefox: {reason}");
    }
    println!("every tool is there");
    Ok(())
}
