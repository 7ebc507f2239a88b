//! How large the picture is drawn, and how much it says, so that it fits its room.
//!
//! Of what there is little of, everything is said, as large as fits. Where there is no room for everything, detail goes
//! in the order of [`DETAILS`], before anything would be too small to read.

use super::nodes::PodForm;
use super::services::CardForm;
use super::{Form, Layout, Request, arrange};

/// How much is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Detail {
    pub pod: PodForm,
    /// The most that a Service's card says.
    pub card: CardForm,
    /// Whether the rules' rows are seen, and not only their title.
    pub has_rows: bool,
    /// Nodes and those outside have lower boxes.
    pub is_slim: bool,
}

/// One way to draw everything.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    /// Pixels of the view for one of the picture.
    pub scale: f64,
    pub detail: Detail,
    /// Whether the cards of Pods are wide enough for their whole names.
    pub has_whole_names: bool,
}

/// A layout, and how much of the room it needs.
pub(super) struct Arranged {
    pub layout: Layout,
    /// The height that the cluster needs, by the height that there is.
    pub needed: f64,
    /// The same if each node had one Pod more.
    pub needed_with_one_more: f64,
}

impl Arranged {
    /// What is drawn larger has room for the replacement of a Pod that is not gone yet: nothing shrinks then.
    fn fits(&self) -> bool {
        if self.layout.scale > 1.0 { self.needed_with_one_more <= 1.0 } else { self.needed <= 1.0 }
    }
}

const fn detail(pod: PodForm, card: CardForm) -> Detail {
    Detail { pod, card, has_rows: true, is_slim: false }
}

/// In the order in which detail goes: a Pod's labels; its reasons; its address; a Service's selector and the types
/// between which one switches there; its address; the rules' rows; at last a Pod's name.
const DETAILS: [Detail; 10] = [
    detail(PodForm::Full, CardForm::Broad),
    detail(PodForm::Plain, CardForm::Broad),
    detail(PodForm::Dense, CardForm::Broad),
    detail(PodForm::Dense, CardForm::Small),
    Detail { is_slim: true, ..detail(PodForm::Dense, CardForm::Broad) },
    Detail { is_slim: true, ..detail(PodForm::Tiny, CardForm::Broad) },
    Detail { is_slim: true, ..detail(PodForm::Tiny, CardForm::Small) },
    Detail { is_slim: true, ..detail(PodForm::Tiny, CardForm::Chip) },
    Detail { is_slim: true, has_rows: false, ..detail(PodForm::Tiny, CardForm::Chip) },
    Detail { is_slim: true, has_rows: false, ..detail(PodForm::Dot, CardForm::Chip) },
];

/// The smallest letters, of 11 pixels, are 17 in the first and 10 in the last.
const SCALES: [f64; 8] = [1.6, 1.5, 1.4, LARGEST_WITH_CUT_NAMES, 1.2, 1.1, 1.0, 0.92];
/// Where names must be cut, larger letters would cut more of them: 14 pixels are enough.
const LARGEST_WITH_CUT_NAMES: f64 = 14.0 / 11.0;
/// A frame in another page. In a higher view a reader rather scrolls than does without addresses and rules.
const LOW: f64 = 480.0;
/// So many Pods are looked at as a crowd first.
const CROWD: usize = 60;
/// A little scrolling is better than leaving out the names.
const A_LITTLE: f64 = 1.3;

pub(super) fn largest(request: &Request) -> Layout {
    let fullest = PodForm::for_count(request.slots.most());
    let may_be_slim = request.height < LOW || request.facts.pods.len() > CROWD;
    let details = || DETAILS.iter().filter(|d| d.pod >= fullest && (may_be_slim || !d.is_slim));
    let fitting = details().find_map(|detail| largest_with(request, *detail));
    fitting.unwrap_or_else(|| with_scrolling(request, fullest))
}

/// The largest that fits with so much said: with whole names, if their letters are not too small for that.
fn largest_with(request: &Request, detail: Detail) -> Option<Layout> {
    // Larger letters must not cost Services' cards the types between which one switches there.
    let has_types =
        arrange(request, &Plan { scale: 1.0, detail, has_whole_names: false }).layout.card.has_types();
    let fitting = |most: f64, has_whole_names: bool| {
        let scales = SCALES.into_iter().filter(|scale| *scale <= most);
        let mut arranged = scales.map(|scale| arrange(request, &Plan { scale, detail, has_whole_names }));
        let found =
            arranged.find(|arranged| arranged.fits() && arranged.layout.card.has_types() >= has_types);
        found.map(|arranged| arranged.layout)
    };
    // A crowd is never drawn larger: there is no need to try.
    let largest = if request.facts.pods.len() > CROWD { 1.0 } else { SCALES[0] };
    let most = request.most_scale.unwrap_or(largest).min(largest);
    let whole = fitting(most, true);
    match whole {
        Some(layout) if layout.scale >= 1.0 => Some(layout),
        small => fitting(most.min(LARGEST_WITH_CUT_NAMES), false).or(small),
    }
}

/// More than has room, in the form that a reader scrolls through best.
fn with_scrolling(request: &Request, fullest: PodForm) -> Layout {
    let arranged = |pod: PodForm| {
        let card = if pod == PodForm::Full { CardForm::Broad } else { CardForm::Small };
        let detail = detail(pod, card);
        arrange(request, &Plan { scale: 1.0, detail, has_whole_names: false })
    };
    let first = arranged(fullest);
    if first.layout.form == Form::Narrow || fullest >= PodForm::Dense {
        return first.layout;
    }
    let plain = arranged(PodForm::Plain);
    let chosen = if plain.needed <= A_LITTLE { plain } else { arranged(PodForm::Dense) };
    chosen.layout
}
