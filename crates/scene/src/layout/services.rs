//! The Services' cards, above the nodes.

use cluster::api::Uid;

use super::{Measures, Request};
use crate::geometry::Rect;

/// How much a Service's card says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CardForm {
    /// Two long lines.
    Broad,
    /// Four short ones.
    Tall,
    /// Mark, name, address, and how many endpoints are ready.
    Small,
    /// Mark and name.
    Chip,
}

impl CardForm {
    fn height(self) -> f64 {
        match self {
            CardForm::Broad => 68.0,
            CardForm::Tall => 104.0,
            CardForm::Small => 66.0,
            CardForm::Chip => 30.0,
        }
    }

    /// Whether it has room for the types between which a Service is switched.
    pub fn has_types(self) -> bool {
        match self {
            CardForm::Broad | CardForm::Tall => true,
            CardForm::Small | CardForm::Chip => false,
        }
    }

    fn least_width(self) -> f64 {
        match self {
            CardForm::Broad => BROAD,
            CardForm::Tall => TALL,
            CardForm::Small => SMALL,
            CardForm::Chip => CHIP,
        }
    }
}

const BROAD: f64 = 420.0;
const TALL: f64 = 222.0;
const SMALL: f64 = 134.0;
const CHIP: f64 = 106.0;
const WIDEST: f64 = 620.0;

/// In rows from the top of `area`; none says more than `fullest`.
pub(super) fn cards(
    request: &Request,
    m: &Measures,
    area: Rect,
    fullest: CardForm,
) -> (CardForm, Vec<(Uid, Rect)>, f64) {
    let Rect { x, y, w: width, .. } = area;
    let count = request.facts.services.len();
    let gap = m.gap.min(10.0);
    let fitting = |least: f64| (((width + gap) / (least + gap)).floor() as usize).max(1);
    let rows = |least: f64| count.div_ceil(fitting(least));
    let form = match count {
        _ if rows(BROAD) <= 1 && width >= BROAD => CardForm::Broad,
        _ if rows(TALL) <= 1 || count <= 2 => CardForm::Tall,
        _ if rows(SMALL) <= 3 => CardForm::Small,
        _ => CardForm::Chip,
    };
    let form = form.max(fullest);
    let rows = rows(form.least_width()).max(1);
    let columns = count.div_ceil(rows).max(1);
    let w = ((width + gap) / columns as f64 - gap).min(WIDEST);
    let h = form.height();
    let rect = |i: usize| Rect {
        x: x + (i % columns) as f64 * (w + gap),
        y: y + (i / columns) as f64 * (h + gap),
        w,
        h,
    };
    let cards = request.facts.services.iter().enumerate().map(|(i, s)| (s.uid, rect(i))).collect();
    let bottom = if count == 0 { y } else { y + rows as f64 * (h + gap) - gap };
    (form, cards, bottom)
}
