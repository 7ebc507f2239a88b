//! Wires: the network's own lines, faintly, and those that packets use.

use super::Drawing;
use super::paper::{Look, Paper};
use crate::network::{network, ring, used};

pub fn draw(paper: &mut Paper, cx: &Drawing) {
    let (layout, palette) = (&cx.scene.layout, cx.palette);
    paper.path(&network(layout), Look::default().outlined(palette.line, 1.5));
    let chain = cx.highlight.chain.as_ref();
    let (width, opacity) = if chain.is_some() { (2.5, 0.7) } else { (1.5, 0.4) };
    for (colour, d) in used(cx.world, cx.scene, chain).iter() {
        let look = Look::default().outlined(palette.service(*colour), width);
        paper.path(d, look.with_opacity(opacity));
    }
    let rings: String = layout.nodes.iter().map(ring).collect();
    if !rings.is_empty() {
        paper.path(&rings, Look::filled(palette.panel).outlined(palette.control, 2.0));
    }
}
