//! The picture's elements.

mod canvas;
mod card;
mod node;
mod outside;
mod pod;
mod service;
mod wires;

use crate::dom::reactive::*;
use wasm_bindgen::prelude::*;
use web_sys::HtmlElement;

pub use canvas::Hits;

use super::camera::{Camera, Room};
use super::geometry::{Rect, point, px, scale, translate};
use super::gestures::Zoom;
use super::layout::Form;
use super::scene::{Picture, Scene};
use super::{input, walk, words};
use crate::dom::Place;
use crate::parts::{Kids, View, block, button, el, live, span, whenever};
use crate::session::Session;

/// The cluster, drawn, in whatever room it is given.
pub fn diagram(session: Session) -> View {
    let picture = Picture::new(session);
    let frame = Place::new(None);
    let stage = Place::new(None);
    let hits = Hits::default();
    watch_size(picture, frame);
    follow_layout(picture);
    follow_camera(picture, frame, stage);
    input::Input::new(picture, frame, hits.clone()).listen();
    el("div")
        .place(frame)
        .class("pk-diagram")
        .kid(boxes(picture, stage))
        .kid(canvas::canvas(picture, hits))
        .kid(zoom_buttons(picture))
        .view()
}

/// The camera is one transform: nothing is shown again when it moves.
fn follow_camera(picture: Picture, frame: Place, stage: Place) {
    whenever(move || {
        let Camera { x, y, zoom, .. } = picture.camera.get();
        let (width, height) = picture.scene.with(|s| (s.layout.width, s.layout.height));
        let class = if fits(picture) { "pk-diagram pk-fits" } else { "pk-diagram" };
        if let Some(frame) = frame.get() {
            frame.set_class_name(class);
        }
        let Some(stage) = stage.get().and_then(|e| e.dyn_into::<HtmlElement>().ok()) else { return };
        let style = stage.style();
        let transform = format!("{} {}", translate(point(x, y)), scale(zoom));
        for (name, value) in [("transform", transform), ("width", px(width)), ("height", px(height))] {
            let _set = style.set_property(name, &value);
        }
    });
}

/// All boxes and wires, under one transform.
fn boxes(picture: Picture, stage: Place) -> View {
    let parts: Kids = vec![
        live(move || picture.scene.with(frames)),
        live(move || cards(picture)),
        live(move || pod::ghosts(picture)),
        live(move || wires::view(picture)),
    ];
    el("div")
        .place(stage)
        .class("pk-stage")
        .attr("role", "graphics-document document")
        .attr("aria-label", words::DIAGRAM)
        .kids(parts)
        .view()
}

/// Each box keeps its element for as long as it is there.
fn cards(picture: Picture) -> View {
    let stops = picture.scene.with(|scene| walk::stops(&scene.layout));
    let cards: Kids = stops.into_iter().map(|(item, _)| card::card(picture, item)).collect();
    cards.into()
}

/// What is behind the boxes: the cluster's edge and the names of the lanes.
fn frames(scene: &Scene) -> View {
    let layout = &scene.layout;
    let cluster = layout.cluster;
    let ranges = words::ranges(&scene.facts.pod_range, &scene.facts.service_range);
    let title =
        block("pk-cluster-title", vec![span("pk-lane-title", words::CLUSTER), span("pk-note", ranges)]);
    let mut outside = vec![span("pk-lane-title", words::OUTSIDE)];
    if layout.clients.is_empty() && layout.balancers.is_empty() {
        outside.push(span("pk-note", words::NOBODY_OUTSIDE));
    }
    let lane = match layout.form {
        Form::Wide => Rect { x: 16.0, y: cluster.y + 9.0, w: cluster.x - 40.0, h: 90.0 },
        Form::Narrow => Rect { x: cluster.x, y: 8.0, w: cluster.w, h: 20.0 },
    };
    let mut kids = vec![
        card::placed("pk-cluster", cluster, vec![title]),
        card::placed("pk-outside-title", lane, outside),
    ];
    if let Some((_, first)) = layout.waiting.first() {
        let rect = Rect { y: first.y - 24.0, h: 20.0, w: 260.0, ..*first };
        kids.push(card::placed("pk-lane-title", rect, vec![span("", words::WAITING_FOR_A_NODE)]));
    }
    kids.into()
}

fn zoom_buttons(picture: Picture) -> View {
    let zoom = |sign: &'static str, name: &'static str, how: Zoom| {
        let act = move || picture.session.with_later(move |later| (later.zoom)(picture, how));
        button(sign, act).class("pk-zoom").named(name).hint(name).view()
    };
    let kids = vec![
        zoom("+", words::ZOOM_IN, Zoom::In),
        zoom("−", words::ZOOM_OUT, Zoom::Out),
        zoom("⤢", words::ZOOM_FIT, Zoom::Fit),
    ];
    block("pk-zooms", kids)
}

/// Whether there is nothing to pan to.
fn fits(picture: Picture) -> bool {
    let size = picture.scene.with(|s| (s.layout.width, s.layout.height));
    let room = Room { picture: size, view: picture.view.get() };
    picture.camera.get().overflows(room) == (false, false)
}

/// The room for the picture, measured when it changes and never else.
fn watch_size(picture: Picture, frame: Place) {
    whenever(move || {
        let Some(element) = frame.get() else { return };
        let measured = element.clone();
        let measure = move || {
            let size = (f64::from(measured.client_width()), f64::from(measured.client_height()));
            if size.0 > 0.0 && picture.view.try_get_untracked().is_some_and(|old| old != size) {
                picture.view.set(size);
            }
        };
        // At once too: what is drawn before it is known would be seen to move.
        measure();
        let callback = Closure::<dyn FnMut()>::new(measure);
        let Ok(observer) = web_sys::ResizeObserver::new(callback.as_ref().unchecked_ref()) else { return };
        observer.observe(&element);
        let kept = StoredValue::new_local((observer, callback));
        on_cleanup(move || {
            kept.try_with_value(|(observer, _)| observer.disconnect());
        });
    });
}

/// Until a person moves it, the camera follows what is there; another text is seen afresh.
fn follow_layout(picture: Picture) {
    let opened = StoredValue::new(0);
    whenever(move || {
        let now = picture.session.opened_rev();
        picture.scene.track();
        picture.view.track();
        let is_new = opened.try_update_value(|before| std::mem::replace(before, now) != now) == Some(true);
        let camera = picture.camera.get_untracked();
        let fitted = Camera::fitted(picture.room());
        if (is_new || camera.follows) && camera != fitted {
            picture.camera.set(fitted);
        }
    });
}
