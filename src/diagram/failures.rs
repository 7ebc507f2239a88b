//! The marks of failed packets, shown for a while: a cross or a ring where they ended, and the reason in words.

use std::f64::consts::TAU;

use cluster::api::Uid;
use cluster::sim::{Time, World};
use cluster::trace::{LossClass, PacketTrace, PacketVerdict, Place};
use web_sys::CanvasRenderingContext2d as Canvas;

use super::packets::{FAINT, FONT, LARGE, PaintContext, REMEMBERED_NS, ignore};
use scene::Scene;
use scene::dots::place_at;
use scene::geometry::{Point, Rect, point};
use scene::relations::{Chain, is_about};
use scene::routes::Routes;
use scene::words;

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

/// The last part of the time that they are remembered, in which it fades.
const FADES_NS: f64 = 900_000_000.0;

/// Paints them, and gives the places that they take.
pub fn paint(canvas: &Canvas, world: &World, cx: &PaintContext, routes: &mut Routes) -> Vec<Rect> {
    let mut placed: Vec<Rect> = Vec::new();
    for failure in failures(world, cx.scene, routes, cx.chain) {
        let taken = fail(canvas, &failure, cx, &placed);
        placed.extend(taken);
    }
    placed
}

/// The packets that failed lately, those of one kind at one place taken together.
fn failures(world: &World, scene: &Scene, routes: &mut Routes, chain: Option<&Chain>) -> Vec<Failure> {
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

/// A cross where it was refused, a fading ring where it was lost, and why, in words. Gives the
/// places that it takes.
fn fail(canvas: &Canvas, failure: &Failure, cx: &PaintContext, taken: &[Rect]) -> Vec<Rect> {
    let Point { x, y } = failure.at;
    canvas.set_global_alpha(if failure.highlighted { failure.fresh } else { failure.fresh * FAINT });
    canvas.begin_path();
    if failure.refused {
        let r = 5.0;
        canvas.move_to(x - r, y - r);
        canvas.line_to(x + r, y + r);
        canvas.move_to(x + r, y - r);
        canvas.line_to(x - r, y + r);
        canvas.set_line_width(5.5);
        canvas.set_stroke_style_str(cx.palette.panel);
        canvas.stroke();
        canvas.set_line_width(2.6);
    } else {
        ignore(canvas.arc(x, y, LARGE + 4.0 * (1.0 - failure.fresh), 0.0, TAU));
        canvas.set_line_width(1.8);
    }
    canvas.set_stroke_style_str(cx.palette.bad);
    canvas.stroke();
    let mut places = vec![Rect { x: x - 14.0, y: y - 14.0, w: 28.0, h: 28.0 }];
    if failure.highlighted {
        places.push(say(canvas, failure, cx, taken));
    }
    canvas.set_global_alpha(1.0);
    places
}

/// The reason, at its place, or under the reasons that are there already. A long one takes two lines.
fn say(canvas: &Canvas, failure: &Failure, cx: &PaintContext, taken: &[Rect]) -> Rect {
    let text = match failure.times {
        1 => failure.reason.clone(),
        n => format!("{} (×{n})", failure.reason),
    };
    canvas.set_font(&format!("600 11px {FONT}"));
    let width = |text: &str| canvas.measure_text(text).map_or(0.0, |m| m.width()) + 14.0;
    let lines = text.split_once(": ").filter(|_| width(&text) > 190.0);
    let (w, h) = lines.map_or_else(|| (width(&text), 18.0), |(a, b)| (width(a).max(width(b)), 32.0));
    let edge = cx.camera.to_picture(point(cx.view.0, 0.0)).x.min(cx.scene.layout.width);
    let x = failure.label.x.min(edge - w - 4.0).max(2.0);
    let mut rect = Rect { x, y: failure.label.y - 9.0, w, h };
    // Crosses, which are narrow, may be written over.
    while let Some(other) = taken.iter().find(|other| other.w > 28.0 && other.overlaps(&rect)) {
        rect.y = other.bottom() + 1.0;
    }
    canvas.set_fill_style_str(cx.palette.badbg);
    canvas.fill_rect(rect.x, rect.y, rect.w, rect.h);
    canvas.set_line_width(1.0);
    canvas.set_stroke_style_str(cx.palette.bad);
    canvas.stroke_rect(rect.x, rect.y, rect.w, rect.h);
    canvas.set_fill_style_str(cx.palette.bad);
    canvas.set_text_align("left");
    canvas.set_text_baseline("middle");
    let (first, second) = lines.unwrap_or((&text, ""));
    ignore(canvas.fill_text(first, rect.x + 7.0, rect.y + 9.5));
    ignore(canvas.fill_text(second, rect.x + 7.0, rect.y + 23.0));
    Rect { x: rect.x - 1.0, y: rect.y - 1.0, w: rect.w + 2.0, h: rect.h + 2.0 }
}

#[cfg(test)]
mod tests {
    use cluster::api::Action;

    use super::*;
    use scene::testing::{SIZES, WEB, kill, pass, pods, run, scene};

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
