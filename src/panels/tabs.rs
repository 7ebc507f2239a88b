//! The inspector's tabs: which ones a selection has, and how they are walked.

use crate::components::aria_bool;
use crate::session::Selection;
use crate::ui::{Tab, Ui};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, KeyboardEvent};

/// The tabs that a kind of thing has.
pub fn tabs_of(of: Option<Selection>) -> &'static [Tab] {
    match of {
        None => &[Tab::About, Tab::Objects, Tab::Path, Tab::Events],
        Some(Selection::Pod(_)) => &[Tab::About, Tab::Path, Tab::Yaml, Tab::Events],
        Some(Selection::Service(_)) => {
            &[Tab::About, Tab::Endpoints, Tab::Rules, Tab::Path, Tab::Yaml, Tab::Events]
        }
        Some(Selection::Node(_)) => &[Tab::About, Tab::Rules, Tab::Path, Tab::Yaml, Tab::Events],
        Some(Selection::Workload(_)) => &[Tab::About, Tab::Yaml, Tab::Events],
        Some(Selection::Client(_) | Selection::LoadBalancer(_)) => &[Tab::About, Tab::Path],
        Some(Selection::Connection(_) | Selection::Packet(_)) => &[Tab::Path, Tab::Rules],
        Some(Selection::Object(_)) => &[Tab::Yaml, Tab::Events],
    }
}

/// The tab asked for, where the selection has it.
pub fn shown_tab(tabs: &[Tab], asked: Tab) -> Tab {
    if tabs.contains(&asked) { asked } else { tabs[0] }
}

#[component]
pub fn TabList(tabs: Memo<&'static [Tab]>, shown: Memo<Tab>) -> impl IntoView {
    let ui = expect_context::<Ui>();
    view! {
        <div class="pk-tabs" role="tablist" aria-label="About the selection" on:keydown=|event| walk(&event)>
            <For each=move || tabs.get() key=|tab| **tab let:tab>
                <button
                    type="button"
                    role="tab"
                    aria-selected=move || aria_bool(shown.get() == *tab)
                    tabindex=move || if shown.get() == *tab { "0" } else { "-1" }
                    on:click=move |_| ui.tab.set(*tab)
                >
                    {tab.label()}
                </button>
            </For>
        </div>
    }
}

/// Arrows go from tab to tab, and choose.
fn walk(event: &KeyboardEvent) {
    let Some(tab) = event.target().and_then(|t| t.dyn_into::<HtmlElement>().ok()) else { return };
    let next = match event.key().as_str() {
        "ArrowRight" => tab.next_element_sibling(),
        "ArrowLeft" => tab.previous_element_sibling(),
        _ => return,
    };
    event.prevent_default();
    if let Some(next) = next.and_then(|n| n.dyn_into::<HtmlElement>().ok()) {
        next.click();
        let _gone = next.focus();
    }
}
