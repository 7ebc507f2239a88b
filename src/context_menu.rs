//! The context menu: the actions for one object of the picture.

use crate::panels::{MenuAction, MenuItem, menu_items};
use crate::session::{MenuAt, Selection, Session};
use crate::ui::{Dialog, Ui};
use leptos::html::Div;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, KeyboardEvent, MouseEvent};

/// `lab`: the element that the menu stays inside.
pub fn context_menu(lab: NodeRef<Div>, at: MenuAt) -> AnyView {
    let session = expect_context::<Session>();
    let entries = session.with_world(|world| menu_items(world, at.of));
    let Some(name) = session.with_world(|world| at.of.name(world)) else { return ().into_any() };
    view! { <Menu lab at name entries/> }.into_any()
}

#[component]
fn Menu(lab: NodeRef<Div>, at: MenuAt, name: String, entries: Vec<MenuItem>) -> impl IntoView {
    let session = expect_context::<Session>();
    let (element, label) = (NodeRef::<Div>::new(), name.clone());
    let pressed = StoredValue::new(false);
    Effect::new(move || {
        if let (Some(menu), Some(lab)) = (element.get(), lab.get_untracked()) {
            put_at(&menu, &lab, at);
            keep_focus(&menu);
        }
    });
    view! {
        <div class="pk-shade" on:pointerdown=move |_| session.menu.set(None)></div>
        <div
            node_ref=element
            class="pk-menu"
            role="menu"
            aria-label=label
            on:pointerdown=move |_| pressed.set_value(true)
            on:keydown=move |event| key(session, element, &event)
            on:contextmenu=|event| event.prevent_default()
        >
            <div class="pk-menu-name" aria-hidden="true">{name}</div>
            {entries.into_iter().map(|entry| view! { <Item of=at.of entry pressed/> }).collect_view()}
        </div>
    }
}

/// `pressed`: a pointer has come down in the menu. When a finger that pressed long goes, its click is not meant for the
/// item that has come to lie under it.
#[component]
fn Item(of: Selection, entry: MenuItem, pressed: StoredValue<bool>) -> impl IntoView {
    let (session, ui) = (expect_context::<Session>(), expect_context::<Ui>());
    let action = entry.action;
    let act = move |event: MouseEvent| {
        let is_by_keyboard = event.detail() == 0;
        if is_by_keyboard || pressed.get_value() {
            session.menu.set(None);
            dispatch(session, ui, of, action.clone());
        }
    };
    view! {
        <button
            type="button"
            role="menuitem"
            tabindex="-1"
            class="pk-menu-item"
            class:pk-fail=entry.is_harmful
            on:click=act
        >
            {entry.label}
        </button>
    }
}

/// Does what a menu item stands for.
fn dispatch(session: Session, ui: Ui, of: Selection, action: MenuAction) {
    match action {
        MenuAction::Act(action) => {
            session.act(action);
        }
        MenuAction::Show(tab) => {
            session.select(Some(of));
            ui.show(tab);
        }
        MenuAction::ShowOf(other, tab) => {
            session.select(Some(other));
            ui.show(tab);
        }
        MenuAction::AddClient => ui.open(Dialog::AddClient),
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

/// Takes the focus, and returns it to the earlier element when the menu closes.
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

#[cfg(all(test, target_arch = "wasm32"))]
mod tests;
