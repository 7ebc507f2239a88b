//! The canvas above the scene: it shows only packets and the marks of failed packets.

use litemap::LiteMap;
use std::f64::consts::TAU;

use cluster::sim::World;
use cluster::traffic::PacketId;
use web_sys::CanvasRenderingContext2d as Canvas;

use super::{bands, failures};
use scene::Scene;
use scene::bands::MANY;
use scene::camera::Camera;
use scene::dots::{Dot, FAINT, dots};
use scene::failures::failed_lately;
use scene::geometry::{Point, Rect, point};
use scene::palette::Palette;
use scene::relations::Chain;
use scene::routes::Routes;
use scene::typeface::Family;

/// What a frame is drawn with.
pub struct PaintContext<'a> {
    pub scene: &'a Scene,
    pub chain: Option<&'a Chain>,
    pub camera: Camera,
    pub palette: &'static Palette,
    pub selected: Option<PacketId>,
    /// Paused packets show where they are going.
    pub arrows: bool,
    /// Canvas pixels for each CSS pixel.
    pub density: f64,
    pub view: (f64, f64),
}

/// What is kept from frame to frame.
#[derive(Default)]
pub struct Painter {
    pub dots: Vec<Dot>,
    pub routes: Routes,
    /// What was drawn on and must be cleared, in canvas pixels.
    dirty: Option<Rect>,
}

pub const FONT: &str = Family::Sans.names();

impl Painter {
    pub fn paint(&mut self, canvas: &Canvas, world: &World, cx: &PaintContext) {
        dots(world, cx.scene, &mut self.routes, cx.chain, &mut self.dots);
        self.clear(canvas);
        let failed = failed_lately(world);
        if self.dots.is_empty() && !failed {
            return;
        }
        let zoom = cx.camera.zoom * cx.density;
        let (x, y) = (cx.camera.x * cx.density, cx.camera.y * cx.density);
        ignore(canvas.set_transform(zoom, 0.0, 0.0, zoom, x, y));
        if self.dots.len() > MANY {
            bands::paint(canvas, &self.dots, cx, &mut self.routes);
        } else {
            self.discs(canvas, cx);
        }
        if let Some(dot) = self.dots.iter().find(|dot| Some(dot.id) == cx.selected) {
            ring(canvas, dot.at, cx);
        }
        let placed = if failed { failures::paint(canvas, world, cx, &mut self.routes) } else { Vec::new() };
        self.note_dirty(cx, &placed);
    }

    /// Called after the canvas was cleared by a resize.
    pub fn forget_drawn(&mut self) {
        self.dirty = None;
    }

    /// Only what was drawn on: clearing all of it would cost as much as the drawing.
    fn clear(&mut self, canvas: &Canvas) {
        if let Some(rect) = self.dirty.take() {
            ignore(canvas.set_transform(1.0, 0.0, 0.0, 1.0, 0.0, 0.0));
            canvas.clear_rect(rect.x, rect.y, rect.w, rect.h);
        }
    }

    fn note_dirty(&mut self, cx: &PaintContext, placed: &[Rect]) {
        let reach = 16.0;
        let around = |p: Point| Rect { x: p.x - reach, y: p.y - reach, w: 2.0 * reach, h: 2.0 * reach };
        let mut all: Option<Rect> = None;
        let bands = self.dots.len() > MANY;
        let full = Rect { x: 0.0, y: 0.0, w: cx.scene.layout.width, h: cx.scene.layout.height };
        let dots = self.dots.iter().map(|dot| around(dot.at));
        for rect in dots.chain(placed.iter().copied()).chain(bands.then_some(full)) {
            all = Some(all.map_or(rect, |all| union(all, rect)));
        }
        self.dirty = all.map(|rect| {
            let from = cx.camera.to_view(point(rect.x, rect.y));
            let to = cx.camera.to_view(point(rect.right(), rect.bottom()));
            let d = cx.density;
            let (x, y) = ((from.x * d).floor(), (from.y * d).floor());
            Rect { x, y, w: (to.x * d).ceil() - x, h: (to.y * d).ceil() - y }
        });
    }

