use super::aria_bool;
use leptos::prelude::*;

/// A button. What it is called is its label, the children, unless `name` says more.
#[component]
pub fn Button(
    #[prop(default = "pk-btn")] class: &'static str,
    #[prop(optional, into)] name: Option<Signal<String>>,
    #[prop(optional, into)] hint: Option<Signal<String>>,
    /// Of one that stays pressed.
    #[prop(optional, into)]
    pressed: Option<Signal<bool>>,
    /// Of one that opens something: whether that is open.
    #[prop(optional, into)]
    expanded: Option<Signal<bool>>,
    #[prop(optional, into)] disabled: Signal<bool>,
    /// Something breaks by it.
    #[prop(optional, into)]
    is_harmful: Signal<bool>,
    #[prop(into)] on_press: UnsyncCallback<()>,
    children: Children,
) -> impl IntoView {
    // Not `disabled`: a button that loses its use while it has the focus would take the focus, and with it the
    // lab's keys, away.
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
