use leptos::prelude::*;

/// A list to choose one from.
#[component]
pub fn Select(
    name: &'static str,
    /// The value of each, and what is read.
    #[prop(into)]
    options: Signal<Vec<(String, String)>>,
    #[prop(into)] chosen: Signal<String>,
    #[prop(into)] on_choose: UnsyncCallback<(String,)>,
) -> impl IntoView {
    // Set again with the options too: what is chosen can only be one that is there.
    let value = move || {
        options.track();
        chosen.get()
    };
    view! {
        <select
            class="pk-select"
            aria-label=name
            prop:value=value
            on:change=move |event| on_choose.run((event_target_value(&event),))
        >
            <For each=move || options.get() key=Clone::clone let((value, label))>
                <option value=value>{label}</option>
            </For>
        </select>
    }
}
