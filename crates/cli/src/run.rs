//! `packetyard run`: what came of every client's, Service's and Pod's requests.

use std::fmt::Write;

use cluster::api::Uid;
use cluster::sim::{Moment, World};
use cluster::traffic::{Counts, PodCount, Stats};
use serde::Serialize;

use crate::args::{Format, Run as Args};
use crate::failure::Failure;
use crate::input::{Input, Refused};
use crate::{input, table, words};

#[derive(Serialize)]
struct Report<'a> {
    seed: u64,
    /// Nanoseconds from when the clients began.
    now: Moment,
    events: u64,
    hash: String,
    #[serde(flatten)]
    counted: Counted<'a>,
    /// Of requests that somebody sent before the clients began.
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<Counted<'a>>,
    refused: Vec<Refused>,
}

#[derive(Serialize)]
struct Counted<'a> {
    clients: Vec<Row<'a>>,
    services: Vec<Row<'a>>,
    pods: Vec<PodRow>,
}

#[derive(Serialize)]
struct Row<'a> {
    name: String,
    #[serde(flatten)]
    counts: &'a Counts,
}

#[derive(Serialize)]
struct PodRow {
    name: String,
    uid: String,
    answered: u64,
}

pub fn run(args: &Args) -> Result<String, Failure> {
    let mut input = Input::read(&args.cluster)?;
    let mut run = input.start(&args.cluster)?;
    let mut refused = match args.cluster.at {
        Some(_) => input::reach_moment(&args.cluster, &mut run),
        None => input::reach(&mut run, Moment::ORIGIN),
    };
    let end = run.world().now() + args.length;
    refused.extend(input::advance(&mut run, end));
    let report = report(run.world(), refused);
    input.answer(match args.output {
        Format::Json => words::json(&report)?,
        Format::Text => text(&report),
    })
}

fn report(world: &World, refused: Vec<Refused>) -> Report<'_> {
    let traffic = world.traffic();
    let before = Some(&traffic.stats_before).filter(|stats| !stats.clients.is_empty());
    Report {
        seed: world.seed(),
        now: world.moment(world.now()),
        events: world.events(),
        hash: format!("{:016x}", world.hash()),
        counted: counted(&traffic.stats),
        before: before.map(counted),
        refused,
    }
}

fn counted(stats: &Stats) -> Counted<'_> {
    let pod = |uid: &Uid, count: &PodCount| PodRow {
        name: count.pod.to_string(),
        uid: uid.to_uuid(),
        answered: count.answered,
    };
    Counted {
        clients: stats.clients.iter().map(|(name, counts)| Row { name: name.to_string(), counts }).collect(),
        services: stats.services.iter().map(|(key, counts)| Row { name: key.to_string(), counts }).collect(),
        pods: stats.pods.iter().map(|(uid, count)| pod(uid, count)).collect(),
    }
}

fn text(report: &Report<'_>) -> String {
    let mut out = String::new();
    if let Some(before) = &report.before {
        out.push_str("Before the clients began:\n\n");
        tables(&mut out, before);
        out.push_str("Since then:\n\n");
    }
    tables(&mut out, &report.counted);
    if !report.refused.is_empty() {
        let rows: Vec<Vec<String>> = report.refused.iter().map(|r| r.cells().to_vec()).collect();
        let _ = writeln!(out, "{}", table::render(&["AT", "REFUSED"], &rows));
    }
    let (now, seed) = (words::moment(report.now), report.seed);
    let _ = writeln!(out, "ran to {now} on seed {seed}: {} events, hash {}", report.events, report.hash);
    out
}

fn tables(out: &mut String, counted: &Counted<'_>) {
    counts_table(out, "CLIENT", &counted.clients);
    counts_table(out, "SERVICE", &counted.services);
    losses_table(out, &counted.clients);
    let pods: Vec<Vec<String>> =
        counted.pods.iter().map(|p| vec![p.name.clone(), p.answered.to_string()]).collect();
    if !pods.is_empty() {
        let _ = writeln!(out, "{}", table::render(&["POD", "ANSWERED"], &pods));
    }
}

/// Each client's lost requests, by the way in which they were lost.
fn losses_table(out: &mut String, clients: &[Row<'_>]) {
    let mut rows: Vec<Vec<String>> = Vec::new();
    for client in clients {
        for (class, count) in &client.counts.lost {
            rows.push(vec![client.name.clone(), count.to_string(), words::loss_class(*class).into()]);
        }
        if client.counts.by_stale_rule > 0 {
            let stale = client.counts.by_stale_rule.to_string();
            rows.push(vec![client.name.clone(), stale, "of these: sent by a stale rule".into()]);
        }
    }
    if !rows.is_empty() {
        let _ = writeln!(out, "{}", table::render(&["CLIENT", "LOST", "HOW"], &rows));
    }
}

fn counts_table(out: &mut String, what: &str, rows: &[Row<'_>]) {
    if rows.is_empty() {
        return;
    }
    let header = [
        what,
        "SENT",
        "DELIVERED",
        "REFUSED",
        "UNREACHABLE",
        "RESET",
        "TIMED-OUT",
        "UNRESOLVED",
        "NO-ADDRESS",
    ];
    let cells = |row: &Row<'_>| {
        let c = row.counts;
        let numbers =
            [c.sent, c.delivered, c.refused, c.unreachable, c.reset, c.timed_out, c.unresolved, c.no_address];
        std::iter::once(row.name.clone()).chain(numbers.map(|n| n.to_string())).collect()
    };
    let rows: Vec<Vec<String>> = rows.iter().map(cells).collect();
    let _ = writeln!(out, "{}", table::render(&header, &rows));
}
