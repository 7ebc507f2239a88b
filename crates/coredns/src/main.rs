//! The model's DNS against CoreDNS itself, which its folder judge asks: all names and types of all scenarios, and of
//! clusters made at random, have to be answered alike.

mod ask;
mod names;
mod random;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use cluster::api::parse;
use cluster::sim::{Run, Span, World};

const HELP: &str = "\
cargo xtask coredns [--clusters N] [--seed S]

  --clusters N  how many clusters are made at random, besides all scenarios (200)
  --seed S      the first one's seed (1); the next ones follow";

/// Of simulated time, until the Pods of a scenario are ready.
const SETTLE_STEPS: u32 = 60;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if args.iter().any(|arg| arg == "--help") {
        println!("{HELP}");
        return ExitCode::SUCCESS;
    }
    match settings(args.into_iter()).and_then(compare) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(why) => {
            eprintln!("{why}\n\n{HELP}");
            ExitCode::FAILURE
        }
    }
}

struct Settings {
    /// CoreDNS, as the folder judge builds it.
    program: String,
    clusters: u64,
    seed: u64,
}

fn settings(mut args: impl Iterator<Item = String>) -> Result<Settings, String> {
    let program = args.next().ok_or("name the program that asks CoreDNS")?;
    let mut settings = Settings { program, clusters: 200, seed: 1 };
    while let Some(option) = args.next() {
        let number = args.next().and_then(|n| n.parse().ok()).ok_or(format!("{option} needs a number"))?;
        match option.as_str() {
            "--clusters" => settings.clusters = number,
            "--seed" => settings.seed = number,
            _ => return Err(format!("there is no option {option}")),
        }
    }
    Ok(settings)
}

/// How many answers differ.
fn compare(settings: Settings) -> Result<usize, String> {
    let mut judge = ask::Judge::start(&settings.program)?;
    let (mut asked, mut clusters, mut differences) = (0, 0, 0);
    let scenarios = scenarios()?.into_iter().map(|path| {
        let text = std::fs::read_to_string(&path).map_err(|why| format!("{}: {why}", path.display()))?;
        Ok::<_, String>((path.display().to_string(), text))
    });
    let last = settings.seed.saturating_add(settings.clusters);
    let random = (settings.seed..last).map(|seed| Ok((format!("seed {seed}"), random::manifests(seed))));
    for named in scenarios.chain(random) {
        let (name, text) = named?;
        let world = settled(&text);
        let questions = names::questions(&world);
        let found = judge.differences(&world, &questions)?;
        for difference in &found {
            println!("{name}: {difference}");
        }
        asked += questions.len();
        clusters += 1;
        differences += found.len();
    }
    println!("{clusters} clusters, {asked} questions: {differences} differences");
    // A comparison of nothing would prove nothing.
    if asked < 1000 { Err("too few questions were asked".into()) } else { Ok(differences) }
}

fn settled(text: &str) -> World {
    let (mut run, _) = Run::new(&parse(text), Some(7));
    for _ in 0..SETTLE_STEPS {
        if run.world().settled() {
            break;
        }
        let next = run.world().now() + Span::from_secs(1);
        run.advance_to(next, u64::MAX);
    }
    run.world().clone()
}

/// Those of the page and those of the core.
fn scenarios() -> Result<Vec<PathBuf>, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut found = Vec::new();
    for folder in ["public/scenarios", "crates/cluster/tests/scenarios"] {
        let entries = std::fs::read_dir(root.join(folder)).map_err(|why| format!("{folder}: {why}"))?;
        for entry in entries {
            let path = entry.map_err(|why| format!("{folder}: {why}"))?.path();
            let file = if path.is_dir() { path.join("input.yaml") } else { path };
            found.extend(file.is_file().then_some(file));
        }
    }
    found.sort();
    Ok(found)
}
