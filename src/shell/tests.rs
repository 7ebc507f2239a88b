//! What stands around the picture, each part alone in a page.

mod opening;

use super::{drop, keys};
use crate::header::Header;
use crate::in_page::{InPage, deployment, frame, key_down, key_down_with, pod};
use crate::scenarios::{built_in, key_of};
use crate::session::{Selection, Session, Theme};
use crate::timeline::{SpokenLog, Transport};
use crate::ui::{Dialog, Tab, Toasts, Ui};
use cluster::api::{Action, NsName};
use cluster::sim::Span;
use js_sys::Array;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::{DataTransfer, DragEvent, DragEventInit, File, KeyboardEventInit};

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
            world.store().deployment_by_uid(uid).map(|d| d.spec.replicas)
        })
    };
    assert!(page.session.act(Action::scale_deployment(&NsName::new("default", "web"), 5)));
    page.press("Undo").await;
    page.until("it is undone", || replicas() == Some(3)).await;
    page.press("Redo").await;
    page.until("it is done again", || replicas() == Some(5)).await;
}

#[wasm_bindgen_test]
async fn another_scenario_is_opened_from_the_list() {
    let page = InPage::mount(|_| view! { <Header/> }).await;
    assert_eq!(page.count("option") as usize, built_in().len() + 1, "those of the page, and what is open");
    let other = built_in().last().expect("a scenario");
    page.shows(other.title).await;
    let key = key_of(other.name);
    page.write("Scenario", &key).await;
    page.until("it is open", || page.session.with_source(|source| source.key == key)).await;
    page.until("it is one of the list", || page.count("option") as usize == built_in().len()).await;
}

#[wasm_bindgen_test]
async fn light_and_dark_take_turns_and_then_it_is_as_the_system_has_it() {
    let page = InPage::mount(|_| view! { <Header/> }).await;
    let theme = || page.session.theme.get_untracked();
    assert_eq!(theme(), Theme::Auto);
    let is_dark_now = || untrack(|| page.session.is_dark());
    let is_dark = is_dark_now();
    page.press("Theme: as the system").await;
    assert_eq!(theme(), if is_dark { Theme::Light } else { Theme::Dark });
    assert_ne!(is_dark_now(), is_dark);
    page.press(if is_dark { "Theme: light" } else { "Theme: dark" }).await;
    assert_eq!(theme(), Theme::Auto);
    page.until("the button says so", || page.has_control("Theme: as the system")).await;
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
    assert!(page.session.act(Action::scale_deployment(&NsName::new("default", "web"), 5)));
    page.shows("5").await;
}

#[wasm_bindgen_test]
async fn the_track_has_a_mark_for_what_is_done() {
    let page = InPage::mount(|_| view! { <Transport/> }).await;
    assert!(page.has_control("Timeline"));
    // Apart from what happened until now.
    page.session.seek(page.world(|world| world.now()) + Span::from_secs(10));
    let before = page.count(".pk-tick");
    assert!(before > 0, "Pods became ready");
    assert!(page.session.act(Action::scale_deployment(&NsName::new("default", "web"), 5)));
    page.until("there is one more", || page.count(".pk-tick") == before + 1).await;
    let newest = page.find(".pk-tick:last-child").expect("a mark");
    let name = newest.get_attribute("aria-label").unwrap_or_default();
    assert!(name.starts_with("scaled to 5: web scaled to 5, at "), "{name}");
}

/// The slider on which the shown moment is moved: its value is in milliseconds.
fn moment(page: &InPage) -> web_sys::HtmlInputElement {
    page.find("[aria-label='Moment']").expect("the slider").unchecked_into()
}

#[wasm_bindgen_test]
async fn the_timeline_leads_to_any_moment_and_forgets_none() {
    let page = InPage::mount(|_| view! { <Transport/> }).await;
    let start = page.world(|world| world.now());
    page.session.seek(start + Span::from_secs(10));
    assert!(page.session.act(Action::scale_deployment(&NsName::new("default", "web"), 5)));
    page.session.seek(start + Span::from_secs(20));
    let milliseconds = (start.0 / 1_000_000) as f64;
    page.until("it is shown", || moment(&page).value_as_number() >= milliseconds + 19_000.0).await;
    let marks = page.count(".pk-tick");
    let slider = moment(&page);
    slider.set_value_as_number(milliseconds + 5_000.0);
    slider.dispatch_event(&input_event()).expect("it is dispatched");
    assert!(page.world(|world| world.now()) < start + Span::from_secs(6));
    page.until("what is ahead is still there", || page.count(".pk-ahead") > 0).await;
    assert_eq!(page.count(".pk-tick"), marks);
    slider.set_value_as_number(1e9);
    slider.dispatch_event(&input_event()).expect("it is dispatched");
    assert_eq!(
        page.world(|world| world.now()),
        start + Span::from_secs(20),
        "no further than the run has been"
    );
}

fn input_event() -> web_sys::Event {
    web_sys::Event::new("input").expect("an event")
}

#[wasm_bindgen_test]
async fn each_lane_has_marks_of_its_own() {
    let page = InPage::mount(|_| view! { <Transport/> }).await;
    page.press("Timeline in lanes").await;
    for lane in ["You", "Objects", "kube-proxy", "Lost"] {
        assert!(page.has_control(lane), "{lane}");
    }
    let synced = page.find("[aria-label='kube-proxy'] .pk-tick").expect("rules were written");
    assert!(synced.get_attribute("aria-label").unwrap_or_default().contains("synced"));
    synced.click();
    let origin = page.world(|world| world.origin());
    assert!(page.world(|world| Some(world.now())) < origin, "the run is shown as it was then");
}

