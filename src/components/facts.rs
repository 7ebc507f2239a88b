use leptos::prelude::*;

/// Facts: each a name and what it is.
#[component]
pub fn Facts(children: Children) -> impl IntoView {
    view! { <dl class="pk-facts">{children()}</dl> }
}

#[component]
pub fn Fact(name: &'static str, children: Children) -> impl IntoView {
    view! {
        <dt>{name}</dt>
        <dd>{children()}</dd>
    }
}
