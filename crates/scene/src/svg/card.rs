//! A box: how it stands, and the group of all that is in it.

use super::Drawing;
use super::paper::{Look, Paper};
use crate::geometry::Rect;
use crate::{Selection, Standing};

/// The colours of a card's border, of what it stands on, and of its text.
#[derive(Clone, Copy)]
pub struct Stand {
    pub standing: Standing,
    pub border: &'static str,
    /// Nothing is behind what steps back.
    pub ground: Option<&'static str>,
    pub ink: &'static str,
}

impl Stand {
    pub fn is_dim(self) -> bool {
        self.standing == Standing::Dim
    }
}

impl Drawing<'_> {
    pub fn stand(&self, item: Selection) -> Stand {
        let palette = self.palette;
        let standing = self.highlight.standing(item, self.selected);
        let (border, ground, ink) = match standing {
            Standing::Usual => (palette.line, Some(palette.panel), palette.ink),
            Standing::Selected => (palette.accent(), Some(palette.panel), palette.ink),
            Standing::Lit => (palette.control, Some(palette.panel), palette.ink),
            Standing::Dim => (palette.line2, None, palette.ink2),
        };
        Stand { standing, border, ground, ink }
    }
}

/// Begins the group of a box, named for those who do not see it.
pub fn open(paper: &mut Paper, label: &str) {
    paper.open("g", &[("role", "img")]);
    paper.leaf("title", &[], label);
}

/// The box of most cards.
pub fn draw_box(paper: &mut Paper, rect: Rect, stand: Stand, radius: f64, is_dashed: bool) {
    let look = Look { fill: stand.ground, ..Look::default() }.outlined(stand.border, 1.0).rounded(radius);
    paper.bordered(rect, if is_dashed { look.dashed("3 3") } else { look });
    if stand.standing == Standing::Selected {
        draw_ring(paper, rect, stand.border, radius);
    }
}

/// Around what is selected.
pub fn draw_ring(paper: &mut Paper, rect: Rect, colour: &str, radius: f64) {
    let around = Rect { x: rect.x - 0.5, y: rect.y - 0.5, w: rect.w + 1.0, h: rect.h + 1.0 };
    paper.rect(around, Look::default().outlined(colour, 1.0).rounded(radius + 0.5));
}
