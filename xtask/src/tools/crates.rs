//! Tools that `cargo install` compiles.

use crate::cache::Cache;
use crate::run::{self, Outcome};
use std::fs;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};

pub struct Tool {
    package: &'static str,
    version: String,
    programs: &'static [&'static str],
    features: &'static [&'static str],
    /// Whether the package's own lock file is used.
    locked: bool,
    /// Packages of it that compute. The rest is compiled as quickly as can be.
    optimised: &'static [&'static str],
    usually: &'static str,
}

/// The version in Cargo.lock: the glue which the tool writes and the library must be of one version.
pub fn wasm_bindgen() -> Outcome<Tool> {
    Ok(Tool {
        package: "wasm-bindgen-cli",
        version: locked_version("wasm-bindgen")?,
        programs: &["wasm-bindgen", "wasm-bindgen-test-runner"],
        features: &[],
        // Its lock file has named a crate version that was withdrawn.
        locked: false,
        optimised: &["wasm-bindgen-cli-support", "walrus", "wasmparser", "wasm-encoder", "gimli", "id-arena"],
        usually: "1 min 30 s",
    })
}

/// 0.22 needs a newer Rust than this workspace asks for.
pub fn trunk() -> Tool {
    Tool {
        package: "trunk",
        version: "0.21.14".into(),
        programs: &["trunk"],
        // Without its default features it does not ask the network for a newer version of itself.
        features: &["--no-default-features", "--features", "rustls"],
        locked: true,
        optimised: &[],
        usually: "3 min",
    }
}

/// It must understand what the crate wasm_split_helpers, of Cargo.lock, leaves in the module.
pub fn wasm_split() -> Tool {
    Tool {
        package: "wasm_split_cli_support",
        version: "0.2.4".into(),
        programs: &["wasm-split-cli"],
        features: &["--features", "build-binary"],
        locked: true,
        optimised: &[],
        usually: "1 min",
    }
}

pub fn wasm_pack() -> Tool {
    Tool {
        package: "wasm-pack",
        version: "0.15.1".into(),
        programs: &["wasm-pack"],
        features: &[],
        locked: true,
        optimised: &[],
        usually: "50 s",
    }
}

/// The driver of Firefox, which Debian does not have.
pub fn geckodriver() -> Tool {
    Tool {
        package: "geckodriver",
        version: "0.37.1".into(),
        programs: &["geckodriver"],
        features: &[],
        locked: true,
        optimised: &[],
        usually: "1 min",
    }
}

/// The folders in which the tools are, after installing those that are missing.
pub fn install(cache: &Cache, tools: &[Tool]) -> Outcome<Vec<PathBuf>> {
    // One build folder for all, since they share crates. It outlives an interrupted run.
    let build = cache.dir.join(".build");
    let dirs = tools.iter().map(|tool| tool.find_or_install(cache, &build)).collect::<Outcome<Vec<_>>>()?;
    let _ = fs::remove_dir_all(&build);
    Ok(dirs)
}

impl Tool {
    fn find_or_install(&self, cache: &Cache, build: &Path) -> Outcome<PathBuf> {
        if let Some(dir) = self.on_path() {
            return Ok(dir);
        }
        let name_version = format!("{}-{}", self.package, self.version);
        let dir = match cache.get(&name_version) {
            Some(dir) => dir,
            None => cache.install(&name_version, self.usually, |dir| self.compile(dir, build))?,
        };
        Ok(dir.join("bin"))
    }

    /// The folder of PATH that has the programs in the right version.
    fn on_path(&self) -> Option<PathBuf> {
        let dir = run::find(self.programs[0])?.parent()?.to_path_buf();
        let right = |program: &&str| {
            let line = run::version_line(dir.join(program)).unwrap_or_default();
            line.split_whitespace().any(|word| word == self.version)
        };
        self.programs.iter().all(right).then_some(dir)
    }

    fn compile(&self, dir: &Path, build: &Path) -> Outcome {
        let mut command = run::cargo();
        // Not in the clone: its .cargo/config.toml is not meant for other people's programs.
        command.current_dir(dir);
        command.args(["install", self.package, "--version", &self.version, "--root"]).arg(dir);
        command.args(self.features).args(self.locked.then_some("--locked"));
        for package in self.optimised {
            command.args(["--config", &format!("profile.release.package.{package}.opt-level=1")]);
        }
        if !std::io::stderr().is_terminal() {
            command.arg("--quiet");
        }
        command.env("CARGO_TARGET_DIR", build);
        command.env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0");
        command.env("CARGO_PROFILE_RELEASE_LTO", "off");
        command.env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16");
        // Flags for our code, such as deny-warnings in CI, are not for theirs.
        command.env_remove("RUSTFLAGS").env_remove("CARGO_BUILD_TARGET");
        run::run(&mut command)
    }
}

/// The version of a package in Cargo.lock.
fn locked_version(package: &str) -> Outcome<String> {
    let lock =
        fs::read_to_string(run::root().join("Cargo.lock")).map_err(|error| format!("Cargo.lock: {error}"))?;
    let name = format!("name = \"{package}\"");
    let version =
        lock.split("[[package]]").find(|entry| entry.lines().any(|line| line == name)).and_then(|entry| {
            entry.lines().find_map(|line| line.strip_prefix("version = \"")?.strip_suffix('"'))
        });
    version.map(str::to_owned).ok_or_else(|| format!("Cargo.lock has no {package}"))
}
