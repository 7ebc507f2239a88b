//! The static site in dist/.

use crate::run::{self, Outcome};
use crate::stopwatch::Stopwatch;
use crate::tools::Tools;
use crate::{size, split};
use std::process::Command;

pub fn command() -> Outcome {
    site()?;
    let view = size::first_view()?;
    print!("{view}");
    view.check()
}

/// Trunk.toml says how; nothing is downloaded.
pub fn site() -> Outcome {
    let tools = Tools::for_build()?;
    let watch = Stopwatch::start();
    let mut trunk = tools.command("trunk")?;
    lean(&mut trunk);
    run::run(trunk.args(["build", "--features", "split"]))?;
    split::site(&tools)?;
    println!("built dist/ in {}", watch.text());
    Ok(())
}

/// What rustc does only when it is told that its unstable side may be used. It makes the first part
/// an eighth smaller (BENCHMARKS.md): std is compiled anew for size, a panic traps at once without
/// making a text of what went wrong, and no source position is kept for such texts. The tests and
/// `cargo xtask serve` are built without any of this, so they say what went wrong, and where.
fn lean(command: &mut Command) {
    command.env("RUSTC_BOOTSTRAP", "1");
    command.env("CARGO_UNSTABLE_BUILD_STD", "std,panic_abort");
    command.env("CARGO_UNSTABLE_BUILD_STD_FEATURES", "optimize_for_size");
    let flags = "-Zunstable-options -Cpanic=immediate-abort -Zlocation-detail=none";
    // These are added to those of .cargo/config.toml.
    command.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS", flags);
}
