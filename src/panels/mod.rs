//! The inspector: what is known of the thing that is selected, and what can be done with it.

mod chips;
mod client;
mod connections;
mod deployment;
mod doings;
mod endpoints;
mod events;
mod list;
mod membership;
mod node;
mod object;
mod objects;
mod path;
mod pod;
mod policies;
mod rules;
mod service;
mod start;
mod yaml;
mod zone;

use crate::dom::Place;
use crate::dom::reactive::*;
use crate::parts::*;
use crate::session::{Selection, Session, object_of};
use crate::shell::{Tab, Ui};
pub use doings::{Doing, What, doings};
pub use rules::dialog as compare_rules;
pub use start::of_text;
use std::rc::Rc;
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, KeyboardEvent};

pub fn inspector(session: Session, ui: Ui) -> View {
    live(move || {
        let kids = match session.later.get() {
            Some(later) => (later.inspector)(session, ui),
            None => at_first(session, ui),
        };
        let class = if ui.sheet_up.get() { "pk-inspector pk-up" } else { "pk-inspector" };
        el("aside").class(class).attr("aria-label", "Inspector").kids(kids).view()
    })
}

/// As long as nothing can be selected. What comes after it stands in the same places.
fn at_first(session: Session, ui: Ui) -> Kids {
    let inside = move |on| match on {
        Tab::About => start::panel(session, ui),
        _ => says("pk-muted", "One moment …"),
    };
    vec![
        live(move || handle(ui, NOTHING_NAME)),
        el("div").class("pk-head").kid(live(|| title(NOTHING_TITLE))).view(),
        live(move || tab_list(ui, TABS_OF_NOTHING, ui.tab.get())),
        live(move || pane_of(ui.tab.get(), inside(ui.tab.get()))),
    ]
}

const NOTHING_NAME: &str = "About this lab";
const NOTHING_TITLE: &str = "Packetyard";
const TABS_OF_NOTHING: &[Tab] = &[Tab::About, Tab::Objects, Tab::Path, Tab::Events];

/// What the inspector shows once things can be selected.
pub fn inside(session: Session, ui: Ui) -> Kids {
    let head = el("div").class("pk-head").kid(live(move || head(session, ui)));
    vec![
        live(move || {
            let name = |of: Selection| session.with_world(|world| of.name(world)).unwrap_or_default();
            handle(ui, session.selection.get().map_or_else(|| NOTHING_NAME.into(), name))
        }),
        head.view(),
        live(move || tabs(session, ui)),
        live(move || body(session, ui)),
    ]
}

/// A connection is looked at on the way from something else, and there is a way back.
pub fn remember_where_from(session: Session, ui: Ui) {
    let last = StoredValue::new(None::<Selection>);
    whenever(move || {
        let now = session.selection.get();
        let before = last.get_value();
        last.set_value(now);
        let is_connection =
            |s: Option<Selection>| matches!(s, Some(Selection::Connection(_) | Selection::Packet(_)));
        match (is_connection(now), is_connection(before)) {
            (true, false) => ui.came_from.set(before),
            (true, true) => {}
            (false, _) => ui.came_from.set(None),
        }
        if now.is_some() {
            ui.sheet_up.set(true);
        }
        ui.named.set(session.with_world(|world| object_of(world.store(), now?.uid()?)));
    });
}

/// On a narrow screen the inspector is a sheet at the foot, which this button raises and lowers.
fn handle(ui: Ui, label: impl Into<String>) -> View {
    let up = ui.sheet_up.get();
    let label = [label.into().as_str(), if up { " ▾" } else { " ▴" }].concat();
    let raise = move || ui.sheet_up.update(|up| *up = !*up);
    button(label, raise).class("pk-handle").expanded(up).view()
}

