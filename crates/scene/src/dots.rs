//! Where each packet is: a function of its trace and the time, and of the layout.

use cluster::api::Uid;
use cluster::sim::{Time, World};
use cluster::trace::{PacketKind, PacketTrace, Place};
use cluster::traffic::PacketId;
use netfilter::Protocol;

use super::facts::SystemObjects;
use super::geometry::{OnWire, Point, point};
use super::relations::{Chain, is_about};
use super::routes::Routes;
use super::scene::Scene;

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dot {
    pub id: PacketId,
    pub at: Point,
    /// A unit vector.
    pub heading: Point,
    pub udp: bool,
    pub reply: bool,
    /// Whether it carries a request or a response, and is not only part of the handshake.
    pub large: bool,
    /// Not dimmed.
    pub highlighted: bool,
    /// The Service whose address was called.
    pub service: Option<Uid>,
    pub link: (Place, Place),
}

/// The radius of a dot that carries a request or a response, where the picture is neither enlarged nor reduced.
pub const LARGE: f64 = 6.0;
const SMALL: f64 = 3.6;
/// What the selection's chain does not hold has so much of its colour.
pub const FAINT: f64 = 0.22;
/// Discs from this size on show their Service's letter.
const LETTER: f64 = 7.4;
/// Packets are drawn to the right of their wire, so that the two directions do not overlap.
const ASIDE: f64 = 3.5;

impl Dot {
    /// Dots grow more slowly than the picture, and do not shrink with it.
    pub fn radius(&self, zoom: f64) -> f64 {
        let radius = if self.large { LARGE } else { SMALL };
        radius * zoom.max(0.9).sqrt() / zoom
    }

    /// Whether its Service's letter has room on it.
    pub fn has_letter(&self, zoom: f64) -> bool {
        self.large && !self.reply && self.radius(zoom) * zoom >= LETTER
    }

    /// The corners of what stands for a datagram.
    pub fn diamond(&self, zoom: f64) -> [Point; 4] {
        let (r, Point { x, y }) = (self.radius(zoom) * 1.2, self.at);
        [point(x, y - r), point(x + r, y), point(x, y + r), point(x - r, y)]
    }

    /// The corners of the arrow before it, that says where it goes while it stands still.
    pub fn arrow(&self, zoom: f64) -> [Point; 3] {
        let (r, h) = (self.radius(zoom), self.heading);
        let tip = |along: f64, aside: f64| {
            point(self.at.x + h.x * along - h.y * aside, self.at.y + h.y * along + h.x * aside)
        };
        [tip(r + 7.0, 0.0), tip(r + 2.0, 3.5), tip(r + 2.0, -3.5)]
    }
}

pub fn dots(world: &World, scene: &Scene, routes: &mut Routes, chain: Option<&Chain>, out: &mut Vec<Dot>) {
    out.clear();
    let now = world.now();
    let connections = &world.traffic().connections;
    for (id, flight) in &world.traffic().flights {
        let live = connections.get(&flight.trace.connection);
        // Where the cluster's DNS is hidden, so is all that comes and goes before a name is resolved.
        let of_lookup = flight.trace.kind.is_lookup() || live.is_some_and(|live| live.is_resolving());
        if scene.system == SystemObjects::Hidden && of_lookup {
            continue;
        }
        let Some((on, link)) = place_at(&flight.trace, now, scene, routes) else { continue };
        let record = live.map(|live| &live.record);
        let kind = flight.trace.kind;
        out.push(Dot {
            id: *id,
            at: point(on.at.x - on.heading.y * ASIDE, on.at.y + on.heading.x * ASIDE),
            heading: on.heading,
            udp: flight.tuple.protocol == Protocol::Udp,
            reply: kind.is_reply(),
            large: matches!(kind, PacketKind::Request | PacketKind::Response),
            highlighted: chain.is_none_or(|chain| record.is_some_and(|r| is_about(chain, r, &flight.trace))),
            service: record.and_then(|r| r.service.as_ref()).map(|(_, uid)| *uid),
            link,
        });
    }
}

/// Where a packet is at a moment.
pub fn place_at(
    trace: &PacketTrace,
    at: Time,
    scene: &Scene,
    routes: &mut Routes,
) -> Option<(OnWire, (Place, Place))> {
    let (from, to, done, whole) = trace.position(at)?;
    let wire = routes.wire(&scene.layout, from, to)?;
    Some((wire.at(done as f64 / whole as f64), (from, to)))
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
    use super::*;
    use crate::scene::Shown;
    use crate::testing::{SIZES, WEB, pass, run, scene};

    fn in_flight(world: &World) -> usize {
        let is_resolving = |id| world.traffic().connections.get(&id).is_some_and(|live| live.is_resolving());
        world.traffic().flights.values().filter(|flight| !is_resolving(flight.trace.connection)).count()
    }

    #[test]
    fn lookups_are_seen_where_the_clusters_dns_is() {
        let mut run = run(WEB, 3);
        let mut questions = 0;
        for _ in 0..240 {
            pass(&mut run, 16);
            let shown = Shown { opened: 1, system: SystemObjects::Shown, selected: None, view: SIZES[0] };
            let (scene, mut out) = (Scene::after(None, run.world(), shown), Vec::new());
            dots(run.world(), &scene, &mut Routes::default(), None, &mut out);
            assert_eq!(out.len(), run.world().traffic().flights.len());
            questions += out.len() - in_flight(run.world());
        }
        assert!(questions > 0, "names are looked up");
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
                // Of lookups nothing is seen as long as the cluster's DNS is hidden.
                assert_eq!(now.len(), in_flight(run.world()), "at {size:?}");
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
