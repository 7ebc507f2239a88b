//! The marks of failed packets, shown for a while: a cross or a ring where they ended, and the reason in words.

use std::f64::consts::TAU;

use cluster::sim::World;
use web_sys::CanvasRenderingContext2d as Canvas;

use super::packets::{FONT, PaintContext, ignore};
use scene::dots::{FAINT, LARGE};
use scene::failures::{Failure, failures};
use scene::geometry::{Point, Rect, point};
use scene::routes::Routes;

/// Paints them, and gives the places that they take.
pub fn paint(canvas: &Canvas, world: &World, cx: &PaintContext, routes: &mut Routes) -> Vec<Rect> {
    let mut placed: Vec<Rect> = Vec::new();
    for failure in failures(world, cx.scene, routes, cx.chain) {
        let taken = fail(canvas, &failure, cx, &placed);
        placed.extend(taken);
    }
    placed
}

/// A cross where it was refused, a fading ring where it was lost, and why, in words. Gives the
/// places that it takes.
fn fail(canvas: &Canvas, failure: &Failure, cx: &PaintContext, taken: &[Rect]) -> Vec<Rect> {
    let Point { x, y } = failure.at;
    canvas.set_global_alpha(if failure.highlighted { failure.fresh } else { failure.fresh * FAINT });
    canvas.begin_path();
    if failure.refused {
        let r = 5.0;
        canvas.move_to(x - r, y - r);
        canvas.line_to(x + r, y + r);
        canvas.move_to(x + r, y - r);
        canvas.line_to(x - r, y + r);
        canvas.set_line_width(5.5);
        canvas.set_stroke_style_str(cx.palette.panel);
        canvas.stroke();
        canvas.set_line_width(2.6);
    } else {
        ignore(canvas.arc(x, y, LARGE + 4.0 * (1.0 - failure.fresh), 0.0, TAU));
        canvas.set_line_width(1.8);
    }
    canvas.set_stroke_style_str(cx.palette.bad);
    canvas.stroke();
    let mut places = vec![failure.mark_place()];
    if failure.highlighted {
        places.push(say(canvas, failure, cx, taken));
    }
    canvas.set_global_alpha(1.0);
    places
}

fn say(canvas: &Canvas, failure: &Failure, cx: &PaintContext, taken: &[Rect]) -> Rect {
    canvas.set_font(&format!("600 11px {FONT}"));
    let width = |text: &str| canvas.measure_text(text).map_or(0.0, |m| m.width());
    let edge = cx.camera.to_picture(point(cx.view.0, 0.0)).x.min(cx.scene.layout.width);
    let note = failure.note(width, edge, taken);
    let rect = note.place;
    canvas.set_fill_style_str(cx.palette.badbg);
    canvas.fill_rect(rect.x, rect.y, rect.w, rect.h);
    canvas.set_line_width(1.0);
    canvas.set_stroke_style_str(cx.palette.bad);
    canvas.stroke_rect(rect.x, rect.y, rect.w, rect.h);
    canvas.set_fill_style_str(cx.palette.bad);
    canvas.set_text_align("left");
    canvas.set_text_baseline("middle");
    ignore(canvas.fill_text(&note.first, rect.x + 7.0, rect.y + 9.5));
    ignore(canvas.fill_text(&note.second, rect.x + 7.0, rect.y + 23.0));
    note.outer()
}
