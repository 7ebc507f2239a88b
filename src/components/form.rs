use leptos::ev::{MouseEvent, SubmitEvent};
use leptos::prelude::*;

/// Fields and a button that belong together: Enter does what the button does.
#[component]
pub fn Form(
    name: &'static str,
    #[prop(into)] on_submit: UnsyncCallback<()>,
    children: Children,
) -> impl IntoView {
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        on_submit.run(());
    };
    view! {
        <form class="pk-form" aria-label=name on:submit=submit>
            {children()}
        </form>
    }
}

#[component]
pub fn Submit(#[prop(optional, into)] disabled: Signal<bool>, children: Children) -> impl IntoView {
    // Not `disabled`, as with [`Button`](super::Button). Enter in a field of the form clicks this button too.
    let submit = move |event: MouseEvent| {
        if disabled.get_untracked() {
            event.prevent_default();
        }
    };
    view! {
        <button
            type="submit"
            class="pk-btn pk-main"
            aria-disabled=move || disabled.get().then_some("true")
            on:click=submit
        >
            {children()}
        </button>
    }
}
