//! What a card shows of ports that are asked and that no Pod declares.

use leptos::prelude::*;
use scene::cards::AssumedPort;

#[component]
pub fn AssumedChip(#[prop(into)] assumed: Signal<Option<AssumedPort>>) -> impl IntoView {
    move || {
        assumed.get().map(|AssumedPort { words, is_served }| {
            view! {
                <span class="pk-chip pk-assumed" class:pk-bad=!is_served>
                    {words}
                </span>
            }
        })
    }
}
