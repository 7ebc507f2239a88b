//! Looks for what breaks, until something does or the time is over.

use std::process::ExitCode;

use fuzz::campaign::{SEQUENCES, SETTLINGS, TEXTS, run_seed};

const HELP: &str = "\
cargo xtask fuzz [--minutes N] [--seed S]

  --minutes N  how long to look (10)
  --seed S     the first seed (by the clock); the next ones follow";

fn main() -> ExitCode {
    if std::env::args().any(|arg| arg == "--help") {
        println!("{HELP}");
        return ExitCode::SUCCESS;
    }
    match settings(std::env::args().skip(1)) {
        Ok((minutes, first)) => campaign(minutes, first),
        Err(wrong) => {
            eprintln!("{wrong}\n\n{HELP}");
            ExitCode::FAILURE
        }
    }
}

fn settings(mut args: impl Iterator<Item = String>) -> Result<(u64, u64), String> {
    let (mut minutes, mut seed) = (10, None);
    while let Some(option) = args.next() {
        let number = args.next().and_then(|n| n.parse().ok()).ok_or(format!("{option} needs a number"))?;
        match option.as_str() {
            "--minutes" => minutes = number,
            "--seed" => seed = Some(number),
            _ => return Err(format!("there is no option {option}")),
        }
    }
    Ok((minutes, seed.unwrap_or_else(seed_by_the_clock)))
}

#[expect(clippy::disallowed_types, reason = "each campaign looks elsewhere; it prints its seed")]
fn seed_by_the_clock() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.map_or(0, |since| since.as_secs())
}

#[expect(clippy::disallowed_types, reason = "a campaign lasts as long as one likes")]
fn campaign(minutes: u64, first: u64) -> ExitCode {
    let (start, length) = (std::time::Instant::now(), std::time::Duration::from_secs(60 * minutes));
    let mut seed = first;
    println!("from seed {first}, {minutes} minutes");
    while start.elapsed() < length {
        if let Err(fault) = run_seed(seed) {
            println!("\n{fault}\n\nagain: cargo xtask fuzz --seed {seed}");
            return ExitCode::FAILURE;
        }
        seed += 1;
    }
    let [sequences, settlings, texts] =
        [SEQUENCES, SETTLINGS, TEXTS].map(|cases| u64::from(cases) * (seed - first));
    println!(
        "nothing found in {} seeds: {sequences} sequences with replay, seek and undo, {settlings} that settle, \
         {texts} texts",
        seed - first
    );
    ExitCode::SUCCESS
}
