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
mod select_link;
mod service;
mod start;
mod yaml;
mod zone;

use crate::components::aria_bool;
use crate::parts::*;
use crate::session::{Selection, Session};
use crate::shell::{Tab, Ui};
pub use doings::{Doing, What, doings};
use leptos::prelude::*;
pub use rules::dialog as compare_rules;
use select_link::SelectLink;
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, KeyboardEvent};

/// `pane` gives what there is to say about the selection, under the tab that is shown.
pub fn inspector(
    session: Session,
    ui: Ui,
    pane: impl Fn(Tab, Option<Selection>) -> AnyView + Send + 'static,
) -> AnyView {
    let tabs = Memo::new(move |_| tabs_of(session.selection.get()));
    let shown = Memo::new(move |_| shown(tabs.get(), ui.tab.get()));
    // Mounted anew only when it is about something else: until then it keeps its focus and what was typed.
    let about = Memo::new(move |_| (session.opened_rev(), session.selection.get(), shown.get()));
    let pane = live(move || {
        let (_, of, tab) = about.get();
        pane(tab, of)
    });
    view! {
        <aside class="pk-inspector" class:pk-up=move || ui.sheet_up.get() aria-label="Inspector">
            {live(move || handle(session, ui))}
            <div class="pk-head">{head(session, ui)}</div>
            {tab_list(ui, tabs, shown)}
            <div class="pk-pane" role="tabpanel" tabindex="0" aria-label=move || shown.get().label()>
                {pane}
            </div>
        </aside>
    }
    .into_any()
}

/// The same while the tools are not there.
pub fn pane_without_tools(session: Session, ui: Ui, tab: Tab, of: Option<Selection>) -> AnyView {
    match (tab, of) {
        (Tab::About, None) => start::panel(session, ui),
        _ => says("pk-muted", "One moment …"),
    }
}

const NOTHING_NAME: &str = "About this lab";
const NOTHING_TITLE: &str = "Packetyard";

/// A connection is looked at on the way from something else, and there is a way back.
pub fn remember_where_from(session: Session, ui: Ui) {
    let last = StoredValue::new(None::<Selection>);
    Effect::new(move || {
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
        ui.named.set(session.with_world(|world| world.store().object_ref(now?.uid()?)));
    });
}

/// On a narrow screen the inspector is a sheet at the foot, which this button raises and lowers.
fn handle(session: Session, ui: Ui) -> AnyView {
    let name = |of: Selection| session.with_world(|world| of.name(world)).unwrap_or_default();
    let label = session.selection.get().map_or_else(|| NOTHING_NAME.into(), name);
    let up = ui.sheet_up.get();
    let label = [label.as_str(), if up { " ▾" } else { " ▴" }].concat();
    let raise = move || ui.sheet_up.update(|up| *up = !*up);
    button(label, raise).class("pk-handle").expanded(up).view()
}

/// What is selected, and the ways away from it. The heading may have the focus (see [`SelectLink`]), so it is
/// mounted once, and only its words change.
fn head(session: Session, ui: Ui) -> AnyView {
    let selected = Memo::new(move |_| session.selection.get().is_some());
    let title = Memo::new(move |_| title(session, ui));
    let way_back = Memo::new(move |_| {
        session.scene_rev();
        let from = ui.came_from.get()?;
        Some((from, session.with_world(|world| from.name(world))?))
    });
    let back = move || {
        way_back.get().map(|(from, name)| {
            let name = format!("Back to {name}");
            view! { <SelectLink to=from name class="pk-btn pk-plain">"←"</SelectLink> }
        })
    };
    view! {
        <div class="pk-row">
            <h2 class="pk-caption" tabindex="-1">
                {move || title.get()}
            </h2>
            <Show when=move || selected.get()>
                <span class="pk-spring"></span>
                {back}
                <SelectLink to=None name="Close: nothing selected" class="pk-btn pk-plain">
                    "✕"
                </SelectLink>
            </Show>
        </div>
    }
    .into_any()
}

/// The name of what is selected, even when it is gone.
fn title(session: Session, ui: Ui) -> String {
    session.opened_rev();
    session.scene_rev();
    let Some(of) = session.selection.get() else { return NOTHING_TITLE.into() };
    let gone = || ui.named.get_untracked().map(|o| format!("{} {} (gone)", o.kind, o.name));
    session.with_world(|world| of.name(world)).or_else(gone).unwrap_or_else(|| "Gone".into())
}

/// The tabs that a kind of thing has.
fn tabs_of(of: Option<Selection>) -> &'static [Tab] {
    match of {
        None => &[Tab::About, Tab::Objects, Tab::Path, Tab::Events],
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
fn shown(tabs: &[Tab], asked: Tab) -> Tab {
    if tabs.contains(&asked) { asked } else { tabs[0] }
}

fn tab_list(ui: Ui, tabs: Memo<&'static [Tab]>, shown: Memo<Tab>) -> AnyView {
    view! {
        <div class="pk-tabs" role="tablist" aria-label="About the selection" on:keydown=|event| walk(&event)>
            <For each=move || tabs.get() key=|tab| **tab let:tab>
                <button
                    type="button"
                    role="tab"
                    aria-selected=move || aria_bool(shown.get() == *tab)
                    tabindex=move || if shown.get() == *tab { "0" } else { "-1" }
                    on:click=move |_| ui.tab.set(*tab)
                >
                    {tab.label()}
                </button>
            </For>
        </div>
    }
    .into_any()
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

/// What there is to say about the selection, under the tab that is shown.
pub fn pane(session: Session, ui: Ui, tab: Tab, of: Option<Selection>) -> AnyView {
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
        (_, Some(Selection::Service(uid))) => service::about(session, ui, uid),
        (_, Some(Selection::Node(uid))) => node::about(session, ui, uid),
        (_, Some(Selection::Deployment(uid))) => deployment::about(session, uid),
        (_, Some(Selection::Client(id))) => client::about(session, id),
        (_, Some(Selection::LoadBalancer(uid))) => object::balancer(session, uid),
        (_, Some(Selection::Object(_) | Selection::Connection(_) | Selection::Packet(_)) | None) => nothing(),
    }
}

/// The rules of nodes are first shown for the Service that was looked at last.
pub fn remember_service(session: Session, ui: Ui) {
    Effect::new(move || {
        session.opened_rev();
        let Some(of) = session.selection.get() else { return };
        let service = session
            .with_world(|world| scene::relations::service_of(world, &scene::facts::Facts::of(world), of));
        if service.is_some() {
            ui.service.set(service);
        }
    });
}

pub(crate) fn link_to(_: Session, to: Selection, label: impl Into<String>) -> AnyView {
    let label = label.into();
    view! { <SelectLink to>{label}</SelectLink> }.into_any()
}

/// The buttons of a thing: those of its menu that act at once.
pub(crate) fn actions(session: Session, of: Selection) -> AnyView {
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

pub(crate) fn gone(what: &str) -> AnyView {
    says("pk-muted", format!("This {what} is gone."))
}
