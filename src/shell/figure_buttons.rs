//! What a figure in another page needs where the lab's header and transport are left out.

use crate::components::Button;
use crate::embed::Controls;
use crate::session::Session;
use leptos::prelude::*;

/// Beside the zoom's buttons: what moves can be stopped, and what was done can be undone.
#[component]
pub fn FigureButtons(controls: Controls) -> impl IntoView {
    let has_pause = controls == Controls::None;
    let has_undo = controls != Controls::Full;
    view! {
        {has_pause.then(|| view! { <PauseButton/> })}
        {has_undo.then(|| view! { <UndoButton/> })}
    }
}

#[component]
fn PauseButton() -> impl IntoView {
    let session = expect_context::<Session>();
    let name = Signal::derive(move || if session.is_playing() { "Pause" } else { "Play" }.to_owned());
    let sign = move || if session.is_playing() { "❚❚" } else { "▶" };
    view! {
        <Button class="pk-zoom pk-figure-button" name hint=name on_press=move || session.toggle()>
            {sign}
        </Button>
    }
}

/// While there is something to undo.
#[component]
fn UndoButton() -> impl IntoView {
    let session = expect_context::<Session>();
    view! {
        <Show when=move || session.can_undo()>
            <Button
                class="pk-zoom pk-figure-button"
                name="Undo".to_owned()
                hint="Undo".to_owned()
                on_press=move || session.undo()
            >
                "↶"
            </Button>
        </Show>
    }
}