fn head(session: Session, ui: Ui) -> View {
    session.opened_rev();
    session.scene_rev();
    let Some(of) = session.selection.get() else { return block("pk-row", vec![caption(NOTHING_TITLE)]) };
    let name = session.with_world(|world| of.name(world));
    let was = || ui.named.get_untracked().map(|o| format!("{} {} (gone)", o.kind, o.name));
    let mut kids = vec![caption(name.or_else(was).unwrap_or_else(|| "Gone".into()))];
    kids.push(span("pk-spring", ""));
    if let Some(from) = ui.came_from.get()
        && let Some(name) = session.with_world(|world| from.name(world))
    {
        let back = button("←", move || session.select(Some(from)));
        kids.push(leaving(back.named(format!("Back to {name}")).class("pk-btn pk-plain")));
    }
    let close = button("✕", move || session.select(None));
    kids.push(leaving(close.named("Close: nothing selected").class("pk-btn pk-plain")));
    block("pk-row", kids)
}

/// The panel's heading, which may have the focus: see [`leaving`].
fn caption(words: impl Into<String>) -> View {
    el("h2").class("pk-caption").attr("tabindex", "-1").text(words.into()).view()
}

/// A button that goes away with what it is in, as something else is selected. Its focus goes to the heading
/// of what comes in its place, which so is said.
pub(crate) fn leaving(button: Button) -> View {
    let (place, act) = (Place::new(None), button.act.clone());
    let both = move || {
        if let Some(act) = &act {
            act();
        }
        // At once: a moment later the button is gone, and its focus with it.
        focus_heading(place);
    };
    let button = Button { act: Some(Rc::new(both)), ..button };
    el("span").class("pk-leaving").place(place).kid(button.view()).view()
}

/// On a narrow screen the sheet's handle has the heading's words.
fn focus_heading(from: Place) {
    let from = from.get_untracked();
    let Some(inspector) = from.and_then(|from| from.closest(".pk-inspector").ok().flatten()) else { return };
    for name in [".pk-caption", ".pk-handle"] {
        let found = inspector.query_selector(name).ok().flatten();
        let Some(element) = found.and_then(|found| found.dyn_into::<HtmlElement>().ok()) else { continue };
        if element.offset_width() > 0 {
            crate::browser::focus_without_scrolling(&element);
            return;
        }
    }
}

/// The tabs that a kind of thing has.
fn tabs_of(of: Option<Selection>) -> &'static [Tab] {
    match of {
        None => TABS_OF_NOTHING,
        Some(Selection::Pod(_)) => &[Tab::About, Tab::Path, Tab::Yaml, Tab::Events],
        Some(Selection::Service(_)) => {
            &[Tab::About, Tab::Endpoints, Tab::Rules, Tab::Path, Tab::Yaml, Tab::Events]
        }
        Some(Selection::Node(_)) => &[Tab::About, Tab::Rules, Tab::Path, Tab::Yaml, Tab::Events],
        Some(Selection::Deployment(_)) => &[Tab::About, Tab::Yaml, Tab::Events],
        Some(Selection::Client(_) | Selection::LoadBalancer(_)) => &[Tab::About, Tab::Path],
        Some(Selection::Connection(_) | Selection::Packet(_)) => &[Tab::Path, Tab::Rules],
        Some(Selection::Object(_)) => &[Tab::Yaml, Tab::Events],
    }
}

/// The tab asked for, where the selection has it.
fn shown(session: Session, ui: Ui) -> Tab {
    let tabs = tabs_of(session.selection.get());
    let asked = ui.tab.get();
    if tabs.contains(&asked) { asked } else { tabs[0] }
}

fn tabs(session: Session, ui: Ui) -> View {
    let on = shown(session, ui);
    let tabs = tabs_of(session.selection.get());
    tab_list(ui, tabs, on)
}

fn tab_list(ui: Ui, tabs: &[Tab], on: Tab) -> View {
    let tabs: Kids = tabs.iter().map(|tab| tab_button(ui, *tab, *tab == on)).collect();
    el("div")
        .class("pk-tabs")
        .attr("role", "tablist")
        .attr("aria-label", "About the selection")
        .on_as("keydown", walk)
        .kids(tabs)
        .view()
}

