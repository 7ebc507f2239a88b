use leptos::html;
use leptos::prelude::*;

/// More, on demand.
#[component]
pub fn Details(
    #[prop(into)] summary: Signal<String>,
    /// Before the summary, for the eye only.
    #[prop(optional)]
    icon: Option<&'static str>,
    #[prop(default = "pk-more")] class: &'static str,
    /// Whether it is unfolded. Passed in if that must outlive this component.
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
    let icon = icon.map(|icon| {
        view! {
            <span class="pk-icon" aria-hidden="true">
                {icon}
            </span>
            " "
        }
    });
    view! {
        <details node_ref=details class=class open=move || open.get() on:toggle=toggled>
            <summary>
                {icon}
                {move || summary.get()}
            </summary>
            {children()}
        </details>
    }
}
