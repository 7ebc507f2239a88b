//! A corpus of scenarios as data: each folder of tests/scenarios holds `input.yaml` and
//! `expected.txt`, what the run says of itself. `UPDATE_EXPECTED=1 cargo test` writes the latter
//! anew; read the difference before you commit it.
//!
//! The first line of an input may say how long to run: `# run: 30s` (20 s otherwise).

use std::collections::BTreeSet;
use std::fmt::Write;
use std::net::IpAddr;
use std::path::Path;

use cluster::sim::{Span, World};

use crate::support;

#[test]
fn every_scenario_goes_as_expected() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let mut names: Vec<_> = std::fs::read_dir(&folder)
        .expect("the corpus is there")
        .map(|entry| entry.expect("it can be read").path())
        .filter(|path| path.is_dir())
        .collect();
    names.sort();
    assert!(names.len() >= 10, "the corpus has its scenarios");
    let wrong: Vec<String> = names.iter().filter_map(|path| check(path)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn check(folder: &Path) -> Option<String> {
    let input = std::fs::read_to_string(folder.join("input.yaml")).expect("a scenario has its input");
    let found = report(&input);
    let expected_path = folder.join("expected.txt");
    if std::env::var_os("UPDATE_EXPECTED").is_some() {
        std::fs::write(&expected_path, &found).expect("the expectation can be written");
        return None;
    }
    let expected = std::fs::read_to_string(&expected_path).unwrap_or_default();
    let first = expected.lines().zip(found.lines()).position(|(a, b)| a != b);
    let line = first.unwrap_or(expected.lines().count().min(found.lines().count()));
    (expected != found).then(|| {
        let at = |text: &str| text.lines().nth(line).unwrap_or("(nothing)").to_string();
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        format!("{name}, line {}:\n  expected {}\n  found    {}", line + 1, at(&expected), at(&found))
    })
}

fn report(input: &str) -> String {
    let length = input
        .lines()
        .next()
        .and_then(|line| line.strip_prefix("# run: "))
        .and_then(|text| cluster::api::parse_duration(text.trim()))
        .unwrap_or(Span::from_secs(20));
    let mut run = support::start(input, 7);
    let end = run.world().now() + length;
    run.advance_to(end, u64::MAX);
    let world = run.world();
    let mut out = String::new();
    write_log(&mut out, world);
    write_objects(&mut out, world);
    write_counts(&mut out, world);
    out
}

fn write_log(out: &mut String, world: &World) {
    for logged in world.log() {
        let _ = writeln!(out, "{:>9} ms {:?}", logged.at.0 / 1_000_000, logged.entry);
    }
}

fn write_objects(out: &mut String, world: &World) {
    for pod in world.store().pods.iter() {
        let _ = writeln!(
            out,
            "pod {} on {:?} at {:?} ready {}",
            pod.meta.key(),
            pod.spec.node_name,
            pod.status.pod_ip,
            pod.status.ready
        );
    }
    for service in world.store().services.iter() {
        let _ = writeln!(
            out,
            "service {} {:?} {:?} ports {:?} ingress {:?}",
            service.meta.key(),
            service.spec.type_,
            service.spec.cluster_ips,
            service.spec.ports.iter().map(|p| (p.port, p.node_port)).collect::<Vec<_>>(),
            service.ingress.iter().map(|i| i.ip).collect::<Vec<_>>()
        );
    }
    write_named_ports(out, world);
    for slice in world.store().slices.iter() {
        for e in &slice.endpoints {
            let _ = writeln!(
                out,
                "endpoint of {} {} ready {} serving {} terminating {}",
                slice.service, e.address, e.ready, e.serving, e.terminating
            );
        }
    }
}

/// What DNS says of ports, where it says anything of them.
fn write_named_ports(out: &mut String, world: &World) {
    let records = world.store().services.iter().flat_map(|service| world.dns_records(service));
    for record in records.filter(|record| record.kind() == "SRV") {
        let _ = writeln!(out, "dns {record}");
    }
}

/// Clients whose address the Pods do not see, and what they see.
fn masqueraded(world: &World) -> BTreeSet<(String, IpAddr)> {
    let finished = world.traffic().finished.iter();
    let seen = finished.filter_map(|r| Some((r, r.server_saw?.0)));
    seen.filter(|(r, source)| r.tuple.is_some_and(|t| t.src != *source))
        .map(|(r, source)| (r.client_name.to_string(), source))
        .collect()
}

fn write_counts(out: &mut String, world: &World) {
    for (name, counts) in &world.traffic().stats.clients {
        let _ = writeln!(out, "client {name:?} {counts:?}");
    }
    for (client, source) in masqueraded(world) {
        let _ = writeln!(out, "client {client:?} is seen as {source}");
    }
    for count in world.traffic().stats.pods.values() {
        let _ = writeln!(out, "answered {} {}", count.pod, count.answered);
    }
    let _ = writeln!(out, "events {} hash {:016x}", world.events(), world.hash());
}
