//! Failed packets: a cross where one was refused, a ring where it was lost, and why, in words.

use super::Drawing;
use super::card::open;
use super::line;
use super::paper::{Anchor, Look, Paper, Written, number};
use crate::dots::{FAINT, LARGE};
use crate::failures::{Failure, Note};
use crate::geometry::{Point, Rect, point};
use crate::typeface::NOTE;

pub fn draw(paper: &mut Paper, cx: &Drawing, failures: &[Failure]) {
    let mut taken: Vec<Rect> = Vec::new();
    for failure in failures {
        // They do not fade as on the canvas: a figure is looked at for longer.
        let opacity = if failure.highlighted { 1.0 } else { FAINT };
        draw_mark(paper, cx, failure, opacity);
        taken.push(failure.mark_place());
        if failure.highlighted {
            let face = NOTE.bold();
            let note = failure.note(|line| face.width(line), cx.scene.layout.width, &taken);
            draw_note(paper, cx, &note);
            taken.push(note.outer());
        }
    }
}

fn draw_mark(paper: &mut Paper, cx: &Drawing, failure: &Failure, opacity: f64) {
    let (palette, Point { x, y }) = (cx.palette, failure.at);
    if failure.refused {
        let r = 5.0;
        let [left, right, top, bottom] = [x - r, x + r, y - r, y + r].map(number);
        let cross = format!("M{left} {top}L{right} {bottom}M{right} {top}L{left} {bottom}");
        paper.path(&cross, Look::default().outlined(palette.panel, 5.5).with_opacity(opacity));
        paper.path(&cross, Look::default().outlined(palette.bad, 2.6).with_opacity(opacity));
    } else {
        let radius = LARGE + 4.0 * (1.0 - failure.fresh);
        let look = Look::default().outlined(palette.bad, 1.8);
        paper.circle(failure.at, radius, look.with_opacity(opacity));
    }
}

fn draw_note(paper: &mut Paper, cx: &Drawing, note: &Note) {
    let palette = cx.palette;
    open(paper, &[&*note.first, &*note.second].join(" "));
    paper.rect(note.place, Look::filled(palette.badbg).outlined(palette.bad, 1.0));
    for (words, y) in [(&note.first, 9.5), (&note.second, 23.0)] {
        let written = Written { words, face: NOTE.bold(), colour: palette.bad, is_struck: false };
        line::write(paper, point(note.place.x + 7.0, note.place.y + y), Anchor::Start, written);
    }
    paper.close();
}
