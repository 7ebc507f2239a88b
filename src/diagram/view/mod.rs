//! The picture's elements.

mod assumed;
mod canvas;
mod card;
mod frames;
mod node;
mod outside;
mod pod;
mod rules;
mod service;
#[cfg(all(test, target_arch = "wasm32"))]
mod tests;
mod wires;
mod zoom;

use leptos::html::Div;
use leptos::prelude::*;
use wasm_bindgen::prelude::*;

pub use canvas::Hits;
use canvas::PacketCanvas;
use frames::Frames;
use node::NodeCard;
use outside::{BalancerCard, ClientCard};
use pod::{Ghosts, PodCard};
use service::ServiceCard;
use wires::Wires;
use zoom::ZoomButtons;

use super::input::Input;
use crate::diagram::picture::Picture;
use crate::session::{Selection, Session};
use scene::camera::{Camera, Viewport};
use scene::geometry::{point, px, scale, translate};
use scene::{navigation, words};

/// The cluster, drawn, in whatever room it is given. Its children are buttons that stand beside the zoom's.
#[component]
pub fn Diagram(#[prop(optional)] children: Option<Children>) -> impl IntoView {
    let picture = Picture::new(expect_context::<Session>());
    provide_context(picture);
    let frame = NodeRef::<Div>::new();
    let hits = Hits::default();
    watch_size(picture, frame);
    follow_layout(picture);
    Input::new(picture, frame, hits.clone()).listen();
    view! {
        <div node_ref=frame class="pk-diagram" class:pk-fits=move || fits(picture)>
            <Stage/>
            <PacketCanvas hits/>
            <ZoomButtons>{children.map(|children| children())}</ZoomButtons>
        </div>
    }
}

/// All boxes and wires, under one transform: the camera's. Nothing is shown again when it moves.
#[component]
fn Stage() -> impl IntoView {
    let picture = expect_context::<Picture>();
    let camera = move || {
        let Camera { x, y, zoom, .. } = picture.camera.get();
        format!("{} {}", translate(point(x, y)), scale(zoom))
    };
    let boxes = picture.watch(|scene| {
        navigation::stops(&scene.layout).into_iter().map(|(item, _)| item).collect::<Vec<_>>()
    });
    view! {
        <div
            class="pk-stage"
            role="graphics-document document"
            aria-label=words::DIAGRAM
            style:transform=camera
            style:width=move || picture.scene.with(|scene| px(scene.layout.width))
            style:height=move || picture.scene.with(|scene| px(scene.layout.height))
        >
            <Frames/>
            <For each=move || boxes.get() key=|item| navigation::code(*item) let:item>
                <AnyCard item/>
            </For>
            <Ghosts/>
            <Wires/>
        </div>
    }
}

#[component]
fn AnyCard(item: Selection) -> AnyView {
    match item {
        Selection::Pod(uid) => view! { <PodCard uid/> }.into_any(),
        Selection::Service(uid) => view! { <ServiceCard uid/> }.into_any(),
        Selection::Node(uid) => view! { <NodeCard uid/> }.into_any(),
        Selection::Client(id) => view! { <ClientCard id/> }.into_any(),
        Selection::LoadBalancer(service) => view! { <BalancerCard service/> }.into_any(),
        // They have no box of their own.
        Selection::Workload(_) | Selection::Connection(_) | Selection::Packet(_) | Selection::Object(_) => {
            ().into_any()
        }
    }
}

/// Whether there is nothing to pan to.
fn fits(picture: Picture) -> bool {
    let size = picture.scene.with(|s| (s.layout.width, s.layout.height));
    let viewport = Viewport { picture: size, view: picture.view.get() };
    picture.camera.get().overflows(viewport) == (false, false)
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
        let fitted = Camera::fitted(picture.viewport());
        if (is_new || camera.follows) && camera != fitted {
            picture.camera.set(fitted);
        }
    });
}
