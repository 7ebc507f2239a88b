use leptos::ev::SubmitEvent;
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
    view! {
        <button type="submit" class="pk-btn pk-main" disabled=move || disabled.get()>
            {children()}
        </button>
    }
}
