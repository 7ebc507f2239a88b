//! A box of the picture: where it is, how it stands, a button over it, and what it says.

use super::{node, outside, pod, service};
use crate::diagram::geometry::{Rect, point, px, translate};
use crate::diagram::scene::Picture;
use crate::diagram::walk;
use crate::dom::Element;
use crate::parts::{Kids, View, el, nothing, said};
use crate::session::Selection;

/// A box's outside.
#[derive(Clone, Default, PartialEq)]
pub struct Shell {
    pub class: String,
    /// What it says to those who do not see it; the inside is hidden from them.
    pub label: String,
    pub rect: Rect,
}

pub fn card(picture: Picture, item: Selection) -> View {
    let Shell { class, label, rect } = shell(picture, item).unwrap_or_default();
    let selected = picture.session.selection.get() == Some(item);
    let hit = el("button")
        .attr("type", "button")
        .class("pk-hit")
        .attr("data-item", walk::code(item))
        .attr("tabindex", if picture.is_tab_stop(item) { "0" } else { "-1" })
        .attr("aria-label", label)
        .attr("aria-pressed", said(selected));
    let body = el("div").class("pk-body").attr("aria-hidden", "true");
    let controls = match item {
        Selection::Service(uid) => service::controls(picture, uid),
        _ => None,
    };
    at(rect, format!("pk-card {class}{}", picture.standing(item)))
        .key(walk::code(item))
        .kid(hit)
        .kid(body.kid(inside(picture, item).unwrap_or_else(nothing)))
        .kids(controls.into_iter().collect())
        .view()
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

fn inside(picture: Picture, item: Selection) -> Option<View> {
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
pub fn placed(class: &'static str, rect: Rect, kids: Kids) -> View {
    at(rect, class.into()).kids(kids).view()
}

fn at(rect: Rect, class: String) -> Element {
    el("div")
        .class(class)
        .style("transform", translate(point(rect.x, rect.y)))
        .style("width", px(rect.w))
        .style("height", px(rect.h))
}
