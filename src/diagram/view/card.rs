//! A box of the picture: where it is, how it stands, a button over it, and what it says.

use super::{node, outside, pod, service};
use crate::components::aria_bool;
use crate::diagram::picture::Picture;
use crate::parts::{Kids, live, nothing};
use crate::session::Selection;
use leptos::prelude::*;
use scene::geometry::{Rect, point, px, translate};
use scene::walk;

/// A box's outside; its inside is shown by itself, since it changes more often.
#[derive(Clone, Default, PartialEq)]
pub struct Shell {
    pub class: String,
    /// What it says to those who do not see it; the inside is hidden from them.
    pub label: String,
    pub rect: Rect,
}

pub fn card(picture: Picture, item: Selection) -> AnyView {
    let shell = Memo::new(move |_| {
        let mut shell = shell(picture, item).unwrap_or_default();
        shell.class = format!("pk-card {}{}", shell.class, picture.standing(item));
        shell
    });
    let pressed = move || aria_bool(picture.session.selection.get() == Some(item));
    let tabindex = move || if picture.is_tab_stop(item) { "0" } else { "-1" };
    let body = live(move || inside(picture, item).unwrap_or_else(nothing));
    let controls = match item {
        Selection::Service(uid) => live(move || service::controls(picture, uid).unwrap_or_else(nothing)),
        _ => nothing(),
    };
    view! {
        <div
            class=move || shell.with(|s| s.class.clone())
            style:transform=move || shell.with(|s| translate(point(s.rect.x, s.rect.y)))
            style:width=move || shell.with(|s| px(s.rect.w))
            style:height=move || shell.with(|s| px(s.rect.h))
        >
            <button
                type="button"
                class="pk-hit"
                data-item=walk::code(item)
                tabindex=tabindex
                aria-label=move || shell.with(|s| s.label.clone())
                aria-pressed=pressed
            ></button>
            <div class="pk-body" aria-hidden="true">{body}</div>
            {controls}
        </div>
    }
    .into_any()
}

fn shell(picture: Picture, item: Selection) -> Option<Shell> {
    match item {
        Selection::Pod(uid) => pod::shell(picture, uid),
        Selection::Service(uid) => service::shell(picture, uid),
        Selection::Node(uid) => node::shell(picture, uid),
        Selection::Client(id) => outside::client_shell(picture, id),
        Selection::LoadBalancer(uid) => outside::balancer_shell(picture, uid),
        _ => None,
    }
}

fn inside(picture: Picture, item: Selection) -> Option<AnyView> {
    match item {
        Selection::Pod(uid) => pod::inside(picture, uid),
        Selection::Service(uid) => service::inside(picture, uid),
        Selection::Node(uid) => node::inside(picture, uid),
        Selection::Client(id) => outside::client(picture, id),
        Selection::LoadBalancer(uid) => outside::balancer(picture, uid),
        _ => None,
    }
}

/// Something at a place that is no box to go to.
pub fn placed(class: &'static str, rect: Rect, kids: Kids) -> AnyView {
    view! {
        <div
            class=class
            style:transform=translate(point(rect.x, rect.y))
            style:width=px(rect.w)
            style:height=px(rect.h)
        >
            {kids}
        </div>
    }
    .into_any()
}
