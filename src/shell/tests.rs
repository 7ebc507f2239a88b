//! What stands around the picture, each part alone in a page.

use crate::header::Header;
use crate::in_page::{InPage, deployment};
use crate::timeline::{SpokenLog, Transport};
use crate::ui::{Dialog, Toasts};
use cluster::api::{Action, NsName};
use leptos::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
async fn time_goes_on_stops_and_goes_a_step() {
    let page = InPage::mount(|_| view! { <Transport/> }).await;
    let now = || page.world(|world| world.now());
    let before = now();
    page.press("Step to the next event").await;
    page.until("an event later", || now() > before).await;
    page.press("Play").await;
    page.until("it plays", || page.session.is_playing() && page.has_control("Pause")).await;
    page.press("Pause").await;
    page.until("it stands", || page.has_control("Play")).await;
    let stopped = now();
    page.press("Step back").await;
    page.until("an event before", || now() < stopped).await;
}

#[wasm_bindgen_test]
async fn the_header_opens_dialogs_and_undoes_actions() {
    let page = InPage::mount(|_| view! { <Header/> }).await;
    page.press("Load").await;
    assert_eq!(page.ui.dialog.get_untracked(), Some(Dialog::Load));
    page.press("Share").await;
    assert_eq!(page.ui.dialog.get_untracked(), Some(Dialog::Share));
    let replicas = || {
        page.world(|world| {
            let uid = deployment(world, "web");
            world.store().deployment_by_uid(uid).map(|d| d.replicas)
        })
    };
    assert!(page.session.act(Action::Scale { deployment: NsName::new("default", "web"), replicas: 5 }));
    page.press("Undo").await;
    page.until("it is undone", || replicas() == Some(3)).await;
    page.press("Redo").await;
    page.until("it is done again", || replicas() == Some(5)).await;
}

#[wasm_bindgen_test]
async fn what_is_refused_is_said_and_can_be_put_away() {
    let page = InPage::mount(|_| view! { <Toasts/> }).await;
    page.session.notices.problem("It cannot be done.");
    page.shows("It cannot be done.").await;
    let id = page.session.notices.shown().first().map(|notice| notice.id).expect("it is shown");
    page.session.notices.dismiss(id);
    page.until("it is gone", || !page.text().contains("cannot")).await;
}

#[wasm_bindgen_test]
async fn what_happens_is_told_to_who_hears_it() {
    let page = InPage::mount(|_| view! { <SpokenLog/> }).await;
    assert_eq!(page.count("[aria-live]"), 1);
    assert!(page.session.act(Action::Scale { deployment: NsName::new("default", "web"), replicas: 5 }));
    page.shows("5").await;
}
