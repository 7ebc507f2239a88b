//! What a person should know of a cluster before they go by it: Services without endpoints, and what is assumed of
//! Pods because no manifest says it.

use std::collections::BTreeSet;

use cluster::api::{Diagnostic, DiagnosticKind, Kind, Manifest, Meta, ObjectRef};
use cluster::diagnosis::{AskedPort, NoEndpoints};
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
    let asked = world.asked_ports();
    let taken_for = |what| asked.iter().filter(move |asked| asked.taken_for == what);
    let is_grouped = |asked: &&AskedPort| {
        [PortAssumption::AnyPort, PortAssumption::AskedByProbe].contains(&asked.taken_for)
    };
    notes.extend(asked.iter().filter(|asked| !is_grouped(asked)).map(words::asked_port));
    let of = |asked: &AskedPort| words::object(&asked.of);
    notes.extend(listed(taken_for(PortAssumption::AnyPort).map(of)).map(|workloads| {
        format!("{workloads}: no container declares a port, so each is taken to be served")
    }));
    let port_of = |asked: &AskedPort| format!("{} of {}", asked.port, words::object(&asked.of));
    notes.extend(listed(taken_for(PortAssumption::AskedByProbe).map(port_of)).map(|ports| {
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
