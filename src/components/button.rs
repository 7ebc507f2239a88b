use super::aria_bool;
use leptos::prelude::*;

/// A button. What it is called is its label, the children, unless `name` says more.
#[component]
pub fn Button(
    #[prop(default = "pk-btn")] class: &'static str,
    #[prop(optional, into)] name: Option<Signal<String>>,
    #[prop(optional, into)] hint: Option<Signal<String>>,
    /// For a toggle button: whether it is pressed.
    #[prop(optional, into)]
    pressed: Option<Signal<bool>>,
    /// For a button that opens something: whether that is open.
    #[prop(optional, into)]
    expanded: Option<Signal<bool>>,
    #[prop(optional, into)] disabled: Signal<bool>,
    /// The action breaks something.
    #[prop(optional, into)]
    is_harmful: Signal<bool>,
    #[prop(into)] on_press: UnsyncCallback<()>,
    children: Children,
) -> impl IntoView {
    // Not `disabled`: a button that becomes disabled while it has the focus would lose it, and the lab's keys would
    // stop working.
    let press = move |_| {
        if !disabled.get_untracked() {
            on_press.run(());
        }
    };
    view! {
        <button
            type="button"
            class=class
            class:pk-harm=is_harmful
            aria-label=name
            title=hint
            aria-pressed=pressed.map(|on| move || aria_bool(on.get()))
            aria-expanded=expanded.map(|on| move || aria_bool(on.get()))
            aria-disabled=move || disabled.get().then_some("true")
            on:click=press
        >
            {children()}
        </button>
    }
}
