//! Each dialog alone in a page: what it shows, and what comes of it.

use super::dialog;
use crate::in_page::{InPage, deployment};
use crate::ui::Dialog;
use cluster::api::{Action, Kind, NsName, ObjectRef};
use cluster::node::kube_proxy::ProxyMode;
use leptos::prelude::*;
use scene::facts::SystemObjects;
use wasm_bindgen_test::wasm_bindgen_test;

async fn opened(which: Dialog) -> InPage {
    let page = InPage::mount(move |_| dialog(which)).await;
    page.ui.open(which);
    page.until("the dialog is open", || page.find("dialog[open]").is_some()).await;
    page
}

#[wasm_bindgen_test]
async fn every_dialog_has_a_name_and_can_be_closed() {
    let all =
        [Dialog::Load, Dialog::Share, Dialog::Facts, Dialog::AddClient, Dialog::StartAgain, Dialog::Rules];
    for which in all {
        let page = opened(which).await;
        let name = page.find("dialog").and_then(|dialog| dialog.get_attribute("aria-label"));
        assert!(name.is_some_and(|name| !name.is_empty()), "{which:?}");
        page.press("Close").await;
        assert_eq!(page.ui.dialog.get_untracked(), None, "{which:?}");
    }
}

#[wasm_bindgen_test]
async fn a_text_with_an_error_is_not_loaded_and_its_place_is_said() {
    let page = opened(Dialog::Load).await;
    let services = || page.world(|world| world.store().services.keys().cloned().collect::<Vec<_>>());
    let before = services();
    page.write("Manifests (YAML or JSON)", "apiVersion: v1\nkind: Service\nmetadata: {name: UPPER}\n").await;
    page.shows("to repair").await;
    page.shows("3:").await;
    page.press("Load").await;
    assert_eq!(page.ui.dialog.get_untracked(), Some(Dialog::Load), "it stays open");
    assert_eq!(services(), before, "the lab stays as it was");
}

const GOOD_AND_BAD: &str = "apiVersion: v1
kind: Service
metadata: {name: mine}
spec: {ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: UPPER}
spec: {ports: [{port: 80}]}
";

#[wasm_bindgen_test]
async fn what_has_no_error_can_be_loaded_without_the_rest() {
    let page = opened(Dialog::Load).await;
    page.write("Manifests (YAML or JSON)", GOOD_AND_BAD).await;
    page.shows("1 error to repair").await;
    page.until("it is offered", || page.has_control("Load the other object")).await;
    page.write("Manifests (YAML or JSON)", &[GOOD_AND_BAD, "# More.\n"].concat()).await;
    assert!(!page.has_control("Load the other object"), "nothing is offered of a text before");
    page.until("it is looked through", || page.has_control("Load the other object")).await;
    page.press("Load the other object").await;
    let names = || -> Vec<String> {
        page.world(|world| {
            let own = world.store().services.keys().filter(|key| {
                let object = ObjectRef::of_key(Kind::Service, key);
                SystemObjects::Hidden.shows(world, &object)
            });
            own.map(|key| key.name.to_string()).collect()
        })
    };
    page.until("that Service is there, and no other", || names() == ["mine"]).await;
    let said: Vec<String> = page.said();
    assert_eq!(said, ["Loaded: 1 object. 1 error: what has it is left out."]);
    assert_eq!(page.ui.dialog.get_untracked(), None);
    page.session.undo();
    page.until("Undo takes it back", || names() == ["web"]).await;
}

#[wasm_bindgen_test]
async fn fields_that_a_kind_does_not_have_can_be_left_out() {
    let page = opened(Dialog::Load).await;
    let text =
        "apiVersion: v1\nkind: Service\nmetadata: {name: odd}\nspec: {porst: [], ports: [{port: 80}]}\n";
    page.write("Manifests (YAML or JSON)", text).await;
    page.shows("unknown field \"spec.porst\"").await;
    page.press("Leave unknown fields out").await;
    page.shows("nothing to say against it").await;
    let lenient = page.ui.draft.get_untracked();
    assert!(lenient.starts_with(text) && lenient.ends_with("fieldValidation: Ignore\n"), "{lenient}");
    page.press("Load").await;
    let odd = || page.world(|world| world.store().services.get(&NsName::new("default", "odd")).is_some());
    page.until("the Service is there", odd).await;
}

