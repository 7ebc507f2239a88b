//! Buttons to see more of the cluster, or it larger.

use leptos::prelude::*;

use crate::components::Button;
use crate::diagram::gestures::{Zoom, zoom_by_button};
use crate::diagram::picture::Picture;
use scene::words;

#[component]
pub fn ZoomButtons(children: Children) -> impl IntoView {
    let session = expect_context::<Picture>().session;
    let has_system = session.has_system();
    view! {
        <div class="pk-zooms">
            {children()}
            <Show when=move || has_system.get()>
                <Button
                    class="pk-zoom pk-system"
                    name=words::SYSTEM_OBJECTS
                    hint=words::SYSTEM_OBJECTS
                    pressed=Signal::derive(move || session.shows_system())
                    on_press=move || session.toggle_system()
                >
                    "DNS"
                </Button>
            </Show>
            <ZoomButton sign="+" name=words::ZOOM_IN zoom=Zoom::In/>
            <ZoomButton sign="−" name=words::ZOOM_OUT zoom=Zoom::Out/>
            <ZoomButton sign="⤢" name=words::ZOOM_FIT zoom=Zoom::Fit/>
        </div>
    }
}

#[component]
fn ZoomButton(sign: &'static str, name: &'static str, zoom: Zoom) -> impl IntoView {
    let picture = expect_context::<Picture>();
    view! {
        <Button class="pk-zoom" name hint=name on_press=move || zoom_by_button(picture, zoom)>
            {sign}
        </Button>
    }
}
