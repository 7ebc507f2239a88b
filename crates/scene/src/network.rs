//! Wires: the network's own lines, faintly, and those that packets use.

use cluster::sim::World;
use litemap::LiteMap;

use crate::Scene;
use crate::geometry::{Point, Wire, point};
use crate::layout::{Form, Layout, NodeBox};
use crate::relations::{self, Chain};
use crate::routes::route;

/// The links that packets are on or were on lately, as the `d` of an SVG path for each colour; none is that of what no
/// Service is known of.
pub fn used(world: &World, scene: &Scene, chain: Option<&Chain>) -> LiteMap<Option<usize>, String> {
    let mut paths: LiteMap<Option<usize>, String> = LiteMap::new();
    for ((from, to), service) in relations::links(world, scene.system, chain) {
        let Some(corners) = route(&scene.layout, from, to) else { continue };
        let colour = service.and_then(|key| scene.marks.get(&key)).map(|m| m.colour);
        paths.entry(colour).or_default().push_str(&Wire::through(&corners).svg());
    }
    paths
}

/// The corridors, the trunks, and each node's rail down to its rules, as the `d` of an SVG path.
pub fn network(layout: &Layout) -> String {
    let bus = &layout.bus;
    let mut d = String::new();
    let mut line = |corners: &[Point]| d.push_str(&Wire::through(corners).svg());
    for node in &layout.nodes {
        let Some(y) = bus.corridors.get(node.row) else { continue };
        line(&[point(bus.outer_x, *y), point(node.port.x, *y), node.port]);
    }
    if let (Some(first), Some(last)) = (bus.corridors.first(), bus.corridors.last()) {
        let top = bus.outside.first().copied().unwrap_or(*first);
        line(&[point(bus.outer_x, top), point(bus.outer_x, *last)]);
    }
    let boxes = layout.clients.iter().map(|(_, r)| r).chain(layout.balancers.iter().map(|(_, r)| r));
    for rect in boxes {
        let centre = rect.centre();
        match (layout.form, bus.corridors.first()) {
            (Form::Wide, Some(first)) => line(&[
                point(rect.right(), centre.y),
                point(bus.outer_x, centre.y),
                point(bus.outer_x, *first),
            ]),
            (Form::Narrow, Some(_)) => {
                if let Some(y) = bus.outside.iter().find(|y| **y > rect.y) {
                    line(&[point(centre.x, rect.bottom()), point(centre.x, *y), point(bus.outer_x, *y)]);
                }
            }
            (Form::Wide | Form::Narrow, None) => {}
        }
    }
    d
}

/// Where packets meet the rules: a ring in each node. As the `d` of an SVG path.
pub fn ring(node: &NodeBox) -> String {
    let start = Wire::through(&[point(node.port.x - 5.0, node.port.y)]).svg();
    format!("{start}a5 5 0 1 0 10 0a5 5 0 1 0 -10 0")
}
