//! Links drawn as bands, if there are too many packets to distinguish.

use web_sys::CanvasRenderingContext2d as Canvas;

use super::packets::PaintContext;
use scene::bands::{self, Band, bands};
use scene::dots::Dot;
use scene::routes::Routes;

/// Draws each link as a band whose width shows how many packets it has.
pub fn paint(canvas: &Canvas, dots: &[Dot], cx: &PaintContext, routes: &mut Routes) {
    canvas.set_global_alpha(bands::OPACITY);
    for Band { from, to, service, width } in bands(dots) {
        let Some(wire) = routes.wire(&cx.scene.layout, from, to) else { continue };
        let colour = service.and_then(|s| cx.scene.mark(s)).map(|m| m.colour);
        canvas.set_stroke_style_str(cx.palette.service(colour));
        canvas.set_line_width(width);
        canvas.begin_path();
        for (i, p) in wire.points().iter().enumerate() {
            if i == 0 { canvas.move_to(p.x, p.y) } else { canvas.line_to(p.x, p.y) }
        }
        canvas.stroke();
    }
    canvas.set_global_alpha(1.0);
}
