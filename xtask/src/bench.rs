//! The figures of BENCHMARKS.md.

use crate::cache::Cache;
use crate::run::{self, Outcome};
use crate::{build, e2e, size};
use std::fs;

struct Bench {
    name: &'static str,
    what: &'static str,
    run: fn() -> Outcome,
}

const BENCHES: [Bench; 4] = [
    Bench { name: "setup", what: "how long each tool took to install", run: setup },
    Bench { name: "size", what: "what a visitor downloads", run: site_size },
    Bench { name: "core", what: "how fast the core simulates, natively", run: core },
    Bench { name: "frames", what: "how smoothly the page runs", run: frames },
];

pub fn command(names: &[String]) -> Outcome {
    if names == ["--list"] {
        BENCHES.iter().for_each(|bench| println!("{:10} {}", bench.name, bench.what));
        return Ok(());
    }
    if let Some(wrong) = names.iter().find(|name| BENCHES.iter().all(|bench| bench.name != **name)) {
        return Err(format!("there is no bench `{wrong}`: `cargo xtask bench --list` names them"));
    }
    machine();
    for bench in
        BENCHES.iter().filter(|bench| names.is_empty() || names.iter().any(|name| name == bench.name))
    {
        println!("\n== {}: {}", bench.name, bench.what);
        (bench.run)()?;
    }
    Ok(())
}

/// Figures mean nothing without it.
fn machine() {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let rust = run::version_line("rustc").unwrap_or_default();
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model =
        cpu.lines().find_map(|line| line.strip_prefix("model name")?.split(": ").nth(1)).unwrap_or("unknown");
    println!("{cores} cores ({model}), {} {}, {rust}", std::env::consts::OS, std::env::consts::ARCH);
}

fn setup() -> Outcome {
    println!("| tool | installed in |\n|---|---:|");
    for (tool, time) in Cache::open()?.installation_times()? {
        println!("| {tool} | {time} |");
    }
    Ok(())
}

fn site_size() -> Outcome {
    build::site()?;
    print!("{}", size::first_view()?);
    Ok(())
}

fn core() -> Outcome {
    run::run(run::cargo().args(["bench", "--package", "packetyard-cluster", "--bench", "figures"]))
}

fn frames() -> Outcome {
    build::site()?;
    e2e::frames()
}
