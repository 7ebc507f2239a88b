use super::Button;
use leptos::prelude::*;

/// An entry of a list, to be taken away. Its children are what it says.
#[component]
pub fn Chip(
    /// The entry, as the button says it that takes it away.
    entry: String,
    on_remove: impl Fn() + 'static,
    children: Children,
) -> impl IntoView {
    view! {
        <span class="pk-label">
            {children()}
            <Button class="pk-label-out" name=format!("Take away {entry}") on_press=on_remove>
                "✕"
            </Button>
        </span>
    }
}
