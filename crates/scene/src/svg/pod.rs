//! Pods, and the ghosts of those that are gone.

use cluster::api::Uid;

use super::Drawing;
use super::card::{Stand, draw_box, open};
use super::line::{self, Cut, Item, text, whole};
use super::paper::{Anchor, Look, Paper, Written};
use crate::cards::{CallLine, MOST_LABELS, ShownGhost, ShownPod, Tone};
use crate::facts::PodState;
use crate::geometry::{Rect, point};
use crate::layout::PodForm;
use crate::typeface::{ADDRESS, NAME, NOTE};
use crate::{Selection, Standing, words};

const GAP: f64 = 5.0;
/// The sign of a Pod's state.
const SIGN: f64 = 9.0;

struct Card<'a> {
    cx: &'a Drawing<'a>,
    shown: ShownPod,
    stand: Stand,
}

pub fn draw(paper: &mut Paper, cx: &Drawing, uid: Uid) {
    let Some(shown) = ShownPod::of(cx.scene, uid) else { return };
    let card = Card { cx, shown, stand: cx.stand(Selection::Pod(uid)) };
    let trouble = cx.highlight.failures.of_pod(uid).first().map(|(_, outcome)| *outcome);
    open(paper, &words::with_trouble(card.shown.label(), trouble));
    let is_dashed = match card.shown.tone() {
        Tone::Warn | Tone::Off => true,
        Tone::Ok | Tone::Bad => false,
    };
    draw_box(paper, card.shown.place, card.stand, 9.0, is_dashed);
    let mut rows = Rows::of(card.shown.place);
    match cx.scene.layout.pod {
        PodForm::Dot => card.dot(paper),
        PodForm::Tiny => card.tiny(paper, &mut rows),
        PodForm::Dense => card.dense(paper, &mut rows),
        PodForm::Plain => card.plain(paper, &mut rows),
        PodForm::Full => card.full(paper, &mut rows, uid),
    }
    paper.close();
}

/// The lines of a card, from top to bottom.
struct Rows {
    place: Rect,
    y: f64,
}

impl Rows {
    fn of(place: Rect) -> Rows {
        Rows { place, y: place.y + 7.0 }
    }

    fn next(&mut self, h: f64) -> Rect {
        self.y += h;
        Rect { x: self.place.x + 8.0, y: self.y - h, w: self.place.w - 16.0, h }
    }
}

