//! A run: labs side by side, each with the next cluster, and what came of all of them.

use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

use crate::args::{Args, HELP};
use crate::case::{self, Ports};
use crate::counters::Counters;
use crate::generate::Cluster;
use crate::netns::Outcome;
use crate::testbed::Testbed;
use crate::{preflight, report, rules};

/// As other test drivers have it: not passed, not failed, not run.
const SKIPPED: u8 = 77;
/// More differences than these are not looked for.
const ENOUGH: usize = 20;

pub fn main() -> ExitCode {
    if std::env::args().any(|word| word == "--help") {
        println!("{HELP}");
        return ExitCode::SUCCESS;
    }
    let args = match Args::parse(std::env::args().skip(1)) {
        Ok(args) => args,
        Err(message) => {
            eprintln!("{message}");
            return ExitCode::FAILURE;
        }
    };
    if let Err(reason) = preflight::check() {
        println!("{}", reason.trim());
        return ExitCode::from(SKIPPED);
    }
    if args.check {
        return ExitCode::SUCCESS;
    }
    let began = Instant::now();
    match run(&args).and_then(|counters| report::report(&counters, &args, began)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Outcome<Counters> {
    let next = AtomicU64::new(0);
    let stop = AtomicBool::new(false);
    let labs = args.labs.min(usize::try_from(args.clusters).unwrap_or(usize::MAX));
    thread::scope(|scope| {
        let workers: Vec<_> = (0..labs).map(|_| scope.spawn(|| work(args, &next, &stop))).collect();
        let mut all = Counters::default();
        for worker in workers {
            all.merge(worker.join().map_err(|_| "a testbed panicked".to_owned())??);
        }
        Ok(all)
    })
}

/// One testbed, and one cluster after the other in it.
fn work(args: &Args, next: &AtomicU64, stop: &AtomicBool) -> Outcome<Counters> {
    let testbed = Testbed::build()?;
    let mut ports = Ports::default();
    let mut all = Counters::default();
    while !stop.load(Ordering::Relaxed) {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= args.clusters {
            break;
        }
        let seed = args.seed.wrapping_add(number);
        if args.show {
            show(seed);
        }
        let counters = case::run(&testbed, &mut ports, seed, args).inspect_err(|_| {
            stop.store(true, Ordering::Relaxed);
        })?;
        counters.differences.iter().for_each(|difference| println!("{difference}\n"));
        all.merge(counters);
        if all.differences.len() >= ENOUGH {
            stop.store(true, Ordering::Relaxed);
        }
        if (number + 1).is_multiple_of(20) {
            println!("{} clusters", number + 1);
        }
    }
    Ok(all)
}

fn show(seed: u64) {
    let cluster = Cluster::generate(seed);
    println!("{}", cluster.describe());
    for node in 0..cluster.nodes {
        println!("# node-{node}\n{}", rules::build(&cluster, node));
    }
}
