use leptos::prelude::*;

/// A slider of whole numbers, from 0.
#[component]
pub fn Slider(
    name: &'static str,
    max: u32,
    #[prop(into)] value: Signal<u32>,
    /// The value in words.
    #[prop(into)]
    text: Signal<String>,
    #[prop(into)] on_input: UnsyncCallback<(u32,)>,
) -> impl IntoView {
    let input = move |event| {
        if let Ok(value) = event_target_value(&event).parse() {
            on_input.run((value,));
        }
    };
    view! {
        <input
            type="range"
            class="pk-slider"
            aria-label=name
            aria-valuetext=move || text.get()
            min="0"
            max=max.to_string()
            step="1"
            prop:value=move || value.get().to_string()
            on:input=input
        />
    }
}