impl Card<'_> {
    fn is_dim(&self) -> bool {
        self.stand.is_dim()
    }

    fn marks(&self) -> Item<'_> {
        self.cx.marks(&self.shown.marks, self.is_dim())
    }

    fn name<'a>(&self, words: &'a str) -> Item<'a> {
        text(words, NAME, self.stand.ink)
    }

    fn dot(&self, paper: &mut Paper) {
        let place = self.shown.place;
        let middle = Rect { x: place.centre().x - SIGN / 2.0, w: place.w, ..place };
        line::draw(paper, middle, GAP, vec![self.cx.sign(self.shown.tone())]);
    }

    fn tiny(&self, paper: &mut Paper, rows: &mut Rows) {
        let name = self.shown.name_beside_marks(16.0);
        let items = vec![self.cx.sign(self.shown.tone()), self.marks(), self.name(&name)];
        // The line is in the middle of the card.
        rows.y = rows.place.y + (rows.place.h - 17.0) / 2.0;
        line::draw(paper, rows.next(17.0), GAP, items);
    }

    fn dense(&self, paper: &mut Paper, rows: &mut Rows) {
        let name = self.shown.name_beside_marks(4.0);
        line::draw(paper, rows.next(16.0), GAP, vec![self.marks(), self.name(&name)]);
        let ip = self.shown.ip();
        let short = words::pod_state_short(&self.shown.pod.state).into_owned();
        let state = match self.shown.pod.state == PodState::Ready {
            true => self.address(&ip),
            false => self.cx.state(short, self.shown.tone(), self.stand),
        };
        line::draw(paper, rows.next(16.0), GAP, vec![self.cx.sign(self.shown.tone()), state]);
    }

    fn plain(&self, paper: &mut Paper, rows: &mut Rows) {
        self.heading(paper, rows);
        match self.shown.reason() {
            Some(reason) => {
                line::draw(paper, rows.next(15.0), GAP, vec![text(&reason, NOTE, self.stand.ink)]);
            }
            None => self.ip(paper, rows),
        }
    }

    /// A reason has the room of the address, where there is none, and of what stands below.
    fn full(&self, paper: &mut Paper, rows: &mut Rows, uid: Uid) {
        self.heading(paper, rows);
        let reason = self.shown.reason();
        if self.shown.pod.ip.is_some() || reason.is_none() {
            self.ip(paper, rows);
        }
        match reason {
            Some(reason) => self.reason(paper, rows, &reason),
            None => {
                self.calls(paper, rows, uid);
                self.labels(paper, rows);
            }
        }
    }

    /// Its state and its name.
    fn heading(&self, paper: &mut Paper, rows: &mut Rows) {
        let state = self.cx.state(self.shown.state(), self.shown.tone(), self.stand);
        line::draw(paper, rows.next(16.0), GAP, vec![state, Item::Spring, self.marks()]);
        let name = self.shown.whole_name();
        line::draw(paper, rows.next(17.0), GAP, vec![self.name(&name)]);
    }

    fn address<'a>(&self, ip: &'a str) -> Item<'a> {
        text(ip, ADDRESS, self.cx.palette.ink2)
    }

    fn ip(&self, paper: &mut Paper, rows: &mut Rows) {
        line::draw(paper, rows.next(15.0), GAP, vec![self.address(&self.shown.ip())]);
    }

    fn reason(&self, paper: &mut Paper, rows: &mut Rows, reason: &str) {
        let room = rows.next(14.0);
        for (i, words) in NOTE.lines(reason, room.w, 2).iter().enumerate() {
            let at = point(room.x, room.y + 7.0 + 14.0 * i as f64);
            let written = Written { words, face: NOTE, colour: self.stand.ink, is_struck: false };
            line::write(paper, at, Anchor::Start, written);
        }
    }

    fn calls(&self, paper: &mut Paper, rows: &mut Rows, uid: Uid) {
        let palette = self.cx.palette;
        for call in self.shown.calls(&self.cx.highlight.failures.of_pod(uid)) {
            match call {
                CallLine::Says(words) => {
                    line::draw(paper, rows.next(15.0), GAP, vec![text(&words, NOTE, palette.ink2)]);
                }
                CallLine::Failed { outcome, whose } => {
                    let (failed, whose) =
                        (format!("✕ {}", words::call_failed(outcome)), whose.unwrap_or_default());
                    let bold = NOTE.bold();
                    // Whose it was may be cut short, the reason not.
                    let items = vec![whole(&failed, bold, palette.bad), text(&whose, bold, palette.bad)];
                    line::draw(paper, rows.next(15.0), GAP, items);
                }
            }
        }
    }

    fn labels(&self, paper: &mut Paper, rows: &mut Rows) {
        let assumed = self.shown.assumed().map(|assumed| self.cx.assumed_chip(assumed));
        let labels = self.shown.pod.labels.iter().take(MOST_LABELS);
        let chips = assumed.into_iter().chain(labels.map(|label| self.cx.chip(label.clone())));
        rows.y += 2.0;
        line::draw(paper, rows.next(17.0), 3.0, chips.collect());
    }
}

/// The outlines of Pods that are gone and not replaced yet.
pub fn draw_ghosts(paper: &mut Paper, cx: &Drawing) {
    for ghost in ShownGhost::all(cx.scene) {
        draw_ghost(paper, cx, &ghost);
    }
}

fn draw_ghost(paper: &mut Paper, cx: &Drawing, ghost: &ShownGhost) {
    let palette = cx.palette;
    open(paper, &words::ghost_label(&ghost.name));
    let look = Look::default().outlined(palette.line, 1.0).rounded(9.0);
    paper.bordered(ghost.place, look.dashed("3 3"));
    let mut rows = Rows::of(ghost.place);
    let stand = Stand { standing: Standing::Usual, border: palette.line, ground: None, ink: palette.ink2 };
    if ghost.has_room() {
        let state = cx.state(words::GONE.into(), Tone::Off, stand);
        line::draw(paper, rows.next(16.0), GAP, vec![state, Item::Spring, cx.marks(&ghost.marks, false)]);
    }
    let name = ghost.short_name();
    let written = Written { words: &name, face: NAME, colour: palette.ink2, is_struck: true };
    line::draw(paper, rows.next(17.0), GAP, vec![Item::Text { written, cut: Cut::Last }]);
    if ghost.has_room() {
        line::draw(paper, rows.next(15.0), GAP, vec![whole(&ghost.ip, ADDRESS, palette.ink2)]);
    }
    paper.close();
}
