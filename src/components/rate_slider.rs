use super::Slider;
use leptos::prelude::*;

/// A slider from no request at all to 100 a second; low rates get most of its length.
#[component]
pub fn RateSlider(
    /// Thousandths of a request per second.
    #[prop(into)]
    rate: Signal<u32>,
    #[prop(into)] on_input: UnsyncCallback<(u32,)>,
) -> impl IntoView {
    let text = move || format!("{} per second", words::rate(rate.get()));
    view! {
        <div class="pk-field">
            <span>"Rate: " {text}</span>
            <Slider
                name="Rate"
                max=RATES.len() as u32 - 1
                value=move || RATES.iter().rposition(|r| *r <= rate.get()).unwrap_or(0) as u32
                text=text
                on_input=move |at: u32| on_input.run((RATES[(at as usize).min(RATES.len() - 1)],))
            />
        </div>
    }
}

/// Thousandths of a request per second.
const RATES: [u32; 11] = [0, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000];
