//! A line of a card: texts, marks and labels beside each other. Where there is too little room, what may be cut is.

use super::Drawing;
use super::card::Stand;
use super::paper::{Anchor, Look, Paper, Written};
use crate::cards::{AssumedPort, Tone};
use crate::geometry::{Point, Rect, point};
use crate::marks::Mark;
use crate::typeface::{CODE, NOTE, Typeface, sans};

/// When what is too wide for its line is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    First,
    /// When nothing else can be cut any more.
    Last,
    Never,
}

pub enum Item<'a> {
    Text {
        written: Written<'a>,
        cut: Cut,
    },
    /// In a rounded frame.
    Chip {
        words: String,
        face: Typeface,
        text: &'static str,
        border: &'static str,
        ground: &'static str,
        is_dashed: bool,
        cut: Cut,
    },
    /// On a ground of its tone.
    State {
        words: String,
        text: &'static str,
        ground: Option<&'static str>,
    },
    Mark {
        letter: String,
        colour: &'static str,
        on: &'static str,
        is_dim: bool,
    },
    /// Several marks, each over a part of the one before.
    Marks(Vec<Item<'a>>),
    Sign(Tone, &'static str),
    /// As wide as a gap more.
    Gap,
    /// All that follows is at the right.
    Spring,
}

/// The baseline of a text is so far below the middle of its line, by its size.
const BASELINE: f64 = 0.346;
const CHIP_PADDING: f64 = 8.0;
const STATE_PADDING: f64 = 5.0;
/// Letters of a label that is cut.
const LEAST_SEEN: usize = 4;
const SIGN: f64 = 9.0;
const MARK: f64 = 16.0;
/// Of three marks and more each covers so much of the one before.
const OVERLAP: f64 = 3.0;

pub fn text<'a>(words: &'a str, face: Typeface, colour: &'a str) -> Item<'a> {
    Item::Text { written: Written { words, face, colour, is_struck: false }, cut: Cut::Last }
}

/// As [`text`], but never cut for the sake of its neighbours.
pub fn whole<'a>(words: &'a str, face: Typeface, colour: &'a str) -> Item<'a> {
    Item::Text { written: Written { words, face, colour, is_struck: false }, cut: Cut::Never }
}

/// As [`text`], but cut before its neighbours.
pub fn lesser<'a>(words: &'a str, face: Typeface, colour: &'a str) -> Item<'a> {
    Item::Text { written: Written { words, face, colour, is_struck: false }, cut: Cut::First }
}

impl Drawing<'_> {
    pub fn chip<'a>(&self, words: String) -> Item<'a> {
        let p = self.palette;
        Item::Chip {
            words,
            face: CODE,
            text: p.ink2,
            border: p.line,
            ground: p.panel,
            is_dashed: false,
            cut: Cut::First,
        }
    }

    pub fn assumed_chip<'a>(&self, assumed: AssumedPort) -> Item<'a> {
        let p = self.palette;
        let (text, ground) = if assumed.is_served { (p.ink2, p.panel) } else { (p.bad, p.badbg) };
        Item::Chip {
            words: assumed.words,
            face: NOTE,
            text,
            border: p.line,
            ground,
            is_dashed: true,
            cut: Cut::Last,
        }
    }

    pub fn state<'a>(&self, words: String, tone: Tone, stand: Stand) -> Item<'a> {
        let p = self.palette;
        let (text, ground) = match tone {
            _ if stand.is_dim() => (p.ink2, None),
            Tone::Ok => (p.ok, Some(p.okbg)),
            Tone::Warn => (p.warn, Some(p.warnbg)),
            Tone::Bad => (p.bad, Some(p.badbg)),
            Tone::Off => (p.ink2, Some(p.sunk)),
        };
        Item::State { words, text, ground }
    }

    pub fn mark<'a>(&self, mark: &Mark, is_dim: bool) -> Item<'a> {
        let colour = self.palette.service(Some(mark.colour));
        Item::Mark { letter: mark.letter.clone(), colour, on: self.palette.on, is_dim }
    }

    pub fn marks<'a>(&self, marks: &[Mark], is_dim: bool) -> Item<'a> {
        Item::Marks(marks.iter().map(|mark| self.mark(mark, is_dim)).collect())
    }

    pub fn sign<'a>(&self, tone: Tone) -> Item<'a> {
        let p = self.palette;
        let colour = match tone {
            Tone::Ok => p.ok,
            Tone::Warn => p.warn,
            Tone::Bad => p.bad,
            Tone::Off => p.ink2,
        };
        Item::Sign(tone, colour)
    }
}

/// Draws the items in the middle of the room's height.
pub fn draw(paper: &mut Paper, room: Rect, gap: f64, items: Vec<Item>) {
    let mut widths: Vec<f64> = items.iter().map(width).collect();
    let gaps = gap * items.iter().filter(|item| !is_nothing(item)).count().saturating_sub(1) as f64;
    let over = widths.iter().sum::<f64>() + gaps - room.w;
    if over > 0.0 {
        shrink(&items, &mut widths, over);
    }
    let spring = items.iter().position(|item| matches!(item, Item::Spring)).unwrap_or(items.len());
    let mut x = room.x;
    for (item, width) in items.iter().zip(&widths).take(spring).filter(|(item, _)| !is_nothing(item)) {
        item.draw(paper, point(x, middle(room)), *width, Anchor::Start);
        x += width + gap;
    }
    let mut right = room.right();
    for (item, width) in items.iter().zip(&widths).skip(spring).rev().filter(|(item, _)| !is_nothing(item)) {
        item.draw(paper, point(right - width, middle(room)), *width, Anchor::End);
        right -= width + gap;
    }
}

