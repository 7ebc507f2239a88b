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
    // Each option knows whether it is chosen: a value that is set before its option is there is lost.
    let option = move |(value, label): (String, String)| {
        let selected = {
            let value = value.clone();
            move || *chosen.read() == value
        };
        view! {
            <option value=value prop:selected=selected>
                {label}
            </option>
        }
    };
    view! {
        <select
            class="pk-select"
            aria-label=name
            on:change=move |event| on_choose.run((event_target_value(&event),))
        >
            <For each=move || options.get() key=Clone::clone children=option/>
        </select>
    }
}
