//! A trace for people: one paragraph a connection, then a count of where they went.

use std::collections::BTreeMap;
use std::fmt::Write;

use cluster::sim::Moment;

use super::report::{Connection, HopRow, Packet, Report};

/// `lookups`: whether the ways of lookups' packets are printed, though none was lost.
pub fn render(report: &Report, lookups: bool) -> String {
    let mut out = String::new();
    for (i, connection) in report.connections.iter().enumerate() {
        let _ = writeln!(out, "connection {}: {} > {}", i + 1, report.from, report.to);
        write_connection(&mut out, connection, lookups);
        out.push('\n');
    }
    write_summary(&mut out, report);
    out
}

fn write_connection(out: &mut String, connection: &Connection, lookups: bool) {
    let _ = write!(out, "  {}", ended(connection));
    if let Some(endpoint) = &connection.endpoint {
        let node = endpoint.node.as_deref().unwrap_or("a node that is gone");
        let _ = write!(out, " by {} on {node}", endpoint.pod);
    }
    if let Some(source) = &connection.source_seen {
        let _ = write!(out, ", which saw {source}");
    }
    let _ = writeln!(out, "\n  {}", connection.why);
    let lost = connection.lost_as.map(words::loss);
    if let Some(lost) = lost.filter(|lost| lost != connection.outcome) {
        let _ = writeln!(out, "  {lost}");
    }
    for packet in &connection.packets {
        let is_short = packet.of_lookup && packet.lost.is_none() && !lookups;
        write_packet(out, packet, is_short);
    }
}

/// The verdict, and how the client saw it where that says more.
fn ended(connection: &Connection) -> String {
    let verdict = connection.verdict.as_str();
    match verdict == connection.outcome {
        true => verdict.to_string(),
        false => format!("{verdict} ({})", connection.outcome),
    }
}

fn write_packet(out: &mut String, packet: &Packet, is_short: bool) {
    let _ = writeln!(out, "  {}: {}", packet.kind, packet.verdict);
    for hop in packet.hops.iter().filter(|_| !is_short) {
        write_hop(out, hop);
    }
}

fn write_hop(out: &mut String, hop: &HopRow) {
    let _ = write!(out, "    {:>12}  {}", millis(Moment(hop.at)), hop.what);
    if hop.before == hop.after {
        let _ = writeln!(out, "\n                  {}", hop.after);
    } else {
        let _ = writeln!(out, "\n                - {}\n                + {}", hop.before, hop.after);
    }
    if hop.stale {
        out.push_str("                  by a rule that is out of date\n");
    }
    for rule in &hop.rules {
        let _ = writeln!(out, "                  {} {} {}", rule.hook, rule.table, rule.rule);
    }
}

/// `-4200.000 ms`
fn millis(at: Moment) -> String {
    let (sign, nanos) = (if at < Moment::ORIGIN { "-" } else { "" }, at.distance().0);
    format!("{sign}{}.{:03} ms", nanos / 1_000_000, nanos / 1_000 % 1_000)
}

fn write_summary(out: &mut String, report: &Report) {
    let mut counts: BTreeMap<String, u32> = BTreeMap::new();
    for connection in &report.connections {
        let what = match &connection.endpoint {
            Some(endpoint) => format!("{} by {}", connection.verdict.as_str(), endpoint.pod),
            None => ended(connection),
        };
        *counts.entry(what).or_default() += 1;
    }
    for (what, count) in counts {
        let _ = writeln!(out, "{count:>6}  {what}");
    }
}
