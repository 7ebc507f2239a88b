//! What a node's rules say of the Service that is looked at.

use super::Drawing;
use super::line::{self, Cut, Item};
use super::node::draw_rules_title;
use super::paper::{Look, Paper, Written};
use crate::cards::{ProxyWords, RowTone, ShownNode, row_words, rows_that_fit};
use crate::facts::{Row, RuleFacts};
use crate::geometry::Rect;
use crate::layout::RULE_LINE;
use crate::palette::mix;
use crate::typeface::{CODE, NOTE, Typeface};
use crate::{Emphasis, words};

pub fn draw(paper: &mut Paper, cx: &Drawing, shown: &ShownNode, proxy: &ProxyWords) {
    let (place, palette) = (shown.place.rules, cx.palette);
    let within = Rect { x: place.x + 1.0, w: place.w - 2.0, ..place };
    if !shown.is_off() {
        paper.rect(within, Look::filled(palette.sunk));
    }
    for y in [place.y, place.bottom() - 1.0] {
        paper.rect(Rect { y, h: 1.0, ..within }, Look::filled(palette.line2));
    }
    if proxy.is_behind {
        paper.rect(Rect { w: 3.0, ..within }, Look::filled(palette.bad));
    }
    let right = if shown.is_narrow() { 7.0 } else { 11.0 };
    let mut row = Rect { x: place.x + 22.0, y: place.y + 7.0, w: place.w - 22.0 - right, h: RULE_LINE };
    draw_rules_title(paper, cx, shown, proxy, row);
    let mut next = || {
        row.y += RULE_LINE;
        row
    };
    match cx.scene.rules.get(&shown.node.uid).filter(|_| cx.scene.layout.has_rule_rows) {
        None => {}
        Some(RuleFacts::NodeOff) => draw_none(paper, cx, next(), words::RULES_NODE_OFF),
        Some(RuleFacts::NotYet) => draw_none(paper, cx, next(), words::RULES_NOT_YET),
        Some(RuleFacts::NoVirtualIp) => draw_none(paper, cx, next(), words::RULES_NONE),
        Some(RuleFacts::Rows(rows)) => {
            let node = shown.node.uid;
            let fitting = rows_that_fit(rows, |row| cx.highlight.emphasis(node, row) != Emphasis::None);
            for nth in &fitting {
                draw_row(paper, cx, shown, &rows[*nth], next());
            }
            let hidden = rows.len() - fitting.len();
            if hidden > 0 {
                draw_none(paper, cx, next(), &words::more(hidden));
            }
        }
    }
}

fn draw_none(paper: &mut Paper, cx: &Drawing, row: Rect, why: &str) {
    line::draw(paper, row, 0.0, vec![line::text(why, NOTE, cx.palette.ink2)]);
}

fn draw_row(paper: &mut Paper, cx: &Drawing, shown: &ShownNode, row: &Row, room: Rect) {
    let (node, palette, tone) = (shown.node.uid, cx.palette, RowTone::of(row));
    let around = Rect { x: room.x - 6.0, w: room.w + 6.0, ..room };
    let focus = cx.scene.focus.and_then(|uid| cx.scene.mark(uid)).map(|mark| mark.colour);
    let service = focus.map_or(palette.accent(), |colour| palette.service(Some(colour)));
    let emphasis = cx.highlight.emphasis(node, row);
    match emphasis {
        Emphasis::Full => {
            let ground = mix(service, 14, palette.panel);
            paper.bordered(around, Look::filled(&ground).outlined(service, 1.0).rounded(5.0));
        }
        Emphasis::Faint => {
            let look = Look::default().outlined(palette.line, 1.0).dashed("1 2").rounded(5.0);
            paper.bordered(around, look);
        }
        Emphasis::None => {}
    }
    let usual = match tone {
        RowTone::Usual | RowTone::Note => palette.ink2,
        RowTone::New => palette.warn,
        RowTone::Stale | RowTone::Refuses => palette.bad,
    };
    let colour = if emphasis == Emphasis::Full { palette.ink } else { usual };
    let face = if tone == RowTone::Refuses { CODE.bold() } else { CODE };
    let (what, chance) = row_words(row, shown.is_narrow());
    let sent = match cx.world.machines().get(&node).map_or(0, |machine| row.count(machine)) {
        0 => String::new(),
        n => format!("{n}×"),
    };
    let is_struck = tone == RowTone::Stale;
    let said =
        |words, face: Typeface, cut| Item::Text { written: Written { words, face, colour, is_struck }, cut };
    // What it is stands before why.
    let cut = match tone {
        RowTone::Refuses | RowTone::Note => Cut::First,
        RowTone::Usual | RowTone::New | RowTone::Stale => Cut::Never,
    };
    let gap = if shown.is_narrow() { 5.0 } else { 8.0 };
    let items = vec![
        said(&what, face, Cut::Last),
        Item::Spring,
        said(&sent, CODE.bold(), Cut::Never),
        said(&chance, face, cut),
    ];
    line::draw(paper, Rect { w: room.w - 6.0, ..room }, gap, items);
}
