//! The context menu: what can be done with the thing itself, where it is.

use super::{Dialog, Ui};
use crate::panels::{Doing, What, doings};
use crate::parts::*;
use crate::session::{MenuAt, Session};
use leptos::html::Div;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, KeyboardEvent};

pub fn menu(session: Session, ui: Ui, root: NodeRef<Div>, at: MenuAt) -> AnyView {
    let entries = session.with_world(|world| doings(world, at.of));
    let Some(name) = session.with_world(|world| at.of.name(world)) else { return nothing() };
    let place = NodeRef::<Div>::new();
    Effect::new(move || {
        if let (Some(menu), Some(root)) = (place.get(), root.get_untracked()) {
            put_at(&menu, &root, at);
            keep_focus(&menu);
        }
    });
    let items: Kids = entries.into_iter().map(|doing| item(session, ui, at, doing)).collect();
    let label = name.clone();
    view! {
        <div class="pk-shade" on:pointerdown=move |_| session.menu.set(None)></div>
        <div
            node_ref=place
            class="pk-menu"
            role="menu"
            aria-label=label
            on:keydown=move |event| key(session, place, &event)
            on:contextmenu=|event| event.prevent_default()
        >
            <div class="pk-menu-name" aria-hidden="true">{name}</div>
            {items}
        </div>
    }
    .into_any()
}

fn item(session: Session, ui: Ui, at: MenuAt, doing: Doing) -> AnyView {
    let what = doing.what;
    let act = move |_| {
        session.menu.set(None);
        perform(session, ui, at.of, what.clone());
    };
    let class = if doing.harms { "pk-menu-item pk-fail" } else { "pk-menu-item" };
    view! { <button type="button" role="menuitem" tabindex="-1" class=class on:click=act>{doing.label}</button> }
        .into_any()
}

/// Does what a menu entry, or the same button in the inspector, stands for.
pub fn perform(session: Session, ui: Ui, of: crate::session::Selection, what: What) {
    match what {
        What::Act(action) => {
            session.act(action);
        }
        What::Show(tab) => {
            session.select(Some(of));
            ui.show(tab);
        }
        What::AddClient => ui.open(Dialog::AddClient),
    }
}

/// Beside the pointer, but inside the lab.
fn put_at(menu: &HtmlElement, root: &Element, at: MenuAt) {
    let lab = root.get_bounding_client_rect();
    let inside = |wanted: f64, size: f64, room: f64| wanted.min(room - size - 8.0).max(8.0);
    let left = inside(at.x - lab.left(), f64::from(menu.offset_width()), lab.width());
    let top = inside(at.y - lab.top(), f64::from(menu.offset_height()), lab.height());
    let style = menu.style();
    let _set = style.set_property("left", &format!("{left:.0}px"));
    let _set = style.set_property("top", &format!("{top:.0}px"));
}

/// Takes the focus, and gives it back to where it was when the menu is gone.
fn keep_focus(menu: &HtmlElement) {
    let root = menu.get_root_node().dyn_into::<web_sys::ShadowRoot>().ok();
    let before = root.and_then(|r| r.active_element()).and_then(|e| e.dyn_into::<HtmlElement>().ok());
    focus_item(menu, 0);
    let before = StoredValue::new_local(before);
    on_cleanup(move || {
        before.try_with_value(|before| before.as_ref().map(|element| element.focus()));
    });
}

fn items_of(menu: &HtmlElement) -> Vec<HtmlElement> {
    let found = menu.query_selector_all("[role=menuitem]");
    let list =
        found.map_or_else(|_| Vec::new(), |list| (0..list.length()).filter_map(|i| list.item(i)).collect());
    list.into_iter().filter_map(|node| node.dyn_into().ok()).collect()
}

fn focus_item(menu: &HtmlElement, at: usize) {
    if let Some(item) = items_of(menu).get(at) {
        let _gone = item.focus();
    }
}

fn key(session: Session, place: NodeRef<Div>, event: &KeyboardEvent) {
    let Some(menu) = place.get_untracked() else { return };
    let items = items_of(&menu);
    let count = items.len().max(1);
    let focused = event.target().and_then(|t| t.dyn_into::<HtmlElement>().ok());
    let at = items.iter().position(|item| Some(item) == focused.as_ref()).unwrap_or(0);
    match event.key().as_str() {
        "ArrowDown" => focus_item(&menu, (at + 1) % count),
        "ArrowUp" => focus_item(&menu, (at + count - 1) % count),
        "Home" => focus_item(&menu, 0),
        "End" => focus_item(&menu, count - 1),
        "Escape" | "Tab" => session.menu.set(None),
        _ => {
            event.stop_propagation();
            return;
        }
    }
    event.prevent_default();
    event.stop_propagation();
}
