//! The picture alone in a page: its cards, its wires, and the buttons that zoom.

use super::Diagram;
use crate::in_page::{InPage, key_down, pod, service};
use crate::session::Selection;
use crate::styles;
use cluster::api::{Action, NsName, ServiceType};
use js_sys::{Array, Reflect};
use leptos::prelude::*;
use scene::navigation::code;
use scene::words;
use wasm_bindgen::JsCast;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::{CssStyleSheet, HtmlElement};

/// In a frame of this size, with the lab's own styles: without them the picture has no size.
async fn picture() -> InPage {
    let sheet = CssStyleSheet::new().expect("a sheet");
    sheet.replace_sync(&styles::at_first()).expect("it is CSS");
    let adopted = Reflect::set(&document(), &"adoptedStyleSheets".into(), &Array::of1(&sheet));
    assert_eq!(adopted, Ok(true));
    let page = InPage::mount(|_| {
        view! {
            <div style:width="1200px" style:height="800px">
                <Diagram/>
            </div>
        }
    })
    .await;
    page.until("there is a Service", || page.count("[data-item^=service]") == 1).await;
    page
}

fn card(page: &InPage, item: Selection) -> HtmlElement {
    let selector = format!("[data-item='{}']", code(item));
    page.find(&selector).unwrap_or_else(|| panic!("{selector} is there"))
}

fn label(page: &InPage, item: Selection) -> String {
    card(page, item).get_attribute("aria-label").unwrap_or_default()
}

fn classes(page: &InPage, item: Selection) -> String {
    card(page, item).parent_element().expect("its card").class_name()
}

fn camera(page: &InPage) -> String {
    let stage = page.find(".pk-stage").expect("the stage");
    stage.style().get_property_value("transform").expect("a property")
}

#[wasm_bindgen_test]
async fn everything_has_a_card_that_says_what_it_is() {
    let page = picture().await;
    for (kind, count) in [("client", 1), ("balancer", 1), ("service", 1), ("node", 3), ("pod", 4)] {
        assert_eq!(page.count(&format!("[data-item^='{kind}:']")), count, "{kind}");
    }
    let (web, curl) = page.world(|world| (service(world, "web"), pod(world, "curl")));
    let label_of_web = label(&page, Selection::Service(web));
    assert!(label_of_web.starts_with("Service web, LoadBalancer, 10.96."), "{label_of_web}");
    assert!(label_of_web.contains("3 of 3 endpoints ready"), "{label_of_web}");
    let label_of_curl = label(&page, Selection::Pod(curl));
    assert!(label_of_curl.starts_with("Pod curl, Ready, 10.244."), "{label_of_curl}");
    assert!(label_of_curl.contains("calls web as inside (2 req/s)"), "{label_of_curl}");
    page.shows("Cloud LB").await;
}

#[wasm_bindgen_test]
async fn a_node_lists_its_rules_for_the_service() {
    let page = picture().await;
    assert_eq!(page.count(".pk-rule"), 9, "three endpoints in each of three nodes");
    page.shows("1/3").await;
    page.shows("else").await;
}

#[wasm_bindgen_test]
async fn a_card_that_is_chosen_is_selected_and_what_belongs_to_it_stands_out() {
    let page = picture().await;
    let (web, curl) = page.world(|world| (service(world, "web"), pod(world, "curl")));
    card(&page, Selection::Service(web)).click();
    assert_eq!(page.session.selection.get_untracked(), Some(Selection::Service(web)));
    page.until("its card says so", || classes(&page, Selection::Service(web)).contains("pk-selected")).await;
    let pressed = card(&page, Selection::Service(web)).get_attribute("aria-pressed");
    assert_eq!(pressed.as_deref(), Some("true"));
    assert!(classes(&page, Selection::Pod(curl)).contains("pk-lit"), "it calls the Service");
    let served = page.world(|world| pod(world, "web-"));
    card(&page, Selection::Pod(served)).click();
    page.until("who calls is not of it", || classes(&page, Selection::Pod(curl)).contains("pk-dim")).await;
}

