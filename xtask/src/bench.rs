//! The figures of BENCHMARKS.md.

use crate::cache::Cache;
use crate::run::{self, Outcome};
use crate::{build, e2e, size};
use std::fs;

struct Bench {
    name: &'static str,
    what: &'static str,
    /// It gets the options that follow its name.
    run: fn(&[String]) -> Outcome,
}

const BENCHES: [Bench; 7] = [
    Bench { name: "setup", what: "how long each tool took to install", run: setup },
    Bench { name: "size", what: "what a visitor downloads", run: site_size },
    Bench { name: "start", what: "how long a reader waits for the first packet [--runs N]", run: start },
    Bench { name: "core", what: "how fast the core simulates, natively", run: core },
    Bench { name: "frames", what: "how smoothly the page runs [--seconds N]", run: frames },
    Bench { name: "slices", what: "what of the core nothing can interrupt, in a browser", run: slices },
    Bench { name: "soak", what: "whether a long run keeps its memory: 15 minutes [--minutes N]", run: soak },
];

pub fn command(args: &[String]) -> Outcome {
    if args == ["--list"] {
        BENCHES.iter().for_each(|bench| println!("{:10} {}", bench.name, bench.what));
        return Ok(());
    }
    let (names, options) = args.split_at(args.iter().take_while(|arg| !arg.starts_with("--")).count());
    if let Some(wrong) = names.iter().find(|name| BENCHES.iter().all(|bench| bench.name != **name)) {
        return Err(format!("there is no bench `{wrong}`: `cargo xtask bench --list` names them"));
    }
    if !options.is_empty() && names.len() != 1 {
        return Err(format!("{} is an option of one bench: name that one before it", options[0]));
    }
    machine();
    let chosen = |bench: &&Bench| names.is_empty() || names.iter().any(|name| name == bench.name);
    for bench in BENCHES.iter().filter(chosen) {
        println!("\n== {}: {}", bench.name, bench.what);
        (bench.run)(options)?;
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

fn no_options(options: &[String]) -> Outcome {
    options.first().map_or(Ok(()), |option| Err(format!("this bench knows no `{option}`")))
}

fn setup(options: &[String]) -> Outcome {
    no_options(options)?;
    println!("| tool | installed in |\n|---|---:|");
    for (tool, time) in Cache::open()?.installation_times()? {
        println!("| {tool} | {time} |");
    }
    Ok(())
}

fn site_size(options: &[String]) -> Outcome {
    no_options(options)?;
    build::site()?;
    print!("{}", size::of_site()?);
    Ok(())
}

fn core(options: &[String]) -> Outcome {
    no_options(options)?;
    run::run(run::cargo().args(["bench", "--package", "packetyard-cluster", "--bench", "figures"]))
}

fn start(options: &[String]) -> Outcome {
    build::site()?;
    e2e::bench("start", options)
}

fn frames(options: &[String]) -> Outcome {
    build::site()?;
    // An ordinary screen and one with small pixels: four times as many to draw.
    for ratio in ["1", "2"] {
        e2e::bench("frames", &[&["--ratio".into(), ratio.into()], options].concat())?;
    }
    Ok(())
}

fn slices(options: &[String]) -> Outcome {
    build::site()?;
    let core = build::slices()?.display().to_string();
    e2e::bench("slices", &[&["--core".into(), core], options].concat())
}

fn soak(options: &[String]) -> Outcome {
    build::site()?;
    e2e::bench("soak", options)
}
