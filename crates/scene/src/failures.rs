//! The marks of failed packets, shown for a while: a cross or a ring where they ended, and the reason in words.

use cluster::api::Uid;
use cluster::sim::{Time, World};
use cluster::trace::{LossClass, PacketTrace, PacketVerdict, Place};

use crate::dots::place_at;
use crate::geometry::{Point, Rect, point};
use crate::relations::{Chain, is_about};
use crate::routes::Routes;
use crate::{Scene, words};

/// The mark of a failed packet.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    pub at: Point,
    /// Where its reason is written: beside it, and not over what is read most.
    pub label: Point,
    pub place: Place,
    /// The packet was refused with an error; otherwise it was lost silently.
    pub refused: bool,
    /// From 1 when it has just happened down to 0 when it disappears.
    pub fresh: f64,
    pub times: u32,
    pub reason: String,
    pub service: Option<Uid>,
    pub highlighted: bool,
}

/// How long the mark of a failed packet is shown.
pub const REMEMBERED_NS: u64 = 2_500_000_000;
/// The last part of the time that they are remembered, in which it fades.
const FADES_NS: f64 = 900_000_000.0;
/// A reason that is wider has two lines, if it has two parts.
const WIDEST_LINE: f64 = 190.0;
/// The width of a cross or a ring, with the room around it.
const CROSS: f64 = 28.0;

/// A failure's reason: its lines, and the box around them.
#[derive(Clone, Debug, PartialEq)]
pub struct Note {
    pub first: String,
    pub second: String,
    pub place: Rect,
}

/// Is there a failure to be shown?
pub fn failed_lately(world: &World) -> bool {
    let last = world.traffic().failures.back().and_then(|trace| trace.ended);
    last.is_some_and(|(ended, _)| world.now().since(ended).0 <= REMEMBERED_NS)
}

/// The packets that failed lately, those of one kind at one place taken together.
pub fn failures(world: &World, scene: &Scene, routes: &mut Routes, chain: Option<&Chain>) -> Vec<Failure> {
    let now = world.now();
    let since = Time(now.0.saturating_sub(REMEMBERED_NS));
    let mut found: Vec<Failure> = Vec::new();
    for trace in world.traffic().failures.iter().rev() {
        let Some((ended, verdict)) = trace.ended else { continue };
        if ended < since {
            break;
        }
        let Some(hop) = trace.hops.last() else { continue };
        let to = std::net::SocketAddr::new(hop.after.dst, hop.after.dst_port);
        let reason = if trace.lost.is_some_and(|lost| lost.class == LossClass::SourceNotAllowed) {
            words::SOURCE_NOT_ALLOWED.to_owned()
        } else {
            words::verdict(verdict, &to)
        };
        if let Some(same) = found.iter_mut().find(|f| f.place == hop.place && f.reason == reason) {
            same.times += 1;
            continue;
        }
        let Some(at) = where_it_ended(trace, ended, hop.place, scene, routes) else { continue };
        let left = REMEMBERED_NS.saturating_sub(now.since(ended).0);
        let record = world.traffic().record(trace.connection);
        found.push(Failure {
            at,
            label: label_place(scene, hop.place, at),
            place: hop.place,
            refused: is_refusal(verdict),
            fresh: (left as f64 / FADES_NS).min(1.0),
            times: 1,
            reason,
            service: record.and_then(|r| r.service.as_ref()).map(|(_, uid)| *uid),
            highlighted: chain.is_none_or(|chain| record.is_some_and(|r| is_about(chain, r, trace))),
        });
    }
    found
}

fn label_place(scene: &Scene, place: Place, at: Point) -> Point {
    let layout = &scene.layout;
    match place {
        Place::Node(uid) => layout.node(uid).map_or(at, |n| point(n.rect.x + 18.0, n.rules.bottom() - 2.0)),
        Place::Pod(uid) => {
            let rect = layout.nodes.iter().find_map(|n| n.place_of(uid));
            // The place does not exist any more, so the mark is at its node.
            let node = layout.nodes.iter().find(|n| n.port == at);
            let at_node = || node.map_or(at, |n| point(n.rect.x + 18.0, n.rules.bottom() - 2.0));
            rect.map_or_else(at_node, |r| point(r.x + 3.0, r.bottom() - 11.0))
        }
        Place::LoadBalancer(uid) => layout.balancer(uid).map_or(at, |r| point(r.x, r.bottom() + 18.0)),
        Place::Outside(_) | Place::Internet => point(at.x + 11.0, at.y),
    }
}

