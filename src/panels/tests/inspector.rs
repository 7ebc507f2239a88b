//! What stands around the panels: the heading, the tabs, the ways back and away.

use crate::in_page::{InPage, deployment, key_down, pod};
use crate::panels::Inspector;
use crate::session::Selection;
use crate::ui::Tab;
use cluster::api::{Action, Kind, NsName, ObjectRef};
use leptos::prelude::*;
use scene::facts::SystemObjects;
use wasm_bindgen::JsCast;
use wasm_bindgen_test::wasm_bindgen_test;

async fn inspector() -> InPage {
    InPage::mount(|_| view! { <Inspector/> }).await
}

fn heading(page: &InPage) -> String {
    page.find("h2").and_then(|heading| heading.text_content()).unwrap_or_default()
}

/// The tabs, that which is shown in brackets.
fn tabs(page: &InPage) -> String {
    let tabs = page.element.query_selector_all("[role=tab]").expect("a selector");
    let tabs = (0..tabs.length()).filter_map(|at| tabs.get(at)).map(|tab| {
        let tab: web_sys::Element = tab.unchecked_into();
        let label = tab.text_content().unwrap_or_default();
        let is_shown = tab.get_attribute("aria-selected").as_deref() == Some("true");
        if is_shown { format!("[{label}]") } else { label }
    });
    tabs.collect::<Vec<_>>().join(" ")
}

#[wasm_bindgen_test]
async fn whoever_selects_one_of_the_clusters_own_objects_sees_it() {
    let page = inspector().await;
    assert_eq!(page.session.system.get_untracked(), SystemObjects::Hidden);
    let kube_dns = page.world(|world| {
        let key = NsName::new("kube-system", "kube-dns");
        world.store().services.get(&key).expect("it is there").meta.uid
    });
    page.session.select(Some(Selection::Service(kube_dns)));
    page.until("it is shown", || page.session.system.get_untracked() == SystemObjects::Shown).await;
}

#[wasm_bindgen_test]
async fn each_kind_of_thing_has_its_tabs_and_its_name_over_them() {
    let page = inspector().await;
    assert_eq!((&*heading(&page), &*tabs(&page)), ("Packetyard", "[About] Objects Path Events"));
    let curl = page.world(|world| pod(world, "curl"));
    page.session.select(Some(Selection::Pod(curl)));
    page.until("it is the Pod's", || heading(&page) == "Pod curl").await;
    assert_eq!(tabs(&page), "[About] Path YAML Events");
    let web = page.world(|world| deployment(world, "web"));
    page.session.select(Some(Selection::Workload(web)));
    page.until("it is the Deployment's", || heading(&page) == "Deployment web").await;
    assert_eq!(tabs(&page), "[About] YAML Events");
    page.press("Close: nothing selected").await;
    page.until("it is the lab's", || heading(&page) == "Packetyard").await;
}

#[wasm_bindgen_test]
async fn tabs_are_chosen_by_the_pointer_and_walked_with_arrows() {
    let page = inspector().await;
    let curl = page.world(|world| pod(world, "curl"));
    page.session.select(Some(Selection::Pod(curl)));
    page.until("it is the Pod's", || heading(&page) == "Pod curl").await;
    page.press("YAML").await;
    page.shows("apiVersion: v1").await;
    assert_eq!(page.ui.tab.get_untracked(), Tab::Yaml);
    key_down(&page.control("YAML"), "ArrowRight");
    page.until("the next one is shown", || tabs(&page) == "About Path YAML [Events]").await;
    key_down(&page.control("Events"), "ArrowLeft");
    page.until("the one before is shown", || tabs(&page) == "About Path [YAML] Events").await;
}

#[wasm_bindgen_test]
async fn a_connection_leads_back_to_what_it_was_found_under() {
    let page = inspector().await;
    let (curl, connection) = page.world(|world| {
        let finished = world.traffic().finished.iter().next().expect("one has ended");
        (pod(world, "curl"), finished.id)
    });
    page.session.select(Some(Selection::Pod(curl)));
    page.until("it is the Pod's", || heading(&page) == "Pod curl").await;
    page.session.select(Some(Selection::Connection(connection)));
    page.until("there is a way back", || page.has_control("Back to Pod curl")).await;
    page.press("Back to Pod curl").await;
    assert_eq!(page.session.selection.get_untracked(), Some(Selection::Pod(curl)));
}

#[wasm_bindgen_test]
async fn what_is_gone_keeps_its_name() {
    let page = inspector().await;
    let web = page.world(|world| deployment(world, "web"));
    page.session.select(Some(Selection::Workload(web)));
    page.until("it is the Deployment's", || heading(&page) == "Deployment web").await;
    let object = ObjectRef { kind: Kind::Deployment, namespace: "default".into(), name: "web".into() };
    assert!(page.session.act(Action::delete(object)));
    page.until("it says so", || heading(&page) == "Deployment web (gone)").await;
}

#[wasm_bindgen_test]
async fn the_sheet_is_raised_and_lowered() {
    let page = inspector().await;
    let handle = || page.find(".pk-handle").expect("the handle");
    let is_up = || handle().get_attribute("aria-expanded").as_deref() == Some("true");
    assert!(handle().text_content().is_some_and(|text| text.starts_with("About this lab")));
    let before = is_up();
    handle().click();
    page.until("it is the other way", || is_up() != before).await;
    handle().click();
    page.until("it is as before", || is_up() == before).await;
}
