use leptos::prelude::*;

/// How good or bad a state is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Tone {
    #[default]
    Plain,
    Good,
    /// It deserves a look.
    Care,
    Fail,
}

/// A state in a word or two.
#[component]
pub fn Tag(#[prop(optional, into)] tone: Signal<Tone>, children: Children) -> impl IntoView {
    let class = move || match tone.get() {
        Tone::Plain => "pk-tag",
        Tone::Good => "pk-tag pk-good",
        Tone::Care => "pk-tag pk-care",
        Tone::Fail => "pk-tag pk-fail",
    };
    view! { <span class=class>{children()}</span> }
}
