//! Links drawn as bands, if there are too many packets to distinguish.

use cluster::api::Uid;
use cluster::trace::Place;
use litemap::LiteMap;

use crate::dots::Dot;

/// More packets than this are drawn as bands.
pub const MANY: usize = 320;
pub const OPACITY: f64 = 0.4;

/// A link, whose width shows how many packets it has.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Band {
    pub from: Place,
    pub to: Place,
    pub service: Option<Uid>,
    pub width: f64,
}

pub fn bands(dots: &[Dot]) -> Vec<Band> {
    let mut busy: LiteMap<((Place, Place), Option<Uid>), u32> = LiteMap::new();
    for dot in dots.iter().filter(|dot| dot.highlighted) {
        let (from, to) = dot.link;
        *busy.entry(((from.min(to), from.max(to)), dot.service)).or_default() += 1;
    }
    let most = busy.values().copied().max().unwrap_or(1).max(1);
    let band = |(((from, to), service), count): (&((Place, Place), Option<Uid>), &u32)| Band {
        from: *from,
        to: *to,
        service: *service,
        width: 2.0 + 8.0 * f64::from(*count) / f64::from(most),
    };
    busy.iter().map(band).collect()
}
