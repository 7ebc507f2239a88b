//! Everything that must pass, step by step.

use crate::run::{self, Outcome};
use crate::stopwatch::Stopwatch;
use crate::tools::{self, Chromium, Firefox, Tools};
use crate::{build, e2e, kernel, size, tidy};
use std::path::Path;

struct Step {
    name: &'static str,
    what: &'static str,
    run: Run,
}

enum Run {
    Must(fn() -> Outcome),
    /// Gives the reason when it cannot run on this machine.
    May(fn() -> Outcome<Option<String>>),
}
use Run::{May, Must};

/// In this order: what is quick and fails often comes first, what builds on a step comes after it.
const STEPS: [Step; 11] = [
    Step { name: "format", what: "the formatting is rustfmt's", run: Must(format) },
    Step { name: "clippy", what: "no warnings, natively and for the browser", run: Must(clippy) },
    Step { name: "core-wasm", what: "each crate of the core builds for the browser", run: Must(core_wasm) },
    Step { name: "native", what: "the native tests", run: Must(native) },
    Step { name: "web", what: "the app's tests in a browser", run: Must(web) },
    Step { name: "firefox", what: "the same in Firefox", run: May(firefox) },
    Step { name: "build", what: "the static site", run: Must(build::site) },
    Step { name: "size", what: "the first view is below its ceiling", run: Must(size) },
    Step { name: "e2e", what: "the built site in a browser", run: Must(e2e::tests) },
    Step { name: "kernel", what: "the model against this machine's kernel", run: May(kernel::step) },
    Step {
        name: "tidy",
        what: "lines, files, links, paths and cited rules in order",
        run: Must(tidy::command),
    },
];

/// For the loop at the desk: under a minute where little has changed.
const QUICK: [Step; 4] = [
    Step { name: "format", what: "the formatting is rustfmt's", run: Must(format) },
    Step { name: "clippy", what: "no warnings, natively", run: Must(clippy_native) },
    Step { name: "unit", what: "the tests beside the code", run: Must(unit) },
    Step { name: "tidy", what: "lines, files, links and paths in order", run: Must(tidy::command) },
];

pub fn command(names: &[String]) -> Outcome {
    if names == ["--list"] {
        STEPS.iter().for_each(|step| println!("{:10} {}", step.name, step.what));
        return Ok(());
    }
    if names == ["--quick"] {
        return run_steps(QUICK.iter());
    }
    if let Some(wrong) = names.iter().find(|name| STEPS.iter().all(|step| step.name != **name)) {
        return Err(format!("there is no step `{wrong}`: `cargo xtask test --list` names them"));
    }
    if names.is_empty() {
        // First, so that whoever has to install something by hand hears of it at once.
        heading("tools", "whatever the steps need");
        tools::setup_all()?;
        return run_steps(STEPS.iter());
    }
    run_steps(STEPS.iter().filter(|step| names.iter().any(|name| name == step.name)))
}

/// Stops at the first failure: what comes after it would fail for the same reason.
fn run_steps(steps: impl Iterator<Item = &'static Step>) -> Outcome {
    let watch = Stopwatch::start();
    let mut lines = Vec::new();
    let mut failure = None;
    for step in steps {
        if failure.is_some() {
            lines.push(format!("  not run {}", step.name));
            continue;
        }
        heading(step.name, step.what);
        let watch = Stopwatch::start();
        let outcome = match step.run {
            Must(run) => run().map(|()| None),
            May(run) => run(),
        };
        if let Ok(Some(reason)) = &outcome {
            println!("skipped: {reason}");
            lines.push(format!("  skipped {:10} {reason}", step.name));
            continue;
        }
        let verdict = if outcome.is_ok() { "passed " } else { "FAILED " };
        lines.push(format!("  {verdict} {:10} {}", step.name, watch.text()));
        failure = outcome.err().map(|error| format!("{}: {error}", step.name));
    }
    let passed = lines.iter().filter(|line| line.starts_with("  passed")).count();
    println!("\n{}", lines.join("\n"));
    println!("{passed} passed, {} failed, in {}", usize::from(failure.is_some()), watch.text());
    failure.map_or(Ok(()), Err)
}

fn heading(name: &str, what: &str) {
    println!("\n== {name}: {what}");
}

fn format() -> Outcome {
    tools::rust_components()?;
    run::run(run::cargo().args(["fmt", "--all", "--check"]))
}

fn clippy() -> Outcome {
    clippy_native()?;
    let web = ["clippy", "--package", "packetyard", "--all-targets", "--target", "wasm32-unknown-unknown"];
    run::run(run::cargo().args(web).args(["--", "-D", "warnings"]))
}

fn clippy_native() -> Outcome {
    tools::rust_components()?;
    run::run(run::cargo().args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))
}

fn core_wasm() -> Outcome {
    tools::rust_components()?;
    run::run(run::cargo().args([
        "build",
        "--package",
        "packetyard-netfilter",
        "--package",
        "packetyard-cluster",
        "--package",
        "packetyard-scene",
        "--target",
        "wasm32-unknown-unknown",
    ]))
}

fn native() -> Outcome {
    run::run(run::cargo().args(["test", "--workspace"]))
}

fn unit() -> Outcome {
    run::run(run::cargo().args(["test", "--workspace", "--lib", "--bins"]))
}

fn web() -> Outcome {
    wasm_pack(["--chrome", "--chromedriver"], &Chromium::find_or_install()?.driver)
}

fn firefox() -> Outcome<Option<String>> {
    let firefox = match Firefox::find_or_install() {
        Ok(firefox) => firefox,
        Err(reason) => return Ok(Some(reason)),
    };
    wasm_pack(["--firefox", "--geckodriver"], &firefox.driver).map(|()| None)
}

fn wasm_pack(browser: [&str; 2], driver: &Path) -> Outcome {
    let mut wasm_pack = Tools::for_wasm_tests()?.command("wasm-pack")?;
    wasm_pack.args(["test", "--headless", "--mode", "no-install"]).args(browser).arg(driver);
    // Seconds for all tests of a file together: its own limit of 20 is too few where the machine is slow or the browser
    // is Firefox. A test that hangs fails all the same.
    wasm_pack.env("WASM_BINDGEN_TEST_TIMEOUT", "300");
    run::run(&mut wasm_pack)
}

fn size() -> Outcome {
    let sizes = size::of_site()?;
    print!("{sizes}");
    sizes.check()
}
