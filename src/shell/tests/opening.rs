//! Texts that are opened while others are, or while the lab goes away.

use super::super::{Reading, keys};
use crate::in_page::{InPage, frame, key_down};
use crate::opening::{Errors, Start, open, start_again};
use crate::session::{Motion, Session, StartMode, Text, soon};
use cluster::api::{Action, NsName};
use leptos::prelude::*;
use std::cell::Cell;
use std::rc::Rc;
use wasm_bindgen_test::wasm_bindgen_test;

/// Too long to be read in one slice.
fn long_text() -> String {
    let inert =
        (0..1_500).map(|i| format!("- {{apiVersion: v1, kind: ConfigMap, metadata: {{name: c{i}}}}}\n"));
    ["apiVersion: v1\nkind: List\nitems:\n", &inert.collect::<String>()].concat()
}

const SHORT: &str = "apiVersion: v1\nkind: Service\nmetadata: {name: short}\nspec: {ports: [{port: 80}]}\n";

/// Half an hour of a hundred requests a second: to run up to it takes seconds.
const FAR: &str = "apiVersion: v1
kind: Service
metadata: {name: far}
spec: {type: NodePort, selector: {app: far}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Pod
metadata: {name: far, labels: {app: far}}
spec: {containers: [{name: c, image: i, ports: [{containerPort: 80}]}]}
---
apiVersion: packetyard/v1alpha1
kind: Scenario
spec: {at: 30m, clients: [{name: c, from: outside, to: service/default/far, rate: 100}]}
";

/// What becomes of a text that is to be opened.
#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    Opened,
    GivenUp,
}

fn begin(session: Session, key: &'static str, text: String) -> Rc<Cell<Option<End>>> {
    let end = Rc::new(Cell::new(None));
    let told = Rc::clone(&end);
    soon(async move {
        let opened =
            open(session, key, Text::Own(text), Start::With(StartMode::Paused), Errors::Refuse).await;
        told.set(Some(if opened.is_some() { End::Opened } else { End::GivenUp }));
        Some(())
    });
    end
}

fn key_of(page: &InPage) -> String {
    page.session.with_source(|source| source.key.clone())
}

#[wasm_bindgen_test]
async fn the_text_that_was_asked_for_last_is_opened() {
    let page = InPage::mount(|_| ()).await;
    let long = begin(page.session, "long", long_text());
    assert_eq!(long.get(), None, "it is still read");
    let short = begin(page.session, "short", SHORT.to_owned());
    assert_eq!(short.get(), Some(End::Opened));
    page.until("the long one is given up", || long.get() == Some(End::GivenUp)).await;
    assert_eq!(key_of(&page), "short");
}

#[wasm_bindgen_test]
async fn a_text_that_is_read_can_be_left() {
    let page = InPage::mount(|_| view! { <Reading lab=NodeRef::new()/> }).await;
    let long = begin(page.session, "long", long_text());
    page.shows("Reading the text").await;
    assert_eq!(key_of(&page), "test", "meanwhile the lab is as it was");
    page.press("Cancel").await;
    page.until("it is given up", || long.get() == Some(End::GivenUp)).await;
    page.until("nothing is said of it any more", || !page.text().contains("Reading")).await;
    assert_eq!(key_of(&page), "test");
}

#[wasm_bindgen_test]
async fn a_text_that_is_read_to_its_end_is_there() {
    let page = InPage::mount(|_| view! { <Reading lab=NodeRef::new()/> }).await;
    let long = begin(page.session, "long", long_text());
    page.until("it is open", || long.get() == Some(End::Opened)).await;
    assert_eq!(key_of(&page), "long");
    page.until("nothing is said of it any more", || !page.text().contains("Reading")).await;
}

#[wasm_bindgen_test]
async fn a_lab_that_is_gone_opens_nothing() {
    let page = InPage::mount(|_| ()).await;
    let long = begin(page.session, "long", long_text());
    drop(page);
    for _ in 0..300 {
        if long.get().is_some() {
            break;
        }
        frame().await;
    }
    assert_eq!(long.get(), Some(End::GivenUp));
}

#[wasm_bindgen_test]
async fn while_a_run_goes_up_to_its_moment_no_other_moment_is_looked_at() {
    let page = InPage::mount(|_| {
        let (session, ui) = (expect_context(), expect_context());
        view! { <div class="lab" tabindex="-1" on:keydown=move |event| keys::pressed(session, ui, &event)></div> }
    })
    .await;
    let is_opening = || matches!(page.session.motion_or_gone(), Some(Motion::Opening(_)));
    let far = begin(page.session, "far", FAR.to_owned());
    assert_eq!(far.get(), Some(End::Opened));
    assert!(is_opening());
    for key in [".", ",", " "] {
        for notice in page.session.notices.shown() {
            page.session.notices.dismiss(notice.id);
        }
        key_down(&page.find(".lab").expect("the lab"), key);
        assert!(is_opening(), "after “{key}”");
        let said: Vec<String> = page.said();
        assert_eq!(said, ["The text is still being opened. Wait until it is, or press Stop here."]);
    }
    page.session.stop_opening();
    assert_eq!(page.session.motion_or_gone(), Some(Motion::Paused));
}

#[wasm_bindgen_test]
async fn a_start_from_the_beginning_takes_back_what_was_done() {
    let page = InPage::mount(|_| ()).await;
    let short = begin(page.session, "short", SHORT.to_owned());
    assert_eq!(short.get(), Some(End::Opened));
    page.until("it stands", || page.session.motion_or_gone() == Some(Motion::Paused)).await;
    let has_service =
        || page.world(|world| world.store().services.get(&NsName::new("default", "short")).is_some());
    let service = page.world(|world| {
        let uid = crate::in_page::service(world, "short");
        world.store().object_ref(uid).expect("it is there")
    });
    assert!(page.session.act(Action::delete(service)));
    page.until("it is deleted", || !has_service()).await;
    start_again(page.session);
    page.until("it is there again", has_service).await;
}
