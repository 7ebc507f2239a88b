//! A button that selects something else, and so goes away with the panel that it stands in.

use crate::browser;
use crate::session::{Selection, Session};
use leptos::html::Span;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

/// Its focus goes to the heading of what comes in its place, which so is said.
#[component]
pub fn SelectLink(
    #[prop(into)] to: Option<Selection>,
    #[prop(default = "pk-link")] class: &'static str,
    #[prop(optional, into)] name: Option<Signal<String>>,
    children: Children,
) -> impl IntoView {
    let session = expect_context::<Session>();
    let place = NodeRef::<Span>::new();
    let select = move |_| {
        session.select(to);
        // At once: a moment later the button is gone, and its focus with it.
        focus_heading(place);
    };
    view! {
        <span class="pk-leaving" node_ref=place>
            <button type="button" class=class aria-label=name on:click=select>
                {children()}
            </button>
        </span>
    }
}

/// Several, side by side.
#[component]
pub fn SelectLinks(
    /// What each selects, and what it says.
    #[prop(into)]
    links: Signal<Vec<(Selection, String)>>,
    /// Where there are none.
    #[prop(optional)]
    none: &'static str,
) -> impl IntoView {
    view! {
        <Show when=move || !links.read().is_empty() fallback=move || none>
            <span class="pk-links">
                <For each=move || links.get() key=|(to, _)| *to let((to, name))>
                    <SelectLink to>{name}</SelectLink>
                </For>
            </span>
        </Show>
    }
}

/// On a narrow screen the sheet's handle has the heading's words.
fn focus_heading(from: NodeRef<Span>) {
    let from = from.get_untracked();
    let Some(inspector) = from.and_then(|from| from.closest(".pk-inspector").ok().flatten()) else { return };
    for name in [".pk-caption", ".pk-handle"] {
        let found = inspector.query_selector(name).ok().flatten();
        let Some(element) = found.and_then(|found| found.dyn_into::<HtmlElement>().ok()) else { continue };
        if element.offset_width() > 0 {
            browser::focus_without_scrolling(&element);
            return;
        }
    }
}
