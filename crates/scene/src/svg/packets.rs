//! Packets: filled on the way there, hollow on the way back, each with an arrow that says where it goes.

use super::Drawing;
use super::line;
use super::paper::{Anchor, Look, Paper, Written};
use crate::Selection;
use crate::bands::{self, MANY, bands};
use crate::dots::{Dot, FAINT};
use crate::routes::Routes;
use crate::typeface::sans;

pub fn draw(paper: &mut Paper, cx: &Drawing, dots: &[Dot], routes: &mut Routes) {
    if dots.len() > MANY {
        draw_bands(paper, cx, dots, routes);
    } else {
        // Those that step back are behind the others.
        for is_highlighted in [false, true] {
            let dots = dots.iter().filter(|dot| dot.highlighted == is_highlighted);
            dots.for_each(|dot| draw_dot(paper, cx, dot));
        }
    }
    if let Some(Selection::Packet(id)) = cx.selected {
        for dot in dots.iter().filter(|dot| dot.id == id) {
            paper.circle(dot.at, 11.0, Look::default().outlined(cx.palette.focus, 2.0));
        }
    }
}

fn draw_bands(paper: &mut Paper, cx: &Drawing, dots: &[Dot], routes: &mut Routes) {
    for band in bands(dots) {
        let wire = routes.wire(&cx.scene.layout, band.from, band.to);
        let colour = band.service.and_then(|service| cx.scene.mark(service)).map(|mark| mark.colour);
        let look = Look::default().outlined(cx.palette.service(colour), band.width);
        if let Some(wire) = wire {
            paper.path(&wire.svg(), look.with_opacity(bands::OPACITY));
        }
    }
}

fn draw_dot(paper: &mut Paper, cx: &Drawing, dot: &Dot) {
    let (palette, zoom) = (cx.palette, cx.zoom);
    let mark = dot.service.and_then(|service| cx.scene.mark(service));
    let colour = palette.service(mark.map(|mark| mark.colour));
    let opacity = if dot.highlighted { 1.0 } else { FAINT };
    let look = match dot.reply {
        true => Look::filled(palette.panel).outlined(colour, 2.0),
        false => Look::filled(colour).outlined(palette.panel, 1.5),
    };
    match dot.udp {
        true => paper.polygon(&dot.diamond(zoom), look.with_opacity(opacity)),
        false => paper.circle(dot.at, dot.radius(zoom), look.with_opacity(opacity)),
    }
    paper.polygon(&dot.arrow(zoom), Look::filled(colour).with_opacity(opacity));
    if let Some(mark) = mark.filter(|_| dot.has_letter(zoom)) {
        let face = sans(dot.radius(zoom) * 1.3).bold();
        let written = Written { words: &mark.letter, face, colour: palette.on, is_struck: false };
        line::write(paper, dot.at, Anchor::Middle, written);
    }
}