#[wasm_bindgen_test]
async fn a_pods_card_follows_its_state() {
    let page = picture().await;
    let (uid, key) = page.world(|world| {
        let uid = pod(world, "web-");
        let pod = world.store().pods.iter().find(|pod| pod.meta.uid == uid).expect("it is there");
        (uid, pod.meta.key())
    });
    assert!(label(&page, Selection::Pod(uid)).contains(", Ready, "));
    assert!(page.session.act(Action::CrashPod { pod: key, container: None }));
    page.until("it has crashed", || label(&page, Selection::Pod(uid)).contains(", Error, ")).await;
}

#[wasm_bindgen_test]
async fn the_type_of_a_service_is_changed_on_its_card() {
    let page = picture().await;
    let type_of_web = || {
        page.world(|world| {
            world.store().services.get(&NsName::new("default", "web")).map(|service| service.spec.type_)
        })
    };
    assert_eq!(type_of_web(), Some(ServiceType::LoadBalancer));
    page.press("NodePort").await;
    assert_eq!(type_of_web(), Some(ServiceType::NodePort));
    page.until("its load balancer goes", || page.count("[data-item^='balancer:']") == 0).await;
}

#[wasm_bindgen_test]
async fn wires_are_drawn_to_every_node_and_those_in_use_in_the_services_colour() {
    let page = picture().await;
    let d = |selector: &str| page.find(selector).and_then(|path| path.get_attribute("d")).unwrap_or_default();
    assert!(d(".pk-network").starts_with('M'), "{}", d(".pk-network"));
    assert_eq!(d(".pk-port").matches('M').count(), 3, "where packets meet the rules of each node");
    assert!(page.count(".pk-wire[class*=pk-s][d]") > 0, "requests were on their way lately");
    assert_eq!(page.count(".pk-wire-lit"), 0);
    let web = page.world(|world| service(world, "web"));
    page.session.select(Some(Selection::Service(web)));
    page.until("those of the selection stand out", || page.count(".pk-wire-lit") > 0).await;
}

#[wasm_bindgen_test]
async fn the_picture_is_made_larger_and_smaller_and_fits_again() {
    let page = picture().await;
    let fitted = camera(&page);
    page.press("Zoom in").await;
    page.until("it is larger", || camera(&page) != fitted).await;
    let larger = camera(&page);
    page.press("Zoom out").await;
    page.until("it is smaller", || camera(&page) != larger).await;
    page.press("Zoom in").await;
    page.press("Fit the cluster into the view").await;
    page.until("it fits", || camera(&page) == fitted).await;
}

#[wasm_bindgen_test]
async fn the_clusters_own_pods_are_there_when_they_are_asked_for() {
    let page = picture().await;
    let pods = || page.count("[data-item^='pod:']");
    let name = words::SYSTEM_OBJECTS;
    page.press(name).await;
    page.until("coredns' Pods are there, too", || pods() == 6).await;
    page.press(name).await;
    page.until("they are gone", || pods() == 4).await;
}

#[wasm_bindgen_test]
async fn keys_go_from_card_to_card_and_zoom() {
    let page = picture().await;
    let focused = || document().active_element().and_then(|element| element.get_attribute("data-item"));
    let web = page.world(|world| service(world, "web"));
    let first = card(&page, Selection::Service(web));
    first.focus().expect("it takes the focus");
    key_down(&first, "ArrowDown");
    let below = focused().unwrap_or_default();
    assert!(below.starts_with("node:") || below.starts_with("pod:"), "below the Service is {below:?}");
    key_down(document().active_element().expect("a card").unchecked_ref(), "Home");
    assert!(focused().is_some_and(|item| item.starts_with("client:")));
    let before = camera(&page);
    key_down(&first, "+");
    page.until("it is larger", || camera(&page) != before).await;
    page.session.select(Some(Selection::Service(web)));
    key_down(&first, "Escape");
    assert_eq!(page.session.selection.get_untracked(), None);
}
