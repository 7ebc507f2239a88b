//! What a card shows of ports that are asked and that no Pod declares.

use cluster::diagnosis::AskedPort;
use leptos::prelude::*;

/// The first that is refused, or else the first.
#[derive(Clone, PartialEq)]
pub struct AssumedPort {
    pub words: String,
    pub is_served: bool,
}

impl AssumedPort {
    pub fn of(asked: &[AskedPort]) -> Option<AssumedPort> {
        let asked = asked.iter().min_by_key(|asked| asked.taken_for.is_served())?;
        Some(AssumedPort { words: ::words::asked_port_short(asked), is_served: asked.taken_for.is_served() })
    }
}

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