#[wasm_bindgen_test]
async fn a_mark_of_bad_news_looks_so_and_leads_to_whom_it_befell() {
    let page = InPage::mount(|_| view! { <Transport/> }).await;
    assert_eq!(page.count(".pk-tick-bad"), 0);
    let (uid, key) = page.world(|world| {
        let uid = pod(world, "web-");
        let pod = world.store().pods.iter().find(|pod| pod.meta.uid == uid).expect("it is there");
        (uid, pod.meta.key())
    });
    assert!(page.session.act(Action::CrashPod { pod: key, container: None }));
    page.until("a crash is marked", || page.count(".pk-tick-bad") > 0).await;
    page.find(".pk-tick-bad").expect("the mark").click();
    assert_eq!(page.session.selection.get_untracked(), Some(Selection::Pod(uid)));
    assert_eq!(page.ui.tab.get_untracked(), Tab::Events);
}

/// What the lab listens to on its outermost element, around one field.
async fn lab() -> InPage {
    InPage::mount(|_| {
        let (session, ui) = (expect_context::<Session>(), expect_context::<Ui>());
        view! {
            <div
                class="lab"
                tabindex="-1"
                on:keydown=move |event| keys::pressed(session, ui, &event)
                on:dragover=move |event| drop::dragged_over(ui, &event)
                on:dragleave=move |event| drop::dragged_away(ui, &event)
                on:drop=move |event| drop::dropped(session, ui, &event)
            >
                <input aria-label="Field"/>
            </div>
        }
    })
    .await
}

#[wasm_bindgen_test]
async fn keys_play_step_undo_and_select_nothing() {
    let page = lab().await;
    let element = page.find(".lab").expect("the lab");
    let now = || page.world(|world| world.now());
    let before = now();
    key_down(&element, ".");
    page.until("an event later", || now() > before).await;
    key_down(&element, ",");
    page.until("an event before", || now() <= before).await;
    key_down(&element, " ");
    page.until("it plays", || page.session.is_playing()).await;
    key_down(&element, " ");
    page.until("it stands", || !page.session.is_playing()).await;

    let replicas = || {
        page.world(|world| {
            let uid = deployment(world, "web");
            world.store().deployment_by_uid(uid).map(|d| d.spec.replicas)
        })
    };
    assert!(page.session.act(Action::scale_deployment(&NsName::new("default", "web"), 5)));
    let with_control = |key: &str, shift: bool| {
        let init = KeyboardEventInit::new();
        init.set_ctrl_key(true);
        init.set_shift_key(shift);
        key_down_with(&element, key, &init);
    };
    with_control("z", false);
    page.until("it is undone", || replicas() == Some(3)).await;
    with_control("Z", true);
    page.until("it is done again", || replicas() == Some(5)).await;

    let of = page.world(|world| pod(world, "web-"));
    page.session.select(Some(Selection::Pod(of)));
    key_down(&element, "Delete");
    let is_deleted =
        || page.world(|w| w.store().pods.iter().all(|p| p.meta.uid != of || p.meta.deleted.is_some()));
    page.until("the Pod is deleted", is_deleted).await;

    // The box that has the focus comes before what is selected.
    let other = page.world(|world| {
        let mut pods = world.store().pods.iter().filter(|pod| pod.meta.uid != of);
        pods.find(|pod| pod.meta.name.starts_with("web-")).expect("another Pod").meta.uid
    });
    let focused = document().create_element("div").expect("an element");
    focused.set_attribute("data-item", &format!("pod:{}", other.0)).expect("it is set");
    element.append_child(&focused).expect("appended");
    key_down(&focused, "Delete");
    let is_deleted =
        || page.world(|w| w.store().pods.iter().all(|p| p.meta.uid != other || p.meta.deleted.is_some()));
    page.until("that Pod is deleted too", is_deleted).await;
    key_down(&element, "Escape");
    assert_eq!(page.session.selection.get_untracked(), None);
}

#[wasm_bindgen_test]
async fn keys_that_are_typed_into_a_field_are_the_fields() {
    let page = lab().await;
    let before = page.world(|world| world.now());
    key_down(&page.control("Field"), ".");
    key_down(&page.control("Field"), " ");
    frame().await;
    assert_eq!(page.world(|world| world.now()), before);
    assert!(!page.session.is_playing());
}

fn drag(page: &InPage, event: &str, files: &[(&str, &str)]) {
    let data = DataTransfer::new().expect("a transfer");
    for (name, text) in files {
        let file = File::new_with_str_sequence(&Array::of1(&(*text).into()), name).expect("a file");
        data.items().add_with_file(&file).expect("added");
    }
    let init = DragEventInit::new();
    init.set_bubbles(true);
    init.set_cancelable(true);
    init.set_data_transfer(Some(&data));
    let event = DragEvent::new_with_event_init_dict(event, &init).expect("an event");
    page.find(".lab").expect("the lab").dispatch_event(&event).expect("dispatched");
}

#[wasm_bindgen_test]
async fn files_that_are_dropped_are_read_into_the_load_dialog() {
    let page = lab().await;
    let files = [("a.yaml", "kind: A\n"), ("b.yaml", "kind: B\n"), ("empty.yaml", " ")];
    drag(&page, "dragover", &files);
    assert!(page.ui.dragging.get_untracked());
    drag(&page, "dragleave", &files);
    assert!(!page.ui.dragging.get_untracked());
    drag(&page, "dragover", &files);
    drag(&page, "drop", &files);
    assert!(!page.ui.dragging.get_untracked());
    page.until("they are read", || page.ui.dialog.get_untracked() == Some(Dialog::Load)).await;
    assert_eq!(page.ui.draft.get_untracked(), "kind: A\n---\nkind: B\n");
    let said: Vec<String> = page.said();
    assert_eq!(said, ["The file “empty.yaml” is empty."]);
}
