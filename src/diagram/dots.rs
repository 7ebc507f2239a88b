//! Where each packet is: a function of its trace and the time, and of the layout.

use cluster::api::Uid;
use cluster::net::Protocol;
use cluster::sim::{Time, World};
use cluster::trace::{PacketKind, PacketTrace, PacketVerdict, Place};
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
            front: chain.is_none_or(|chain| record.is_some_and(|record| is_about(chain, record))),
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
        let reason = words::verdict(verdict, &to);
        if let Some(same) = found.iter_mut().find(|f| f.place == hop.place && f.reason == reason) {
            same.times += 1;
            continue;
        }
        let Some(at) = where_it_ended(trace, ended, hop.place, scene, routes) else { continue };
        let left = REMEMBERED_NS.saturating_sub(now.since(ended).0);
        let record = world.traffic().record(trace.connection);
        found.push(Failure {
            at,
            place: hop.place,
            refused: is_refusal(verdict),
            fresh: (left as f64 / FADES_NS).min(1.0),
            times: 1,
            reason,
            service: record.and_then(|r| r.service.as_ref()).map(|(_, uid)| *uid),
            front: chain.is_none_or(|chain| record.is_some_and(|record| is_about(chain, record))),
        });
    }
    found
}

fn is_refusal(verdict: PacketVerdict) -> bool {
    matches!(
        verdict,
        PacketVerdict::RejectedByRule | PacketVerdict::NothingListens | PacketVerdict::NobodyHasAddress
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
