//! The keys of the lab. They work only while the focus is inside it, and never while it is in a
//! field.

use crate::browser;
use crate::embed::{Controls, Options};
use crate::session::{Selection, Session};
use crate::ui::Ui;
use cluster::api::Uid;
use leptos::html::Div;
use leptos::prelude::*;
use scene::navigation;
use wasm_bindgen::JsCast;
use web_sys::{Element, KeyboardEvent};

pub fn pressed(session: Session, ui: Ui, event: &KeyboardEvent) {
    let target = event.target().and_then(|t| t.dyn_into::<Element>().ok());
    // On a box of the picture Space is the lab's: Enter selects it.
    let on_box = target.as_ref().is_some_and(|e| e.has_attribute("data-item"));
    let pod = target.as_ref().and_then(|e| pod_at(session, e));
    let on = target.map(|e| e.tag_name().to_ascii_uppercase()).unwrap_or_default();
    if event.default_prevented() || ui.dialog.get_untracked().is_some() || is_field(&on) {
        return;
    }
    let command = event.ctrl_key() || event.meta_key();
    let done = match (event.key().as_str(), command) {
        // With Caps Lock, or on a Mac, the letter does not tell whether Shift is held.
        ("z" | "Z", true) if event.shift_key() => run(|| session.redo()),
        ("z" | "Z", true) => run(|| session.undo()),
        ("y", true) => run(|| session.redo()),
        (_, true) => false,
        (" ", _) if on_box || !takes_space(&on) => run(|| session.toggle()),
        (".", _) => run(|| session.step()),
        (",", _) => run(|| session.step_back()),
        ("Delete", _) => pod.is_some_and(|pod| run(|| session.delete_pod(pod))),
        ("Escape", _) => escape(session),
        _ => false,
    };
    if done {
        event.prevent_default();
    }
}

/// Takes the focus if the lab fills its page and nothing else has the focus, so that its keys work at once. Inside
/// another site's page it waits for an interaction.
pub fn hear_at_once(options: &Options, root: NodeRef<Div>) {
    if options.controls != Controls::Full || browser::is_framed() {
        return;
    }
    Effect::new(move || {
        let Some(root) = root.get() else { return };
        if browser::fills_the_page(&root) && browser::nothing_has_the_focus() {
            browser::focus_without_scrolling(&root);
        }
    });
}

fn run(act: impl FnOnce()) -> bool {
    act();
    true
}

fn is_field(tag: &str) -> bool {
    matches!(tag, "INPUT" | "TEXTAREA" | "SELECT")
}

/// Space presses these.
fn takes_space(tag: &str) -> bool {
    matches!(tag, "BUTTON" | "SUMMARY" | "A")
}

/// The Pod whose box has the focus, else the one that is selected.
fn pod_at(session: Session, focused: &Element) -> Option<Uid> {
    let boxed = focused.get_attribute("data-item").and_then(|item| navigation::decode(&item));
    if let Some(Selection::Pod(uid)) = boxed.or(session.selection.get_untracked()) { Some(uid) } else { None }
}

fn escape(session: Session) -> bool {
    if session.selection.get_untracked().is_none() {
        return false;
    }
    session.select(None);
    true
}