    /// Grouped by colour, so that each colour is one path to fill and one to stroke.
    fn discs(&self, canvas: &Canvas, cx: &PaintContext) {
        let mut groups: LiteMap<(bool, Option<usize>, bool), Vec<&Dot>> = LiteMap::new();
        for dot in &self.dots {
            let colour = dot.service.and_then(|s| cx.scene.mark(s)).map(|m| m.colour);
            groups.entry((dot.highlighted, colour, dot.reply)).or_default().push(dot);
        }
        for ((highlighted, colour, reply), dots) in groups {
            let colour = cx.palette.service(colour);
            canvas.set_global_alpha(if highlighted { 1.0 } else { FAINT });
            canvas.begin_path();
            dots.iter().for_each(|dot| shape(canvas, dot, cx.camera.zoom));
            canvas.set_fill_style_str(if reply { cx.palette.panel } else { colour });
            canvas.fill();
            canvas.set_line_width(if reply { 2.0 } else { 1.5 });
            canvas.set_stroke_style_str(if reply { colour } else { cx.palette.panel });
            canvas.stroke();
            if cx.arrows {
                arrows(canvas, &dots, cx, colour);
            }
            letters(canvas, &dots, cx);
        }
        canvas.set_global_alpha(1.0);
    }
}

/// Ignores errors of drawing, which cannot be handled in any useful way.
pub fn ignore<T>(result: Result<T, wasm_bindgen::JsValue>) {
    drop(result);
}

fn union(a: Rect, b: Rect) -> Rect {
    let (x, y) = (a.x.min(b.x), a.y.min(b.y));
    Rect { x, y, w: a.right().max(b.right()) - x, h: a.bottom().max(b.bottom()) - y }
}

fn shape(canvas: &Canvas, dot: &Dot, zoom: f64) {
    if dot.udp {
        outline(canvas, &dot.diamond(zoom));
    } else {
        let (Point { x, y }, r) = (dot.at, dot.radius(zoom));
        canvas.move_to(x + r, y);
        ignore(canvas.arc(x, y, r, 0.0, TAU));
    }
}

fn outline(canvas: &Canvas, corners: &[Point]) {
    for (i, p) in corners.iter().enumerate() {
        if i == 0 { canvas.move_to(p.x, p.y) } else { canvas.line_to(p.x, p.y) }
    }
    canvas.close_path();
}

fn arrows(canvas: &Canvas, dots: &[&Dot], cx: &PaintContext, colour: &str) {
    canvas.begin_path();
    dots.iter().for_each(|dot| outline(canvas, &dot.arrow(cx.camera.zoom)));
    canvas.set_fill_style_str(colour);
    canvas.fill();
}

fn letters(canvas: &Canvas, dots: &[&Dot], cx: &PaintContext) {
    let zoom = cx.camera.zoom;
    canvas.set_fill_style_str(cx.palette.on);
    for dot in dots.iter().filter(|dot| dot.has_letter(zoom)) {
        let Some(mark) = dot.service.and_then(|s| cx.scene.mark(s)) else { continue };
        canvas.set_font(&format!("700 {}px {FONT}", (dot.radius(zoom) * 1.3).round() as u32));
        canvas.set_text_align("center");
        canvas.set_text_baseline("middle");
        ignore(canvas.fill_text(&mark.letter, dot.at.x, dot.at.y + 0.5));
    }
}

fn ring(canvas: &Canvas, at: Point, cx: &PaintContext) {
    canvas.begin_path();
    ignore(canvas.arc(at.x, at.y, 11.0, 0.0, TAU));
    canvas.set_line_width(2.0);
    canvas.set_stroke_style_str(cx.palette.focus);
    canvas.stroke();
}