fn middle(room: Rect) -> f64 {
    room.y + room.h / 2.0
}

/// Takes what is too much from those that may be cut, of each in proportion.
fn shrink(items: &[Item], widths: &mut [f64], mut over: f64) {
    for turn in [Cut::First, Cut::Last] {
        let its = || items.iter().map(|item| item.cut() == turn);
        let all: f64 = widths.iter().zip(its()).filter(|(_, is_its)| *is_its).map(|(width, _)| width).sum();
        let taken = over.min(all);
        for (width, _) in widths.iter_mut().zip(its()).filter(|(_, is_its)| *is_its) {
            *width -= taken * *width / all.max(1.0);
        }
        over -= taken;
    }
}

fn is_nothing(item: &Item) -> bool {
    match item {
        Item::Spring => true,
        Item::Text { written, .. } => written.words.is_empty(),
        Item::Marks(marks) => marks.is_empty(),
        Item::Chip { .. } | Item::State { .. } | Item::Mark { .. } | Item::Sign(..) | Item::Gap => false,
    }
}

fn width(item: &Item) -> f64 {
    match item {
        Item::Text { written, .. } => written.face.width(written.words),
        Item::Chip { words, face, .. } => face.width(words) + 2.0 * CHIP_PADDING,
        Item::State { words, .. } => NOTE.width(words) + 2.0 * STATE_PADDING,
        Item::Mark { letter, .. } => (letter_face().width(letter) + 8.0).max(MARK),
        Item::Marks(marks) => {
            marks.iter().map(width).sum::<f64>() + between(marks) * marks.len().saturating_sub(1) as f64
        }
        Item::Sign(..) => SIGN,
        Item::Gap | Item::Spring => 0.0,
    }
}

fn letter_face() -> Typeface {
    sans(10.0).bold()
}

/// Between two marks.
fn between(marks: &[Item]) -> f64 {
    if marks.len() > 2 { -OVERLAP } else { 2.0 }
}

/// A text whose middle is at that height.
pub fn write(paper: &mut Paper, at: Point, anchor: Anchor, written: Written) {
    let baseline = point(at.x, at.y + written.face.size * BASELINE);
    paper.write(baseline, anchor, written);
}

impl Item<'_> {
    fn cut(&self) -> Cut {
        match self {
            Item::Text { cut, .. } | Item::Chip { cut, .. } => *cut,
            Item::State { .. }
            | Item::Mark { .. }
            | Item::Marks(_)
            | Item::Sign(..)
            | Item::Gap
            | Item::Spring => Cut::Never,
        }
    }

    /// From `left`, in so much room.
    fn draw(&self, paper: &mut Paper, left: Point, room: f64, anchor: Anchor) {
        let around = |height: f64| Rect { x: left.x, y: left.y - height / 2.0, w: room, h: height };
        match self {
            Item::Text { written, .. } => {
                let x = if anchor == Anchor::End { left.x + room } else { left.x };
                let words = written.face.cut(written.words, room + 0.01);
                write(paper, point(x, left.y), anchor, Written { words: &words, ..*written });
            }
            Item::Chip { words, face, text, border, ground, is_dashed, cut: _ } => {
                let seen = face.cut(words, room - 2.0 * CHIP_PADDING + 0.01);
                // A letter or two would say nothing.
                if seen != *words && seen.chars().count() < LEAST_SEEN {
                    return;
                }
                let look = Look::filled(ground).outlined(border, 1.0).rounded(8.5);
                paper.bordered(around(17.0), if *is_dashed { look.dashed("3 2") } else { look });
                let written = Written { words: &seen, face: *face, colour: text, is_struck: false };
                write(paper, point(left.x + CHIP_PADDING, left.y), Anchor::Start, written);
            }
            Item::State { words, text, ground } => {
                if let Some(ground) = ground {
                    paper.rect(around(16.0), Look::filled(ground).rounded(4.0));
                }
                let written = Written { words, face: NOTE, colour: text, is_struck: false };
                write(paper, point(left.x + STATE_PADDING, left.y), Anchor::Start, written);
            }
            Item::Mark { letter, colour, on, is_dim } => {
                let look = Look::filled(colour).rounded(8.0);
                let look = if *is_dim { look.with_opacity(0.55) } else { look };
                paper.rect(around(MARK), look);
                let written = Written { words: letter, face: letter_face(), colour: on, is_struck: false };
                write(paper, point(left.x + room / 2.0, left.y), Anchor::Middle, written);
            }
            Item::Marks(marks) => {
                let mut x = left.x;
                for mark in marks {
                    mark.draw(paper, point(x, left.y), width(mark), Anchor::Start);
                    x += width(mark) + between(marks);
                }
            }
            Item::Sign(tone, colour) => draw_sign(paper, point(left.x + SIGN / 2.0, left.y), *tone, colour),
            Item::Gap | Item::Spring => {}
        }
    }
}

/// A state without words: full, hollow, a square on its corner, or dotted.
fn draw_sign(paper: &mut Paper, at: Point, tone: Tone, colour: &str) {
    let ring = Look::default().outlined(colour, 2.0);
    match tone {
        Tone::Ok => paper.circle(at, SIGN / 2.0, Look::filled(colour)),
        Tone::Warn => paper.circle(at, SIGN / 2.0 - 1.0, ring),
        Tone::Bad => {
            let r = SIGN / 2.0 * 1.2;
            let Point { x, y } = at;
            paper.polygon(&[point(x, y - r), point(x + r, y), point(x, y + r), point(x - r, y)], ring);
        }
        Tone::Off => paper.circle(at, SIGN / 2.0 - 1.0, ring.dashed("2 2")),
    }
}
