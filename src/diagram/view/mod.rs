//! The picture's elements.

mod canvas;
mod card;
mod node;
mod outside;
mod pod;
mod service;
mod wires;

pub use canvas::Hits;

use cluster::api::Uid;
use leptos::html::Div;
use leptos::prelude::*;
use wasm_bindgen::prelude::*;

use super::camera::Camera;
use super::input;
use super::scene::Picture;
use super::words;
use crate::parts::{Kids, block, live, nothing, span};
use crate::session::use_session;

/// The cluster, drawn, in whatever room it is given.
#[component]
pub fn Diagram() -> impl IntoView {
    let session = use_session();
    let picture = Picture::new(session);
    let frame = NodeRef::<Div>::new();
    watch_size(picture, frame);
    follow_layout(picture);
    let hits = canvas::Hits::default();
    let input = input::Input::new(picture, frame, hits.clone());
    view! {
        <div
            class=move || if fits(picture) { "pk-diagram pk-fits" } else { "pk-diagram" }
            node_ref=frame
            on:click={ let i = input.clone(); move |e| i.click(&e) }
            on:contextmenu={ let i = input.clone(); move |e| i.menu(&e) }
            on:keydown={ let i = input.clone(); move |e| i.key(&e) }
            on:wheel={ let i = input.clone(); move |e| i.wheel(&e) }
            on:pointerdown={ let i = input.clone(); move |e| i.down(&e) }
            on:pointermove={ let i = input.clone(); move |e| i.moved(&e) }
            on:pointerup={ let i = input.clone(); move |e| i.up(&e) }
            on:pointercancel={ let i = input.clone(); move |e| i.up(&e) }
            on:pointerover={ let i = input.clone(); move |e| i.over(&e) }
            on:pointerleave=move |_| session.hover.set(None)
            on:focusin={ let i = input.clone(); move |e| i.focused(&e) }
        >
            {stage(picture)}
            {canvas::canvas(picture, hits)}
            {zoom_buttons(picture)}
        </div>
    }
}

/// All boxes and wires, under one transform.
fn stage(picture: Picture) -> AnyView {
    let transform = move || {
        let Camera { x, y, zoom, .. } = picture.camera.get();
        format!("translate({x:.1}px,{y:.1}px) scale({zoom:.4})")
    };
    let size = move |f: fn(&super::layout::Layout) -> f64| {
        move || picture.scene.with(|s| format!("{:.0}px", f(&s.layout)))
    };
    let parts: Kids = vec![
        frame(picture),
        outside::view(picture),
        service::cards(picture),
        nodes(picture),
        waiting(picture),
        wires::view(picture),
    ];
    view! {
        <div
            class="pk-stage"
            role="graphics-document document"
            aria-label=words::DIAGRAM
            style:transform=transform
            style:width=size(|l| l.width)
            style:height=size(|l| l.height)
        >
            {parts}
        </div>
    }
    .into_any()
}

/// The cluster's edge, and what is inside it.
fn frame(picture: Picture) -> AnyView {
    let rect = Memo::new(move |_| picture.scene.with(|s| s.layout.cluster));
    let ranges = move || {
        picture.session.opened_rev();
        picture.session.with_world(|w| words::ranges(&w.config().pod_cidr, &w.config().service_cidr))
    };
    let title = live(move || {
        block("pk-cluster-title", vec![span("pk-lane-title", words::CLUSTER), span("pk-note", ranges())])
    });
    card::placed("pk-cluster", rect.into(), vec![title])
}

fn nodes(picture: Picture) -> AnyView {
    let uids = move || picture.scene.with(|s| s.layout.nodes.iter().map(|n| n.uid).collect::<Vec<_>>());
    view! { <For each=uids key=|uid| *uid children=move |uid| node::with_pods(picture, uid) /> }.into_any()
}

/// Pods that no node has taken.
fn waiting(picture: Picture) -> AnyView {
    let uids = Memo::new(move |_| {
        picture.scene.with(|s| s.layout.waiting.iter().map(|(uid, _)| *uid).collect::<Vec<Uid>>())
    });
    let title = live(move || {
        let Some(first) = picture.scene.with(|s| s.layout.waiting.first().map(|(_, rect)| *rect)) else {
            return nothing();
        };
        let rect = super::geometry::Rect { y: first.y - 24.0, h: 20.0, w: 260.0, ..first };
        card::placed("pk-lane-title", Signal::derive(move || rect), vec![span("", words::WAITING_FOR_A_NODE)])
    });
    let pods = view! {
        <For each=move || uids.get() key=|uid| *uid children=move |uid| pod::card(picture, uid) />
    };
    vec![title, pods.into_any()].into_any()
}

fn zoom_buttons(picture: Picture) -> AnyView {
    let button = |sign: &'static str, name: &'static str, act: fn(Picture)| {
        view! {
            <button type="button" class="pk-zoom" aria-label=name title=name on:click=move |_| act(picture)>
                <span aria-hidden="true">{sign}</span>
            </button>
        }
        .into_any()
    };
    let kids = vec![
        button("+", words::ZOOM_IN, |p| input::zoom(p, super::camera::STEP)),
        button("−", words::ZOOM_OUT, |p| input::zoom(p, 1.0 / super::camera::STEP)),
        button("⤢", words::ZOOM_FIT, input::fit),
    ];
    view! { <div class="pk-zooms" role="group" aria-label=words::ZOOM>{kids}</div> }.into_any()
}

/// Whether there is nothing to pan to.
fn fits(picture: Picture) -> bool {
    let picture_size = picture.scene.with(|s| (s.layout.width, s.layout.height));
    let room = super::camera::Room { picture: picture_size, view: picture.view.get() };
    picture.camera.get().overflows(room) == (false, false)
}

/// The room for the picture, measured when it changes and never else.
fn watch_size(picture: Picture, frame: NodeRef<Div>) {
    Effect::new(move |_| {
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
    Effect::new(move |before: Option<u32>| {
        let opened = picture.session.opened_rev();
        if before.is_some_and(|before| before != opened) {
            picture.camera.set(Camera::fitted(picture.room()));
        }
        opened
    });
    Effect::new(move |_| {
        let size = picture.scene.with(|s| (s.layout.width, s.layout.height));
        let view = picture.view.get();
        if picture.camera.with_untracked(|c| c.follows) {
            let fitted = Camera::fitted(super::camera::Room { picture: size, view });
            if picture.camera.get_untracked() != fitted {
                picture.camera.set(fitted);
            }
        }
    });
}
