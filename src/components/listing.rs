use leptos::prelude::*;

/// Text as it is, with a name for those who hear it.
#[component]
pub fn Listing(name: &'static str, #[prop(into)] text: Signal<String>) -> impl IntoView {
    view! {
        <pre class="pk-listing" tabindex="0" role="region" aria-label=name>
            {move || text.get()}
        </pre>
    }
}
