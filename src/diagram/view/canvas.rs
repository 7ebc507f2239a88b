//! The canvas that packets are painted on, frame by frame.

use leptos::html::Canvas;
use leptos::prelude::*;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use cluster::traffic::PacketId;
use wasm_bindgen::prelude::*;
use web_sys::CanvasRenderingContext2d;

use crate::diagram::packets::{PaintContext, Painter};
use crate::diagram::picture::Picture;
use crate::session::{Motion, Selection};
use scene::Scene;
use scene::dots;
use scene::geometry::Point;
use scene::palette::Theme;

/// Which packet is at a place of the picture, as it was last painted.
#[derive(Clone, Default)]
pub struct Hits(Rc<RefCell<Painter>>);

impl Hits {
    pub fn packet_at(&self, at: Point, radius: f64) -> Option<PacketId> {
        dots::hit(&self.0.borrow().dots, at, radius)
    }
}

#[derive(Default)]
struct Surface {
    context: Option<CanvasRenderingContext2d>,
    /// What the routes are for.
    scene: Option<Arc<Scene>>,
    density: f64,
}

#[component]
pub fn PacketCanvas(hits: Hits) -> impl IntoView {
    let picture = expect_context::<Picture>();
    let element = NodeRef::<Canvas>::new();
    let surface = Rc::new(RefCell::new(Surface::default()));
    resize_with_view(picture, element, surface.clone(), hits.clone());
    repaint_when_changed(picture);
    let session = picture.session;
    session.on_frame(move |world, _| {
        let mut surface = surface.borrow_mut();
        let Some(context) = surface.context.clone() else { return };
        let scene = picture.scene.get_untracked();
        let mut painter = hits.0.borrow_mut();
        if surface.scene.as_ref().is_none_or(|old| old.layout != scene.layout) {
            painter.routes = Default::default();
        }
        surface.scene = Some(scene.clone());
        let highlight = picture.highlight.get_untracked();
        let selection = session.selection.get_untracked();
        let selected = if let Some(Selection::Packet(id)) = selection { Some(id) } else { None };
        let theme = if untrack(|| session.is_dark()) { Theme::Dark } else { Theme::Light };
        let cx = PaintContext {
            scene: &scene,
            chain: highlight.chain.as_ref(),
            camera: picture.camera.get_untracked(),
            palette: theme.palette(),
            selected,
            arrows: untrack(|| session.motion()) == Motion::Paused,
            density: surface.density,
            view: picture.view.get_untracked(),
        };
        painter.paint(&context, world, &cx);
    });
    view! { <canvas node_ref=element class="pk-packets" aria-hidden="true"></canvas> }
}

/// The canvas has as many pixels as the screen has for it; this clears it.
fn resize_with_view(picture: Picture, element: NodeRef<Canvas>, surface: Rc<RefCell<Surface>>, hits: Hits) {
    Effect::new(move || {
        let (width, height) = picture.view.get();
        let Some(canvas) = element.get() else { return };
        let density = window().device_pixel_ratio().clamp(1.0, 3.0);
        canvas.set_width((width * density).round() as u32);
        canvas.set_height((height * density).round() as u32);
        let mut surface = surface.borrow_mut();
        surface.density = density;
        if surface.context.is_none() {
            let context = canvas.get_context("2d").ok().flatten();
            surface.context = context.and_then(|c| c.dyn_into().ok());
        }
        hits.0.borrow_mut().forget_drawn();
        picture.session.repaint();
    });
}

/// While nothing moves, only a change of what is looked at, or how, needs a new frame.
fn repaint_when_changed(picture: Picture) {
    let is_paused = Memo::new(move |_| picture.session.motion() == Motion::Paused);
    Effect::new(move || {
        picture.camera.track();
        picture.scene.track();
        picture.highlight.track();
        picture.session.is_dark();
        is_paused.track();
        picture.session.repaint();
    });
}
