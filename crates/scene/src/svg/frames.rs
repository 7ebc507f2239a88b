//! What is behind the boxes: the cluster's edge and the names of the lanes.

use super::Drawing;
use super::line::{self, text, whole};
use super::paper::{Anchor, Look, Paper, Written};
use crate::geometry::{Rect, point};
use crate::typeface::{CODE, NOTE, Typeface};
use crate::words;

/// Of the name of a lane, in capitals.
const LANE: Typeface = NOTE.bold().spaced(0.06);

pub fn draw(paper: &mut Paper, cx: &Drawing, bottom: f64) {
    let (layout, facts, palette) = (&cx.scene.layout, &cx.scene.facts, cx.palette);
    let cluster = Rect { h: bottom - layout.cluster.y, ..layout.cluster };
    paper.bordered(cluster, Look::default().outlined(palette.line, 1.5).rounded(16.0));
    let row = |rect: Rect| Rect { h: 16.0, ..rect };
    let title = Rect { x: cluster.x + 15.5, y: cluster.y + 10.5, w: cluster.w - 31.0, h: 16.0 };
    let name = words::CLUSTER.to_uppercase();
    let ranges = words::ranges(&facts.pod_ranges, &facts.service_ranges);
    let items = vec![whole(&name, LANE, palette.ink2), line::Item::Spring, text(&ranges, CODE, palette.ink2)];
    line::draw(paper, title, 12.0, items);

    let outside = layout.outside_title();
    line::draw(paper, row(outside), 0.0, vec![text(&words::OUTSIDE.to_uppercase(), LANE, palette.ink2)]);
    if layout.clients.is_empty() && layout.balancers.is_empty() {
        for (i, words) in NOTE.lines(words::NOBODY_OUTSIDE, outside.w, 3).iter().enumerate() {
            let at = point(outside.x, outside.y + 29.5 + 15.0 * i as f64);
            let written = Written { words, face: NOTE, colour: palette.ink2, is_struck: false };
            line::write(paper, at, Anchor::Start, written);
        }
    }
    if let Some(waiting) = layout.waiting_title() {
        let name = words::WAITING_FOR_A_NODE.to_uppercase();
        line::draw(paper, row(waiting), 0.0, vec![text(&name, LANE, palette.ink2)]);
    }
}
