//! A Service's endpoints, as its EndpointSlices have them, and the share that each got.

use super::if_exists::{IfExists, last_known};
use super::select_link::{SelectLink, SelectLinks};
use crate::components::Table;
use crate::session::{Selection, Session};
use crate::text;
use cluster::api::{Endpoint, EndpointSlice, Service, Uid};
use cluster::sim::World;
use leptos::prelude::*;
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

#[component]
pub fn EndpointsPanel(uid: Uid) -> impl IntoView {
    let session = expect_context::<Session>();
    let slices =
        session.watch_scene(move |world| world.store().service_by_uid(uid).map(|s| slices(world, s)));
    let empty = session.watch_scene(move |world| why_empty(world, uid));
    let without_endpoints = session.watch_scene(move |world| {
        let service = world.store().service_by_uid(uid);
        let is_proxied = service.is_some_and(|service| service.has_virtual_ip());
        match is_proxied {
            true => "No endpoints: kube-proxy writes a rule that refuses every connection.",
            false => "No endpoints. The Service has no cluster IP, so kube-proxy writes nothing for it.",
        }
    });
    view! {
        <IfExists gone="This Service is gone." object=slices let:slices>
            <ShowLet some=empty let:why>
                <p class="pk-fail">{why}</p>
            </ShowLet>
            <Show
                when=move || slices.read().iter().any(|slice| !slice.endpoints.is_empty())
                fallback=move || view! { <p>{move || without_endpoints.get()}</p> }
            >
                <Endpoints slices/>
            </Show>
        </IfExists>
    }
}

/// A sentence for each of its ports that lack endpoints for a reason of their own. `None`: none does.
pub fn why_empty(world: &World, service: Uid) -> Option<String> {
    let missing = world.missing_endpoints(world.store().service_by_uid(service)?);
    let sentences = missing.iter().map(|missing| text::sentence(&words::no_endpoints(missing)));
    (!missing.is_empty()).then(|| sentences.collect::<Vec<_>>().join(" "))
}

type Slices = Vec<Arc<EndpointSlice>>;

fn slices(world: &World, service: &Service) -> Slices {
    let own = |slice: &&Arc<EndpointSlice>| {
        slice.meta.namespace == service.meta.namespace && slice.service == service.meta.name
    };
    world.store().slices.iter().filter(own).cloned().collect()
}

/// What tells an endpoint from others: its slice, its address, and its Pod.
type Key = (Uid, IpAddr, Option<Uid>);

fn key(slice: &EndpointSlice, endpoint: &Endpoint) -> Key {
    (slice.meta.uid, endpoint.address, endpoint.target.as_ref().map(|(_, uid)| *uid))
}

/// Each once, in the order of the slices.
fn endpoints(slices: &Slices) -> Vec<(Key, Endpoint)> {
    let mut seen = BTreeSet::new();
    let all = slices.iter().flat_map(|slice| slice.endpoints.iter().map(|e| (key(slice, e), e.clone())));
    all.filter(|(key, _)| seen.insert(*key)).collect()
}

const COLUMNS: &[&str] = &["Address, Pod", "Conditions", "Answered", "Node, zone, hints"];

#[component]
fn Endpoints(slices: Memo<Slices>) -> impl IntoView {
    let session = expect_context::<Session>();
    let endpoints = Memo::new(move |_| endpoints(&slices.read()));
    let total = session.watch_traffic(move |world| {
        endpoints.read().iter().map(|(_, endpoint)| answered(world, endpoint)).sum::<u64>()
    });
    let links = Signal::derive(move || {
        let link =
            |slice: &Arc<EndpointSlice>| (Selection::Object(slice.meta.uid), slice.meta.name.to_string());
        slices.read().iter().map(link).collect::<Vec<_>>()
    });
    view! {
        <Table columns=COLUMNS>
            <For each=move || endpoints.get() key=|(key, _)| *key let((key, endpoint))>
                <EndpointRow
                    endpoint=last_known(
                        endpoint,
                        move || endpoints.read().iter().find(|(k, _)| *k == key).map(|(_, e)| e.clone()),
                    )
                    total
                />
            </For>
        </Table>
        <p class="pk-muted">
            "Answered counts every request of the Pod, whichever Service it came through."
        </p>
        <p class="pk-muted">
            "Hints say for which zone, then for which node an endpoint is meant: a kube-proxy goes by them only if \
             every ready endpoint has one and one of them is its own."
        </p>
        <h3 class="pk-heading">"EndpointSlices"</h3>
        <SelectLinks links/>
    }
}

#[component]
fn EndpointRow(endpoint: Memo<Endpoint>, total: Memo<u64>) -> impl IntoView {
    let session = expect_context::<Session>();
    let own = session.watch_traffic(move |world| answered(world, &endpoint.read()));
    let pod = endpoint.read_untracked().target.clone().map(|(name, uid)| {
        view! { <SelectLink to=Selection::Pod(uid)>{name.to_string()}</SelectLink> }
    });
    view! {
        <tr>
            <td>
                <div>
                    <code class="pk-mono">{move || endpoint.read().address.to_string()}</code>
                </div>
                <div>{pod.map_or_else(|| "none".into_any(), IntoAny::into_any)}</div>
            </td>
            <td>{move || conditions(&endpoint.read())}</td>
            <td>{move || share(own.get(), total.get())}</td>
            <td>
                <div>{move || place(&endpoint.read())}</div>
                <div>
                    <span class="pk-muted">"hints: " {move || hints(&endpoint.read())}</span>
                </div>
            </td>
        </tr>
    }
}

fn answered(world: &World, endpoint: &Endpoint) -> u64 {
    let pod = endpoint.target.as_ref().and_then(|(_, uid)| world.traffic().stats.pods.get(uid));
    pod.map_or(0, |count| count.answered)
}

/// `12 (40 %)`
fn share(own: u64, total: u64) -> String {
    match (own * 100).checked_div(total) {
        Some(percent) => format!("{own} ({percent} %)"),
        None => "0".into(),
    }
}

/// `node-1, zone-a`
fn place(endpoint: &Endpoint) -> String {
    let names = [&endpoint.node, &endpoint.zone].into_iter().flatten();
    names.map(|name| &**name).collect::<Vec<_>>().join(", ")
}

/// `zone-a`, `zone-a, node-1`: forZones, then forNodes.
fn hints(endpoint: &Endpoint) -> String {
    let all: Vec<&str> = endpoint.zone_hints.iter().chain(&endpoint.node_hints).map(|hint| &**hint).collect();
    if all.is_empty() { "none".into() } else { all.join(", ") }
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
            world.store().endpoints_of(&cluster::api::NsName::new("default", "web")).map(hints).collect();
        let zone = |node: &str| world.store().node(node).and_then(|n| n.zone().cloned()).expect("its zone");
        assert!(said.contains(&format!("{}, node-1", zone("node-1"))), "{said:?}");
        assert!(said.contains(&format!("{}, node-2", zone("node-2"))), "{said:?}");
    }
}
