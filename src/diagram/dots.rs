//! Where each packet is: a function of its trace and the time, and of the layout.

use cluster::api::Uid;
use cluster::net::Protocol;
use cluster::sim::{Time, World};
use cluster::trace::{LossClass, PacketKind, PacketTrace, PacketVerdict, Place};
use cluster::traffic::PacketId;

use super::geometry::{OnWire, Point, point};
use super::relations::{Chain, is_about};
use super::routes::Routes;
use super::scene::Scene;
use super::words;

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dot {
    pub id: PacketId,
    pub at: Point,
    /// A unit vector.
    pub heading: Point,
    pub udp: bool,
    pub reply: bool,
    /// Carries a request or its answer, and not only a greeting.
    pub large: bool,
    /// Not dimmed.
    pub front: bool,
    /// The Service whose address was called.
    pub service: Option<Uid>,
    pub link: (Place, Place),
}

/// What is left for a while of a packet that came to grief.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    pub at: Point,
    /// Where its reason is written: beside it, and not over what is read most.
    pub label: Point,
    pub place: Place,
    /// Somebody said no; otherwise the packet was just lost.
    pub refused: bool,
    /// 1 when it has just happened, 0 when it is forgotten.
    pub fresh: f64,
    pub times: u32,
    pub reason: String,
    pub service: Option<Uid>,
    pub front: bool,
}

/// Packets keep to the right of their wire, so that those of both directions can be told apart.
const ASIDE: f64 = 3.5;
const REMEMBERED_NS: u64 = 2_500_000_000;
/// The last part of that time, in which it fades.
const FADES_NS: f64 = 900_000_000.0;

pub fn dots(world: &World, scene: &Scene, routes: &mut Routes, chain: Option<&Chain>, out: &mut Vec<Dot>) {
    out.clear();
    let now = world.now();
    let connections = &world.traffic().connections;
    for (id, flight) in &world.traffic().flights {
        let Some((on, link)) = place_at(&flight.trace, now, scene, routes) else { continue };
        let record = connections.get(&flight.trace.connection).map(|live| &live.record);
        let kind = flight.trace.kind;
        out.push(Dot {
            id: *id,
            at: point(on.at.x - on.heading.y * ASIDE, on.at.y + on.heading.x * ASIDE),
            heading: on.heading,
            udp: flight.tuple.protocol == Protocol::Udp,
            reply: kind.is_reply(),
            large: matches!(kind, PacketKind::Request | PacketKind::Response),
            front: chain.is_none_or(|chain| record.is_some_and(|r| is_about(chain, r, &flight.trace))),
            service: record.and_then(|r| r.service.as_ref()).map(|(_, uid)| *uid),
            link,
        });
    }
}

fn place_at(
    trace: &PacketTrace,
    at: Time,
    scene: &Scene,
    routes: &mut Routes,
) -> Option<(OnWire, (Place, Place))> {
    let (from, to, done, whole) = trace.position(at)?;
    let wire = routes.wire(&scene.layout, from, to)?;
    Some((wire.at(done as f64 / whole as f64), (from, to)))
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
        let reason = match trace.lost.map(|lost| lost.class) {
            Some(LossClass::SourceNotAllowed) => words::SOURCE_NOT_ALLOWED.to_owned(),
            _ => words::verdict(verdict, &to),
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
            front: chain.is_none_or(|chain| record.is_some_and(|r| is_about(chain, r, trace))),
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
            rect.map_or(at, |r| point(r.x + 3.0, r.bottom() - 11.0))
        }
        _ => point(at.x + 11.0, at.y),
    }
}

fn is_refusal(verdict: PacketVerdict) -> bool {
    matches!(
        verdict,
        PacketVerdict::RejectedByRule
            | PacketVerdict::NothingListens
            | PacketVerdict::NoSuchPort
            | PacketVerdict::NobodyHasAddress
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
    let node = match (place, trace.segments.last()?.from) {
        (Place::Node(node), _) | (_, Place::Node(node)) => node,
        _ => return None,
    };
    scene.layout.node(node).map(|n| n.port)
}

/// The packet that is nearest to a place, if one is near.
pub fn hit(dots: &[Dot], at: Point, radius: f64) -> Option<PacketId> {
    dots.iter()
        .map(|dot| (dot.id, dot.at.distance(at)))
        .filter(|(_, distance)| *distance <= radius)
        .min_by(|(_, a), (_, b)| a.total_cmp(b))
        .map(|(id, _)| id)
}

#[cfg(test)]
mod tests {
    use cluster::api::Action;

    use super::*;
    use crate::diagram::marks::Marks;
    use crate::diagram::testing::{SIZES, WEB, kill, pass, pictured, pods, run};

    fn scene(world: &World, size: (f64, f64)) -> Scene {
        let (facts, _, layout) = pictured(world, size);
        let marks = Marks::default().with(facts.services.iter().map(|s| &s.key));
        Scene { facts, marks, layout, focus: None, rules: Default::default() }
    }

    #[test]
    fn every_packet_is_somewhere_and_moves_without_jumps() {
        let mut run = run(WEB, 3);
        for size in SIZES {
            let scene = scene(run.world(), size);
            let mut routes = Routes::default();
            let (mut before, mut now): (Vec<Dot>, Vec<Dot>) = Default::default();
            for _ in 0..240 {
                pass(&mut run, 16);
                dots(run.world(), &scene, &mut routes, None, &mut now);
                assert_eq!(now.len(), run.world().traffic().flights.len(), "at {size:?}");
                for dot in &now {
                    let on_wire = before.iter().find(|d| d.id == dot.id && d.link == dot.link);
                    let step = on_wire.map_or(0.0, |old| old.at.distance(dot.at));
                    // The longest wire of the widest picture takes 0.4 s.
                    assert!(step < 140.0, "{step} at {size:?}");
                }
                std::mem::swap(&mut before, &mut now);
            }
        }
    }

    #[test]
    fn the_same_moment_gives_the_same_picture() {
        let mut run = run(WEB, 3);
        pass(&mut run, 5_000);
        let scene = scene(run.world(), SIZES[0]);
        let (mut first, mut again) = (Vec::new(), Vec::new());
        dots(run.world(), &scene, &mut Routes::default(), None, &mut first);
        let then = run.world().now();
        pass(&mut run, 3_000);
        run.seek(then, u64::MAX);
        dots(run.world(), &scene, &mut Routes::default(), None, &mut again);
        assert!(!first.is_empty());
        assert_eq!(first, again);
    }

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

    #[test]
    fn a_click_finds_the_nearest_packet() {
        let mut run = run(WEB, 3);
        pass(&mut run, 2_000);
        let scene = scene(run.world(), SIZES[0]);
        let mut found = Vec::new();
        dots(run.world(), &scene, &mut Routes::default(), None, &mut found);
        let dot = found[0];
        assert!(hit(&found, dot.at, 10.0).is_some());
        assert_eq!(hit(&found, point(-500.0, -500.0), 10.0), None);
    }
}
