//! The buttons of a thing: those of its context menu that act at once.

use super::menu_items::{MenuAction, MenuItem, menu_items};
use crate::components::Button;
use crate::session::{Selection, Session};
use cluster::api::Action;
use cluster::sim::World;
use leptos::prelude::*;

#[derive(Clone, PartialEq)]
struct ActionItem {
    label: String,
    action: Action,
    is_harmful: bool,
}

/// Without those that are done to something else: it has buttons of its own.
fn action_items(world: &World, of: Selection) -> Vec<ActionItem> {
    let object = of.uid().and_then(|uid| world.store().object_ref(uid));
    let is_its_own = |action: &Action| action.about().is_none_or(|about| Some(about) == object);
    let act = |item: MenuItem| match item.action {
        MenuAction::Act(action) if is_its_own(&action) => {
            Some(ActionItem { label: item.label, action, is_harmful: item.is_harmful })
        }
        MenuAction::Act(_) | MenuAction::Show(_) | MenuAction::ShowOf(..) | MenuAction::AddClient => None,
    };
    menu_items(world, of).into_iter().filter_map(act).collect()
}

#[component]
pub fn ActionButtons(of: Selection) -> impl IntoView {
    let session = expect_context::<Session>();
    let items = session.watch_scene(move |world| action_items(world, of));
    // Each stays in its place and keeps the focus while what it does changes: "Power off", "Power on".
    view! {
        <div class="pk-actions">
            <For each=move || 0..items.read().len() key=|at| *at let:at>
                <ActionButton items at/>
            </For>
        </div>
    }
}

#[component]
fn ActionButton(items: Memo<Vec<ActionItem>>, at: usize) -> impl IntoView {
    let session = expect_context::<Session>();
    let label = move || items.read().get(at).map(|item| item.label.clone());
    let is_harmful = Signal::derive(move || items.read().get(at).is_some_and(|item| item.is_harmful));
    let act = move || {
        if let Some(item) = items.read_untracked().get(at) {
            session.act(item.action.clone());
        }
    };
    view! { <Button is_harmful on_press=act>{label}</Button> }
}
