//! A Service's endpoints, as its EndpointSlices have them, and the share that each got.

use super::{gone, link_to};
use crate::parts::*;
use crate::session::{Selection, Session};
use cluster::api::{Endpoint, EndpointSlice, Uid};
use cluster::sim::World;
use leptos::prelude::*;
use std::sync::Arc;

pub fn table_of(session: Session, uid: Uid) -> AnyView {
    live(move || {
        session.scene_rev();
        session.traffic_rev();
        session.with_world(|world| show(session, world, uid))
    })
}

fn show(session: Session, world: &World, uid: Uid) -> AnyView {
    let Some(service) = world.store().service_by_uid(uid) else { return gone("Service") };
    let slices: Vec<&Arc<EndpointSlice>> = world
        .store()
        .slices
        .iter()
        .filter(|s| s.meta.namespace == service.meta.namespace && s.service == service.meta.name)
        .collect();
    if slices.iter().all(|s| s.endpoints.is_empty()) {
        return says("", "No endpoints: kube-proxy writes a rule that refuses every connection.");
    }
    let endpoints: Vec<&Endpoint> = slices.iter().flat_map(|s| &s.endpoints).collect();
    let total: u64 = endpoints.iter().map(|e| answered(world, e)).sum();
    let rows = endpoints.into_iter().map(|e| row(session, world, e, total)).collect();
    let slices = slices
        .iter()
        .map(|s| link_to(session, Selection::Object(s.meta.uid), s.meta.name.to_string()))
        .collect();
    block(
        "",
        vec![
            table(COLUMNS, rows),
            says("pk-muted", "Answered counts every request of the Pod, whichever Service it came through."),
            says("pk-muted", ABOUT_HINTS),
            heading("EndpointSlices"),
            inline("pk-links", slices),
        ],
    )
}

const ABOUT_HINTS: &str = "Hints say for which zone, then for which node an endpoint is meant: a kube-proxy goes by \
                           them only if every ready endpoint has one and one of them is its own.";

const COLUMNS: &[&str] = &["Address, Pod", "Conditions", "Answered", "Node, zone, hints"];

/// `zone-a`, `zone-a, node-1`: forZones, then forNodes.
fn hints(endpoint: &Endpoint) -> String {
    let all: Vec<&str> = endpoint.zone_hints.iter().chain(&endpoint.node_hints).map(|hint| &**hint).collect();
    if all.is_empty() { "none".into() } else { all.join(", ") }
}

fn answered(world: &World, endpoint: &Endpoint) -> u64 {
    let pod = endpoint.target.as_ref().and_then(|(_, uid)| world.traffic().stats.pods.get(uid));
    pod.map_or(0, |count| count.answered)
}

fn row(session: Session, world: &World, endpoint: &Endpoint, total: u64) -> Kids {
    let pod = match &endpoint.target {
        Some((name, uid)) => link_to(session, Selection::Pod(*uid), name.to_string()),
        None => text("none"),
    };
    let own = answered(world, endpoint);
    let share = (own * 100).checked_div(total).map_or_else(|| "0".into(), |p| format!("{own} ({p} %)"));
    let place = [&endpoint.node, &endpoint.zone].into_iter().flatten();
    let place: Vec<&str> = place.map(|name| &**name).collect();
    let lines =
        |lines: [AnyView; 2]| block("", lines.into_iter().map(|line| block("", vec![line])).collect());
    vec![
        lines([code(endpoint.address.to_string()), pod]),
        text(conditions(endpoint)),
        text(share),
        lines([text(place.join(", ")), span("pk-muted", format!("hints: {}", hints(endpoint)))]),
    ]
}

/// `ready, serving`: those that are true (discovery/v1, EndpointConditions).
fn conditions(endpoint: &Endpoint) -> String {
    let all =
        [(endpoint.ready, "ready"), (endpoint.serving, "serving"), (endpoint.terminating, "terminating")];
    let held: Vec<&str> = all.into_iter().filter(|(holds, _)| *holds).map(|(_, name)| name).collect();
    if held.is_empty() { "not ready".into() } else { held.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hints_are_zones_and_then_nodes() {
        let text = std::fs::read_to_string(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/crates/cluster/tests/scenarios/myth-prefer-close-knows-the-load/input.yaml"
        ));
        let text = text.expect("the scenario").replace("PreferClose,", "PreferSameNode,");
        let (mut run, _) = cluster::sim::Run::new(&cluster::api::parse(&text), None);
        run.advance_to(cluster::sim::Time(10_000_000_000), u64::MAX);
        let world = run.world();
        let said: Vec<String> =
            world.service_endpoints(&cluster::api::NsName::new("default", "web")).map(hints).collect();
        let zone = |node: &str| world.store().node(node).and_then(|n| n.zone().cloned()).expect("its zone");
        assert!(said.contains(&format!("{}, node-1", zone("node-1"))), "{said:?}");
        assert!(said.contains(&format!("{}, node-2", zone("node-2"))), "{said:?}");
    }
}
