//! The picture's elements.

mod canvas;
mod card;
mod node;
mod outside;
mod pod;
mod service;
mod wires;

use leptos::html::Div;
use leptos::prelude::*;
use wasm_bindgen::prelude::*;

pub use canvas::Hits;

use super::gestures::{Zoom, zoom_by_button};
use super::input;
use crate::diagram::picture::Picture;
use crate::parts::{Kids, block, button, live, span};
use crate::session::Session;
use scene::Scene;
use scene::camera::{Camera, Room};
use scene::geometry::{Rect, point, px, scale, translate};
use scene::layout::Form;
use scene::{walk, words};

/// The cluster, drawn, in whatever room it is given.
pub fn diagram(session: Session) -> AnyView {
    let picture = Picture::new(session);
    let frame = NodeRef::<Div>::new();
    let hits = Hits::default();
    watch_size(picture, frame);
    follow_layout(picture);
    input::Input::new(picture, frame, hits.clone()).listen();
    view! {
        <div node_ref=frame class="pk-diagram" class:pk-fits=move || fits(picture)>
            {boxes(picture)}
            {canvas::canvas(picture, hits)}
            {zoom_buttons(picture)}
        </div>
    }
    .into_any()
}

/// All boxes and wires, under one transform.
fn boxes(picture: Picture) -> AnyView {
    let parts: Kids = vec![
        live(move || picture.scene.with(|scene| frames(scene))),
        cards(picture),
        live(move || pod::ghosts(picture)),
        live(move || wires::view(picture)),
    ];
    // The camera is one transform: nothing is shown again when it moves.
    let transform = move || {
        let Camera { x, y, zoom, .. } = picture.camera.get();
        format!("{} {}", translate(point(x, y)), scale(zoom))
    };
    view! {
        <div
            class="pk-stage"
            role="graphics-document document"
            aria-label=words::DIAGRAM
            style:transform=transform
            style:width=move || picture.scene.with(|scene| px(scene.layout.width))
            style:height=move || picture.scene.with(|scene| px(scene.layout.height))
        >
            {parts}
        </div>
    }
    .into_any()
}

/// Each box keeps its element for as long as it is there.
fn cards(picture: Picture) -> AnyView {
    let items = move || -> Vec<crate::session::Selection> {
        picture.scene.with(|s| walk::stops(&s.layout).into_iter().map(|(item, _)| item).collect())
    };
    view! { <For each=items key=|item| walk::code(*item) children=move |item| card::card(picture, item) /> }
        .into_any()
}

/// What is behind the boxes: the cluster's edge and the names of the lanes.
fn frames(scene: &Scene) -> AnyView {
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
    kids.into_any()
}

fn zoom_buttons(picture: Picture) -> AnyView {
    let zoom = |sign: &'static str, name: &'static str, how: Zoom| {
        let act = move || zoom_by_button(picture, how);
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
fn watch_size(picture: Picture, frame: NodeRef<Div>) {
    Effect::new(move || {
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
    Effect::new(move || {
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
