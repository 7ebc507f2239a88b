//! A box of the picture: where it is, how it stands, a button over it, and what it says.

use leptos::prelude::*;

use crate::diagram::geometry::Rect;
use crate::diagram::scene::Picture;
use crate::diagram::walk;
use crate::parts::Kids;
use crate::session::Selection;

pub struct Card {
    pub picture: Picture,
    pub item: Selection,
    pub class: Signal<String>,
    pub rect: Signal<Rect>,
    /// What it says to those who do not see it; the body is hidden from them.
    pub label: Signal<String>,
    pub body: AnyView,
    /// Controls of its own, above the button.
    pub controls: Option<AnyView>,
}

impl Card {
    pub fn view(self) -> AnyView {
        let Card { picture, item, class, rect, label, body, controls } = self;
        let class = move || class.with(|class| format!("pk-card {class}{}", picture.standing(item)));
        let pressed = move || (picture.session.selection.get() == Some(item)).to_string();
        let tabindex = move || if picture.tab_stop.get() == Some(item) { "0" } else { "-1" };
        view! {
            <div
                class=class
                style:transform=move || rect.with(|r| format!("translate({:.1}px,{:.1}px)", r.x, r.y))
                style:width=move || rect.with(|r| format!("{:.1}px", r.w))
                style:height=move || rect.with(|r| format!("{:.1}px", r.h))
            >
                <button
                    type="button"
                    class="pk-hit"
                    data-item=walk::code(item)
                    tabindex=tabindex
                    aria-label=move || label.get()
                    aria-pressed=pressed
                ></button>
                <div class="pk-body" aria-hidden="true">{body}</div>
                {controls}
            </div>
        }
        .into_any()
    }
}

/// Something at a place that is no box to go to.
pub fn placed(class: &'static str, rect: Signal<Rect>, kids: Kids) -> AnyView {
    view! {
        <div
            class=class
            style:transform=move || rect.with(|r| format!("translate({:.1}px,{:.1}px)", r.x, r.y))
            style:width=move || rect.with(|r| format!("{:.1}px", r.w))
            style:height=move || rect.with(|r| format!("{:.1}px", r.h))
        >
            {kids}
        </div>
    }
    .into_any()
}