#[wasm_bindgen_test]
async fn a_text_without_fault_is_loaded() {
    let page = opened(Dialog::Load).await;
    let text = "apiVersion: v1\nkind: Service\nmetadata: {name: mine}\nspec: {ports: [{port: 80}]}\n";
    page.write("Manifests (YAML or JSON)", text).await;
    page.press("Load").await;
    let mine = || page.world(|world| world.store().services.get(&NsName::new("default", "mine")).is_some());
    page.until("the Service is there", mine).await;
    assert_eq!(page.ui.dialog.get_untracked(), None);
}

#[wasm_bindgen_test]
async fn a_moment_is_shared_as_link_figure_and_file() {
    let page = opened(Dialog::Share).await;
    page.shows("<iframe").await;
    page.shows("kind: Scenario").await;
    for copied in ["Copy: Link", "Copy: Figure", "Copy: Scenario file"] {
        assert!(page.has_control(copied), "{copied}");
    }
    let link = page.find("[aria-label=Link]").and_then(|link| link.text_content()).unwrap_or_default();
    assert!(link.contains('#'), "{link}");
}

#[wasm_bindgen_test]
async fn another_mode_of_kube_proxy_is_chosen() {
    let page = opened(Dialog::Facts).await;
    page.shows("What this model assumes").await;
    page.press("nftables").await;
    page.until("it is the cluster's", || {
        page.world(|world| world.config().proxy_mode == ProxyMode::Nftables)
    })
    .await;
    page.until("the button is pressed", || {
        page.control("nftables").get_attribute("aria-pressed").as_deref() == Some("true")
    })
    .await;
}

#[wasm_bindgen_test]
async fn a_client_to_nowhere_is_refused_beside_the_field_and_one_to_a_service_is_added() {
    let page = opened(Dialog::AddClient).await;
    page.write(TO, "http://").await;
    submit(&page);
    page.until("the field says what is wrong", || page.find("input[aria-invalid=true]").is_some()).await;
    assert_eq!(page.ui.dialog.get_untracked(), Some(Dialog::AddClient), "it stays open");
    page.write(TO, "service/default/web").await;
    submit(&page);
    page.until("the client is there", || page.world(|w| w.traffic().client_named("client-1").is_some()))
        .await;
    assert_eq!(page.ui.dialog.get_untracked(), None);
    assert!(page.session.selection.get_untracked().is_some(), "it is selected");
}

const TO: &str = "To: a URL, host:port, or service/namespace/name; a ping without a port";

#[wasm_bindgen_test]
async fn what_a_client_sends_is_chosen() {
    let page = opened(Dialog::AddClient).await;
    page.write("Sends", "ping").await;
    page.write(TO, "web:80").await;
    submit(&page);
    page.until("a ping has no port", || page.find("input[aria-invalid=true]").is_some()).await;
    page.write(TO, "192.168.0.11").await;
    submit(&page);
    let sent = || page.world(|w| w.traffic().client_named("client-1").map(|c| c.spec.protocol));
    page.until("the client is there", || sent() == Some(netfilter::Protocol::Icmp)).await;
}

fn submit(page: &InPage) {
    let form = page.find("form[aria-label=Client]").expect("the form is there");
    crate::in_page::dispatch(&form, "submit");
}

#[wasm_bindgen_test]
async fn to_start_again_takes_back_what_was_done() {
    let page = opened(Dialog::StartAgain).await;
    let replicas = || {
        page.world(|world| {
            let uid = deployment(world, "web");
            world.store().deployment_by_uid(uid).map(|d| d.spec.replicas)
        })
    };
    let web = NsName::new("default", "web");
    assert!(page.session.act(Action::scale_deployment(&web, 5)));
    assert_eq!(replicas(), Some(5));
    page.press("Keep going").await;
    assert_eq!((page.ui.dialog.get_untracked(), replicas()), (None, Some(5)));
}
