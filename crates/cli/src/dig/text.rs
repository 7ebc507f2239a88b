//! A lookup as `dig` prints each query of it.

use std::fmt::Write;

use super::report::{Query, Record, Report};

/// Each query with its answer, and what the client gets.
pub fn render(report: &Report) -> String {
    let mut out = resolv_conf(report);
    for query in &report.queries {
        out.push('\n');
        out.push_str(&of_query(report, query));
    }
    let _ = writeln!(out, "\n;; {}", gets(report));
    out
}

/// As `dig +short`: the data of the answers, aliases among them.
pub fn short(report: &Report) -> String {
    let answers = report.queries.iter().flat_map(|query| &query.answer);
    answers.map(|record| format!("{}\n", record.data)).collect()
}

fn resolv_conf(report: &Report) -> String {
    let conf = &report.resolv_conf;
    if conf.nameservers.is_empty() {
        return format!(";; {} asks another DNS than the cluster's.\n", report.from);
    }
    let mut out = format!(";; /etc/resolv.conf of {}:\n", report.from);
    for server in &conf.nameservers {
        let _ = writeln!(out, ";; nameserver {server}");
    }
    if !conf.searches.is_empty() {
        let _ = writeln!(out, ";; search {}", conf.searches.join(" "));
    }
    let _ = writeln!(out, ";; options ndots:{}", conf.ndots);
    out
}

fn of_query(report: &Report, query: &Query) -> String {
    let mut out = String::new();
    match query.status {
        Some(status) => {
            let authoritative = if query.authoritative { " aa" } else { "" };
            let _ = writeln!(out, ";; ->>HEADER<<- opcode: QUERY, status: {status}");
            let _ = writeln!(
                out,
                ";; flags: qr{authoritative} rd; QUERY: 1, ANSWER: {}, AUTHORITY: {}, ADDITIONAL: {}",
                query.answer.len(),
                query.authority.len(),
                query.additional.len()
            );
        }
        None => {
            let _ = writeln!(out, ";; ->>HEADER<<- opcode: QUERY, status: not simulated");
        }
    }
    let _ = writeln!(out, ";; QUESTION SECTION:\n;{}\tIN\t{}", query.name, query.kind);
    for (title, records) in
        [("ANSWER", &query.answer), ("AUTHORITY", &query.authority), ("ADDITIONAL", &query.additional)]
    {
        section(&mut out, title, records);
    }
    match (report.resolv_conf.nameservers.first(), &query.outside) {
        (Some(server), _) if !report.asks_the_cluster => {
            let _ = writeln!(out, ";; SERVER: {server}#53, outside of the cluster");
        }
        (Some(server), Some(name)) => {
            let _ = writeln!(out, ";; SERVER: {server}#53, which asks its node's DNS for {name}");
        }
        (Some(server), None) => {
            let _ = writeln!(out, ";; SERVER: {server}#53");
        }
        (None, _) => {
            let _ = writeln!(out, ";; SERVER: outside of the cluster");
        }
    }
    out
}

fn section(out: &mut String, title: &str, records: &[Record]) {
    if records.is_empty() {
        return;
    }
    let _ = writeln!(out, ";; {title} SECTION:");
    for record in records {
        let _ = writeln!(out, "{}\t{}\tIN\t{}\t{}", record.name, record.ttl, record.kind, record.data);
    }
}

fn gets(report: &Report) -> String {
    let from = &report.from;
    if !report.result.is_empty() {
        return format!("{from} gets {}", report.result.join(", "));
    }
    // The last names that were tried are the ones that matter: those before them are not there.
    match report.queries.last().and_then(|query| query.outside.as_ref()) {
        Some(name) => {
            let name = name.trim_end_matches('.');
            format!(
                "{from} gets nothing from the cluster: {name} is a name outside, where nothing is simulated"
            )
        }
        None => format!("{from} gets nothing: no name that was tried has such a record"),
    }
}