fn is_refusal(verdict: PacketVerdict) -> bool {
    matches!(
        verdict,
        PacketVerdict::RejectedByRule
            | PacketVerdict::NothingListens
            | PacketVerdict::NoSuchPort
            | PacketVerdict::NoNeighbor
    )
}

/// The end of its last link; where that is not in the picture any more, the node it came from.
fn where_it_ended(
    trace: &PacketTrace,
    ended: Time,
    place: Place,
    scene: &Scene,
    routes: &mut Routes,
) -> Option<Point> {
    if let Some((on, _)) = place_at(trace, ended, scene, routes) {
        return Some(on.at);
    }
    let ((Place::Node(node), _) | (_, Place::Node(node))) = (place, trace.segments.last()?.from) else {
        return None;
    };
    scene.layout.node(node).map(|n| n.port)
}

impl Failure {
    /// The place of its cross or ring.
    pub fn mark_place(&self) -> Rect {
        Rect { x: self.at.x - CROSS / 2.0, y: self.at.y - CROSS / 2.0, w: CROSS, h: CROSS }
    }

    /// The reason, at its place, or under the reasons that are there already. A long one takes two lines. `width_of`
    /// measures a line, `edge` is where the picture ends.
    pub fn note(&self, width_of: impl Fn(&str) -> f64, edge: f64, taken: &[Rect]) -> Note {
        let text = match self.times {
            1 => self.reason.clone(),
            n => format!("{} (×{n})", self.reason),
        };
        let width = |text: &str| width_of(text) + 14.0;
        let lines = text.split_once(": ").filter(|_| width(&text) > WIDEST_LINE);
        let (w, h) = lines.map_or_else(|| (width(&text), 18.0), |(a, b)| (width(a).max(width(b)), 32.0));
        let x = self.label.x.min(edge - w - 4.0).max(2.0);
        let mut place = Rect { x, y: self.label.y - 9.0, w, h };
        // Crosses, which are narrow, may be written over.
        while let Some(other) = taken.iter().find(|other| other.w > CROSS && other.overlaps(&place)) {
            place.y = other.bottom() + 1.0;
        }
        let (first, second) = lines.unwrap_or((&text, ""));
        Note { first: first.to_owned(), second: second.to_owned(), place }
    }
}

impl Note {
    /// With its border.
    pub fn outer(&self) -> Rect {
        let Rect { x, y, w, h } = self.place;
        Rect { x: x - 1.0, y: y - 1.0, w: w + 2.0, h: h + 2.0 }
    }
}

#[cfg(test)]
mod tests {
    use cluster::api::Action;

    use super::*;
    use crate::testing::{SIZES, WEB, kill, pass, pods, run, scene};

    #[test]
    fn what_went_wrong_is_told_where_it_did() {
        let mut run = run(WEB, 3);
        let victim = pods(run.world(), "web")[0].name.clone();
        let name = "browser-to-web".into();
        let rate = Action::SetRate { client: name, rate_milli: 30_000 };
        run.act(rate).expect("it calls more often");
        kill(&mut run, &victim);
        let mut reasons = std::collections::BTreeSet::new();
        for _ in 0..100 {
            pass(&mut run, 100);
            let scene = scene(run.world(), SIZES[0]);
            let found = failures(run.world(), &scene, &mut Routes::default(), None);
            assert!(found.iter().all(|f| f.at.x > 0.0 && f.at.y > 0.0));
            reasons.extend(found.into_iter().map(|f| f.reason));
        }
        assert!(reasons.iter().any(|r| r.contains("nothing listens on 8080")), "{reasons:?}");
    }
}
