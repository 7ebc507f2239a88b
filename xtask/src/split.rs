//! The module in two parts: what the first view needs, and what is fetched when somebody first
//! turns to the lab (src/later.rs).
//!
//! Trunk calls wasm-bindgen on the whole module. A module can be cut only before that, while it
//! still says what refers to what; so the cut is made here, from what Trunk had compiled, and its
//! files take the place of Trunk's.

use crate::names::Names;
use crate::order;
use crate::run::{self, Outcome};
use crate::tools::Tools;
use std::fs;
use std::path::{Path, PathBuf};

const NAME: &str = "packetyard-web";
/// The second part, and the script that fetches it.
const LATER: [&str; 2] = ["split_later.wasm", "__wasm_split.js"];

/// The page's own script and style.
const OWN: [&str; 2] = ["boot.js", "page.css"];

/// What rustc's default target and wasm-bindgen use, and no more: browsers must know all of it.
const FEATURES: [&str; 7] = [
    "--enable-mutable-globals",
    "--enable-sign-ext",
    "--enable-nontrapping-float-to-int",
    "--enable-bulk-memory",
    "--enable-bulk-memory-opt",
    "--enable-reference-types",
    "--enable-multivalue",
];

/// The stack begins at address 0 and grows downwards to it: only the last KiB before it overflows
/// would be low memory. And a large function that is called once is not made a part of its caller:
/// brotli does better with both apart.
const SMALLER: [&str; 2] = ["--low-memory-unused", "--one-caller-inline-max-function-size=40"];

pub fn site(tools: &Tools) -> Outcome {
    let target = target_dir();
    let whole = target.join("wasm32-unknown-unknown/web").join(format!("{NAME}.wasm"));
    let parts = target.join("split");
    let _old = fs::remove_dir_all(&parts);
    fs::create_dir_all(&parts).map_err(|error| format!("{}: {error}", parts.display()))?;
    run::run(tools.command("wasm-split-cli")?.args(["--out-name", NAME]).arg(&whole).arg(&parts))?;
    let mut bindgen = tools.command("wasm-bindgen")?;
    // The second part takes the function table from the first.
    bindgen.args([
        "--target",
        "web",
        "--no-typescript",
        "--keep-lld-exports",
        "--out-name",
        NAME,
        "--out-dir",
    ]);
    run::run(bindgen.arg(parts.join("bound")).arg(parts.join(format!("{NAME}.wasm"))))?;
    let dist = run::root().join("dist");
    let (main, glue) = (format!("{NAME}_bg.wasm"), format!("{NAME}.js"));
    let names = shrink_first(tools, &parts.join("bound").join(&main), &dist.join(&main))?;
    shrink_module(tools, &parts.join(LATER[0]), &dist.join(LATER[0]))?;
    let glue_text = names.in_glue(&read(&parts.join("bound").join(&glue))?)?;
    shrink_script(tools, &glue_text, &dist.join(&glue))?;
    let loader_text = names.in_loader(&read(&parts.join(LATER[1]))?)?;
    shrink_script(tools, &loader_text, &dist.join(LATER[1]))?;
    for own in OWN {
        shrink_script(tools, &read(&dist.join(own))?, &dist.join(own))?;
    }
    shrink_page(&dist.join("index.html"))?;
    shrink_page(&dist.join("favicon.svg"))
}

/// Without indentation and comments that have a line to themselves.
fn shrink_page(page: &Path) -> Outcome {
    let text = read(page)?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("<!--"));
    let text = lines.collect::<Vec<_>>().join("\n");
    fs::write(page, text).map_err(|error| format!("{}: {error}", page.display()))
}

/// The names by which module and script know each other are more than a hundred hashes, which no
/// compression makes smaller: they become one or two letters.
fn shrink_first(tools: &Tools, from: &Path, to: &Path) -> Outcome<Names> {
    shrink_module(tools, from, to)?;
    let mut rename = tools.command("wasm-opt")?;
    rename.arg("--minify-imports-and-exports-and-modules").args(FEATURES);
    Names::read(&run::output(rename.arg(to).arg("-o").arg(to))?)
}

fn shrink_module(tools: &Tools, from: &Path, to: &Path) -> Outcome {
    let mut optimise = tools.command("wasm-opt")?;
    optimise
        .args([
            "--flatten",
            "--rereloop",
            "-Oz",
            "--gufa-optimizing",
            "-Oz",
            "--strip-debug",
            "--strip-producers",
        ])
        .args(SMALLER)
        .args(FEATURES);
    run::run(optimise.arg(from).arg("-o").arg(to))?;
    let module = fs::read(to).map_err(|error| format!("{}: {error}", to.display()))?;
    let named = order::named_by_likeness(&module)?;
    fs::write(to, named).map_err(|error| format!("{}: {error}", to.display()))?;
    let mut sort = tools.command("wasm-opt")?;
    sort.args(["--reorder-functions-by-name", "--strip-debug"]).args(FEATURES);
    run::run(sort.arg(to).arg("-o").arg(to))
}

fn shrink_script(tools: &Tools, text: &str, to: &Path) -> Outcome {
    fs::write(to, text).map_err(|error| format!("{}: {error}", to.display()))?;
    let mut minify = tools.command("esbuild")?;
    // wasm-bindgen warns of old ways to call it, which boot.js does not use.
    minify.args(["--minify", "--pure:console.warn", "--log-level=warning", "--allow-overwrite"]);
    run::run(minify.arg(to).arg(format!("--outfile={}", to.display())))
}

fn read(path: &Path) -> Outcome<String> {
    fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}

fn target_dir() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| run::root().join("target"), PathBuf::from)
}
