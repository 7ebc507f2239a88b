//! What a person should know of a cluster before they go by it: Services without endpoints, and what is assumed of
//! Pods because no manifest says it.

use cluster::diagnosis::AskedPort;
use cluster::node::kubelet::{PortAssumption, Supply};
use cluster::sim::World;

use crate::args::Cluster;

/// On standard error, unless the caller wants quiet.
pub fn tell(args: &Cluster, world: &World) {
    if !args.quiet {
        of_cluster(world).iter().for_each(|note| eprintln!("note: {note}"));
    }
}

/// A line each.
fn of_cluster(world: &World) -> Vec<String> {
    let mut notes = Vec::new();
    for service in world.store().services.iter() {
        for missing in world.missing_endpoints(service) {
            notes.push(format!("Service {} {}", service.meta.key(), words::has_no_endpoints(&missing)));
        }
    }
    let (any, asked): (Vec<_>, Vec<_>) =
        world.asked_ports().into_iter().partition(|asked| asked.taken_for == PortAssumption::AnyPort);
    notes.extend(asked.iter().map(words::asked_port));
    notes.extend(any_port(&any));
    let supplies = world.assumed_supplies();
    let lines = |supply| words::supplies(&supplies, supply).into_iter();
    notes.extend(lines(Supply::Assumed).map(|line| format!("taken to be there: {line}")));
    notes.extend(lines(Supply::Missing).map(|line| format!("said to be missing: {line}")));
    notes
}

/// Workloads whose Pods declare no port, in one line.
fn any_port(asked: &[AskedPort]) -> Option<String> {
    let mut names: Vec<String> = asked.iter().map(|asked| words::object(&asked.of)).collect();
    names.sort();
    names.dedup();
    (!names.is_empty())
        .then(|| format!("{}: no container declares a port, so each is taken to be served", names.join(", ")))
}
