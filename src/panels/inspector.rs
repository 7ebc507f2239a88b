//! What stands around the panels: the heading, the ways away from what is selected, and the tabs.

use super::Panel;
use super::select_link::SelectLink;
use super::selection_history::{
    show_system_objects_when_selected, track_last_service, track_previous_selection,
};
use super::tabs::{TabList, shown_tab, tabs_of};
use crate::components::Button;
use crate::session::Session;
use crate::ui::Ui;
use leptos::prelude::*;

const NOTHING_NAME: &str = "About this lab";
const NOTHING_TITLE: &str = "Packetyard";

#[component]
pub fn Inspector() -> impl IntoView {
    let (session, ui) = (expect_context::<Session>(), expect_context::<Ui>());
    track_previous_selection(session, ui);
    track_last_service(session, ui);
    show_system_objects_when_selected(session);
    let tabs = Memo::new(move |_| tabs_of(session.selection.get()));
    let shown = Memo::new(move |_| shown_tab(tabs.get(), ui.tab.get()));
    // Mounted anew only when it is about something else: until then it keeps its focus and what was typed.
    let about = Memo::new(move |_| (session.opened_rev(), session.selection.get(), shown.get()));
    let pane = move || {
        let (_, of, tab) = about.get();
        view! { <Panel tab of/> }
    };
    view! {
        <aside class="pk-inspector" class:pk-up=ui.sheet_up aria-label="Inspector">
            <SheetHandle/>
            <div class="pk-head">
                <Head/>
            </div>
            <TabList tabs shown/>
            <div class="pk-pane" role="tabpanel" tabindex="0" aria-label=move || shown.get().label()>
                {pane}
            </div>
        </aside>
    }
}

/// On a narrow screen the inspector is a sheet at the foot, which this button raises and lowers.
#[component]
fn SheetHandle() -> impl IntoView {
    let (session, ui) = (expect_context::<Session>(), expect_context::<Ui>());
    let name = move || match session.selection.get() {
        Some(of) => session.with_world(|world| of.name(world)).unwrap_or_default(),
        None => NOTHING_NAME.into(),
    };
    let raise = move || ui.sheet_up.update(|up| *up = !*up);
    view! {
        <Button class="pk-handle" expanded=ui.sheet_up on_press=raise>
            {name}
            {move || if ui.sheet_up.get() { " ▾" } else { " ▴" }}
        </Button>
    }
}

/// What is selected, and the ways away from it. The heading may have the focus (see [`SelectLink`]).
#[component]
fn Head() -> impl IntoView {
    let (session, ui) = (expect_context::<Session>(), expect_context::<Ui>());
    let title = Memo::new(move |_| title(session, ui));
    let way_back = Memo::new(move |_| {
        session.scene_rev();
        let from = ui.previous_selection.get()?;
        Some((from, session.with_world(|world| from.name(world))?))
    });
    view! {
        <div class="pk-row">
            <h2 class="pk-caption" tabindex="-1">
                {title}
            </h2>
            <Show when=move || session.selection.read().is_some()>
                <span class="pk-spring"></span>
                <ShowLet some=way_back let((to, name))>
                    <SelectLink to name=format!("Back to {name}") class="pk-btn pk-plain">
                        "←"
                    </SelectLink>
                </ShowLet>
                <SelectLink to=None name="Close: nothing selected" class="pk-btn pk-plain">
                    "✕"
                </SelectLink>
            </Show>
        </div>
    }
}

/// The name of what is selected, even when it is gone.
fn title(session: Session, ui: Ui) -> String {
    session.opened_rev();
    session.scene_rev();
    let Some(of) = session.selection.get() else { return NOTHING_TITLE.into() };
    let gone = || ui.selected_object.get_untracked().map(|o| format!("{} {} (gone)", o.kind, o.name));
    session.with_world(|world| of.name(world)).or_else(gone).unwrap_or_else(|| "Gone".into())
}
