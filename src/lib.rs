//! The web app: it draws the cluster that `cluster` simulates and lets a person break it.

use leptos::prelude::*;

/// The whole app.
#[component]
pub fn App() -> impl IntoView {
    view! { <h1>"Packetyard"</h1> }
}
