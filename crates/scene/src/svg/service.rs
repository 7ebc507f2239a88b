//! Services. They are drawn dashed, since a Service is no process and no packet passes through it.

use cluster::api::Uid;

use super::Drawing;
use super::card::{Stand, draw_ring, open};
use super::line::{self, Item, lesser, text};
use super::paper::{Anchor, Look, Paper, Written};
use crate::cards::ShownService;
use crate::geometry::{Rect, point};
use crate::layout::CardForm;
use crate::palette::mix;
use crate::typeface::{ADDRESS, NOTE, TITLE, Typeface, sans};
use crate::{Selection, Standing, words};

const GAP: f64 = 5.0;
const READY: Typeface = sans(11.5);
const TYPE: Typeface = sans(12.0);

struct Card<'a> {
    cx: &'a Drawing<'a>,
    shown: ShownService,
    stand: Stand,
    /// Of the Service.
    colour: &'static str,
}

pub fn draw(paper: &mut Paper, cx: &Drawing, uid: Uid) {
    let Some(shown) = ShownService::of(cx.scene, uid) else { return };
    let stand = cx.stand(Selection::Service(uid));
    let card = Card { cx, colour: cx.palette.service(Some(shown.mark.colour)), shown, stand };
    open(paper, &card.shown.label());
    card.draw_box(paper);
    match card.shown.form {
        CardForm::Broad => card.broad(paper),
        CardForm::Tall => card.tall(paper),
        CardForm::Small => card.small(paper),
        CardForm::Chip => card.title(paper, card.row(6.5, 18.0), Vec::new()),
    }
    paper.close();
}

impl Card<'_> {
    fn draw_box(&self, paper: &mut Paper) {
        let (p, place) = (self.cx.palette, self.shown.place);
        let is_selected = self.stand.standing == Standing::Selected;
        let border = if is_selected || self.shown.is_focus { self.colour } else { p.line };
        let ground = if is_selected { mix(self.colour, 9, p.panel) } else { mix(p.panel, 60, p.bg) };
        let look = Look::filled(&ground).outlined(border, 1.5).rounded(9.0);
        paper.bordered(place, look.dashed("4 3"));
        if is_selected {
            draw_ring(paper, place, border, 9.0);
        }
    }

    /// A line that begins so far below the card's top.
    fn row(&self, top: f64, h: f64) -> Rect {
        let place = self.shown.place;
        Rect { x: place.x + 11.5, y: place.y + top, w: place.w - 23.0, h }
    }

    /// Its mark and its name, and what stands behind them.
    fn title<'a>(&'a self, paper: &mut Paper, row: Rect, others: Vec<Item<'a>>) {
        let name = self.shown.name();
        let colour = if self.shown.is_down() { self.cx.palette.bad } else { self.stand.ink };
        let mark = self.cx.mark(&self.shown.mark, self.stand.is_dim());
        let first = [mark, text(&name, TITLE, colour)];
        line::draw(paper, row, GAP, first.into_iter().chain(others).collect());
    }

    fn address<'a>(&self, words: &'a str) -> Item<'a> {
        text(words, ADDRESS, self.cx.palette.ink2)
    }

    fn way<'a>(&self, words: &'a str) -> Item<'a> {
        lesser(words, NOTE, self.cx.palette.ink2)
    }

    fn ready<'a>(&self, words: &'a str) -> Item<'a> {
        match self.shown.is_down() {
            true => text(words, READY.bold(), self.cx.palette.bad),
            false => text(words, READY, self.cx.palette.ink2),
        }
    }

    fn selector(&self) -> impl Iterator<Item = Item<'_>> {
        self.shown.service.selector.iter().map(|label| self.cx.chip(label.clone()))
    }

    /// Its type, on its colour. Gives the width that it takes.
    fn kind(&self, paper: &mut Paper, row: Rect) -> f64 {
        let words = words::kind(&self.shown.service);
        let w = TYPE.width(words) + 16.0;
        paper.rect(Rect { w, ..row }, Look::filled(self.colour).rounded(7.0));
        let written = Written { words, face: TYPE, colour: self.cx.palette.on, is_struck: false };
        line::write(paper, point(row.x + 8.0, row.y + row.h / 2.0), Anchor::Start, written);
        w
    }

    fn broad(&self, paper: &mut Paper) {
        let (address, ways) = (words::address(&self.shown.service), words::ways_in(&self.shown.service));
        let ways = ways.unwrap_or_default();
        self.title(
            paper,
            self.row(9.5, 18.0),
            vec![Item::Gap, self.address(&address), Item::Spring, self.way(&ways)],
        );
        let row = self.row(34.0, 24.0);
        let taken = self.kind(paper, row) + 8.0;
        let endpoints = self.shown.endpoints(words::endpoints);
        let mut items = vec![self.ready(&endpoints)];
        items.extend(self.selector());
        items.extend(self.shown.assumed().map(|assumed| self.cx.assumed_chip(assumed)));
        line::draw(paper, Rect { x: row.x + taken, w: row.w - taken, ..row }, GAP, items);
    }

    fn tall(&self, paper: &mut Paper) {
        self.title(paper, self.row(9.5, 18.0), Vec::new());
        let address = words::address(&self.shown.service);
        line::draw(paper, self.row(29.5, 15.0), GAP, vec![self.address(&address)]);
        self.kind(paper, self.row(48.0, 24.0));
        let endpoints = self.shown.endpoints(words::endpoints_short);
        let ways = words::ways_in(&self.shown.service).unwrap_or_default();
        let mut items = vec![self.ready(&endpoints)];
        items.extend(self.selector());
        items.push(self.way(&ways));
        items.extend(self.shown.assumed().map(|assumed| self.cx.assumed_chip(assumed)));
        line::draw(paper, self.row(78.0, 17.0), 10.0, items);
    }

    fn small(&self, paper: &mut Paper) {
        self.title(paper, self.row(8.5, 18.0), Vec::new());
        let address = words::address_short(&self.shown.service);
        line::draw(paper, self.row(26.5, 15.0), GAP, vec![self.address(&address)]);
        let (kind, ready) = (self.shown.small_kind(), words::ready_only(&self.shown.service));
        line::draw(paper, self.row(41.5, 16.0), GAP, vec![self.way(&kind), Item::Spring, self.ready(&ready)]);
    }
}
