//! Links drawn as bands, if there are too many packets to distinguish.

use cluster::api::Uid;
use cluster::trace::Place;
use litemap::LiteMap;
use web_sys::CanvasRenderingContext2d as Canvas;

use super::packets::PaintContext;
use scene::dots::Dot;
use scene::routes::Routes;

/// Draws each link as a band whose width shows how many packets it has.
pub fn paint(canvas: &Canvas, dots: &[Dot], cx: &PaintContext, routes: &mut Routes) {
    let mut busy: LiteMap<((Place, Place), Option<Uid>), u32> = LiteMap::new();
    for dot in dots.iter().filter(|dot| dot.highlighted) {
        let (from, to) = dot.link;
        *busy.entry(((from.min(to), from.max(to)), dot.service)).or_default() += 1;
    }
    let most = busy.values().copied().max().unwrap_or(1).max(1);
    canvas.set_global_alpha(0.4);
    for (((from, to), service), count) in busy {
        let Some(wire) = routes.wire(&cx.scene.layout, from, to) else { continue };
        let colour = service.and_then(|s| cx.scene.mark(s)).map(|m| m.colour);
        canvas.set_stroke_style_str(colour.map_or(cx.palette.ink2, |c| cx.palette.services[c]));
        canvas.set_line_width(2.0 + 8.0 * f64::from(count) / f64::from(most));
        canvas.begin_path();
        for (i, p) in wire.points().iter().enumerate() {
            if i == 0 { canvas.move_to(p.x, p.y) } else { canvas.line_to(p.x, p.y) }
        }
        canvas.stroke();
    }
    canvas.set_global_alpha(1.0);
}
