//! A box of the picture: where it is, how it stands, a button over it, and what it says.

use crate::components::aria_bool;
use crate::diagram::picture::Picture;
use crate::session::Selection;
use leptos::prelude::*;
use scene::geometry::{Rect, point, px, translate};
use scene::navigation;

#[component]
pub fn Card(
    item: Selection,
    /// What kind of box it is, and in which state.
    #[prop(into)]
    class: Signal<String>,
    /// What it says to those who do not see it.
    #[prop(into)]
    label: Signal<String>,
    #[prop(into)] place: Signal<Rect>,
    /// What there may be no room for.
    #[prop(optional, into)]
    hint: Signal<Option<String>>,
    children: Children,
) -> impl IntoView {
    let picture = expect_context::<Picture>();
    let class = Memo::new(move |_| format!("pk-card {}{}", class.get(), picture.standing(item)));
    view! {
        <Placed class place>
            <button
                type="button"
                class="pk-hit"
                data-item=navigation::code(item)
                tabindex=move || if picture.is_tab_stop(item) { "0" } else { "-1" }
                aria-label=move || label.get()
                title=move || hint.get()
                aria-pressed=move || aria_bool(picture.session.selection.get() == Some(item))
            ></button>
            {children()}
        </Placed>
    }
}

/// What a box shows: those who do not see it have its label.
#[component]
pub fn CardBody(children: Children) -> impl IntoView {
    view! {
        <div class="pk-body" aria-hidden="true">
            {children()}
        </div>
    }
}

/// Something at a place of the picture.
#[component]
pub fn Placed(
    #[prop(into)] class: Signal<String>,
    #[prop(into)] place: Signal<Rect>,
    children: Children,
) -> impl IntoView {
    let at = move || {
        let Rect { x, y, .. } = place.get();
        translate(point(x, y))
    };
    view! {
        <div
            class=move || class.get()
            style:transform=at
            style:width=move || px(place.get().w)
            style:height=move || px(place.get().h)
        >
            {children()}
        </div>
    }
}

/// A part of what a card shows; nothing, for as long as what it is of is gone and the card is not.
pub fn part<T: Send + Sync + 'static, R: Default>(
    shown: Memo<Option<T>>,
    read: impl Fn(&T) -> R + Copy + Send + Sync + 'static,
) -> impl Fn() -> R + Copy + Send + Sync + 'static {
    move || shown.with(|shown| shown.as_ref().map(read)).unwrap_or_default()
}
