//! The module in two files: what the first view needs, and the tools that are fetched when somebody first turns
//! to the lab (src/tools.rs).
//!
//! Trunk calls wasm-bindgen on the whole module. A module can be cut only before that, while it
//! still says what refers to what; so the cut is made here, from what Trunk had compiled, and its
//! files take the place of Trunk's.

use crate::run::{self, Outcome};
use crate::tools::Tools;
use std::fs;
use std::path::Path;

const NAME: &str = "packetyard-web";

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

pub fn site(tools: &Tools) -> Outcome {
    let whole = run::target_dir().join("wasm32-unknown-unknown/web").join(format!("{NAME}.wasm"));
    let parts = run::target_dir().join("split");
    let bound = parts.join("bound");
    let _old = fs::remove_dir_all(&parts);
    fs::create_dir_all(&parts).map_err(|error| format!("{}: {error}", parts.display()))?;
    run::run(tools.command("wasm-split-cli")?.args(["--out-name", NAME]).arg(&whole).arg(&parts))?;
    let first = parts.join(format!("{NAME}.wasm"));
    let mut bindgen = tools.command("wasm-bindgen")?;
    load_whatever_the_server_says(&parts.join("__wasm_split.js"))?;
    // The other parts take the function table from the first.
    bindgen.args(["--target", "web", "--no-typescript", "--keep-lld-exports"]);
    run::run(bindgen.args(["--out-name", NAME, "--out-dir"]).arg(&bound).arg(&first))?;
    // wasm-bindgen has made another module of it.
    fs::remove_file(&first).map_err(|error| format!("{}: {error}", first.display()))?;
    publish(tools, &parts)?;
    publish(tools, &bound)
}

/// The loader compiles the tools while they arrive, and so refuses them where the server does not know the type of
/// such a file. They are compiled once they are there instead, as boot.js does it then with the first part.
fn load_whatever_the_server_says(loader: &Path) -> Outcome {
    const WHILE_IT_ARRIVES: &str = "WebAssembly.instantiateStreaming(src, imports)";
    const ONCE_IT_IS_THERE: &str = "WebAssembly.instantiate(await (await src).arrayBuffer(), imports)";
    let script = fs::read_to_string(loader).map_err(|error| format!("{}: {error}", loader.display()))?;
    if !script.contains(WHILE_IT_ARRIVES) {
        return Err(format!("{}: wasm-split-cli has written another loader", loader.display()));
    }
    let script = script.replace(WHILE_IT_ARRIVES, ONCE_IT_IS_THERE);
    fs::write(loader, script).map_err(|error| format!("{}: {error}", loader.display()))
}

/// Modules and scripts of the folder become files of dist/.
fn publish(tools: &Tools, folder: &Path) -> Outcome {
    let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    for from in entries.flatten().map(|entry| entry.path()) {
        let to = run::root().join("dist").join(from.file_name().unwrap_or_default());
        match from.extension().and_then(|extension| extension.to_str()) {
            Some("wasm") => optimise(tools, &from, &to)?,
            Some("js") => {
                fs::copy(&from, &to).map_err(|error| format!("{}: {error}", to.display()))?;
            }
            _ => {}
        }
    }
    Ok(())
}

/// As small as it gets.
pub fn optimise(tools: &Tools, from: &Path, to: &Path) -> Outcome {
    run::run(tools.command("wasm-opt")?.arg("-Oz").args(FEATURES).arg(from).arg("-o").arg(to))
}