fn tab_button(ui: Ui, tab: Tab, on: bool) -> View {
    el("button")
        .attr("type", "button")
        .attr("role", "tab")
        .attr("aria-selected", said(on))
        .attr("tabindex", if on { "0" } else { "-1" })
        .on("click", move |_| ui.tab.set(tab))
        .text(tab.label())
        .view()
}

/// Arrows go from tab to tab, and choose.
fn walk(event: &KeyboardEvent) {
    let Some(tab) = event.target().and_then(|t| t.dyn_into::<HtmlElement>().ok()) else { return };
    let next = match event.key().as_str() {
        "ArrowRight" => tab.next_element_sibling(),
        "ArrowLeft" => tab.previous_element_sibling(),
        _ => return,
    };
    event.prevent_default();
    if let Some(next) = next.and_then(|n| n.dyn_into::<HtmlElement>().ok()) {
        next.click();
        let _gone = next.focus();
    }
}

fn body(session: Session, ui: Ui) -> View {
    session.opened_rev();
    let tab = shown(session, ui);
    pane_of(tab, pane(session, ui, tab))
}

fn pane_of(tab: Tab, inside: View) -> View {
    let pane = el("div").class("pk-pane").attr("role", "tabpanel").attr("tabindex", "0");
    pane.attr("aria-label", tab.label()).kid(inside).view()
}

/// What there is to say about the selection, under the tab that is shown.
fn pane(session: Session, ui: Ui, tab: Tab) -> View {
    let of = session.selection.get();
    remember_service(session, ui, of);
    match (tab, of) {
        (Tab::About, None) => start::panel(session, ui),
        (Tab::Path, Some(Selection::Connection(id))) => path::connection(session, id, None),
        (Tab::Path, Some(Selection::Packet(id))) => path::packet(session, id),
        (Tab::Path, of) => connections::list(session, of),
        (Tab::Objects, _) => objects::list(session, ui),
        (Tab::Events, of) => events::list(session, ui, of),
        (Tab::Yaml, Some(of)) => yaml::of(session, of),
        (Tab::Rules, Some(of)) => rules::panel(session, ui, of),
        (Tab::Endpoints, Some(Selection::Service(uid))) => endpoints::table_of(session, uid),
        (_, Some(Selection::Pod(uid))) => pod::about(session, uid),
        (_, Some(Selection::Service(uid))) => service::about(session, uid),
        (_, Some(Selection::Node(uid))) => node::about(session, uid),
        (_, Some(Selection::Deployment(uid))) => deployment::about(session, uid),
        (_, Some(Selection::Client(id))) => client::about(session, id),
        (_, Some(Selection::LoadBalancer(uid))) => object::balancer(session, uid),
        (_, Some(Selection::Object(_) | Selection::Connection(_) | Selection::Packet(_)) | None) => nothing(),
    }
}

/// The rules of nodes are first shown for the Service that was looked at last.
fn remember_service(session: Session, ui: Ui, of: Option<Selection>) {
    let service = session
        .with_world(|world| crate::diagram::service_of(world, &crate::diagram::facts::Facts::of(world), of?));
    if service.is_some() {
        ui.service.set(service);
    }
}

/// A button that selects something.
pub(crate) fn link_to(session: Session, of: Selection, label: impl Into<String>) -> View {
    leaving(button(label, move || session.select(Some(of))).class("pk-link"))
}

/// The buttons of a thing: those of its menu that act at once.
pub(crate) fn actions(session: Session, of: Selection) -> View {
    let acting = session.with_world(|world| doings(world, of)).into_iter().filter_map(|doing| {
        let What::Act(action) = doing.what else { return None };
        let class = if doing.harms { "pk-btn pk-harm" } else { "pk-btn" };
        let act = move || {
            session.act(action.clone());
        };
        Some(button(doing.label, act).class(class).view())
    });
    block("pk-actions", acting.collect())
}

pub(crate) fn gone(what: &str) -> View {
    says("pk-muted", format!("This {what} is gone."))
}
