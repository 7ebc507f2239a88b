//! The panels of traffic: clients, connections and their packets, rules, and what happened.

use crate::in_page::{InPage, node, service};
use crate::panels::client::ClientPanel;
use crate::panels::connections::ConnectionsPanel;
use crate::panels::events::EventsPanel;
use crate::panels::path::{ConnectionPanel, PacketPanel};
use crate::panels::rules::{CompareRules, RulesPanel};
use crate::session::Selection;
use crate::ui::Dialog;
use cluster::sim::World;
use cluster::traffic::ClientId;
use leptos::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;

fn client(world: &World, name: &str) -> ClientId {
    world.traffic().client_named(name).expect("the client is there").id
}

async fn client_panel() -> InPage {
    InPage::mount(|world| {
        let id = client(world, "outside");
        view! { <ClientPanel id/> }
    })
    .await
}

#[wasm_bindgen_test]
async fn a_client_says_how_it_goes_and_sends_when_told_to() {
    let page = client_panel().await;
    page.shows("one for each request").await;
    page.shows(" % delivered").await;
    let sent =
        || page.world(|world| world.traffic().stats.clients.get("outside").map_or(0, |counts| counts.sent));
    let before = sent();
    page.press("Send one request").await;
    page.until("one more is sent", || sent() == before + 1).await;
    page.shows(&format!("{} sent", before + 1)).await;
}

#[wasm_bindgen_test]
async fn a_client_that_is_removed_is_gone() {
    let page = client_panel().await;
    page.press("Remove").await;
    page.shows("This client is gone.").await;
    assert!(page.world(|world| world.traffic().client_named("outside").is_none()));
}

#[wasm_bindgen_test]
async fn the_latest_connections_lead_to_their_ways() {
    let page = InPage::mount(|_| view! { <ConnectionsPanel of=None/> }).await;
    page.shows("delivered").await;
    let first = page.find("li button").expect("a connection");
    first.click();
    let selected = page.session.selection.get_untracked();
    assert!(matches!(selected, Some(Selection::Connection(_))), "{selected:?}");
}

/// The last connection that ended well.
fn delivered(world: &World) -> cluster::traffic::ConnectionId {
    let ended = world.traffic().finished.iter().rev();
    let well = |record: &&std::sync::Arc<cluster::trace::ConnectionRecord>| record.server.is_some();
    ended.filter(|record| well(record)).map(|record| record.id).next().expect("one ended well")
}

#[wasm_bindgen_test]
async fn a_connection_says_why_it_went_there() {
    let page = InPage::mount(|world| {
        let id = delivered(world);
        view! { <ConnectionPanel id/> }
    })
    .await;
    page.shows("Round trip").await;
    page.shows("Packets").await;
    let pod = page.world(|world| {
        let record = world.traffic().record(delivered(world)).expect("its record");
        record.server.as_ref().map(|(pod, _)| pod.name.to_string()).expect("its Pod")
    });
    page.shows(&pod).await;
    assert!(page.count("details") > 2, "a packet each");
}

#[wasm_bindgen_test]
async fn a_packet_is_shown_in_its_connection_unfolded() {
    let page = InPage::mount(|world| {
        let record = world.traffic().record(delivered(world)).expect("its record");
        let id = record.packets.first().expect("its first packet").id;
        view! { <PacketPanel id/> }
    })
    .await;
    page.shows("Packets").await;
    page.until("its packet is unfolded, alone", || page.count("details[open]") == 1).await;
}

#[wasm_bindgen_test]
async fn the_rules_of_a_service_are_those_of_its_node() {
    let page = InPage::mount(|world| {
        let of = Selection::Service(service(world, "web"));
        view! { <RulesPanel of/> }
    })
    .await;
    page.shows("KUBE-SVC-").await;
    page.shows("default/web").await;
    page.press("Side by side …").await;
    assert_eq!(page.ui.dialog.get_untracked(), Some(Dialog::Rules));
}

#[wasm_bindgen_test]
async fn rules_stand_side_by_side_in_two_modes() {
    let page = InPage::mount(|_| view! { <CompareRules/> }).await;
    page.shows("KUBE-SVC-").await;
    page.write("Right: mode", "nftables").await;
    page.shows("service-ips").await;
    assert!(page.text().contains("KUBE-SVC-"), "the left side stays as it was");
}

#[wasm_bindgen_test]
async fn what_happened_is_listed_and_what_was_done_stands_out() {
    let page = InPage::mount(|_| view! { <EventsPanel of=None/> }).await;
    page.until("something happened", || page.count(".pk-event") > 0).await;
    let node = page.world(|world| node(world, "node-1"));
    let name = page.world(|world| world.machines()[&node].name.clone());
    assert!(page.session.act(cluster::api::Action::Cordon { node: name, on: true }));
    page.until("the action is marked", || page.count(".pk-did") == 1).await;
}
