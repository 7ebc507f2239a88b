//! `packetyard run`: what came of every client's, Service's and Pod's requests.

use std::collections::BTreeMap;
use std::fmt::Write;

use cluster::api::Uid;
use cluster::sim::{Moment, World};
use cluster::traffic::{Counts, PodCount, Stats};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;

use crate::args::{Format, Run as Args};
use crate::failure::Failure;
use crate::input::{Input, Refused};
use crate::loss::LossClass;
use crate::{input, table, words};

/// What came of a run's requests.
#[derive(Serialize, JsonSchema)]
pub struct Report<'a> {
    /// Of all chance in the run.
    seed: u64,
    /// When the run ended: nanoseconds from when the clients began.
    now: i64,
    /// How many events the simulation has processed.
    events: u64,
    /// Two runs with the same hash went the same way.
    hash: String,
    #[serde(flatten)]
    counted: Counted<'a>,
    /// Of requests that somebody sent before the clients began.
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<Counted<'a>>,
    /// What the cluster would not do meanwhile.
    refused: Vec<Refused>,
}

#[derive(Serialize, JsonSchema)]
struct Counted<'a> {
    clients: Vec<Row<'a>>,
    services: Vec<Row<'a>>,
    pods: Vec<PodRow>,
}

/// A client's requests, or those to a Service.
#[derive(Serialize, JsonSchema)]
struct Row<'a> {
    /// A client's name, or NAMESPACE/NAME of a Service.
    name: String,
    #[serde(flatten)]
    requests: Requests,
    #[serde(skip)]
    counts: &'a Counts,
}

/// How many requests ended how.
#[derive(Serialize, JsonSchema)]
struct Requests {
    sent: u64,
    delivered: u64,
    refused: u64,
    unreachable: u64,
    reset: u64,
    timed_out: u64,
    /// Datagrams of one-way senders that no process received.
    not_received: u64,
    /// The name was not found.
    unresolved: u64,
    /// The cluster's DNS did not answer.
    no_dns: u64,
    /// The name was found, and no address of it.
    no_address: u64,
    /// The client went away first.
    abandoned: u64,
    /// The lost ones by why they were lost; what none was lost by is not there.
    #[schemars(schema_with = "by_class")]
    lost: BTreeMap<LossClass, u64>,
    /// How many of the lost ones an outdated rule caused.
    by_stale_rule: u64,
    /// The sum of the delivered requests' latencies, from the first packet to the response, in nanoseconds.
    latency_total: u64,
}

fn by_class(generator: &mut SchemaGenerator) -> Schema {
    let (class, count) = (generator.subschema_for::<LossClass>(), generator.subschema_for::<u64>());
    json_schema!({ "type": "object", "propertyNames": class, "additionalProperties": count })
}

#[derive(Serialize, JsonSchema)]
struct PodRow {
    /// NAMESPACE/NAME
    name: String,
    uid: String,
    /// How many requests it has answered.
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
        now: world.moment(world.now()).0,
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
        clients: stats.clients.iter().map(|(name, counts)| row(name.to_string(), counts)).collect(),
        services: stats.services.iter().map(|(key, counts)| row(key.to_string(), counts)).collect(),
        pods: stats.pods.iter().map(|(uid, count)| pod(uid, count)).collect(),
    }
}

fn row(name: String, counts: &Counts) -> Row<'_> {
    Row { name, requests: requests(counts), counts }
}

fn requests(counts: &Counts) -> Requests {
    let Counts {
        sent,
        delivered,
        refused,
        unreachable,
        reset,
        timed_out,
        not_received,
        unresolved,
        no_dns,
        no_address,
        abandoned,
        lost,
        by_stale_rule,
        latency_total,
    } = counts;
    Requests {
        sent: *sent,
        delivered: *delivered,
        refused: *refused,
        unreachable: *unreachable,
        reset: *reset,
        timed_out: *timed_out,
        not_received: *not_received,
        unresolved: *unresolved,
        no_dns: *no_dns,
        no_address: *no_address,
        abandoned: *abandoned,
        lost: lost.iter().map(|(class, count)| (LossClass::from(*class), *count)).collect(),
        by_stale_rule: *by_stale_rule,
        latency_total: latency_total.0,
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
    let (now, seed) = (words::moment(Moment(report.now)), report.seed);
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
        "NOT-RECEIVED",
        "UNRESOLVED",
        "NO-DNS",
        "NO-ADDRESS",
    ];
    let cells = |row: &Row<'_>| {
        let c = row.counts;
        let numbers = [
            c.sent,
            c.delivered,
            c.refused,
            c.unreachable,
            c.reset,
            c.timed_out,
            c.not_received,
            c.unresolved,
            c.no_dns,
            c.no_address,
        ];
        std::iter::once(row.name.clone()).chain(numbers.map(|n| n.to_string())).collect()
    };
    let rows: Vec<Vec<String>> = rows.iter().map(cells).collect();
    let _ = writeln!(out, "{}", table::render(&header, &rows));
}
