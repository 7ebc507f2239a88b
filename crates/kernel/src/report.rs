//! What came of a run, and whether it passes.

use std::time::Instant;

use crate::args::Args;
use crate::counters::Counters;
use crate::coverage;
use crate::netns::Outcome;
use crate::shares::{ALPHA, Verdict};

/// A default run makes at least so many clusters and flows.
const CLUSTERS: u64 = 200;
const FLOWS: u64 = 5_000;
/// The pooled test compares some 20,000 connections, and has some 50 degrees of freedom.
const SHARED: u64 = 8_000;
const FREEDOM: u32 = 20;
const STALE: u64 = 40;
/// At most one answer in so many may be late: a loss that a longer wait hides would be more.
const LATE: u64 = 500;

const PORTS_BY_CHANCE: [&str; 2] = [
    "ports that should be drawn at random are the client's own",
    "ports that should be the client's own are others",
];

pub fn report(counters: &Counters, args: &Args, began: Instant) -> Outcome {
    let shares = counters.shares.test();
    print(counters, &shares, began);
    // Once more, at the end, where whoever reads only that finds them.
    counters.differences.iter().for_each(|difference| println!("\n{difference}"));
    let mut wrong = Vec::new();
    if !counters.differences.is_empty() {
        wrong.push(format!("the kernel and the model differ in {} flows", counters.differences.len()));
    }
    if shares.p < ALPHA {
        counters.shares.worst().iter().for_each(|line| println!("  {line}"));
        wrong.push("the shares of the endpoints are not the model's".into());
    }
    // One in 64,512 draws, so a few in a run at most; more would mean that nothing is drawn, or too much.
    for (count, what) in counters.ports_by_chance.iter().zip(PORTS_BY_CHANCE) {
        if *count > 5 + counters.connections / 10_000 {
            wrong.push(format!("{count} {what}"));
        }
    }
    if counters.late > 1 + counters.connections / LATE {
        wrong.push(format!("{} answers came late, more than one in {LATE}", counters.late));
    }
    if args.is_whole() {
        wrong.extend(too_little(counters, &shares));
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
}

fn print(counters: &Counters, shares: &Verdict, began: Instant) {
    let seconds = began.elapsed().as_secs_f64();
    print!("\n{}\n", counters.coverage);
    println!(
        "shares: {} connections of {} questions, chi-squared {:.1} with {} degrees of freedom, p = {:.3}",
        shares.connections, shares.questions, shares.statistic, shares.freedom, shares.p
    );
    println!(
        "stale conntrack entries: {} kinds, of {} of which the number is known to the last one",
        counters.stale, counters.stale_known
    );
    println!("what was asked: digest {:016x}; {} answers came late", counters.asked, counters.late);
    println!(
        "{} clusters, {} flows, {} connections and datagrams in {seconds:.0} s: {} differences",
        counters.clusters,
        counters.flows,
        counters.connections,
        counters.differences.len()
    );
}

/// A whole run passes only if it has tested something of everything.
fn too_little(counters: &Counters, shares: &Verdict) -> Vec<String> {
    let numbers = [
        ("clusters", counters.clusters, CLUSTERS),
        ("flows", counters.flows, FLOWS),
        ("connections in the test of the shares", shares.connections, SHARED),
        ("kinds of stale conntrack entries whose number is known", counters.stale_known, STALE),
        ("degrees of freedom in the test of the shares", shares.freedom.into(), FREEDOM.into()),
    ];
    let few = numbers.into_iter().filter(|(_, count, floor)| count < floor);
    few.map(|(what, count, floor)| format!("too little tested: {count} {what}, not {floor}"))
        .chain(coverage::too_little(&counters.coverage))
        .collect()
}
