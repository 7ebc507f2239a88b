use leptos::html;
use leptos::prelude::*;

/// More, on demand.
#[component]
pub fn Details(
    #[prop(into)] summary: Signal<String>,
    #[prop(default = "pk-more")] class: &'static str,
    /// Whether it is unfolded: given by who remembers it for longer than this stands.
    #[prop(optional)]
    open: RwSignal<bool>,
    children: Children,
) -> impl IntoView {
    let details = NodeRef::<html::Details>::new();
    let toggled = move |_| {
        if let Some(details) = details.get_untracked() {
            open.set(details.open());
        }
    };
    view! {
        <details node_ref=details class=class open=move || open.get() on:toggle=toggled>
            <summary>{move || summary.get()}</summary>
            {children()}
        </details>
    }
}
