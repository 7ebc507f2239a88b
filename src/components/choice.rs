use super::aria_bool;
use leptos::prelude::*;

/// A choice of a few, side by side.
#[component]
pub fn Choice<T: Copy + PartialEq + Send + Sync + 'static>(
    name: &'static str,
    /// What is chosen, and what its button says.
    options: Vec<(T, &'static str)>,
    #[prop(into)] chosen: Signal<Option<T>>,
    on_choose: impl Fn(T) + Clone + 'static,
) -> impl IntoView {
    let buttons = options.into_iter().map(|(value, label)| {
        let on_choose = on_choose.clone();
        view! {
            <button
                type="button"
                aria-pressed=move || aria_bool(chosen.get() == Some(value))
                on:click=move |_| on_choose(value)
            >
                {label}
            </button>
        }
    });
    view! {
        <div class="pk-choice" role="group" aria-label=name>
            {buttons.collect_view()}
        </div>
    }
}
