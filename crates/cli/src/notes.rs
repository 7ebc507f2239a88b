//! What a person should know of a cluster before they go by it: Services without endpoints, and what is assumed of
//! Pods because no manifest says it.

use std::collections::BTreeSet;

use cluster::api::{Diagnostic, DiagnosticKind, Kind, Manifest, Meta, ObjectRef};
use cluster::diagnosis::NoEndpoints;
use cluster::node::kubelet::{PortAssumption, Supply};
use cluster::sim::World;

use crate::args::Cluster;

/// On standard error, unless the caller wants quiet.
pub fn tell(args: &Cluster, manifest: &Manifest, world: &World) {
    if !args.quiet {
        of_cluster(manifest, world).iter().for_each(|note| eprintln!("note: {note}"));
    }
}

/// A line each.
fn of_cluster(manifest: &Manifest, world: &World) -> Vec<String> {
    let mut notes = Vec::new();
    for service in world.store().services.iter() {
        for missing in world.missing_endpoints(service) {
            if matches!(missing.why, NoEndpoints::NoPod { .. }) && is_said(manifest, &service.meta) {
                continue;
            }
            notes.push(format!("Service {} {}", service.meta.key(), words::has_no_endpoints(&missing)));
        }
    }
    let (mut without_ports, mut asked_by_probes) = (Vec::new(), Vec::new());
    for asked in &world.asked_ports() {
        let of = words::object(&asked.of);
        match asked.taken_for {
            PortAssumption::AnyPort => without_ports.push(of),
            PortAssumption::AskedByProbe => asked_by_probes.push(format!("{} of {of}", asked.port)),
            PortAssumption::Declared
            | PortAssumption::ServedByApp
            | PortAssumption::NotServed
            | PortAssumption::RefusedByApp => notes.push(words::asked_port(asked)),
        }
    }
    notes.extend(listed(without_ports.into_iter()).map(|workloads| {
        format!("{workloads}: no container declares a port, so each is taken to be served")
    }));
    notes.extend(listed(asked_by_probes.into_iter()).map(|ports| {
        format!("ports that no container declares are taken to be served, since probes ask them: {ports}")
    }));
    let supplies = world.assumed_supplies();
    let lines = |supply| words::supplies(&supplies, supply).into_iter();
    notes.extend(lines(Supply::Assumed).map(|line| format!("taken to be there: {line}")));
    notes.extend(lines(Supply::Missing).map(|line| format!("said to be missing: {line}")));
    notes
}

/// Whether a finding about the text has said already that the Service's selector matches none of its Pods.
fn is_said(manifest: &Manifest, service: &Meta) -> bool {
    let object = Some(ObjectRef::new(Kind::Service, service));
    let says_it =
        |d: &Diagnostic| d.object == object && matches!(d.message, DiagnosticKind::SelectsNothing { .. });
    manifest.diagnostics.iter().any(says_it)
}

/// Each once, in a line.
fn listed(names: impl Iterator<Item = String>) -> Option<String> {
    let names: BTreeSet<String> = names.collect();
    (!names.is_empty()).then(|| names.into_iter().collect::<Vec<_>>().join(", "))
}
